import { lstatSync, readFileSync, statSync } from "node:fs";
import { describe, expect } from "vitest";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { layOutPair } from "./bed/pair.js";
import { installAlone, installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const RESOLV = "/etc/resolv.conf";
const WORK = "/var/lib/dibbler";
const BEFORE = "search home.example\nnameserver 192.0.2.1\n";
const WITH = `${BEFORE}# begin of dibbler-client in ${WORK}
nameserver 2001:db8::53
search home.example example.org
# end of dibbler-client in ${WORK}
`;
const ASKS = "option dns-server option domain";

describe("e2e options: what a server says of name servers, for others to read", () => {
  scenario()("with a prefix: in its files before the script runs, and gone with the stop", async () => {
    const client = await layOut();
    client.writeFile(`${WORK}/hook.sh`, `#!/bin/sh\ncp ${RESOLV} ${WORK}/seen-$1\n`, 0o755);
    await start(client, ASKS, { globals: `script "${WORK}/hook.sh"` });
    await waitFor("the script", () => client.readFile(`${WORK}/seen-add`) === WITH);
    expect(client.readFile(RESOLV)).toBe(WITH);
    expect(optionFiles(client)).toEqual({
      "option-dns-servers": "2001:db8::53\n",
      "option-domains": "example.org\n",
    });
    await stop(client);
    expect(client.readFile(`${WORK}/seen-delete`)).toBe(BEFORE);
    expectNothingLeft(client);
  });

  scenario()("options alone: the same", async () => {
    const client = await layOut();
    await start(client, `stateless ${ASKS}`, { pd: "" });
    await waitFor("the name server", () => client.readFile(RESOLV) === WITH);
    await stop(client);
    expectNothingLeft(client);
  });

  scenario()("killed, and started again without asking for any: nothing is left", async () => {
    const client = await layOut();
    await start(client, ASKS);
    await waitFor("the name server", () => client.readFile(RESOLV) === WITH);
    await client.shell(`kill -9 $(cat ${WORK}/client.pid)`);
    expect(client.readFile(RESOLV)).toBe(WITH);
    // By its number, which does not hide what was remembered by its name.
    const index = (await client.shell("cat /sys/class/net/wan0/ifindex")).trim();
    await start(client, "", { iface: index });
    await waitFor("it to be gone", () => client.readFile(RESOLV) === BEFORE);
    expectNothingLeft(client);
  });

  scenario()("none is asked for: not a file is touched, and nothing loaded that could", async () => {
    const client = await layOut();
    const before = statSync(client.outside(RESOLV));
    // Without any of the files that are loaded when they are needed, but what reads the configuration.
    const program = installAlone(client, ["dibbler-client.cjs", "dibbler-reading.cjs"]);
    await start(client, "", { program });
    await waitFor("the prefix", () => log(client).includes("leases granted"));
    await stop(client);
    const after = statSync(client.outside(RESOLV));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expectNothingLeft(client);
  });

  scenario()("the file that reads the configuration is missing: said in a line, exit status 1", async () => {
    const client = await layOut();
    const program = installAlone(client, ["dibbler-client.cjs"]);
    client.writeFile("/etc/dibbler/client.conf", 'iface "wan0" { pd }\n');
    const { status, stderr } = await client.run([program, "start"]);
    expect(status).toBe(1);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(stderr).toContain("dibbler-reading.cjs");
  });

  scenario()("resolv.conf is mounted on its own, as in a container: written in place", async () => {
    const client = await layOut();
    await client.shell(`cp ${RESOLV} /run/mine; mount --bind /run/mine ${RESOLV}`);
    await start(client, ASKS);
    await waitFor("the name server", () => client.readFile(RESOLV) === WITH);
    expect(client.readFile("/run/mine")).toBe(WITH);
    await stop(client);
    expect(client.readFile("/run/mine")).toBe(BEFORE);
    expectNothingLeft(client);
  });

  scenario()(
    "resolv.conf is a link to that of systemd-resolved: left alone, and said where else to look",
    async () => {
      const client = await layOut();
      const stub = "/run/systemd/resolve/stub-resolv.conf";
      client.writeFile(stub, BEFORE);
      await client.shell(`ln -sf ${stub} ${RESOLV}`);
      await start(client, ASKS, { globals: "log-mode json" });
      await waitFor("the word", () => log(client).includes('"RESOLV-MANAGED"'));
      expect(optionFiles(client)["option-dns-servers"]).toBe("2001:db8::53\n");
      expect(client.readFile(stub)).toBe(BEFORE);
      expect(lstatSync(client.outside(RESOLV)).isSymbolicLink()).toBe(true);
      await stop(client);
    },
  );
});

/** Our server with a prefix, a name server and a domain, and a host for the client, which is not started. */
async function layOut(): Promise<Host> {
  const machine = readFileSync(RESOLV, "utf8");
  const { server, client } = await layOutPair(await testWorld());
  installOurs(client);
  server.writeFile(
    "/etc/dibbler/server.conf",
    `iface "eth0" {
  option dns-server 2001:db8::53
  option domain example.org
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}
`,
  );
  await startServer(server, ours.server);
  client.writeFile(RESOLV, BEFORE);
  // What is written here is a file of the test bed, never the machine's.
  expect(readFileSync(RESOLV, "utf8")).toBe(machine);
  return client;
}

interface Start {
  readonly globals?: string;
  readonly iface?: string;
  readonly pd?: string;
  readonly program?: string;
}

async function start(
  client: Host,
  asks: string,
  { globals = "", iface = '"wan0"', pd = "pd", program = ours.client }: Start = {},
): Promise<void> {
  const config = `downlink-prefix-ifaces "none"\n${globals}\niface ${iface} { ${asks} ${pd} }\n`;
  client.writeFile("/etc/dibbler/client.conf", config);
  expect(await client.run([program, "start"])).toMatchObject({ status: 0, stderr: "" });
}

async function stop(client: Host): Promise<void> {
  expect(await client.run([ours.client, "stop"])).toMatchObject({ status: 0 });
}

const log = (client: Host): string => client.readFile("/var/log/dibbler/dibbler-client.log") ?? "";

const optionFiles = (client: Host): Record<string, string | undefined> =>
  Object.fromEntries(
    client
      .listFolder(WORK)
      .filter((name) => name.startsWith("option-"))
      .map((name) => [name, client.readFile(`${WORK}/${name}`)]),
  );

function expectNothingLeft(client: Host): void {
  expect(client.readFile(RESOLV)).toBe(BEFORE);
  expect(optionFiles(client)).toEqual({});
  expect(client.listFolder("/etc").filter((name) => name.includes("resolv"))).toEqual(["resolv.conf"]);
}
