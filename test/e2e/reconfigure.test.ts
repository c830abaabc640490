import { describe, expect } from "vitest";
import { xid } from "../../shared/brand.js";
import { containsPrefix, formatPrefix, parseIp6, parsePrefix } from "../../shared/prefix.js";
import { MESSAGE_CODE } from "../../shared/wire/codes.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  encodeMessage,
  type Message,
} from "../../shared/wire/message.js";
import { find, findAll, option, type OptionValue } from "../../shared/wire/options.js";
import { rkapAuth, rkapInformation, type RkapInformation } from "../../shared/wire/rkap.js";
import { hmacMd5 } from "../hmac.js";
import { type CapturedPacket, startCapture } from "./bed/capture.js";
import { clientPrograms, outer } from "./bed/clients.js";
import { diaryScript, forgetDiary, installDiary, waitForCall } from "./bed/diary.js";
import { identity, leaseWell, serverIdOf } from "./bed/good-client.js";
import { innerMessage, leaseRelayed, peerAddress } from "./bed/good-relay.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { addClients } from "./bed/lan.js";
import { linkLocal } from "./bed/network.js";
import { buildPair, pairAddresses } from "./bed/pair.js";
import { installOurs, ours } from "./bed/programs.js";
import { buildRelayed, startRelays } from "./bed/relayed.js";
import type { RelayKind } from "./bed/relays.js";
import { openEar, post, readMessage } from "./bed/talk.js";
import { sleep, waitFor } from "./bed/wait.js";
import type { World } from "./bed/world.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

/** The pool at first, and the one that takes its place; nobody renews unasked during a test. */
const [before, after] = ["2001:db8:1000::/40", "2001:db8:2000::/40"];

/** The address of the relay on the link of its clients. */
const linkAddress = "2001:db8:a::1";

/** The relays between client and server; none for a client on the server's link. */
const rows: readonly (readonly RelayKind[])[] = [[], ["dhcrelay"], ["dibblerRelay"]];

describe("e2e Reconfigure at a start with another pool, for Dibbler's client", () => {
  const { start, uses } = clientPrograms.dibblerClient;
  for (const kinds of rows) {
    const where = kinds.length === 0 ? "on the server's link" : `behind ${kinds.join(", ")}`;
    scenario("dibblerClient", ...kinds)(`${where}: renews at once, and takes the new prefix`, async () => {
      const { server, client } = await buildSite(await testWorld(), kinds);
      const capture = await startCapture(client, outer);
      await start(client, { reconfigure: true });
      const { prefix: old } = await waitForCall(server, { action: "add", REASON: "new" });
      await waitFor("the client to use its prefix", () => uses(client, old));
      await restartWith(server, withDiary(configuration(after)));
      const { prefix } = await waitForCall(server, { action: "add", CLNT_MESSAGE: "RENEW" });
      expect(isIn(prefix, after)).toBe(true);
      await waitFor("the client to use its new prefix", () => uses(client, prefix));
      await waitForCall(server, { action: "delete", prefix: old });
      const packets = await capture?.finish();
      if (packets !== undefined) expectCalled(packets, await linkLocal(client, outer), { old, new: prefix });
    });
  }
});

