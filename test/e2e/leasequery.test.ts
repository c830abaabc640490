import { describe, expect } from "vitest";
import { seconds, xid } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { formatPrefix, ip6, parseIp6, parsePrefix, UNSPECIFIED } from "../../shared/prefix.js";
import { QUERY_TYPE } from "../../shared/wire/codes.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  encodeMessage,
  type Message,
} from "../../shared/wire/message.js";
import { find, findAll, OPTIONS, type Option, option } from "../../shared/wire/options.js";
import { joinFrames } from "../../shared/wire/tcp-frames.js";
import { startCapture } from "./bed/capture.js";
import { clientPrograms } from "./bed/clients.js";
import { diaryScript, installDiary, waitForCall } from "./bed/diary.js";
import { goodDuid, goodSolicit, leaseWell } from "./bed/good-client.js";
import { address, leaseRelayed, type RelayPost } from "./bed/good-relay.js";
import { startServer } from "./bed/guide-server.js";
import { linkLocal } from "./bed/network.js";
import { buildPair, type Pair, pairAddresses } from "./bed/pair.js";
import { installOurs, ours } from "./bed/programs.js";
import { buildRelayed, serverAddress, startRelays } from "./bed/relayed.js";
import { post, stream } from "./bed/talk.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

/** A tool that asks, by no port that DHCPv6 knows. */
const requestor = duid(Uint8Array.of(0, 3, 0, 1, 2, 0xfe, 0, 1, 0, 1));
const toolPort = 40_547;

/** Two links behind relays, told apart by their subnets, and that of the server; TCP is soon given up. */
const configuration = `iface "eth0" {
  accept-leasequery 1
  bulk-leasequery-accept 1
  bulk-leasequery-timeout 2
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}
iface "relay1" {
  relay "eth0"
  subnet 2001:db8:a::/48
  pd-class { pd-pool 2001:db8:2000::/40 pd-length 56 }
}
iface "relay2" {
  relay "eth0"
  subnet 2001:db8:b::/48
  pd-class { pd-pool 2001:db8:3000::/40 pd-length 56 }
}
`;

describe("e2e leasequery by UDP, from a host on the link", () => {
  scenario()("one answer for each question, at the port it was asked from, with the lease", async () => {
    const pair = await buildPair(await testWorld(), configuration);
    const { server, other, serverLocal, otherLocal } = pair;
    const { prefix } = await leaseWell(other, 1);
    await leaseWell(other, 2);
    const capture = await startCapture(server, "eth0");
    const questions: readonly Message[] = [
      leasequery(QUERY_TYPE.clientId, [option("clientId", goodDuid(1))]),
      leasequery(QUERY_TYPE.address, [addressWithin(prefix)]),
    ];
    const ways = [
      { from: otherLocal, to: "ff02::1:2%wan0", answeredFrom: serverLocal },
      { from: otherLocal, to: `${serverLocal}%wan0`, answeredFrom: serverLocal },
      { from: pairAddresses.other, to: pairAddresses.server, answeredFrom: pairAddresses.server },
    ];
    for (const { from, to, answeredFrom } of ways) {
      for (const question of questions) {
        const heard = await post(other, from, toolPort, { to, message: encodeMessage(question) });
        expect(heard).toMatchObject([
          { from: answeredFrom, port: 547, message: { type: "leasequeryReply" } },
        ]);
        expect(heard.flatMap(({ message }) => told(message))).toEqual([{ client: 1, prefixes: [prefix] }]);
      }
    }
    const packets = await capture?.finish();
    if (packets === undefined) return;
    expectWellFormed(packets, [serverLocal, pairAddresses.server]);
    const answers = packets.filter(({ types }) => types.includes("15"));
    expect(answers.map(({ destinationPort }) => destinationPort)).toEqual(
      Array<string>(ways.length * questions.length).fill(String(toolPort)),
    );
  });
});

