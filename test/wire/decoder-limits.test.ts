import { describe, expect, test } from "vitest";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { UNSPECIFIED } from "../../shared/prefix.js";
import { type DomainName, parseDomainName } from "../../shared/wire/domain-name.js";
import {
  MAX_MESSAGE_OCTETS,
  MAX_OPTION_DEPTH,
  MAX_OPTIONS,
  MAX_RELAY_HEADERS,
  MAX_VALUES,
} from "../../shared/wire/fault.js";
import {
  clientServerMessage,
  decodeMessage,
  encodeMessage,
  type Message,
} from "../../shared/wire/message.js";
import { codeOf, find, findAll, type Option, option, rawOption } from "../../shared/wire/options.js";
import { toHex } from "./vectors.js";

const solicit = (...options: Option[]): Message => clientServerMessage("solicit", xid(1), options);
const relayed = (...options: Option[]): Message => ({
  form: "relay",
  type: "relayForward",
  hopCount: 0,
  linkAddress: UNSPECIFIED,
  peerAddress: UNSPECIFIED,
  options,
});
const zero = seconds(0);
const domainName = (text: string): DomainName => {
  const name = parseDomainName(text);
  if (name === undefined) throw new Error(text);
  return name;
};
const client = option("clientId", duid(Uint8Array.of(0, 3, 0, 1, 7)));
const other = option("clientId", duid(Uint8Array.of(0, 3, 0, 1, 8)));

describe("decoder: depth of relay headers", () => {
  const nested = (headers: number): Message =>
    headers === 0 ? solicit(client) : relayed(option("relayMessage", nested(headers - 1)));

  test(`${MAX_RELAY_HEADERS} relay headers -> accepted`, () => {
    const message = nested(MAX_RELAY_HEADERS);
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message, faults: [] });
  });

  test("one more -> the datagram is rejected at that header", () => {
    expect(decodeMessage(encodeMessage(nested(MAX_RELAY_HEADERS + 1)))).toEqual({
      ok: false,
      fault: { code: "relay-depth", offset: 38 * MAX_RELAY_HEADERS + 1 },
    });
  });
});

describe("decoder: depth of options", () => {
  const nested = (levels: number): Option =>
    levels === 1
      ? client
      : option("iaPd", { iaid: iaid(1), t1: zero, t2: zero, options: [nested(levels - 1)] });

  test(`${MAX_OPTION_DEPTH} levels of options -> accepted`, () => {
    const message = solicit(nested(MAX_OPTION_DEPTH));
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message, faults: [] });
  });

  test("one more -> the innermost container stays raw, octets kept", () => {
    const bytes = encodeMessage(solicit(nested(MAX_OPTION_DEPTH + 1)));
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.fault.code);
    expect(decoded.faults).toMatchObject([{ code: "option-depth", option: 25 }]);
    expect(toHex(encodeMessage(decoded.message))).toBe(toHex(bytes));
  });

  test("levels are counted anew inside a relayed message", () => {
    const message = relayed(option("relayMessage", solicit(nested(MAX_OPTION_DEPTH))));
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message, faults: [] });
  });
});

describe("decoder: number of options and octets", () => {
  const empty = Array.from({ length: MAX_OPTIONS }, () => rawOption(65000, new Uint8Array()));

  test(`${MAX_OPTIONS} options -> accepted, one more -> rejected`, () => {
    expect(decodeMessage(encodeMessage(solicit(...empty))).ok).toBe(true);
    expect(decodeMessage(encodeMessage(solicit(...empty, client)))).toEqual({
      ok: false,
      fault: { code: "option-count", offset: 4 + 4 * MAX_OPTIONS },
    });
  });

  test("options are counted across containers and relayed messages", () => {
    const bytes = encodeMessage(relayed(option("relayMessage", solicit(...empty))));
    expect(decodeMessage(bytes)).toMatchObject({ ok: false, fault: { code: "option-count" } });
  });

  test("more octets than a frame can have -> rejected unread", () => {
    expect(decodeMessage(new Uint8Array(MAX_MESSAGE_OCTETS + 1))).toEqual({
      ok: false,
      fault: { code: "message-long", offset: MAX_MESSAGE_OCTETS },
    });
  });

  test("encoder: an option of 64 KiB -> throws, and the next message is whole", () => {
    expect(() => encodeMessage(solicit(rawOption(65000, new Uint8Array(65536))))).toThrow(/65536 octets/);
    expect(toHex(encodeMessage(solicit()))).toBe("01000001");
  });

  test("encoder: messages over the size of its memory -> whole, and earlier ones untouched", () => {
    const first = encodeMessage(solicit(client));
    const before = toHex(first);
    const big = solicit(...Array.from({ length: 40 }, () => rawOption(65000, new Uint8Array(1500).fill(7))));
    const decoded = decodeMessage(encodeMessage(big));
    expect(decoded).toEqual({ ok: true, message: big, faults: [] });
    expect(toHex(first)).toBe(before);
  });
});

