import { dirname, join, resolve } from "node:path";
import { describe, expect } from "vitest";
import type { LogId } from "../../shared/catalogue.js";
import { isLogged } from "../log-lines.js";
import { diaryScript, forgetDiary, installDiary, readDiary, waitForCall } from "./bed/diary.js";
import { leaseWell } from "./bed/good-client.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { connect, linkLocal } from "./bed/network.js";
import { buildPair } from "./bed/pair.js";
import { installAlone, installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const serverLog = "/var/log/dibbler/dibbler-server.log";
const configFile = "/etc/dibbler/server.conf";

const serving = (pool: string, more = ""): string =>
  `${more}\niface "eth0" { pd-class { pd-pool ${pool} pd-length 56 } }\n`;

const waitForRow = (host: Host, id: LogId): Promise<unknown> =>
  waitFor(`${id} in the log`, () => isLogged(host.readFile(serverLog), id));

const reload = (host: Host) => host.run([ours.server, "reload"]);

/** A renewal, with all that the Reply says of prefixes. */
const renewed = async (lease: { readonly renew: () => Promise<{ readonly prefix: string }> }) =>
  (await lease.renew()).prefix;

describe("e2e reload: another configuration while the server runs", () => {
  scenario()(
    "the pool is moved by `reload` and by SIGHUP: the lease is renumbered, nothing is lost",
    async () => {
      const { server, other } = await buildPair(await testWorld(), serving("2001:db8::/40"));
      const lease = await leaseWell(other, 1);
      expect(lease.prefix).toMatch(/^2001:db8:[0-9a-f:]+\/56$/);

      server.writeFile(configFile, serving("2001:db8::/40", "log-level 7"));
      expect(await reload(server)).toMatchObject({
        status: 0,
        stderr: "",
        stdout: expect.stringContaining(
          `reloaded ${configFile}: 1 interface, 1 class, 0 reservations`,
        ) as string,
      });
      expect(await renewed(lease)).toBe(lease.prefix);

      server.writeFile(configFile, serving("2001:db9::/40"));
      const pid = server.readFile("/var/lib/dibbler/server.pid") ?? "";
      await server.shell(`kill -HUP ${pid}`);
      await waitFor(
        "the second reload",
        () => server.readFile(serverLog)?.match(/is in use from now on/g)?.length === 2,
      );
      expect(await renewed(lease)).toMatch(/^2001:db9:/);
      await waitForRow(server, "SERVER-RELOADED");
      expect(server.readFile("/var/lib/dibbler/server.pid")).toBe(pid);
    },
  );

  scenario()("its files are replaced by other ones: it reads with what it was started with", async () => {
    const { server } = await buildPair(await testWorld(), serving("2001:db8::/40"));
    await server.run([ours.server, "stop"]);
    const bundles = ["dibbler-server.cjs", "dibbler-server-reading.cjs"] as const;
    const program = installAlone(server, bundles);
    const folder = dirname(program);
    await server.shell(`ln -s '${resolve("node_modules")}' ${folder}/`);
    await startServer(server, program);
    for (const bundle of bundles) server.writeFile(join(folder, bundle), "throw new Error('later');\n");
    server.writeFile(configFile, serving("2001:db9::/40"));
    expect(await reload(server)).toMatchObject({ status: 0, stderr: "" });
    await waitForRow(server, "SERVER-RELOADED");
  });

  scenario()(
    "a configuration with errors is refused with all of them, and the one before goes on",
    async () => {
      const { server, other } = await buildPair(await testWorld(), serving("2001:db8::/40"));
      const lease = await leaseWell(other, 1);
      server.writeFile(configFile, `iface "eth0" { pd-clas { pd-pool 2001:db8::/40 } }\npreferense 3\n`);
      const { status, stderr } = await reload(server);
      expect(status).toBe(1);
      expect(stderr).toContain(`${configFile}:1:16: error`);
      expect(stderr).toContain(`${configFile}:2:1: error`);
      expect(stderr).toContain("2 errors");
      expect(stderr).toContain("not reloaded");
      for (const id of ["CONFIG-ERROR", "SERVER-RELOAD-REFUSED"] as const) await waitForRow(server, id);
      expect(await renewed(lease)).toBe(lease.prefix);

      server.remove(configFile);
      expect(await reload(server)).toMatchObject({ status: 1 });
      expect(await renewed(lease)).toBe(lease.prefix);
    },
  );

  scenario()("an interface more is served at once; one that does not exist refuses the whole", async () => {
    const world = await testWorld();
    const { server, other } = await buildPair(world, serving("2001:db8::/40"));
    const second = await world.addHost("second");
    await connect({ host: server, device: "eth1" }, { host: second, device: "wan0" });
    await Promise.all([linkLocal(server, "eth1"), linkLocal(second, "wan0")]);
    const more = `iface "eth1" { pd-class { pd-pool 2001:db9::/40 pd-length 56 } }`;

    server.writeFile(
      configFile,
      serving("2001:db8::/40", `${more} iface "eth7" { pd-class { pd-pool 2001:dba::/40 pd-length 56 } }`),
    );
    const refused = await reload(server);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain("interface eth7 does not exist");
    await expect(leaseWell(second, 2)).rejects.toThrow("no advertise");

    server.writeFile(configFile, serving("2001:db8::/40", more));
    expect(await reload(server)).toMatchObject({ status: 0 });
    expect((await leaseWell(second, 2)).prefix).toMatch(/^2001:db9:/);
    expect((await leaseWell(other, 1)).prefix).toMatch(/^2001:db8:/);

    server.writeFile(configFile, more);
    expect(await reload(server)).toMatchObject({ status: 0 });
    await waitFor("eth0 to be closed", async () => {
      const sockets = await server.shell("ss -H -6 -u -l -n -O");
      return !sockets.includes("%eth0");
    });
    expect((await leaseWell(second, 3)).prefix).toMatch(/^2001:db9:/);
    await expect(leaseWell(other, 4)).rejects.toThrow("no advertise");
  });

  scenario()("a script that is new hears of what is delegated", async () => {
    const { server, other } = await buildPair(await testWorld(), serving("2001:db8::/40"));
    installDiary(server);
    const { prefix } = await leaseWell(other, 1);
    expect(readDiary(server)).toEqual([]);
    server.writeFile(configFile, serving("2001:db8::/40", `script "${diaryScript}"`));
    expect(await reload(server)).toMatchObject({ status: 0 });
    await waitForCall(server, { action: "add", prefix, REASON: "start" });
    await (await leaseWell(other, 2)).renew();
    await waitForCall(server, { action: "update", REASON: "renewed" });
  });

  scenario()("no server runs: `reload` says so", async () => {
    const host = await (await testWorld()).addHost("host");
    installOurs(host);
    expect(await reload(host)).toMatchObject({
      status: 1,
      stderr: "no dibbler-server runs in /var/lib/dibbler\n",
    });
  });
});

describe("e2e interfaces: they go and come back", () => {
  scenario()(
    "deleted and made again under another index: served again, its leases told to the script",
    async () => {
      const { server, other } = await buildPair(
        await testWorld(),
        serving("2001:db8::/40", `script "${diaryScript}"`),
      );
      installDiary(server);
      const lease = await leaseWell(other, 1);
      await waitForCall(server, { action: "add", prefix: lease.prefix });
      const before = await indexOf(server, "eth0");
      forgetDiary(server);
      await server.shell("ip link del dev eth0");
      await waitForRow(server, "SERVER-INTERFACE-GONE");
      await connect({ host: server, device: "eth0" }, { host: other, device: "wan0" });
      await Promise.all([linkLocal(server, "eth0"), linkLocal(other, "wan0")]);
      const after = await indexOf(server, "eth0");
      expect(after).not.toBe(before);
      await waitForCall(server, { action: "add", prefix: lease.prefix, REASON: "start", IFINDEX: after });
      expect(await renewed(lease)).toBe(lease.prefix);
      expect((await leaseWell(other, 2)).prefix).not.toBe(lease.prefix);
    },
  );

  scenario()(
    "down and up, and with another link-local address: it is answered from what is there",
    async () => {
      const { server, other } = await buildPair(
        await testWorld(),
        serving("2001:db8::/40", `script "${diaryScript}"`),
      );
      installDiary(server);
      const lease = await leaseWell(other, 1);
      await server.shell("ip link set dev eth0 down");
      await waitFor("the server to see that", async () => (await addressesOf(server)) === "");
      await new Promise((resolve) => setTimeout(resolve, 1500));
      forgetDiary(server);
      await server.shell("ip link set dev eth0 up");
      await Promise.all([linkLocal(server, "eth0"), linkLocal(other, "wan0")]);
      // The kernel dropped the routes with the link.
      await waitForCall(server, { action: "add", prefix: lease.prefix, REASON: "start" });
      expect(await renewed(lease)).toBe(lease.prefix);

      const old = await linkLocal(server, "eth0");
      await server.shell(
        `ip -6 address add fe80::77/64 dev eth0 nodad && ip -6 address del ${old}/64 dev eth0`,
      );
      await waitFor("a socket at the new address", async () =>
        (await server.shell("ss -H -6 -u -l -n -O")).includes("[fe80::77]%eth0:547"),
      );
      expect(await renewed(lease)).toBe(lease.prefix);
    },
  );

  scenario()(
    "inactive-mode, all interfaces missing at the start: it waits for each, and serves each",
    async () => {
      const world = await testWorld();
      const [server, other] = await Promise.all([world.addHost("server"), world.addHost("other")]);
      installOurs(server);
      server.writeFile(
        configFile,
        serving(
          "2001:db8::/40",
          `inactive-mode iface "eth1" { pd-class { pd-pool 2001:db9::/40 pd-length 56 } }`,
        ),
      );
      // For the DUID only; nobody is served there.
      await connect({ host: server, device: "mgmt0" }, { host: other, device: "mgmt0" });
      expect(await server.run([ours.server, "start"])).toMatchObject({ status: 0, stderr: "" });
      await waitForRow(server, "SERVER-WAITING");
      await connect({ host: server, device: "eth1" }, { host: other, device: "wan0" });
      await Promise.all([linkLocal(server, "eth1"), linkLocal(other, "wan0")]);
      await waitForRow(server, "SERVER-LISTENING");
      expect((await leaseWell(other, 1)).prefix).toMatch(/^2001:db9:/);
      await other.shell("ip link del dev wan0");
      await waitForRow(server, "SERVER-INTERFACE-GONE");
      await connect({ host: server, device: "eth0" }, { host: other, device: "wan0" });
      await Promise.all([linkLocal(server, "eth0"), linkLocal(other, "wan0")]);
      await waitFor("eth0 to be served", () => server.readFile(serverLog)?.includes("Listening on eth0"));
      expect((await leaseWell(other, 2)).prefix).toMatch(/^2001:db8:/);
      expect(await server.run([ours.server, "stop"])).toMatchObject({ status: 0 });
      await startServer(server, ours.server);
    },
  );
});

async function indexOf(host: Host, device: string): Promise<string> {
  const [link] = JSON.parse(await host.shell(`ip -j link show dev ${device}`)) as [
    { readonly ifindex: number },
  ];
  return String(link.ifindex);
}

const addressesOf = (host: Host): Promise<string> => host.shell("ip -6 -o address show dev eth0");
