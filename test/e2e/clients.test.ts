import { existsSync, readFileSync, statSync } from "node:fs";
import { describe, expect } from "vitest";
import { type Capture, type CapturedPacket, startCapture } from "./bed/capture.js";
import { type ClientProgram, clientPrograms, inner, outer } from "./bed/clients.js";
import { startDeafServer } from "./bed/craft.js";
import { diaryScript, forgetDiary, installDiary, waitForCall } from "./bed/diary.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { connect, linkLocal } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

/** A prefix that the clients may ask for by name. */
const hinted = "2001:db8:1000:ab00::/56";
const nameServer = "2001:db8::53";

describe("e2e clients of other makers, on the server's link", () => {
  for (const client of Object.values(clientPrograms)) {
    const { peer, hints, releases, shortestT2 } = client;
    const hint = hints.includes("prefix") ? hinted : "::/60";
    const end = releases ? "release" : "stop";
    scenario(peer)(`${peer}: lease by hint ${hint}, renewal, server restarted, ${end}`, async () => {
      const machine = machineFiles();
      const { server, host, capture } = await buildPair(shortestT2);
      const running = await client.start(host, { hint });
      const { prefix } = await waitForCall(server, { action: "add", REASON: "new" });
      if (hints.includes("prefix")) expect(prefix).toBe(hinted);
      else expect(prefix).toMatch(/\/60$/);
      await waitFor("the client to use its prefix", () => client.uses(host, prefix));
      await waitFor("the name server in its files", () => namesServer(host) === client.writesResolver);
      await waitForCall(server, { action: "update", prefix, CLNT_MESSAGE: "RENEW" });

      const message = await restartServer(server, client);
      await waitForCall(server, { action: "update", prefix, CLNT_MESSAGE: message });
      expect(await client.uses(host, prefix)).toBe(true);

      await client.stop(host, running);
      if (releases) await waitForCall(server, { action: "delete", prefix, REASON: "released" });
      await expectGoodTalk(await capture?.finish(), server, host);
      expect(machineFiles()).toEqual(machine);
    });
  }
});

/** A server on `eth0` and a client's host, `wan0` towards it, `lan0` to the other side. */
async function buildPair(
  t2: number,
): Promise<{ readonly server: Host; readonly host: Host; readonly capture: Capture | undefined }> {
  const world = await testWorld();
  const [server, host] = await Promise.all([world.addHost("server"), world.addHost("client")]);
  await connect({ host: server, device: "eth0" }, { host, device: outer });
  await connect({ host, device: inner }, { host, device: "lan1" });
  await linkLocal(server, "eth0");
  await linkLocal(host, outer);
  installOurs(server);
  installDiary(server);
  server.writeFile("/etc/dibbler/server.conf", configuration(t2));
  const capture = await startCapture(server, "eth0");
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
  return { server, host, capture };
}

function configuration(t2: number): string {
  return `script "${diaryScript}"
iface "eth0" {
  T1 2
  T2 ${t2}
  preferred-lifetime ${2 * t2}
  valid-lifetime ${4 * t2}
  option dns-server ${nameServer}
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
  pd-class { pd-pool 2001:db8:2000::/40 pd-length 60 }
}
`;
}

/**
 * Kills the server and starts it again when its client has asked it in vain to renew; gives the name of the
 * message by which the client has to find it then. One that rebinds late is not kept waiting for that.
 */
async function restartServer(server: Host, { shortestT2 }: ClientProgram): Promise<"REBIND" | "RENEW"> {
  await server.shell("kill -9 $(cat /var/lib/dibbler/server.pid)");
  await waitFor("the server to be gone", () => !server.hasUdpPort(547));
  forgetDiary(server);
  const rebinds = shortestT2 <= 5;
  if (rebinds) {
    const deaf = await startDeafServer(server, "eth0");
    await waitFor("a Renew in vain", deaf.heard, (types) => types.includes(5));
    expect(new Set(deaf.heard())).toEqual(new Set([5]));
    await deaf.end();
  }
  await startServer(server, ours.server);
  return rebinds ? "REBIND" : "RENEW";
}

/** All that the server has sent is well-formed, and the client has solicited only once at the beginning. */
async function expectGoodTalk(
  packets: readonly CapturedPacket[] | undefined,
  server: Host,
  host: Host,
): Promise<void> {
  if (packets === undefined) return;
  expectWellFormed(packets, [await linkLocal(server, "eth0")]);
  const from = await linkLocal(host, outer);
  const types = packets.filter(({ source }) => source === from).flatMap((packet) => packet.types);
  expect(types.lastIndexOf("1")).toBeLessThan(types.indexOf("3"));
}

function namesServer(host: Host): boolean {
  return (host.readFile("/etc/resolv.conf") ?? "").includes(`nameserver ${nameServer}\n`);
}

/** What clients like to rewrite on the machine itself: time of change, and content where it is a file. */
function machineFiles(): readonly (readonly [path: string, changed: number, content: string])[] {
  const files = ["/etc/resolv.conf", "/etc/ntp.conf", "/etc/dhcpcd.conf"];
  const folders = ["/etc/dhcp", "/etc/wide-dhcpv6", "/var/lib/dhcp", "/var/lib/dhcpcd", "/var/lib/dhcpv6"];
  return [...files, ...folders]
    .filter((path) => existsSync(path))
    .map((path) => [path, statSync(path).mtimeMs, files.includes(path) ? readFileSync(path, "utf8") : ""]);
}
