import { peekType } from "../../../shared/wire/peek.js";
import { decodePath, encodePath, unwrap, wrap } from "../../../shared/proto/relay.js";
import { routeVariables } from "../../../shared/proto/hook-routes.js";
import { decodeExclude } from "../../../shared/wire/prefix-exclude.js";
import { DATAGRAM_OCTETS, MAX_RELAY_HEADERS } from "../../../shared/wire/fault.js";
import {
  decodeMessage,
  encodeDatagram,
  encodeMessage,
  type Message,
  type RelayMessage,
} from "../../../shared/wire/message.js";
import { find, findAll } from "../../../shared/wire/options.js";
import { printMessage, printMessageTree } from "../../../shared/wire/print.js";
import { createFrameReader, joinFrames, splitFrames } from "../../../shared/wire/tcp-frames.js";
import { sameOctets } from "../../../shared/octets.js";
import { datagrams, streams } from "../seeds.js";
import { must, target } from "../target.js";

/** What comes in at a UDP socket, before anybody knows what it is. */
const decoder = target({
  name: "datagram",
  entries: ["decodeMessage", "peekType", "routeVariables", "decodeExclude"],
  covers: ["shared/wire/", "shared/proto/hook-routes"],
  shape: "message",
  seeds: datagrams,
  limit: 65_536,
  rounds: 1500,
  run(input) {
    const decoded = decodeMessage(input);
    if (!decoded.ok) {
      must(decoded.fault.offset <= input.length, "a fault lies within the datagram", decoded.fault);
      return;
    }
    const { message, faults } = decoded;
    for (const { offset } of faults) must(offset <= input.length, "a fault lies within the datagram", offset);
    const unwrapped = unwrap(message);
    if (unwrapped.ok)
      must(peekType(input) === unwrapped.message.code, "a peek sees the type", peekType(input));
    must(sameOctets(encodeMessage(message), input), "what was decoded encodes to the same octets");
    const again = decodeMessage(encodeMessage(message));
    must(again.ok && again.faults.length === faults.length, "the same message has the same faults");
    must(!/[\n\r]/.test(printMessage(message)), "a message prints on one line");
    must(printMessageTree(message).length > 0, "a message prints as a tree");
    for (const [name, value] of routeVariables(message.options)) {
      must(!/\p{Cc}/u.test(name + value), "no control character reaches a script", name);
    }
    checkExcludes(message);
  },
});

/** A PD Exclude that was taken lies in its prefix (RFC 6603 4.2). */
function checkExcludes(message: Message): void {
  for (const { options } of findAll(message.options, "iaPd")) {
    for (const { prefix, options: inner } of findAll(options, "iaPrefix")) {
      const octets = find(inner, "pdExclude");
      const excluded = octets === undefined ? undefined : decodeExclude(prefix, octets);
      must(
        excluded === undefined || (excluded.length > prefix.length && excluded.length <= 128),
        "an excluded prefix is longer than the one around it",
      );
    }
  }
}

/** A message in the Relay-forwards around it, and the answer on its way back. */
const relays = target({
  name: "relay-nesting",
  entries: ["unwrap", "wrap", "decodePath", "encodePath"],
  covers: ["shared/proto/relay"],
  shape: "message",
  seeds: () => datagrams().filter((bytes) => bytes[0] === 12 || bytes[0] === 13),
  limit: 65_536,
  rounds: 1000,
  run(input) {
    const decoded = decodeMessage(input);
    if (!decoded.ok) return;
    const unwrapped = unwrap(decoded.message);
    if (!unwrapped.ok) return;
    const { path, message } = unwrapped;
    must(path.length <= MAX_RELAY_HEADERS, "relay headers are bounded", path.length);
    for (const order of ["before", "after", "omit"] as const) {
      const bytes = encodeDatagram(wrap(path, message, order));
      if (bytes === undefined) continue;
      must(bytes.length <= DATAGRAM_OCTETS, "an answer fits into a datagram");
      const back = decodeMessage(bytes);
      must(back.ok, "an answer can be read");
      checkMirrored(path, back.message);
    }
    for (const limit of [0, 40, 1024, 65_535]) {
      const kept = encodePath(path, limit);
      must(kept.length <= limit, "a kept path is as short as asked for", kept.length);
      must(kept.length === 0 || decodePath(kept).length === path.length, "a kept path has all its levels");
    }
  },
});

/** Each level of the answer has the header fields and the Interface-Id of its request (RFC 8415 19.3). */
function checkMirrored(path: readonly RelayMessage[], answer: Message): void {
  let level: Message | undefined = answer;
  for (const { hopCount, linkAddress, peerAddress } of path) {
    must(level?.form === "relay" && level.type === "relayReply", "a Relay-reply for each Relay-forward");
    const isSame =
      level.hopCount === hopCount &&
      sameOctets(level.linkAddress, linkAddress) &&
      sameOctets(level.peerAddress, peerAddress);
    must(isSame, "the header fields come back");
    level = find(level.options, "relayMessage");
  }
  must(level?.form === "message", "the message is within");
}

/** Leasequery over TCP: the stream, cut at every octet. */
const frames = target({
  name: "tcp-frames",
  entries: ["splitFrames", "createFrameReader"],
  covers: ["shared/wire/tcp-frames"],
  shape: "stream",
  seeds: streams,
  limit: 600,
  rounds: 150,
  run(input) {
    const whole = splitFrames(input);
    const joined = [joinFrames(whole.messages), whole.rest];
    must(sameOctets(Buffer.concat(joined), input), "frames and rest are the stream");
    for (const piece of [1, 2, 3, 7, 64, input.length]) {
      checkPieces(input, (at) => at % Math.max(1, piece) === 0, whole.messages);
    }
    for (let cut = 0; cut <= input.length; cut++) {
      checkPieces(input, (at) => at === cut, whole.messages);
    }
  },
});

function checkPieces(
  input: Uint8Array,
  isCut: (at: number) => boolean,
  expected: readonly Uint8Array[],
): void {
  const reader = createFrameReader();
  const got: Uint8Array[] = [];
  let from = 0;
  for (let at = 1; at <= input.length; at++) {
    if (!isCut(at) && at < input.length) continue;
    got.push(...reader.push(input.slice(from, at)));
    from = at;
  }
  const isSame =
    got.length === expected.length && got.every((frame, i) => sameOctets(frame, expected[i] ?? EMPTY));
  must(isSame, "the same frames however the stream is cut");
  must(reader.waiting <= 65_537, "one unfinished frame is kept at most", reader.waiting);
}

const EMPTY = new Uint8Array(0);

/** What comes from the network. */
export const WIRE_TARGETS = [decoder, relays, frames];
