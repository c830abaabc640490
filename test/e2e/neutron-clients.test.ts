import { describe, expect } from "vitest";
import { type CapturedPacket, startCapture } from "./bed/capture.js";
import { configureGuideServer, guideScript, startServer } from "./bed/guide-server.js";
import { addBindAddress, routerId } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { addBridge, connect, joinBridge, linkLocal, removeAddress } from "./bed/network.js";
import {
  callClient,
  installNotify,
  makeSubnet,
  notifications,
  notifiedPrefix,
  outerDevice,
  prepareArea,
  type Subnet,
} from "./bed/neutron.js";
import { findPeer, type Peer } from "./bed/peers.js";
import type { Result } from "./bed/process.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

const subnets = Array.from({ length: 20 }, (_none, index) => makeSubnet(routerId, index + 1));

/** Neutron's agent does one thing at a time: what takes long holds up every other subnet. */
const quickMs = 1000;

const servers: readonly (readonly [who: string, peer: readonly Peer[], program: () => string])[] = [
  ["our server", [], () => ours.server],
  ["Dibbler's server", ["dibblerServer"], () => findPeer("dibblerServer") ?? ""],
];

describe("e2e Neutron: twenty clients in one namespace, started and stopped back to back", () => {
  for (const [who, peer, program] of servers) {
    scenario(...peer)(
      `${who}: start, second start, SIGKILL and start, stop, stop without a server`,
      async () => {
        const { node, router } = await layOut();
        const server = await startServer(node, program());
        expect(server.status).toBe(0);
        const capture = await startCapture(node, "br-ex");
        await startAll(router);
        const prefixes = await prefixesOf(router);
        expect(new Set(prefixes).size).toBe(subnets.length);
        for (const subnet of subnets) {
          expect(notifications(router, subnet)).toEqual(["add"]);
          await expectPidFile(router, subnet);
        }
        await startAgain(router);
        await killAndStart(router);
        expect(await prefixesOf(router)).toEqual(prefixes);
        await stopAll(node, router);
        const packets = await capture?.finish();
        if (packets !== undefined) expectGoodTalk(packets);
      },
    );
  }
});

async function layOut(): Promise<{ readonly node: Host; readonly router: Host }> {
  const world = await testWorld({ duplicateAddressDetection: true });
  const [node, router] = await Promise.all([world.addHost("network-node"), world.addHost("router")]);
  await addBridge(node, "br-ex");
  await connect({ host: router, device: outerDevice }, { host: node, device: "tap-router" });
  await joinBridge(node, "br-ex", "tap-router");
  await Promise.all([linkLocal(node, "br-ex"), linkLocal(router, outerDevice)]);
  for (const host of [node, router]) installOurs(host);
  installNotify(router);
  // Dibbler never runs a script without an interpreter line, so the guide's gets one here.
  configureGuideServer(node, "", `#!/usr/bin/env bash\n${guideScript}`);
  return { node, router };
}

/** As the agent does when a gateway appears: adds all addresses, tentative then, starts all clients. */
async function startAll(router: Host): Promise<void> {
  for (const subnet of subnets) {
    await addBindAddress(router, subnet);
    prepareArea(router, subnet);
  }
  const results: Result[] = [];
  for (const subnet of subnets) results.push(await callClient(router, ours.client, "start", subnet));
  expectDone(results);
  // Who comes first waits for duplicate address detection, 1 to 2 s.
  expect(results.filter(({ milliseconds }) => milliseconds > quickMs).length).toBeLessThan(4);
}

/** A second start says so and changes nothing, whatever the agent makes of it. */
async function startAgain(router: Host): Promise<void> {
  for (const subnet of subnets.slice(0, 3)) {
    const pid = router.readFile(`${subnet.area}/client.pid`);
    const { milliseconds, stderr } = await callClient(router, ours.client, "start", subnet);
    expect(stderr).toContain(`already runs in ${subnet.area}`);
    expect(milliseconds).toBeLessThan(quickMs);
    expect(router.readFile(`${subnet.area}/client.pid`)).toBe(pid);
    await expectPidFile(router, subnet);
  }
}

