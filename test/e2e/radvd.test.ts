import { describe, expect } from "vitest";
import { runBundled } from "./bed/bundled.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { allowForwarding, connect, linkLocal, routes } from "./bed/network.js";
import { layOutPair } from "./bed/pair.js";
import { requirePeer } from "./bed/peers.js";
import { installOurs, ours } from "./bed/programs.js";
import type { RadvdJob } from "./bed/radvd-main.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const path = "/etc/dibbler/radvd.conf";
const A = "2001:db8:a::/64";
const B = "2001:db8:b::/64";
const C = "2001:db8:c000::/40";
const TIMES = "T1 100 T2 200 preferred-lifetime 300 valid-lifetime 600";

describe("e2e radvd: a host behind a downlink hears of the delegated prefix", () => {
  scenario("radvd")("new, exchanged, given up: at once, with the lifetimes that are left", async () => {
    const world = await testWorld();
    const [router, host] = await Promise.all([world.addHost("router"), world.addHost("host")]);
    await connect({ host: router, device: "lan1" }, { host, device: "eth0" });
    await allowForwarding(router);
    await Promise.all([linkLocal(router, "lan1"), linkLocal(host, "eth0")]);

    expect(await announce(router, { lan1: [[A, 3000, 4000]] })).toEqual([
      "RADVD-WRITTEN",
      "RADVD-NOT-RUNNING",
    ]);
    await acceptedByRadvd(router);
    // As Debian's init script starts it: it reads its file again as a user who owns nothing.
    await router.shell("mkdir /run/radvd; chown radvd /run/radvd");
    const words = ["-n", "-u", "radvd", "-p", "/run/radvd/radvd.pid", "-m", "stderr", "-C", path];
    const radvd = await router.spawn([requirePeer("radvd"), ...words]);
    await waitFor(
      "an address of the prefix",
      () => lifetimes(host, A),
      (seen) => within(seen, 3000, 4000),
    );
    expect(await defaultRoutes(host)).toBe(1);

    expect(
      await announce(router, {
        lan1: [
          [B, 6000, 9000],
          [A, -1, 3999],
        ],
      }),
    ).toEqual(["RADVD-WRITTEN", "RADVD-RELOADED"]);
    await acceptedByRadvd(router);
    await waitFor(
      "one of the new prefix",
      () => lifetimes(host, B),
      (seen) => within(seen, 6000, 9000),
    );
    await waitFor(
      "the old one deprecated",
      () => lifetimes(host, A),
      (seen) => within(seen, 0, 4000),
    );

    expect(await announce(router, {})).toEqual(["RADVD-WRITTEN", "RADVD-RELOADED"]);
    await acceptedByRadvd(router);
    // A host keeps an address for two hours after it was told that there is no prefix (RFC 4862 5.5.3 e).
    await waitFor(
      "that one deprecated, too",
      () => lifetimes(host, B),
      (seen) => within(seen, 0, 7200),
    );
    await waitFor("no default route", async () => (await defaultRoutes(host)) === 0);

    expect(radvd.output()).not.toMatch(/error|exiting/i);
    await radvd.stop();
    expect(await announce(router, {})).toEqual(["RADVD-REMOVED"]);
    expect(router.listFolder("/etc/dibbler")).toEqual([]);
  });

  scenario("radvd")(
    "of our client: leased, stopped, leased again, killed and started without downlinks",
    async () => {
      const world = await testWorld();
      const { server, client: router } = await layOutPair(world);
      const host = await world.addHost("host");
      await connect({ host: router, device: "lan1" }, { host, device: "eth0" });
      await allowForwarding(router);
      await Promise.all([linkLocal(router, "lan1"), linkLocal(host, "eth0")]);
      installOurs(router);
      server.writeFile(
        "/etc/dibbler/server.conf",
        `iface "eth0" { pd-class { pd-pool ${C} pd-length 56 ${TIMES} } }`,
      );
      await startServer(server, ours.server);

      await startClient(router, "");
      await waitFor("the file", () => router.readFile(path));
      await acceptedByRadvd(router);
      const radvd = await router.spawn([requirePeer("radvd"), "-n", "-m", "stderr", "-C", path]);
      await waitFor(
        "an address of the prefix",
        () => lifetimes(host, C),
        (seen) => within(seen, 300, 600),
      );
      expect(await router.run([ours.client, "stop"])).toMatchObject({ status: 0 });
      await waitFor(
        "that one deprecated",
        () => lifetimes(host, C),
        (seen) => seen?.preferred === 0,
      );
      expect(await defaultRoutes(host)).toBe(0);

      await startClient(router, "");
      await waitFor(
        "it in use again",
        () => lifetimes(host, C),
        (seen) => within(seen, 300, 600),
      );
      await router.shell("kill -9 $(cat /var/lib/dibbler/client.pid)");
      await startClient(router, 'downlink-prefix-ifaces "none"');
      await waitFor(
        "it deprecated",
        () => lifetimes(host, C),
        (seen) => seen?.preferred === 0,
      );
      expect(radvd.output()).not.toMatch(/error|exiting/i);

      await radvd.stop();
      expect(await router.run([ours.client, "stop"])).toMatchObject({ status: 0 });
      await startClient(router, 'downlink-prefix-ifaces "none"');
      await waitFor("the file to be gone", () => router.readFile(path) === undefined);
    },
  );
});

async function startClient(router: Host, globals: string): Promise<void> {
  router.writeFile("/etc/dibbler/client.conf", `${globals}\niface "wan0" { pd }\n`);
  expect(await router.run([ours.client, "start"])).toMatchObject({ status: 0, stderr: "" });
}

function announce(router: Host, downlinks: RadvdJob["downlinks"]): Promise<readonly string[]> {
  const job: RadvdJob = { path, workDir: "/var/lib/dibbler", downlinks };
  return runBundled(router, "radvd-main", job);
}

async function acceptedByRadvd(router: Host): Promise<void> {
  const { status, stderr } = await router.run([requirePeer("radvd"), "-c", "-C", path, "-m", "stderr"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("syntax ok") as string });
}

interface Lifetimes {
  readonly preferred: number;
  readonly valid: number;
}

/** What is left of the host's address in the prefix. */
async function lifetimes(host: Host, prefix: string): Promise<Lifetimes | undefined> {
  const text = await host.shell(`ip -6 address show dev eth0 to ${prefix}`);
  const [, valid, preferred] = /valid_lft (\d+)sec preferred_lft (\d+)sec/.exec(text) ?? [];
  return valid === undefined ? undefined : { preferred: Number(preferred), valid: Number(valid) };
}

/** As announced, less at most the twenty seconds that a scenario may take so far. */
function within(seen: Lifetimes | undefined, preferred: number, valid: number): boolean {
  if (seen === undefined) return false;
  const fits = (left: number, given: number): boolean => left <= given && left >= Math.max(0, given - 20);
  return fits(seen.preferred, preferred) && fits(seen.valid, valid);
}

const defaultRoutes = async (host: Host): Promise<number> =>
  (await routes(host)).filter(({ dst }) => dst === "default").length;