describe("e2e leasequery by TCP", () => {
  scenario()("by link, line and relay: Reply, Data for each further client, Done", async () => {
    const { other, serverLocal } = await buildPair(await testWorld(), configuration);
    const leases: Told[] = [];
    for (const { client, link, line: ofClient, relay: through } of customers) {
      const options = [line(ofClient), option("relayId", relayDuid(through))];
      const { prefix } = await leaseRelayed({ ...relayPost(other), linkAddress: link, options }, client);
      leases.push({ client, prefixes: [prefix] });
    }
    const leased = (...clients: readonly number[]): unknown =>
      clients.map((client) => leases.find((lease) => lease.client === client));

    const rows: readonly (readonly [ClientServerMessage, unknown])[] = [
      [leasequery(QUERY_TYPE.linkAddress, [], relayLinks.first), leased(1, 2, 3)],
      [leasequery(QUERY_TYPE.linkAddress, [], relayLinks.second), leased(4)],
      [leasequery(QUERY_TYPE.remoteId, [line("port 7")]), leased(1, 4)],
      [leasequery(QUERY_TYPE.remoteId, [line("port 7")], relayLinks.first), leased(1)],
      [leasequery(QUERY_TYPE.remoteId, [line("port 9")]), []],
      [leasequery(QUERY_TYPE.relayId, [option("relayId", relayDuid(1))]), leased(1, 2)],
      [leasequery(QUERY_TYPE.clientId, [option("clientId", goodDuid(3))]), leased(3)],
    ];
    for (const to of [`${serverLocal}%wan0`, pairAddresses.server]) {
      for (const [question, expected] of rows) {
        const { closed, messages } = await stream(other, to, frames(question), { end: true });
        expect(closed).toBe(true);
        expect(messages.flatMap(told)).toEqual(expected);
        expect(messages.map(({ type }) => type)).toEqual(typesFor(messages.flatMap(told).length));
      }
    }
    const both = await stream(other, pairAddresses.server, frames(...rows.map(([question]) => question)), {
      end: true,
    });
    expect(both.messages.flatMap(told)).toEqual(rows.flatMap(([, expected]) => expected));
  });

  scenario()("S-MAL-44: junk ends the connection, and the server goes on", async () => {
    const { server, other, serverLocal } = await buildPair(await testWorld(), configuration);
    const { prefix, renew } = await leaseWell(other, 1);
    const ofClient = leasequery(QUERY_TYPE.clientId, [option("clientId", goodDuid(1))]);
    for (const [what, junk, ends] of junks) {
      const { closed, messages, milliseconds } = await stream(other, pairAddresses.server, junk, {
        end: false,
      });
      const when = milliseconds < 1000 ? "at once" : "in time";
      expect({ what, closed, messages, when }).toEqual({ what, closed: true, messages: [], when: ends });
      const good = await stream(other, `${serverLocal}%wan0`, frames(ofClient), { end: true });
      expect({ what, told: good.messages.flatMap(told) }).toEqual({
        what,
        told: [{ client: 1, prefixes: [prefix] }],
      });
    }
    expect((await renew()).prefix).toBe(prefix);
    expect(server.hasUdpPort(547)).toBe(true);
  });

  scenario("dhcrelay", "dhcpcd")("a client behind dhcrelay, asked for by the relay's host", async () => {
    const network = await buildRelayed(await testWorld(), ["dhcrelay"], 1);
    const { server, relays, clients, linkAddresses } = network;
    const [relay, host, link] = [relays[0], clients[0], linkAddresses[0]];
    if (relay === undefined || host === undefined || link === undefined) throw new Error("no relay");
    installOurs(server);
    installDiary(server);
    server.writeFile("/etc/dibbler/server.conf", `script "${diaryScript}"\n${configuration}`);
    await startServer(server, ours.server);
    await startRelays(network, ["dhcrelay"]);
    await clientPrograms.dhcpcd.start(host, {});
    const { prefix } = await waitForCall(server, { action: "add", IFACE: "relay1" });

    const asksForRelay = option("optionRequest", [OPTIONS.lqRelayData.code]);
    const question = leasequery(QUERY_TYPE.linkAddress, [asksForRelay], link);
    const { messages } = await stream(relay, serverAddress, frames(question), { end: true });
    expect(messages.map(({ type }) => type)).toEqual(["leasequeryReply", "leasequeryDone"]);
    const data = find(messages[0]?.options ?? [], "clientData")?.options ?? [];
    expect(findAll(data, "iaPrefix").map((it) => formatPrefix(it.prefix))).toEqual([prefix]);
    expect(find(data, "lqRelayData")).toMatchObject({
      peerAddress: parseIp6("2001:db8:c::2"),
      message: { linkAddress: parseIp6(link), peerAddress: parseIp6(await linkLocal(host, "wan0")) },
    });
  });
});

