import { statSync } from "node:fs";
import { describe, expect } from "vitest";
import { confined, NOBODY } from "./bed/confined.js";
import type { Host, Running } from "./bed/host.js";
import { addresses } from "./bed/network.js";
import { layOutPair } from "./bed/pair.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

/** What of root's power each program needs. */
const SERVER_NEEDS = ["net_bind_service"];
const CLIENT_NEEDS = ["net_admin", "net_bind_service"];
/** The latter as the kernel tells it: bits 10 and 12 (capability.h); and none. */
const NO_BITS = "0000000000000000";
const CLIENT_BITS = "0000000000001400";

/** A world made by another user has no second user to change to. */
const asRoot = process.geteuid?.() === 0 ? scenario() : scenario().skip;

/** What a script begins with that shall not have the capabilities of the program. */
const bare = "/usr/bin/env -S setpriv --inh-caps=-all --ambient-caps=-all";

/** Who it is and what it may do, for each call. */
const whoScript = `#!/bin/sh
{ id -u; sed -n 's/^CapEff:.//p' /proc/self/status; } | tr '\\n' ' ' >>"$(dirname "$0")/calls"
echo "$1 $PREFIX1/$PREFIX1LEN" >>"$(dirname "$0")/calls"
`;

describe("e2e unprivileged: no root, and two capabilities at most", () => {
  asRoot("server and client as nobody: leases, routes, hooks, state, log, commands", async () => {
    const { server, client } = await buildPair();
    for (const host of [server, client]) {
      await host.shell(`chown -R ${NOBODY}:${NOBODY} /var/lib/dibbler /var/log/dibbler`);
    }
    server.writeFile("/var/lib/dibbler/hook.sh", whoScript.replace(/^.*/, `#!${bare} /bin/sh`), 0o755);
    const serving = await server.spawn(confined(SERVER_NEEDS, [ours.server, "run"]));
    await waitFor("the server to listen on port 547", () => server.hasUdpPort(547));
    const asking = await client.spawn(confined(CLIENT_NEEDS, [ours.client, "run"]));
    expect(await callsOf(client)).toEqual([`${NOBODY} ${CLIENT_BITS} add 2001:db8:1000::/56`]);
    expect(await callsOf(server)).toEqual([`${NOBODY} ${NO_BITS} add 2001:db8:1000::/56`]);
    await expectInUse(client);
    expect([userOf(server, serving), userOf(client, asking)]).toEqual([NOBODY, NOBODY]);
    expect((await server.run(confined([], [ours.server, "leases"]))).stdout).toContain(
      "2001:db8:1000::/56  bound",
    );
    expect((await server.run(confined([], [ours.server, "reload"]))).status).toBe(0);
    expect((await asking.stop()).status).toBe(0);
    expect((await serving.stop()).status).toBe(0);
    expect(filesOf(server)).toEqual(SERVER_FILES.filter(([name]) => !/\.(pid|sock)$/.test(name)));
    expect(server.readFile("/var/log/dibbler/dibbler-server.log")).toContain(
      "2001:db8:1000::/56 delegated to",
    );
  });

  asRoot("without the capability: a sentence that says what is missing", async () => {
    const { server, client } = await buildPair();
    for (const host of [server, client])
      await host.shell(`chown -R ${NOBODY} /var/lib/dibbler /var/log/dibbler`);
    for (const [host, program] of [
      [server, ours.server],
      [client, ours.client],
    ] as const) {
      const { status, stderr } = await host.run(confined([], [program, "run"]));
      expect(status).toBe(1);
      expect(stderr.trim().split("\n").at(-1)).toMatch(
        /^no permission to open port 54[67] .*CAP_NET_BIND_SERVICE$/,
      );
    }
  });
});

/** Everything that the server leaves while it runs, and what its mode is, whatever the umask. */
const SERVER_FILES: readonly (readonly [name: string, mode: string])[] = [
  ["/var/lib/dibbler/server-AddrMgr.xml", "640"],
  ["/var/lib/dibbler/server-CfgMgr.xml", "640"],
  ["/var/lib/dibbler/server-cache.xml", "640"],
  ["/var/lib/dibbler/server-duid", "640"],
  ["/var/lib/dibbler/server-leases.mdb", "640"],
  ["/var/lib/dibbler/server-leases.mdb-lock", "640"],
  // Neutron's agent, another user, reads pid files.
  ["/var/lib/dibbler/server.pid", "644"],
  ["/var/lib/dibbler/server.sock", "600"],
  // As Dibbler's.
  ["/var/log/dibbler/dibbler-server.log", "644"],
];

