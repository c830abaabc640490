import { describe, expect } from "vitest";
import { type Duid, duid, formatDuid } from "../../shared/duid.js";
import { find, option } from "../../shared/wire/options.js";
import { na, pd } from "../server/rig.js";
import { isLogged } from "../log-lines.js";
import { type ClientProgram, clientPrograms, outer } from "./bed/clients.js";
import { type Crowd, type Given, type Member, member, openCrowd } from "./bed/crowd.js";
import { diaryScript, forgetDiary, installDiary, readDiary, waitForCall } from "./bed/diary.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { addClients } from "./bed/lan.js";
import { addAddress, linkLocal } from "./bed/network.js";
import { requirePeer } from "./bed/peers.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const folder = "/var/lib/dibbler";
const leaseFile = `${folder}/server-AddrMgr.xml`;
const logFile = "/var/log/dibbler/dibbler-server.log";
const reserved = "2001:db8:1000:9900::/56";

/** The last one is the last in Dibbler's file. */
const members: readonly Member[] = [
  member("a plain client", 1, [pd(1)]),
  member("an IAID of 2^31", 2, [pd(0x80000000)]),
  member("the largest IAID", 3, [pd(0xffffffff)]),
  member("a DUID of 100 octets", 4, [pd(1)], { duid: longDuid() }),
  member("two IA_PDs", 5, [pd(1), pd(2)]),
  member("relayed, with a prefix from each of two pools", 6, [pd(1)], {
    hops: [{ options: [option("interfaceId", Uint8Array.of(0, 0, 0x15, 0xb3))] }],
  }),
  member("an address and a prefix", 7, [na(1), pd(1)]),
  member("a Reconfigure key", 8, [pd(1)], { more: [option("reconfigureAccept", null)] }),
  member("a reservation", 9, [pd(1)]),
  member("a hint", 10, [pd(1, "2001:db8:1000:4200::/56")]),
  ...[11, 12, 13, 14, 15, 16].map((number) => member(`plain client ${number}`, number, [pd(number)])),
];
/** Of the crowd, who comes late or not at all. */
const late = member("its lease is about to end", 21, [pd(1)]);
const over = member("its lease has ended", 22, [pd(1)]);

/** The clients of Debian, each on a host of its own. */
const programs: readonly ClientProgram[] = [
  clientPrograms.dibblerClient,
  clientPrograms.dhclient,
  clientPrograms.dhcpcd,
  clientPrograms.dhcp6c,
];
const peers = programs.map(({ peer }) => peer);

describe("e2e: twenty clients of Debian's dibbler-server, which ours takes the place of", () => {
  scenario("dibblerServer", ...peers).each([
    ["killed", kill],
    ["stopped", stop],
  ] as const)("%s: each renews its very prefix, timers go on, scripts hear of each", async (_how, end) => {
    const scene = await layOut(programs.length);
    const { server, crowd, hosts } = scene;
    await startServer(server, requirePeer("dibblerServer"));
    await Promise.all(programs.map((program, index) => program.start(hostAt(hosts, index), {})));
    const used = await Promise.all(hosts.map((host) => leasedPrefix(server, host)));
    const given = await requestAll(scene, members);
    for (const [client, leases] of await requestAll(scene, [late, over])) given.set(client, leases);
    expect(new Set([...used, ...leasesOf(given)]).size).toBe(used.length + leasesOf(given).length);

    await end(server);
    const key = keyIn(server);
    expect(key).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    const [ending, ended] = [onlyPrefix(given, late), onlyPrefix(given, over)];
    endIn(server, ended, -80);
    endIn(server, ending, 8);
    const endsAt = Math.floor(Date.now() / 1000) + 7;
    forgetDiary(server);
    expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
    expect(isLogged(server.readFile(logFile), "SERVER-STATE-TAKEN-OVER")).toBe(true);

    const alive = [...used, ...leasesOf(given, members), ending].filter(isPrefix);
    for (const prefix of alive) await waitForCall(server, { action: "add", prefix, REASON: "start" });
    await waitForCall(server, { action: "delete", prefix: ended, REASON: "expire" });
    await waitForCall(server, { action: "delete", prefix: ending, REASON: "expire" });
    expect(Date.now() / 1000).toBeGreaterThanOrEqual(endsAt);
    await renewAll(crowd, given, members);
    for (const prefix of used) await waitForCall(server, { action: "update", prefix, REASON: "renewed" });

    const strangers = [31, 32, 33].map((number) => member(`newcomer ${number}`, number, [pd(1)]));
    const fresh = leasesOf(await requestAll(scene, strangers));
    expect(fresh.filter((prefix) => [...used, ...leasesOf(given, members)].includes(prefix))).toEqual([]);
    for (const prefix of fresh) await waitForCall(server, { action: "add", prefix, REASON: "new" });
    const calls = readDiary(server).filter(({ variables }) => variables["REASON"] !== "renewed");
    const expected = [...alive.map(() => "start"), "expire", "expire", ...fresh.map(() => "new")];
    expect(calls.map(({ variables }) => variables["REASON"]).sort()).toEqual(expected.sort());
    await waitFor("the key in our file", () => keyIn(server) === key);
    for (const [index, program] of programs.entries()) {
      expect(await program.uses(hostAt(hosts, index), used[index] ?? "")).toBe(true);
    }
  });
});