const relayLinks = { first: "2001:db8:a::1", second: "2001:db8:b::1" } as const;

/** Clients behind relays: on which link, at which line (Remote-ID), and through which relay (Relay-ID). */
const customers = [
  { client: 1, link: relayLinks.first, line: "port 7", relay: 1 },
  { client: 2, link: relayLinks.first, line: "port 8", relay: 1 },
  { client: 3, link: relayLinks.first, line: "port 10", relay: 2 },
  { client: 4, link: relayLinks.second, line: "port 7", relay: 3 },
] as const;

/** What comes over TCP that is no good question, and when the server ends the connection for it. */
const junks: readonly (readonly [what: string, bytes: Uint8Array, ends: "at once" | "in time"])[] = [
  ["a request of another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: dhcp\r\n\r\n"), "in time"],
  ["the same with all the octets that it announces", Buffer.from("GET /".padEnd(20_000, "x")), "at once"],
  ["a frame of no octets", Uint8Array.of(0, 0), "at once"],
  ["a frame of one octet", Uint8Array.of(0, 1, 14), "at once"],
  ["one octet, and no more", Uint8Array.of(0), "in time"],
  ["half a megabyte of ones", new Uint8Array(500_000).fill(0xff), "at once"],
  ["a Solicit", joinFrames([goodSolicit(1)]), "at once"],
  ["a Leasequery that is cut off", joinFrames([Buffer.from("0e0000010001000a", "hex")]), "at once"],
];

const relayPost = (host: Pair["other"]): Omit<RelayPost, "linkAddress" | "options"> => ({
  host,
  from: pairAddresses.other,
  port: 547,
  to: pairAddresses.server,
});

const line = (name: string): Option => option("remoteId", { enterprise: 4491, id: Buffer.from(name) });

const relayDuid = (relay: number): ReturnType<typeof duid> =>
  duid(Uint8Array.of(0, 2, 0, 0, 0x11, 0x8b, relay));

/** A Leasequery; its type as in `QUERY_TYPE`, the link any or where an address is (RFC 5007 4.1.2.1). */
function leasequery(queryType: number, options: readonly Option[], link?: string): ClientServerMessage {
  const linkAddress = link === undefined ? UNSPECIFIED : address(link);
  return clientServerMessage("leasequery", xid(0x7e57), [
    option("clientId", requestor),
    option("lqQuery", { queryType, linkAddress, options }),
  ]);
}

function frames(...messages: readonly Message[]): Uint8Array {
  return joinFrames(messages.map(encodeMessage));
}

/** Types of the messages that tell of so many clients (RFC 5460 5.3). */
function typesFor(count: number): readonly string[] {
  if (count === 0) return ["leasequeryReply"];
  return ["leasequeryReply", ...Array<string>(count - 1).fill("leasequeryData"), "leasequeryDone"];
}

/** What a message tells of one client, which has a number here. */
interface Told {
  readonly client: number;
  readonly prefixes: readonly string[];
}

function told({ options }: Message): readonly Told[] {
  return findAll(options, "clientData").map((data) => ({
    client: find(data.options, "clientId")?.at(-1) ?? 0,
    prefixes: findAll(data.options, "iaPrefix").map(({ prefix }) => formatPrefix(prefix)),
  }));
}

/** An address somewhere in a prefix, for a question by address. */
function addressWithin(prefix: string): Option {
  const octets = Uint8Array.from(parsePrefix(prefix)?.address ?? UNSPECIFIED);
  octets.set([0xab, 0, 0, 0, 0, 0, 0, 0, 0x12], 7);
  const times = { preferred: seconds(0), valid: seconds(0) };
  return option("iaAddr", { address: ip6(octets), ...times, options: [] });
}