describe("e2e Reconfigure at a start with another pool, on the wire", () => {
  scenario()("to a client of the link: signed with its key, and no more of it after a Renew", async () => {
    const { server, other, serverLocal, otherLocal } = await buildPair(
      await testWorld(),
      configuration(before),
    );
    const say = async (message: ClientServerMessage): Promise<ClientServerMessage> => {
      const letter = { to: `ff02::1:2%${outer}`, message: encodeMessage(message) };
      const [heard] = await post(other, otherLocal, 546, letter);
      return innerMessage((heard ?? raise("no answer")).message);
    };
    const about = [...identity(1), option("reconfigureAccept", null)];
    const offer = await say(clientServerMessage("solicit", xid(1), about));
    const reply = await say(clientServerMessage("request", xid(2), [...about, serverIdOf(offer)]));
    await leaseWell(other, 2);

    const ear = await openEar(other, otherLocal, 546);
    await restartWith(server, configuration(after));
    await waitFor("a Reconfigure", () => ear.heard().length > 0);
    await ear.end();
    const [called, ...more] = ear.heard();
    expect(more).toEqual([]);
    expect(called).toMatchObject({ from: serverLocal, port: 547 });
    expectReconfigure((called ?? raise("no Reconfigure")).message, reply);

    const renewed = await say(
      clientServerMessage("renew", xid(3), [...identity(1, prefixesOf(reply)[0]?.prefix), serverIdOf(reply)]),
    );
    expect(
      prefixesOf(renewed).map(({ prefix, valid }) => [isIn(formatPrefix(prefix), after), valid]),
    ).toEqual([
      [true, 4000],
      [false, 0],
    ]);
    const silence = await openEar(other, otherLocal, 546);
    await sleep(firstPauseMs);
    await silence.end();
    expect(silence.heard()).toEqual([]);
  });

  scenario()("behind a relay: by Relay-reply to its port, again after 2 s with a larger value", async () => {
    const { server, other } = await buildPair(await testWorld(), configuration(before));
    const options = [option("interfaceId", Uint8Array.from(Buffer.from("port 7"))), option("relayPort", 0)];
    const from = pairAddresses.other;
    const relay = { host: other, from, port: 40_547, to: pairAddresses.server, linkAddress, options };
    const { reply } = await leaseRelayed(relay, 1, [option("reconfigureAccept", null)]);
    await leaseRelayed(relay, 2);

    const ear = await openEar(other, from, relay.port);
    await restartWith(server, configuration(after));
    await waitFor("two Reconfigures", () => ear.heard().length > 1);
    await ear.end();
    const replays = ear.heard().map(({ from: source, port, message }) => {
      expect({ source, port }).toEqual({ source: pairAddresses.server, port: 547 });
      expect(message).toMatchObject({ type: "relayReply", linkAddress: parseIp6(linkAddress), peerAddress });
      expect(message.options.slice(0, 2)).toEqual(options);
      return expectReconfigure(innerMessage(message), reply);
    });
    expect(replays).toHaveLength(2);
    expect([...new Set(replays)].sort()).toEqual(replays);
  });
});

/** A little longer than the server waits before it asks again (RFC 8415 7.6). */
const firstPauseMs = 2600;

/** What the client was sent: one signed Reconfigure, which it answered within a second, and both prefixes. */
function expectCalled(
  packets: readonly CapturedPacket[],
  client: string,
  prefixes: { readonly old: string; readonly new: string },
): void {
  const fromServer = packets.filter(({ source }) => source !== client);
  expectWellFormed(packets, [...new Set(fromServer.map(({ source }) => source))]);
  const messages = packets.map(({ payload }) => innerMessage(readMessage(payload)));
  const at = messages.findIndex(({ type }) => type === "reconfigure");
  expect(packets[at]).toMatchObject({ destination: client, destinationPort: "546" });
  const first = messages.find(({ type }) => type === "reply") ?? raise("no Reply");
  expectReconfigure(messages[at] ?? raise("no Reconfigure"), first);
  expect(
    messages
      .slice(at)
      .map(({ type }) => type)
      .slice(0, 3),
  ).toEqual(["reconfigure", "renew", "reply"]);
  const renewed = messages[at + 2] ?? raise("no Reply to the Renew");
  expect(
    prefixesOf(renewed).map(({ prefix, preferred, valid }) => [formatPrefix(prefix), preferred, valid]),
  ).toEqual([
    [prefixes.new, 3000, 4000],
    [prefixes.old, 0, 0],
  ]);
}

/**
 * A Reconfigure that asks the client of this Reply to renew, with the digest made by the key in there, and
 * nothing else in it (RFC 8415 18.3.11, 20.4); gives its replay value as hex.
 */