describe("e2e: the crowd of Debian's dibbler-server, when not all is as it was", () => {
  scenario("dibblerServer")("its server was restarted, and wrote large IAIDs as negative ones", async () => {
    const scene = await layOut();
    const { server, crowd } = scene;
    await startServer(server, requirePeer("dibblerServer"));
    const given = await requestAll(scene, members);
    await stop(server);
    await startServer(server, requirePeer("dibblerServer"));
    await stop(server);
    expect(server.readFile(leaseFile)).toContain('IAID="18446744073709551615"');
    await startServer(server, ours.server);
    // Dibbler has cut the long DUID off: what is left of it is another client.
    const kept = members.filter(({ duid: id }) => id.length < 80);
    expect(kept).toHaveLength(members.length - 1);
    await renewAll(crowd, given, kept);
  });

  scenario("dibblerServer")("the interface has another number", async () => {
    const scene = await layOut();
    const { server, crowd } = scene;
    await startServer(server, requirePeer("dibblerServer"));
    const given = await requestAll(scene, members);
    await kill(server);
    const before = await indexOf(server);
    await server.shell(`
      ip link del br0
      ip link add name br0 address ${bridgeMac} type bridge
      for port in /sys/class/net/port*; do ip link set dev "\${port##*/}" master br0; done
      ip link set dev br0 up`);
    await addAddress(server, "br0", `${serverAddress}/64`);
    await linkLocal(server, "br0");
    expect(await indexOf(server)).not.toBe(before);
    expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
    for (const prefix of leasesOf(given).filter(isPrefix)) {
      await waitForCall(server, { action: "add", prefix, REASON: "start" });
    }
    await renewAll(crowd, given, members);
  });

  scenario("dibblerServer")("its file breaks off in the last client", async () => {
    const scene = await layOut();
    const { server, crowd } = scene;
    await startServer(server, requirePeer("dibblerServer"));
    const given = await requestAll(scene, members);
    await kill(server);
    const text = server.readFile(leaseFile) ?? "";
    const cut = text.slice(0, text.lastIndexOf("<AddrPrefix") + 30);
    server.writeFile(leaseFile, cut);
    forgetDiary(server);
    await startServer(server, ours.server);
    const log = server.readFile(logFile);
    expect(isLogged(log, "SERVER-STATE-UNREADABLE")).toBe(true);
    const begun = cut.slice(0, cut.lastIndexOf("<AddrClient>")).split("\n").length;
    expect(log).toContain(`${leaseFile}:${begun} cannot be read`);
    const others = leasesOf(given, members.slice(0, -1)).filter(isPrefix);
    for (const prefix of others) await waitForCall(server, { action: "add", prefix, REASON: "start" });
    expect(readDiary(server)).toHaveLength(others.length);
    await renewAll(crowd, given, members);
  });

  scenario("dibblerServer")("and back again: Debian's server goes on with what it can keep", async () => {
    const scene = await layOut();
    const { server, crowd } = scene;
    await startServer(server, requirePeer("dibblerServer"));
    const given = await requestAll(scene, members);
    await kill(server);
    await startServer(server, ours.server);
    await renewAll(crowd, given, members);
    expect(await server.run([ours.server, "stop"])).toMatchObject({ status: 0 });
    await startServer(server, requirePeer("dibblerServer"));
    // Large IAIDs and long DUIDs are lost at every restart of Dibbler's server.
    const kept = members.filter(
      ({ duid: id, ias }) => id.length < 80 && ias.every(({ iaid }) => iaid < 2 ** 31),
    );
    expect(kept).toHaveLength(members.length - 3);
    await renewAll(crowd, given, kept);
  });
});

interface Scene {
  readonly server: Host;
  readonly crowd: Crowd;
  /** Of the clients that have one to themselves. */
  readonly hosts: readonly Host[];
}

const serverAddress = "2001:db8:c::1";
const bridgeMac = "02:be:d0:00:00:0b";

/** A bridge of the server with a host for the crowd and so many others; nothing runs. */
async function layOut(others = 0): Promise<Scene> {
  const world = await testWorld();
  const server = await world.addHost("server");
  const clients = await addClients(world, server, "br0", others + 1);
  await server.shell(`ip link set dev br0 address ${bridgeMac}`);
  await addAddress(server, "br0", `${serverAddress}/64`);
  installOurs(server);
  installDiary(server);
  server.writeFile("/etc/dibbler/server.conf", configuration);
  server.writeFile(`${folder}/server-duid`, formatDuid(serverDuid));
  const crowd = await openCrowd(hostAt(clients, others), "2001:db8:c::2");
  return { server, crowd, hosts: clients.slice(0, others) };
}

