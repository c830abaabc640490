import { describe, expect, test } from "vitest";
import type { ServerConfig } from "../../shared/config/types.js";
import { MESSAGE_CODE } from "../../shared/wire/codes.js";
import { type Option, option } from "../../shared/wire/options.js";
import { server } from "../config/given.js";
import { createClient, createRig, na, pd, type Rig, ta, type TestClient } from "../server/rig.js";
import { behind, configure, iface, pdClass, range, SERVER_ID, subnet } from "../server/settings.js";
import { interfaceId, RELAY, wants } from "./lines.js";
import { everywhere, innermost, levelsOf, numberAt, type Packet, parsePacket, type Tlv } from "./tlv.js";

/** Everything that makes an answer longer is configured on eth0; little is left in the pools. */
const FULL = server(`
  reconfigure-enabled 1
  drop-unicast
  iface eth0 {
    preference 7  rapid-commit 1  client-max-lease 4
    subnet 2001:db8:2000::/64
    option dns-server 2001:db8::53,2001:db8::54  option domain example.com,example.org
    option vendor-spec 1234-1-0x0102,5678-2-0x03  option lifetime 3600
    option sol-max-rt 3600  option inf-max-rt 7200  option ntp-server 2001:db8::123
    class { pool 2001:db8:2000::100-2001:db8:2000::103 }
    ta-class { pool 2001:db8:2000::200-2001:db8:2000::203 }
    pd-class { pd-pool 2001:db8:1000::/54 pd-length 56 }
    pd-class { pd-pool 2001:db8:3000::/54 pd-length 56 T1 900-900 T2 20-20
               preferred-lifetime 50000-60000 valid-lifetime 300-400 }
  }`);
const OTHER = behind(
  "eth0",
  iface(
    "line1",
    [pdClass(60, ["2001:db8:4000::/57"], { valid: range(50), preferred: range(60), t2: range(70) })],
    {
      subnets: [subnet("2001:db8:a::/48")],
    },
  ),
);
const CONFIG: ServerConfig = { ...FULL, interfaces: [...FULL.interfaces, OTHER] };
/** What CONFIG becomes: all its prefixes are others, so that Renews end what was held. */
const RENUMBERED = configure(
  [iface("eth0", [pdClass(56, ["2001:db8:5000::/52"])]), behind("eth0", iface("line1", [], OTHER))],
  { reconfigure: true },
);

const ORO = wants(12, 17, 20, 21, 23, 24, 31, 32, 67, 82, 83);
const EXTRAS: readonly (readonly Option[])[] = [
  [ORO],
  [ORO, option("reconfigureAccept", null), option("rapidCommit", null)],
  [ORO, ORO, option("elapsedTime", 77), interfaceId("mine"), option("preference", 3)],
];
const TYPES = [
  "solicit",
  "request",
  "renew",
  "rebind",
  "confirm",
  "decline",
  "release",
  "informationRequest",
] as const;

/** All that a server sends while clients, direct and behind two relays, send all that there is to send. */
function sentBy(config: ServerConfig, next: ServerConfig): readonly Uint8Array[] {
  const sent: Uint8Array[] = [];
  const play = (rig: Rig, type: (typeof TYPES)[number], client: TestClient, n: number): void => {
    const inforeq = type === "informationRequest";
    const strange = ["2001:db8:dead::/56", "2001:db8:1000:100::/56", "::/60"] as const;
    const ias = inforeq
      ? []
      : [pd(1, strange[n % 3] ?? "::/56"), pd(2), na(1, "2001:db8:2000::101/128"), na(2), ta(3)];
    const event = client.event(type, ias, { options: EXTRAS[n % 3] ?? [], unicast: n % 5 === 4 });
    for (const action of rig.watch(event)) if (action.type === "send") sent.push(action.bytes);
  };
  const among = (rig: Rig, rounds: number): void => {
    for (let n = 0; n < rounds; n++) {
      const hops = [{ ...RELAY, options: [interfaceId("port")] }, { options: [interfaceId("box")] }];
      const client = createClient(rig, n % 7, n % 3 === 2 ? { hops } : {});
      for (const type of TYPES.slice(0, n % 2 === 0 ? 8 : 5)) play(rig, type, client, n);
      rig.sleep(40);
    }
  };
  const before = createRig(config);
  among(before, 60);
  const after = before.restart(next);
  sent.push(...after.sentAtStart.map(({ bytes }) => bytes));
  for (let second = 0; second < 20; second++) {
    after.sleep(1);
    for (const action of after.watch({ type: "timer" })) if (action.type === "send") sent.push(action.bytes);
  }
  among(after, 20);
  return sent;
}

const SENT = sentBy(CONFIG, RENUMBERED);
const packets = (): readonly Packet[] => SENT.map(parsePacket);
const messages = (): readonly Packet[] => packets().map(innermost);
const IAS = [3, 25];
const LEASES = [5, 26];
const MULTIPLE = [3, 4, 5, 15, 16, 17, 25, 26];

/** Preferred and valid lifetime of an IAADDR or IAPREFIX, T1 and T2 of an IA. */
const lifetimes = ({ code, data }: Tlv): readonly [number, number] =>
  code === 5 ? [numberAt(data, 16, 4), numberAt(data, 20, 4)] : [numberAt(data, 0, 4), numberAt(data, 4, 4)];