function expectReconfigure(message: Message, reply: ClientServerMessage): string {
  const { options } = message;
  expect(message).toMatchObject({ type: "reconfigure", xid: 0 });
  expect(options.map(({ name }) => name)).toEqual(["clientId", "serverId", "reconfigureMessage", "auth"]);
  for (const id of ["clientId", "serverId"] as const)
    expect(find(options, id)).toEqual(find(reply.options, id));
  expect(find(options, "reconfigureMessage")).toBe(MESSAGE_CODE.renew);
  const key = rkapOf(reply);
  expect(key).toMatchObject({ type: "key" });
  const { replay } = find(options, "auth") ?? raise("no Authentication");
  const unsigned = rkapAuth(replay, { type: "digest", value: new Uint8Array(16) });
  const blank = { ...message, options: [...options.slice(0, 3), option("auth", unsigned)] };
  expect(rkapOf(message)).toEqual({ type: "digest", value: hmacMd5(key.value, encodeMessage(blank)) });
  return Buffer.from(replay).toString("hex");
}

const rkapOf = ({ options }: Message): RkapInformation => {
  const auth = find(options, "auth");
  return (auth && rkapInformation(auth)) ?? raise("no Authentication of RKAP");
};

const prefixesOf = ({ options }: Message): readonly OptionValue<"iaPrefix">[] =>
  findAll(find(options, "iaPd")?.options ?? [], "iaPrefix");

function isIn(prefix: string, pool: string): boolean {
  const [inside, around] = [parsePrefix(prefix), parsePrefix(pool)];
  return inside !== undefined && around !== undefined && containsPrefix(around, inside);
}

function raise(sentence: string): never {
  throw new Error(sentence);
}

/** The server, and a client on its link or behind the relays; all but the client runs. */
async function buildSite(
  world: World,
  kinds: readonly RelayKind[],
): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, clients, start } =
    kinds.length === 0 ? await buildLink(world) : await buildBehind(world, kinds);
  installOurs(server);
  installDiary(server);
  server.writeFile("/etc/dibbler/server.conf", withDiary(configuration(before)));
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
  await start();
  const [client] = clients;
  if (client === undefined) throw new Error("no client");
  return { server, client };
}

interface Site {
  readonly server: Host;
  readonly clients: readonly Host[];
  readonly start: () => Promise<void>;
}

async function buildLink(world: World): Promise<Site> {
  const server = await world.addHost("server");
  return { server, clients: await addClients(world, server, "eth0", 1), start: () => Promise.resolve() };
}

async function buildBehind(world: World, kinds: readonly RelayKind[]): Promise<Site> {
  const network = await buildRelayed(world, kinds, 1);
  return { ...network, start: () => startRelays(network, kinds) };
}

/** The same for the link of the server and for that of the relays' clients. */
function configuration(pool: string): string {
  const times = "T1 1000\n  T2 2000\n  preferred-lifetime 3000\n  valid-lifetime 4000";
  const pdClass = `${times}\n  pd-class { pd-pool ${pool} pd-length 56 }`;
  const relayed = `iface "relay1" {\n  relay "eth0"\n  subnet 2001:db8:a::/48\n  ${pdClass}\n}`;
  return `reconfigure-enabled 1
iface "eth0" {
  ${pdClass}
}
${relayed}
`;
}

/** A start tells the script of nothing here: what it is told of are messages of the client. */
const withDiary = (text: string): string => `script "${diaryScript}"\nscript-replay 0\n${text}`;

/** Stops the server and starts it with another configuration. */
async function restartWith(server: Host, text: string): Promise<void> {
  expect((await server.run([ours.server, "stop"])).status).toBe(0);
  await waitFor("the server to be gone", () => !server.hasUdpPort(547));
  forgetDiary(server);
  server.writeFile("/etc/dibbler/server.conf", text);
  await startServer(server, ours.server);
}
