import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contains, formatPrefix, ip6, masked, parsePrefix, type Prefix } from "../../shared/prefix.js";
import {
  hasSentTime,
  isRelayType,
  MESSAGE_CODE,
  messageLabel,
  messageTypeOf,
  queryLabel,
  STATUS,
  statusLabel,
} from "../../shared/wire/codes.js";
import { decodeMessage, type Message } from "../../shared/wire/message.js";
import {
  codeOf,
  type Container,
  find,
  findAll,
  has,
  mayContain,
  type Nested,
  option,
  rawOption,
  messageContainer,
  type Option,
  OPTION_NAMES,
  OPTIONS,
  optionLabel,
  optionNameOf,
} from "../../shared/wire/options.js";
import { decodeExclude, encodeExclude } from "../../shared/wire/prefix-exclude.js";
import { rkapAuth, rkapInformation } from "../../shared/wire/rkap.js";
import { createFrameReader, joinFrames, splitFrames } from "../../shared/wire/tcp-frames.js";
import { fromHex, loadVectors, readVector, toHex } from "./vectors.js";

const prefix = (text: string): Prefix => parsePrefix(text) ?? { address: ip6(new Uint8Array(16)), length: 0 };

describe("codes", () => {
  test("every message type is found by its code and has a label", () => {
    for (const [type, code] of Object.entries(MESSAGE_CODE)) expect(messageTypeOf(code)).toBe(type);
    expect([messageLabel(1), messageLabel(11), messageLabel(36), messageLabel(0), messageLabel(200)]).toEqual(
      ["SOLICIT", "INFORMATION-REQUEST", "ADDR-REG-INFORM", "message 0", "message 200"],
    );
    expect(Object.values(MESSAGE_CODE)).toEqual(Array.from({ length: 37 }, (_, index) => index + 1));
    expect(Object.values(MESSAGE_CODE).filter(hasSentTime)).toEqual([
      24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
    ]);
    expect([isRelayType("relayForward"), isRelayType("relayReply"), isRelayType("reply")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("query types print by what they ask for", () => {
    expect([1, 2, 3, 4, 5, 0, 6].map(queryLabel)).toEqual([
      "address",
      "clientId",
      "relayId",
      "linkAddress",
      "remoteId",
      "type 0",
      "type 6",
    ]);
  });

  test("status codes print as the registry spells them", () => {
    expect(Object.values(STATUS)).toEqual(Array.from({ length: 23 }, (_, index) => index));
    expect([0, 6, 15, 21, 22, 23].map(statusLabel)).toEqual([
      "Success",
      "NoPrefixAvail",
      "TLSConnectionRefused",
      "DNSUpdateNotSupported",
      "ExcessiveTimeSkew",
      "status 23",
    ]);
  });
});

describe("option table", () => {
  test("rows are in the order of their codes, each code once, and found by it", () => {
    const codes = OPTION_NAMES.map((name) => OPTIONS[name].code);
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
    for (const name of OPTION_NAMES) expect(optionNameOf(OPTIONS[name].code)).toBe(name);
  });

  test("registered codes are 1 to 150 without 10 and 35", () => {
    const missing = Array.from({ length: 200 }, (_, code) => code).filter(
      (code) => optionNameOf(code) === undefined,
    );
    expect(missing).toEqual([0, 10, 35, ...Array.from({ length: 49 }, (_, index) => 151 + index)]);
    expect([optionLabel(25), optionLabel(35), optionLabel(65535)]).toEqual([
      "iaPd",
      "option 35",
      "option 65535",
    ]);
  });

  test("each configuration keyword stands once", () => {
    const keywords = OPTION_NAMES.flatMap((name) =>
      "keyword" in OPTIONS[name] ? [OPTIONS[name].keyword] : [],
    );
    expect(keywords).toEqual([...new Set(keywords)]);
    expect(keywords).toContain("dns-server");
  });

  test("containment: what the programs in the captures send stands where the table lets it", () => {
    const found = new Set<string>();
    for (const vector of loadVectors().filter(({ kind }) => kind !== "malformed")) {
      const decoded = decodeMessage(vector.bytes);
      if (decoded.ok) for (const misplaced of misplacedIn(decoded.message)) found.add(misplaced);
    }
    expect([...found]).toEqual([]);
  });

  test.each([
    ["m49-iapd-inside-iapd.hex", "iaPd in iaPd"],
    ["m50-iaprefix-top-level.hex", "iaPrefix in client"],
    ["m52-interface-id-from-client.hex", "interfaceId in client"],
  ])("containment: %s -> %s is seen", (file, misplaced) => {
    const decoded = decodeMessage(readVector(file));
    expect(decoded.ok && misplacedIn(decoded.message)).toEqual([misplaced]);
  });
});

describe("options of a message", () => {
  const options: readonly Option[] = [
    option("preference", 1),
    rawOption(23, new Uint8Array(3)),
    option("preference", 2),
    rawOption(65000, new Uint8Array()),
  ];

  test("find gives the first, findAll all, in their order; raw options are passed over", () => {
    expect([find(options, "preference"), findAll(options, "preference")]).toEqual([1, [1, 2]]);
    expect([find(options, "dnsServers"), findAll(options, "dnsServers")]).toEqual([undefined, []]);
    expect([has(options, "preference"), has(options, "dnsServers")]).toEqual([true, false]);
  });

  test("codes: from the table, and of raw options their own", () => {
    expect(options.map(codeOf)).toEqual([7, 23, 7, 65000]);
  });
});

describe("PD Exclude (RFC 6603)", () => {
  const rows = [
    ["2001:db8:dead:bee0::/59", "2001:db8:dead:beef::/64", "4078"],
    ["2001:db8:8000::/56", "2001:db8:8000:ff::/64", "40ff"],
    ["2001:db8:1::/48", "2001:db8:1:abcd::/64", "40abcd"],
    ["2001:db8:1:2000::/51", "2001:db8:1:3a5c::/64", "40d2e0"],
    ["2001:db8::/32", "2001:db8:0:1::/64", "4000000001"],
    ["2001:db8:0:8::/62", "2001:db8:0:b::/64", "40c0"],
    ["::/0", "8000::/1", "0180"],
    ["2001:db8::/127", "2001:db8::1/128", "8080"],
  ] as const;

  test.each(rows)("%s without %s <-> %s", (delegated, excluded, wire) => {
    const value = encodeExclude(prefix(delegated), prefix(excluded));
    expect(toHex(Uint8Array.of(value.length, ...value.subnetId))).toBe(wire);
    const again = decodeExclude(prefix(delegated), value);
    expect(again && formatPrefix(again)).toBe(excluded);
  });

  test.each([
    ["the same length", { length: 56, subnetId: fromHex("ff") }],
    ["too many octets", { length: 64, subnetId: fromHex("ff00") }],
    ["too few octets", { length: 65, subnetId: fromHex("ff") }],
    ["longer than an address", { length: 129, subnetId: new Uint8Array(10) }],
  ])("%s -> no prefix", (_what, value) => {
    expect(decodeExclude(prefix("2001:db8::/56"), value)).toBeUndefined();
  });

  test.each(["2001:db8::/55", "2001:db8::/56", "2001:db9::/64"])(
    "%s from 2001:db8::/56 -> our bug",
    (excluded) => {
      expect(() => encodeExclude(prefix("2001:db8::/56"), prefix(excluded))).toThrow(/not a part/);
    },
  );

  test("any subnet id -> a prefix inside the delegated one, and back without the bits behind it", () => {
    const any = fc.record({
      address: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(ip6),
      length: fc.nat(127),
      more: fc.integer({ min: 1, max: 128 }),
      id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    });
    fc.assert(
      fc.property(any, ({ address, length, more, id }) => {
        const bits = Math.min(more, 128 - length);
        const delegated = { address, length };
        const excluded = decodeExclude(delegated, {
          length: length + bits,
          subnetId: id.subarray(0, (bits + 7) >> 3),
        });
        if (excluded === undefined) throw new Error("fits");
        expect(masked(excluded)).toBe(excluded);
        expect(contains(delegated, excluded.address)).toBe(true);
        expect(decodeExclude(delegated, encodeExclude(delegated, excluded))).toEqual(excluded);
      }),
    );
  });
});

describe("RKAP information", () => {
  const replay = new Uint8Array(8);
  const value = fromHex("000102030405060708090a0b0c0d0e0f");

  test.each(["key", "digest"] as const)("%s: into an Authentication option and out again", (type) => {
    expect(rkapInformation(rkapAuth(replay, { type, value }))).toEqual({ type, value });
  });

  test.each([
    ["another protocol", { protocol: 2 }],
    ["another algorithm", { algorithm: 2 }],
    ["another RDM", { rdm: 1 }],
    ["a short value", { information: new Uint8Array(16).fill(1) }],
    ["an unknown type", { information: new Uint8Array(17).fill(3) }],
  ])("%s -> none", (_what, change) => {
    expect(rkapInformation({ ...rkapAuth(replay, { type: "key", value }), ...change })).toBeUndefined();
  });
});

describe("TCP frames", () => {
  test("messages joined, cut anywhere and split in two steps -> the same messages", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.nat(300), (list, cut) => {
        const stream = joinFrames(list);
        const first = splitFrames(stream.subarray(0, cut));
        const second = splitFrames(Uint8Array.of(...first.rest, ...stream.subarray(cut)));
        expect([...first.messages, ...second.messages].map(toHex)).toEqual(list.map(toHex));
        expect(second.rest).toHaveLength(0);
      }),
    );
  });

  test("a stream read in pieces of any size -> the same messages, and what waits is the unfinished frame", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
    const cuts = fc.array(fc.nat(300), { maxLength: 20 });
    fc.assert(
      fc.property(messages, cuts, (list, unordered) => {
        const stream = joinFrames(list);
        const reader = createFrameReader();
        const seen: Uint8Array[] = [];
        let from = 0;
        for (const cut of [...unordered.toSorted((a, b) => a - b), stream.length]) {
          seen.push(...reader.push(stream.slice(from, cut)));
          from = Math.min(cut, stream.length);
          expect(reader.waiting).toBe(splitFrames(stream.subarray(0, from)).rest.length);
        }
        expect(seen.map(toHex)).toEqual(list.map(toHex));
      }),
    );
  });

  test("a message of 64 KiB -> our bug", () => {
    expect(() => joinFrames([new Uint8Array(65536)])).toThrow(/65536 octets/);
  });
});

/** "option in container" for each option that stands where the table does not let it. */
function misplacedIn(message: Message): string[] {
  return message.type === "unknown" ? [] : misplaced(message.options, messageContainer(message.type));
}

function misplaced(options: readonly Option[], container: Container): string[] {
  return options.flatMap((option) => {
    if (option.name === "raw") return [];
    const here = mayContain(container, option.name) ? [] : [`${option.name} in ${container}`];
    if (option.name === "relayMessage") return [...here, ...misplacedIn(option.value)];
    const inside =
      isHolder(option.value) && isContainer(option.name) ? misplaced(option.value.options, option.name) : [];
    return [...here, ...inside];
  });
}

const isHolder = (value: unknown): value is Nested =>
  typeof value === "object" && value !== null && "options" in value;

const isContainer = (name: string): name is Container =>
  OPTION_NAMES.some((row) => OPTIONS[row].in.some((container) => container === name));