const timers = ({ data }: Tlv): readonly [number, number] => [numberAt(data, 4, 4), numberAt(data, 8, 4)];
const typesOf = (all: readonly Packet[]): readonly number[] =>
  [...new Set(all.map(({ type }) => type))].sort();

describe("conformance: what holds for every packet of the server", () => {
  test("S-INV-01 every packet -> whole options to the last octet, on every level", () => {
    expect(SENT.length).toBeGreaterThan(300);
    for (const bytes of SENT) expect(() => parsePacket(bytes)).not.toThrow();
    const relays = packets().filter(({ inner }) => inner !== undefined);
    expect(relays.length).toBeGreaterThan(50);
    // There is something of everything to look at.
    const codes = new Set(
      packets().flatMap((packet) =>
        levelsOf(packet)
          .flat()
          .map(({ code }) => code),
      ),
    );
    expect(
      [1, 2, 3, 4, 5, 7, 9, 11, 13, 14, 17, 18, 19, 20, 23, 24, 25, 26, 31, 32, 82, 83].filter(
        (code) => !codes.has(code),
      ),
    ).toEqual([]);
  });

  test("S-INV-02 every packet -> no singleton option twice on one level", () => {
    for (const packet of packets()) {
      for (const level of levelsOf(packet)) {
        const codes = level.map(({ code }) => code).filter((code) => !MULTIPLE.includes(code));
        expect(codes).toEqual([...new Set(codes)]);
      }
    }
  });

  test("S-INV-03 to a client -> no Option Request, Elapsed Time, Interface-Id or Relay Message; no lease outside of an IA", () => {
    const wrong = messages().flatMap(({ options }) =>
      options.map(({ code }) => code).filter((code) => [5, 6, 8, 9, 18, 26, 43, 135].includes(code)),
    );
    expect(wrong).toEqual([]);
  });

  test("S-INV-04 every lease -> preferred lifetime no longer than the valid one", () => {
    const leases = packets().flatMap((packet) => everywhere(packet, ...LEASES));
    expect(leases.length).toBeGreaterThan(100);
    expect(leases.map(lifetimes).filter(([preferred, valid]) => preferred > valid)).toEqual([]);
    expect(leases.map(lifetimes).filter(([, valid]) => valid === 0).length).toBeGreaterThan(0);
  });

  test("S-INV-05 every IA with a lease -> T1 <= T2, unless T2 is 0", () => {
    const ias = packets()
      .flatMap((packet) => everywhere(packet, ...IAS))
      .filter(({ options }) => options.length > 0);
    expect(ias.map(timers).filter(([, t2]) => t2 > 0).length).toBeGreaterThan(50);
    expect(ias.map(timers).filter(([t1, t2]) => t2 !== 0 && t1 > t2)).toEqual([]);
  });

  test("S-INV-06 every Status Code -> two octets at least, then UTF-8 without NUL", () => {
    const statuses = packets().flatMap((packet) => everywhere(packet, 13));
    expect([...new Set(statuses.map(({ data }) => numberAt(data, 0, 2)))].length).toBeGreaterThan(3);
    for (const { data } of statuses) {
      expect(data.length).toBeGreaterThanOrEqual(2);
      const text = new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(2));
      expect(text).not.toContain("\0");
    }
  });

  test("S-INV-07 every IAPREFIX -> a length of 128 at most, and no bit behind it", () => {
    const prefixes = packets().flatMap((packet) => everywhere(packet, 26));
    expect(prefixes.length).toBeGreaterThan(50);
    for (const { data } of prefixes) {
      const length = data[8] ?? NaN;
      expect(length).toBeLessThanOrEqual(128);
      const bits = Array.from(data.subarray(9, 25), (octet) => octet.toString(2).padStart(8, "0")).join("");
      expect(bits.slice(length)).not.toContain("1");
    }
  });

  test("S-INV-08 everything sent -> Advertise, Reply, Reconfigure, or a Relay-reply around one of them", () => {
    expect(typesOf(messages())).toEqual([10, 2, 7]);
    expect(typesOf(packets())).toEqual([MESSAGE_CODE.reconfigure, MESSAGE_CODE.relayReply, 2, 7]);
    const between = packets().flatMap(({ inner }) => (inner === undefined ? [] : [inner.type]));
    expect([...new Set(between)]).toEqual([13]);
  });

  test("S-INV-09 every Advertise and Reply -> the Server Identifier of this server", () => {
    for (const { options } of messages()) {
      expect(
        options.filter(({ code }) => code === 2).map(({ data }) => Buffer.from(data).toString("hex")),
      ).toEqual([Buffer.from(SERVER_ID).toString("hex")]);
    }
  });

  test("S-INV-10 every Reply to IAs with numbers of their own -> no type and IAID twice", () => {
    for (const { options } of messages()) {
      const names = options
        .filter(({ code }) => [3, 4, 25].includes(code))
        .map(({ code, data }) => `${code} ${numberAt(data, 0, 4)}`);
      expect(names).toEqual([...new Set(names)]);
    }
    expect(
      messages().filter(({ options }) => options.filter(({ code }) => code === 25).length > 1).length,
    ).toBeGreaterThan(50);
  });
});