describe("decoder: number of values in lists", () => {
  const none = new Uint8Array();
  const items = (count: number): readonly Uint8Array[] => Array.from({ length: count }, () => none);
  const classes = (count: number): Option => option("vendorClass", { enterprise: 9, classes: items(count) });

  test(`${MAX_VALUES} items in one option -> accepted`, () => {
    const message = solicit(client, option("userClass", items(MAX_VALUES)));
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message, faults: [] });
  });

  const vendor = { enterprise: 9, options: items(MAX_VALUES + 1).map((data) => ({ code: 1, data })) };
  const root = domainName(".");
  const names = items(MAX_VALUES + 1).map(() => root);
  const rows: readonly (readonly [what: string, option: Option, at: number])[] = [
    ["item of User Class", option("userClass", items(MAX_VALUES + 1)), 2 * MAX_VALUES],
    ["item of Vendor Class", classes(MAX_VALUES + 1), 4 + 2 * MAX_VALUES],
    ["Vendor Option", option("vendorOptions", vendor), 4 + 4 * MAX_VALUES],
    ["name", option("domainList", names), MAX_VALUES],
  ];
  test.each(rows)("one %s more -> that option stays raw, octets kept", (_what, list, at) => {
    const bytes = encodeMessage(solicit(list, client));
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.fault.code);
    expect(decoded.faults).toEqual([{ code: "value-count", offset: 8 + at, option: codeOf(list) }]);
    expect(decoded.message.options).toMatchObject([{ name: "raw" }, client]);
    expect(toHex(encodeMessage(decoded.message))).toBe(toHex(bytes));
  });

  test("values are counted across options and relayed messages; what has no list is read after them", () => {
    const half = classes(MAX_VALUES / 2);
    const message = relayed(option("relayMessage", solicit(half, half, classes(1), classes(0), client)));
    const decoded = decodeMessage(encodeMessage(message));
    if (!decoded.ok) throw new Error(decoded.fault.code);
    expect(decoded.faults).toMatchObject([{ code: "value-count", option: 16 }]);
    expect(find(decoded.message.options, "relayMessage")?.options).toMatchObject([
      half,
      half,
      { name: "raw", code: 16 },
      classes(0),
      client,
    ]);
  });

  const fill = <T>(octets: number, value: T): readonly T[] =>
    Array.from({ length: Math.floor((MAX_MESSAGE_OCTETS - 8) / octets) }, () => value);
  test.each([
    ["addresses", option("dnsServers", fill(16, UNSPECIFIED))],
    ["codes", option("optionRequest", fill(2, 23))],
  ])("as many %s as fit into a message -> accepted", (_what, list) => {
    const message = solicit(list);
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message, faults: [] });
  });
});

describe("decoder: repeated singletons", () => {
  const rows: readonly (readonly [what: string, message: Message, offset: number])[] = [
    ["two Client Identifiers", solicit(client, other), 13],
    [
      "two Server Identifiers",
      solicit(option("serverId", client.value), option("serverId", client.value)),
      13,
    ],
    ["two Relay Messages", relayed(option("relayMessage", solicit()), option("relayMessage", solicit())), 42],
    [
      "two Interface-Ids",
      relayed(option("interfaceId", new Uint8Array()), option("interfaceId", new Uint8Array())),
      38,
    ],
  ];
  test.each(rows)("%s -> the message is rejected", (_what, message, offset) => {
    expect(decodeMessage(encodeMessage(message))).toEqual({
      ok: false,
      fault: { code: "option-repeated", offset },
    });
  });

  test("two Client Identifiers inside a relayed message -> Relay Message stays raw", () => {
    const decoded = decodeMessage(encodeMessage(relayed(option("relayMessage", solicit(client, other)))));
    expect(decoded).toMatchObject({
      ok: true,
      message: { options: [{ name: "raw", code: 9 }] },
      faults: [{ code: "option-repeated", offset: 51, option: 9 }],
    });
  });

  test.each([
    ["below code 32", option("preference", 1), option("preference", 2), 7],
    ["above code 31", option("solMaxRt", seconds(60)), option("solMaxRt", seconds(61)), 82],
  ] as const)("%s -> both stay, the first one counts, a fault says so", (_what, first, second, code) => {
    const message = solicit(first, client, second);
    const decoded = decodeMessage(encodeMessage(message));
    expect(decoded).toMatchObject({ ok: true, message, faults: [{ code: "option-repeated", option: code }] });
    if (decoded.ok) expect(find(decoded.message.options, first.name)).toBe(first.value);
  });

  test("options that may repeat -> all of them, no fault", () => {
    const ia = (id: number): Option => option("iaPd", { iaid: iaid(id), t1: zero, t2: zero, options: [] });
    const decoded = decodeMessage(encodeMessage(solicit(ia(1), ia(2))));
    if (!decoded.ok) throw new Error(decoded.fault.code);
    expect(decoded.faults).toEqual([]);
    expect(findAll(decoded.message.options, "iaPd").map(({ iaid: id }) => id)).toEqual([1, 2]);
  });

  test("a faulty singleton before a sound one -> find gives the sound one", () => {
    const decoded = decodeMessage(
      encodeMessage(solicit(rawOption(7, new Uint8Array()), option("preference", 9))),
    );
    expect(decoded.ok && find(decoded.message.options, "preference")).toBe(9);
  });
});

describe("decoder: views", () => {
  test("values are views into the datagram, also into one that is a part of a larger buffer", () => {
    const datagram = Buffer.concat([Buffer.from([9, 9]), encodeMessage(solicit(client))]).subarray(2);
    const decoded = decodeMessage(datagram);
    const value = decoded.ok ? find(decoded.message.options, "clientId") : undefined;
    datagram[8] = 0xaa;
    expect(toHex(value ?? new Uint8Array())).toBe("aa03000107");
  });
});
