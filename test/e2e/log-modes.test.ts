import { describe, expect } from "vitest";
import { startServer } from "./bed/guide-server.js";
import { buildServerHost } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { requirePeer } from "./bed/peers.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const LOG = "/var/log/dibbler/dibbler-server.log";
const AREA = "/var/lib/client";
const times = "T1 1 T2 2 preferred-lifetime 3 valid-lifetime 4";

function configure(host: Host, globals = ""): void {
  const pool = `pd-class { pd-pool 2001:db8::/48 pd-length 64 ${times} }`;
  host.writeFile("/etc/dibbler/server.conf", `${globals}\niface "br-ex" { ${pool} }\n`);
}

/** A client on the other end of the server's cable, in the same host: gets a lease, and is gone. */
async function leaseAndVanish(host: Host): Promise<void> {
  host.writeFile(`${AREA}/client.conf`, "iface nowhere { pd }");
  const client = await host.spawn([ours.client, "run", "-w", AREA]);
  await waitFor("a lease", () => host.readFile(`${AREA}/client-state.json`)?.includes("/64"));
  await client.signal("SIGKILL");
  await client.ended;
}

/** What other programs look for in Dibbler's log, with the values left out. */
const LANDMARKS: readonly RegExp[] = [
  /Server Notice {4}Server begins operation/,
  /Server Notice {4}Accepting connections\. Next event in \d+ second\(s\)\./,
  /Server Notice {4}Received SOLICIT on br-ex\/\d+, trans-id=0x[\da-f]+, \d opts: [\d ]+ \(non-relayed\)/,
  /Server Notice {4}Sending ADVERTISE on br-ex\/\d+,transID=0x[\da-f]+, opts: [\d ]+, 0 relay\(s\)\./,
  /Server Notice {4}Received REQUEST on br-ex\/\d+, trans-id=0x[\da-f]+, \d opts: [\d ]+ \(non-relayed\)/,
  /Server Notice {4}Sending REPLY on br-ex\/\d+,transID=0x[\da-f]+, opts: [\d ]+, 0 relay\(s\)\./,
  /Server Notice {4}.*2001:db8:.* has expired\./,
  /Server Notice {4}Bye bye\./,
];

describe("e2e log: for the eyes of other programs", () => {
  const servers = [
    ["Debian's", () => requirePeer("dibblerServer")],
    ["ours", () => ours.server],
  ] as const;
  scenario("dibblerServer").each(servers)("%s: the lines of a lease's life", async (_whose, program) => {
    const host = await buildServerHost(await testWorld());
    configure(host);
    await startServer(host, program());
    await leaseAndVanish(host);
    await waitFor("the lease to end", () => host.readFile(LOG)?.includes("has expired"));
    await host.run([program(), "stop"]);
    const log = host.readFile(LOG) ?? "";
    expect(LANDMARKS.filter((landmark) => !landmark.test(log))).toEqual([]);
    expect(host.fileMode(LOG)).toBe(0o644);
  });

  scenario()("log-level 5 -> no line for an ordinary message", async () => {
    const host = await buildServerHost(await testWorld());
    configure(host, "log-level 5");
    await startServer(host, ours.server);
    await leaseAndVanish(host);
    await host.run([ours.server, "stop"]);
    expect(host.readFile(LOG)).toBe("");
  });

  scenario()("log-mode json, run: standard output is one JSON object per line and nothing else", async () => {
    const host = await buildServerHost(await testWorld());
    configure(host, "log-mode json log-name edge");
    const server = await host.spawn([ours.server, "run"]);
    await waitFor("the server to listen", () => host.hasUdpPort(547));
    await leaseAndVanish(host);
    const { stdout, stderr } = await server.stop();
    const lines = objectsOf(stdout);
    expect(stderr).toBe("");
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: "notice",
        name: "edge",
        pid: server.pid,
        id: "SERVER-LEASE-ADDED",
        prefix: expect.stringMatching(/^2001:db8:.*\/64$/) as string,
        interface: "br-ex",
        seconds: 4,
      }),
    );
    expect(objectsOf(host.readFile(LOG) ?? "")).toEqual(lines);
    const refused = await host.run([ours.server, "run", "--config", "/etc/dibbler/none"]);
    expect(refused.stdout).toMatch(/^(\| .*\n){4}$/);
  });

  scenario()(
    "log-mode json, start: the same in the file, server and client; reload changes the mode",
    async () => {
      const host = await buildServerHost(await testWorld());
      configure(host, "log-mode json");
      await startServer(host, ours.server);
      host.writeFile(`${AREA}/client.conf`, "log-mode json\niface nowhere { pd }");
      expect((await host.run([ours.client, "start", "-w", AREA])).status).toBe(0);
      const clientLog = (): string => host.readFile(`${AREA}/client.log`) ?? "";
      await waitFor("a lease", () => clientLog().includes("CLIENT-LEASE"));
      expect(objectsOf(clientLog())[0]).toMatchObject({ name: "Client" });
      await host.run([ours.client, "stop", "-w", AREA]);
      configure(host, "log-mode short");
      await host.shell("kill -s HUP $(cat /var/lib/dibbler/server.pid)");
      await waitFor("the new mode", () => /^\d\d:\d\d Server Notice {4}/m.test(host.readFile(LOG) ?? ""));
      expect(host.readFile(LOG)).toMatch(/^\{"level":.*\}\n/);
    },
  );

  scenario()(
    "logrotate moves the file away -> the next line begins a new one, without a signal",
    async () => {
      const host = await buildServerHost(await testWorld());
      configure(host);
      await startServer(host, ours.server);
      await waitFor("a line", () => host.readFile(LOG)?.includes("Accepting connections"));
      await host.shell(`mv ${LOG} ${LOG}.1; sleep 1.1`);
      await leaseAndVanish(host);
      expect(host.readFile(LOG)).toContain("Received SOLICIT");
      expect(host.readFile(`${LOG}.1`)).not.toContain("Received SOLICIT");
      expect(host.fileMode(LOG)).toBe(0o644);
    },
  );
});

describe("e2e stop while a script runs", () => {
  scenario()("the port is free at once, the script runs to its end, and stop waits for it", async () => {
    const host = await buildServerHost(await testWorld());
    configure(host, 'script "/var/lib/dibbler/slow.sh"');
    const script =
      "#!/bin/sh\ntouch /run/begun\nwhile [ ! -e /run/go ]; do sleep 0.05; done\ntouch /run/done\n";
    host.writeFile("/var/lib/dibbler/slow.sh", script, 0o755);
    await startServer(host, ours.server);
    await leaseAndVanish(host);
    await waitFor("the script to run", () => host.listFolder("/run").includes("begun"));
    const stop = await host.spawn([ours.server, "stop"]);
    await waitFor("the port to be free", () => !host.hasUdpPort(547));
    expect(host.listFolder("/run")).not.toContain("done");
    host.writeFile("/run/go", "");
    expect((await stop.ended).status).toBe(0);
    expect(host.listFolder("/run")).toContain("done");
  });
});

const objectsOf = (text: string): readonly Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
