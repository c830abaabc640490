import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { xid } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { parseIp6, type Ip6, UNSPECIFIED } from "../../shared/prefix.js";
import {
  decodePath,
  encodePath,
  type InterfaceIdOrder,
  linkAddressOf,
  unwrap,
  wantsSourcePort,
  wrap,
} from "../../shared/proto/relay.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import {
  clientServerMessage,
  decodeMessage,
  encodeMessage,
  type Message,
  type RelayMessage,
} from "../../shared/wire/message.js";
import { codeOf, type Option, option, rawOption } from "../../shared/wire/options.js";
import { readVector } from "../wire/vectors.js";

const CLIENT_ID = duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));
const SOLICIT = clientServerMessage("solicit", xid(7), [option("clientId", CLIENT_ID)]);
const ADVERTISE = clientServerMessage("advertise", xid(7), [option("clientId", CLIENT_ID)]);
const interfaceId = option("interfaceId", octetsOf("ge-0/0/1"));
const remoteId = option("remoteId", { enterprise: 9, id: Uint8Array.of(1, 2, 3) });

const ip = (text: string): Ip6 => parseIp6(text) ?? UNSPECIFIED;
const addressNumber = (n: number): Ip6 => ip(`2001:db8:${n.toString(16)}::1`);

/** A Relay-forward around a message; `n` makes it different from others. */
const forward = (inner: Message | undefined, n = 1, options: readonly Option[] = []): RelayMessage => ({
  form: "relay",
  type: "relayForward",
  hopCount: n - 1,
  linkAddress: addressNumber(n),
  peerAddress: ip(`fe80::${n}`),
  options: inner === undefined ? options : [...options, option("relayMessage", inner)],
});

/** The levels around a message, outermost first. */
function levelsOf(message: Message): RelayMessage[] {
  if (message.form !== "relay") return [];
  const inner = message.options.find(({ name }) => name === "relayMessage");
  return [message, ...(inner?.name === "relayMessage" ? levelsOf(inner.value) : [])];
}

const path = (...levels: readonly RelayMessage[]): RelayMessage[] => [...levels];
const codes = (message: Message): number[] => message.options.map(codeOf);

describe("relay: unwrap", () => {
  test("a direct message -> itself, no path", () => {
    expect(unwrap(SOLICIT)).toEqual({ ok: true, path: [], message: SOLICIT });
  });

  test("three levels -> the client's message, outermost level first", () => {
    const outer = forward(forward(forward(SOLICIT, 1), 2), 3);
    const unwrapped = unwrap(outer);
    expect(unwrapped).toMatchObject({ ok: true, message: SOLICIT });
    expect(unwrapped.ok && unwrapped.path.map(({ hopCount }) => hopCount)).toEqual([2, 1, 0]);
  });

  test.each<readonly [string, Message, string]>([
    ["nothing", forward(undefined), "no-relay-message"],
    ["a level with nothing", forward(forward(undefined), 2), "no-relay-message"],
    ["a Relay-reply", forward({ ...forward(SOLICIT), type: "relayReply" }, 2), "relay-reply"],
  ])("a Relay-forward around %s -> no message", (_what, message, why) => {
    expect(unwrap(message)).toEqual({ ok: false, why });
  });

  test("a Relay-reply -> no message", () => {
    expect(unwrap({ ...forward(SOLICIT), type: "relayReply" })).toEqual({ ok: false, why: "relay-reply" });
  });
});