/** What is left in client.pid of a killed client, or who has its pid by the time of the next start. */
const leftBehind: readonly ((router: Host, own: string) => string)[] = [
  (_router, own) => own,
  () => "1",
  (router) => router.readFile(`${subnets.at(-1)?.area ?? ""}/client.pid`) ?? "",
];

async function killAndStart(router: Host): Promise<void> {
  const killed = subnets.slice(0, leftBehind.length);
  for (const [index, { area }] of killed.entries()) {
    const own = router.readFile(`${area}/client.pid`) ?? "";
    await router.shell(`kill -9 ${own}`);
    await waitFor(`the end of process ${own}`, () => !isRunning(router, Number(own)));
    router.writeFile(`${area}/client.pid`, leftBehind[index]?.(router, own) ?? "");
    router.remove(`${area}/prefix`);
  }
  const results: Result[] = [];
  for (const subnet of killed) results.push(await callClient(router, ours.client, "start", subnet));
  expectDone(results);
  for (const subnet of killed) {
    await waitFor(`news of ${subnet.device}`, () => notifications(router, subnet).length > 1);
    expect(notifications(router, subnet)).toEqual(["add", "add"]);
    await expectPidFile(router, subnet);
  }
}

/**
 * The agent takes the address away, stops the client and removes its area at once; here it is stopped with
 * the address still there, without it, and without a server.
 */
async function stopAll(node: Host, router: Host): Promise<void> {
  for (const [index, subnet] of subnets.entries()) {
    if (index === 18) await node.shell("kill -9 $(cat /var/lib/dibbler/server.pid)");
    if (index >= 16) await removeAddress(router, outerDevice, `${subnet.bindAddress}/64`);
    const pid = Number(router.readFile(`${subnet.area}/client.pid`));
    const result = await callClient(router, ours.client, "stop", subnet);
    expectDone([result]);
    // Without an answer it waits 1.2 s.
    expect(result.milliseconds).toBeLessThan(index < 16 ? quickMs : 2 * quickMs);
    expect(isRunning(router, pid)).toBe(false);
    expect(notifications(router, subnet).at(-1)).toBe("delete");
    expect(await router.shell(`find '${subnet.area}' -mindepth 1 -type d`)).toBe("");
    router.remove(subnet.area);
  }
  expect(router.listFolder("/var/lib/neutron/pd")).toEqual([]);
}

function expectDone(results: readonly Result[]): void {
  for (const { status, stderr } of results) expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

/** How Neutron sees that a client runs: a number that all may read, of a process that names the area. */
async function expectPidFile(router: Host, { area }: Subnet): Promise<void> {
  const file = `${area}/client.pid`;
  expect(router.fileMode(file)).toBe(0o644);
  const pid = router.readFile(file) ?? "";
  expect(pid).toMatch(/^\d+$/);
  expect(router.commandLine(Number(pid))?.join(" ")).toContain(area.split("/").at(-1));
  const network = (id: string): Promise<string> => router.shell(`readlink /proc/${id}/ns/net`);
  expect(await network(pid)).toBe(await network("self"));
}

const isRunning = (router: Host, pid: number): boolean => (router.commandLine(pid) ?? []).length > 0;

async function prefixesOf(router: Host): Promise<readonly string[]> {
  const prefixes: string[] = [];
  for (const subnet of subnets) {
    const seen = await waitFor(`a prefix for ${subnet.device}`, () => notifiedPrefix(router, subnet));
    expect(seen).toMatch(/^2222:2222:2222:[0-9a-f:]*\/64$/);
    prefixes.push(seen ?? "");
  }
  return prefixes;
}

/** Each speaks from its own address, gives its prefix back, and shares no transaction id with another. */
function expectGoodTalk(packets: readonly CapturedPacket[]): void {
  const speakers = new Map<string, string>();
  for (const { bindAddress } of subnets) {
    expectWellFormed(packets, [bindAddress]);
    const own = packets.filter(({ source }) => source === bindAddress);
    expect(own.map(({ types }) => types[0])).toContain("8");
    for (const id of new Set(own.flatMap(({ transactionIds }) => transactionIds))) {
      expect(speakers.get(id)).toBeUndefined();
      speakers.set(id, bindAddress);
    }
  }
}