/** The same for the client. What other programs have to read is for all to read. */
const CLIENT_FILES: typeof SERVER_FILES = [
  ["/etc/dibbler/radvd.conf", "644"],
  ["/etc/resolv.conf", "644"],
  ["/var/lib/dibbler/client-AddrMgr.xml", "640"],
  ["/var/lib/dibbler/client-downlinks.json", "640"],
  ["/var/lib/dibbler/client-duid", "640"],
  ["/var/lib/dibbler/client-state.json", "640"],
  ["/var/lib/dibbler/client.pid", "644"],
  ["/var/lib/dibbler/option-dns-servers", "640"],
  ["/var/log/dibbler/dibbler-client.log", "644"],
];

describe("e2e files: who may read what the programs write", () => {
  scenario().each(["0", "077"])("umask %s", async (umask) => {
    const { server, client } = await buildPair();
    await server.shell(`umask ${umask}; ${ours.server} start`);
    await client.shell(`umask ${umask}; ${ours.client} start`);
    const [call] = await callsOf(client);
    // Started as root, a program and its script stay root, as with Dibbler.
    expect(call).toMatch(/^0 0*[1-9a-f][0-9a-f]+ add /);
    await expectInUse(client);
    await waitFor(
      "all files of the server",
      () => filesOf(server),
      (files) => files.length >= SERVER_FILES.length,
    );
    await waitFor(
      "all files of the client",
      () => filesOf(client),
      (files) => files.length >= CLIENT_FILES.length,
    );
    expect(filesOf(server)).toEqual(SERVER_FILES);
    expect(filesOf(client)).toEqual(CLIENT_FILES);
  });
});

/** Our server and a client with a downlink, who records what their scripts are; nothing is started. */
async function buildPair(): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld());
  installOurs(client);
  await client.shell(
    "ip link add lan0 type veth peer name host0 && ip link set lan0 up && ip link set host0 up",
  );
  for (const host of [server, client]) host.writeFile("/var/lib/dibbler/hook.sh", whoScript, 0o755);
  server.writeFile(
    "/etc/dibbler/server.conf",
    `script "/var/lib/dibbler/hook.sh"
iface "eth0" {
  option dns-server 2001:db8::53
  class { pool 2001:db8:1::1-2001:db8:1::1 }
  pd-class { pd-pool 2001:db8:1000::/56 pd-length 56 }
}
`,
  );
  client.writeFile(
    "/etc/dibbler/client.conf",
    `downlink-prefix-ifaces lan0
script "/var/lib/dibbler/hook.sh"
iface "wan0" {
  option dns-server
  ia
  pd
}
`,
  );
  return { server, client };
}

async function callsOf(host: Host): Promise<readonly string[]> {
  const look = (): string => host.readFile("/var/lib/dibbler/calls") ?? "";
  return (await waitFor("a call of the script", look, (text) => text.endsWith("\n"))).trim().split("\n");
}

/** The leased address is on the uplink, and the downlink has its /64. */
async function expectInUse(client: Host): Promise<void> {
  const local = async (device: string): Promise<readonly string[]> =>
    (await addresses(client, device)).map((row) => row.local);
  expect(await local("wan0")).toContain("2001:db8:1::1");
  expect(await local("lan0")).toContain("2001:db8:1000::1");
}

/** What lies where the programs write, besides configurations and scripts, and its mode. */
function filesOf(host: Host): (readonly [string, string])[] {
  const own = /^(hook\.sh|calls|client\.conf|server\.conf|\.machine)$/;
  const folders = ["/etc/dibbler", "/var/lib/dibbler", "/var/log/dibbler"];
  const found = folders.flatMap((folder) =>
    host
      .listFolder(folder)
      .filter((name) => !own.test(name))
      .map((name) => `${folder}/${name}`),
  );
  const resolver = (host.readFile("/etc/resolv.conf") ?? "") === "" ? [] : ["/etc/resolv.conf"];
  return [...found, ...resolver]
    .sort()
    .map((path) => [path, (host.fileMode(path) ?? 0).toString(8)] as const);
}

/** The user that the process of the running command belongs to. */
const userOf = (host: Host, { pid }: Running): number => statSync(host.outside(`/proc/${pid}`)).uid;