describe("relay: wrap", () => {
  const answered = (level: RelayMessage, order: InterfaceIdOrder = "before"): Message =>
    wrap([level], ADVERTISE, order);

  test("copies hop-count and addresses, and nothing that is not asked back", () => {
    const level = forward(SOLICIT, 5, [remoteId, option("relayId", CLIENT_ID)]);
    const { hopCount, linkAddress, peerAddress } = level;
    expect(answered(level)).toEqual({
      form: "relay",
      type: "relayReply",
      hopCount,
      linkAddress,
      peerAddress,
      options: [option("relayMessage", ADVERTISE)],
    });
  });

  test.each<readonly [InterfaceIdOrder, number[]]>([
    ["before", [18, 9]],
    ["after", [9, 18]],
    ["omit", [9]],
  ])("Interface-Id %s the Relay Message", (order, expected) => {
    expect(codes(answered(forward(SOLICIT, 1, [interfaceId]), order))).toEqual(expected);
  });

  test("without Interface-Id makes none up", () => {
    expect(codes(answered(forward(SOLICIT)))).toEqual([9]);
  });

  test("gives Relay Source Port back at its level (RFC 8357)", () => {
    const levels = path(forward(undefined, 2, [option("relayPort", 0)]), forward(SOLICIT, 1));
    expect(levelsOf(wrap(levels, ADVERTISE, "before")).map(codes)).toEqual([[135, 9], [9]]);
    expect([wantsSourcePort(levels), wantsSourcePort(levels.slice(1))]).toEqual([true, false]);
  });

  test.each<readonly [string, readonly number[], number[]]>([
    ["a known option", [37], [18, 9, 37]],
    ["an option of no known code, every instance", [40_000], [18, 9, 40_000, 40_000]],
    ["what is not there", [38, 79], [18, 9]],
    ["what is given back anyway, or is the message itself", [18, 9], [18, 9]],
    ["the same twice", [37, 37], [18, 9, 37]],
    ["in another order than that in which they came", [40_000, 37], [18, 9, 37, 40_000, 40_000]],
  ])("Echo Request of %s (RFC 4994)", (_what, asked, expected) => {
    const extra = [rawOption(40_000, Uint8Array.of(1)), rawOption(40_000, Uint8Array.of(2))];
    const options = [interfaceId, remoteId, option("echoRequest", asked), ...extra];
    expect(codes(answered(forward(SOLICIT, 1, options)))).toEqual(expected);
  });

  test("echoes at the level that asks, and only there", () => {
    const asking = [remoteId, option("echoRequest", [37])];
    const levels = path(forward(undefined, 3, [remoteId]), forward(undefined, 2, asking), forward(SOLICIT));
    expect(levelsOf(wrap(levels, ADVERTISE, "before")).map(codes)).toEqual([[9], [9, 37], [9]]);
  });

  test("of a made Relay-forward gives the options of its made Relay-reply, if in another order", () => {
    const [request, reply] = ["s19-relay-forw.hex", "s20-relay-repl.hex"].map((file) => {
      const decoded = decodeMessage(readVector(file));
      if (!decoded.ok) throw new Error(decoded.fault.code);
      return decoded.message;
    });
    const forwarded = request === undefined ? undefined : unwrap(request);
    const inner = reply?.options.find(({ name }) => name === "relayMessage");
    if (forwarded?.ok !== true || inner?.name !== "relayMessage" || inner.value.form === "relay") {
      throw new Error("the vectors are not relayed");
    }
    const answer = wrap(forwarded.path, inner.value, "before");
    const sorted = (message: Message | undefined): unknown =>
      message && { ...message, options: message.options.toSorted((a, b) => codeOf(a) - codeOf(b)) };
    expect(sorted(answer)).toEqual(sorted(reply));
    expect(encodeMessage(answer)).toHaveLength(readVector("s20-relay-repl.hex").length);
  });

  test("any path: every level comes back with its header, hops and Interface-Id, and can be read", () => {
    const level = fc.record({
      hopCount: fc.nat(255),
      linkAddress: fc.nat(0xffff).map(addressNumber),
      peerAddress: fc.nat(0xffff).map(addressNumber),
      id: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 9 }), (levels) => {
        const built = levels.map(
          ({ id, ...header }): RelayMessage => ({
            form: "relay",
            type: "relayForward",
            ...header,
            options: id === undefined ? [] : [option("interfaceId", id)],
          }),
        );
        const decoded = decodeMessage(encodeMessage(wrap(built, ADVERTISE, "before")));
        if (!decoded.ok) throw new Error(decoded.fault.code);
        const back = levelsOf(decoded.message);
        expect(back).toHaveLength(levels.length);
        back.forEach(({ hopCount, linkAddress, peerAddress, options }, i) => {
          expect({ hopCount, linkAddress, peerAddress }).toEqual({
            hopCount: levels[i]?.hopCount,
            linkAddress: levels[i]?.linkAddress,
            peerAddress: levels[i]?.peerAddress,
          });
          const id = options.find(({ name }) => name === "interfaceId");
          expect(id?.name === "interfaceId" ? id.value : undefined).toEqual(levels[i]?.id);
        });
      }),
    );
  });
});

describe("relay: the link-address that counts", () => {
  const at = (n: number, linkAddress: Ip6): RelayMessage => ({ ...forward(undefined, n), linkAddress });
  test.each<readonly [string, readonly RelayMessage[], Ip6 | undefined]>([
    ["of a direct message: none", [], undefined],
    ["the one closest to the client", [at(2, addressNumber(8)), at(1, addressNumber(9))], addressNumber(9)],
    ["past an LDRA (RFC 6221)", [at(2, addressNumber(8)), at(1, UNSPECIFIED)], addressNumber(8)],
    ["of LDRAs only: none", [at(2, UNSPECIFIED), at(1, UNSPECIFIED)], undefined],
  ])("%s", (_what, levels, expected) => {
    expect(linkAddressOf(levels)).toEqual(expected);
  });
});

describe("relay: a path kept for later", () => {
  const user = option("rsoo", { options: [rawOption(65, Uint8Array.of(0))] });
  const levels = path(forward(undefined, 2, [user, remoteId]), forward(SOLICIT, 1, [interfaceId, user]));

  test("has the levels with what tells where the client is, not its message", () => {
    const kept = decodePath(encodePath(levels, 1000));
    expect(kept.map(codes)).toEqual([[37, 9], [18]]);
    expect(kept.map(({ linkAddress }) => linkAddress)).toEqual(levels.map(({ linkAddress }) => linkAddress));
  });

  test("too long -> only what the way back needs; still too long -> nothing", () => {
    const long = option("subscriberId", new Uint8Array(900));
    const wordy = path(forward(SOLICIT, 1, [interfaceId, long]));
    expect(decodePath(encodePath(wordy, 200)).map(codes)).toEqual([[18]]);
    expect(decodePath(encodePath(wordy, 40))).toEqual([]);
  });

  test("octets that are none -> no path", () => {
    expect(decodePath(Uint8Array.of(1, 2))).toEqual([]);
    expect(decodePath(encodeMessage(SOLICIT))).toEqual([]);
  });

  test("leads an answer back as the path itself does", () => {
    const answers = [levels, decodePath(encodePath(levels, 1000))].map((each) =>
      encodeMessage(wrap(each, ADVERTISE, "before")),
    );
    expect(answers[0]).toEqual(answers[1]);
  });
});