const serverDuid: Duid = duid(Uint8Array.of(0, 1, 0, 1, 0x2f, 1, 2, 3, 2, 0xbe, 0xd, 0, 0, 1));

const configuration = `log-level 8
script "${diaryScript}"
reconfigure-enabled 1
T1 3
T2 30
preferred-lifetime 60
valid-lifetime 120
iface "br0" {
  class { pool 2001:db8:5::1:0-2001:db8:5::ff:ffff }
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
  client duid 0x${formatDuid(members[8]?.duid ?? serverDuid).replaceAll(":", "")} { prefix ${reserved} }
}
iface "relay1" {
  relay "br0"
  interface-id 5555
  pd-class {
    pd-pool 2001:db8:2000::/40
    pd-pool 2001:db8:3000::/40
    pd-length 56
  }
}
`;

/** In their order, as Dibbler writes them in that. */
async function requestAll({ server, crowd }: Scene, clients: readonly Member[]): Promise<Map<Member, Given>> {
  const given = new Map<Member, Given>();
  for (const client of clients) given.set(client, await crowd.request(client, serverDuid));
  // Dibbler answers first and writes its file afterwards.
  const last = leasesOf(given).at(-1)?.replace(/\/.*/, "") ?? "";
  const isWritten = (text: string): boolean => text.includes(`>${last}<`) && text.endsWith("</AddrMgr>\n");
  await waitFor("the leases in the file", () => server.readFile(leaseFile) ?? "", isWritten);
  return given;
}

/** Each gets all that it had, of a server with the DUID that it knows. */
async function renewAll(
  crowd: Crowd,
  given: ReadonlyMap<Member, Given>,
  clients: readonly Member[],
): Promise<void> {
  for (const client of clients) {
    const had = given.get(client);
    if (had === undefined) throw new Error(`${client.name} has nothing to renew`);
    const renewed = await crowd.renew(client, had);
    expect({ client: client.name, ias: renewed.ias }).toEqual({ client: client.name, ias: had.ias });
    expect(find(renewed.reply.options, "serverId")).toEqual(serverDuid);
  }
}

/** Prefixes, and addresses as /128, of these clients or of all. */
function leasesOf(
  given: ReadonlyMap<Member, Given>,
  clients: readonly Member[] = [...given.keys()],
): readonly string[] {
  return clients.flatMap((client) => given.get(client)?.ias.flatMap(({ leases }) => leases) ?? []);
}

const isPrefix = (lease: string): boolean => !lease.endsWith("/128");

function onlyPrefix(given: ReadonlyMap<Member, Given>, client: Member): string {
  return leasesOf(given, [client])[0] ?? "";
}

/** The prefix that a script of the server was told of for the client of a host. */
async function leasedPrefix(server: Host, host: Host): Promise<string> {
  const REMOTE_ADDR = await linkLocal(host, outer);
  return (await waitForCall(server, { action: "add", REMOTE_ADDR })).prefix;
}

/** Has a lease of Dibbler's file end so many seconds from now, by the time at which it was extended last. */
function endIn(server: Host, prefix: string, seconds: number): void {
  const address = prefix.replace(/\/.*/, "");
  const line = new RegExp(`timestamp="\\d+"( pref="\\d+" valid="(\\d+)" length="\\d+">${address}<)`);
  const text = server.readFile(leaseFile) ?? "";
  const [, rest = "", valid = ""] = line.exec(text) ?? [];
  const since = Math.floor(Date.now() / 1000) + seconds - Number(valid);
  server.writeFile(leaseFile, text.replace(line, `timestamp="${since}"${rest}`));
  expect(server.readFile(leaseFile)).not.toBe(text);
}

/** The Reconfigure key in Dibbler's file, of the only client that has one. */
const keyIn = (server: Host): string | undefined =>
  /<ReconfigureKey length="16">([^<]+)</.exec(server.readFile(leaseFile) ?? "")?.[1];

async function kill(server: Host): Promise<void> {
  await end(server, "KILL");
}

async function stop(server: Host): Promise<void> {
  await end(server, "TERM");
}

async function end(server: Host, signal: string): Promise<void> {
  await server.shell(`kill -s ${signal} $(cat ${folder}/server.pid)`);
  await waitFor("the server to be gone", () => !server.hasUdpPort(547));
}

const indexOf = (server: Host): Promise<string> => server.shell("cat /sys/class/net/br0/ifindex");

function hostAt(hosts: readonly Host[], index: number): Host {
  const host = hosts[index];
  if (host === undefined) throw new Error(`there is no host ${index}`);
  return host;
}

function longDuid(): Duid {
  return duid(Uint8Array.from({ length: 100 }, (_none, index) => (index < 2 ? index * 3 : index)));
}
