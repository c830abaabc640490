import { type Ip6, isUnspecified } from "../prefix.js";
import { type ClientServerMessage, decodeMessage, encodeMessage, type Message } from "../wire/message.js";
import type { RelayMessage } from "../wire/message.js";
import {
  codeOf,
  find,
  has,
  isFaulty,
  type Option,
  option,
  type OptionName,
  OPTIONS,
} from "../wire/options.js";

/** The relays that a message came through: their Relay-forwards, outermost first; none for a direct one. */
export type RelayPath = readonly RelayMessage[];

/** A message taken out of its relay levels, or why it cannot be. */
export type Unwrapped =
  | { readonly ok: true; readonly path: RelayPath; readonly message: ClientServerMessage }
  | { readonly ok: false; readonly why: "relay-reply" | "no-relay-message" };

/** Where the Interface-Id goes in a Relay-reply; the standard is before (RFC 8415 knows no order). */
export type InterfaceIdOrder = "before" | "after" | "omit";

const NO_RELAYS: RelayPath = [];

/** Takes the client's message out of its relay levels (RFC 8415 19.1). The codec bounds their number. */
export function unwrap(message: Message): Unwrapped {
  if (message.form === "message") return { ok: true, path: NO_RELAYS, message };
  const path: RelayMessage[] = [];
  let inner: Message | undefined = message;
  while (inner?.form === "relay") {
    // Upwards there are only Relay-forwards, whatever is around them (RFC 8415 16.14).
    if (inner.type === "relayReply") return { ok: false, why: "relay-reply" };
    path.push(inner);
    inner = find(inner.options, "relayMessage");
  }
  if (inner === undefined) return { ok: false, why: "no-relay-message" };
  return { ok: true, path, message: inner };
}

/**
 * Puts an answer into a Relay-reply for each level of the path (RFC 8415 19.3): header fields copied,
 * Interface-Id and Relay Source Port given back, then what the relay asks to be echoed (RFC 4994), as far
 * as it is well made.
 */
export function wrap(path: RelayPath, message: ClientServerMessage, order: InterfaceIdOrder): Message {
  return path.reduceRight<Message>((inner, level) => relayReply(level, inner, order), message);
}

/** The level that the client talks to; `undefined` for a direct client. */
export const innermost = (path: RelayPath): RelayMessage | undefined => path.at(-1);

/** True for a relay that wants its answer at the port it sent from (RFC 8357 5). */
export const wantsSourcePort = ([outermost]: RelayPath): boolean =>
  outermost !== undefined && has(outermost.options, "relayPort");

/** The link-address that counts: of the level nearest the client that has one (RFC 8415 13.1, RFC 6221). */
export function linkAddressOf(path: RelayPath): Ip6 | undefined {
  return path.findLast(({ linkAddress }) => !isUnspecified(linkAddress))?.linkAddress;
}

/**
 * The path without the client's message as octets, at most `limit` of them: with the options that tell where
 * the client is, or else with those only that a Relay-reply needs; none when even these are too long.
 */
export function encodePath(path: RelayPath, limit: number): Uint8Array {
  for (const kept of [PLACE_CODES, ROUTE_CODES]) {
    const bytes = encodeLevels(path, kept);
    if (bytes.length <= limit) return bytes;
  }
  return new Uint8Array(0);
}

/** What `encodePath` made, as a path again; empty when it is none. */
export function decodePath(bytes: Uint8Array): RelayPath {
  const decoded = decodeMessage(bytes);
  const path: RelayMessage[] = [];
  let level = decoded.ok ? decoded.message : undefined;
  while (level?.form === "relay") {
    path.push(level);
    level = find(level.options, "relayMessage");
  }
  return path;
}

/** Without these the answer does not find its way back. */
const ROUTE_CODES: ReadonlySet<number> = new Set([OPTIONS.interfaceId.code, OPTIONS.relayPort.code]);
/** What Reconfigure, Leasequery and hook scripts may want to know later. */
const PLACE_CODES: ReadonlySet<number> = new Set([
  ...ROUTE_CODES,
  OPTIONS.remoteId.code,
  OPTIONS.subscriberId.code,
  OPTIONS.echoRequest.code,
  OPTIONS.relayId.code,
  OPTIONS.clientLinkLayerAddress.code,
]);

function relayReply(level: RelayMessage, inner: Message, order: InterfaceIdOrder): Message {
  const { hopCount, linkAddress, peerAddress, options } = level;
  const answer: Option[] = [];
  if (order === "before") copyNamed("interfaceId", options, answer);
  copyNamed("relayPort", options, answer);
  answer.push(option("relayMessage", inner));
  if (order === "after") copyNamed("interfaceId", options, answer);
  const wanted = find(options, "echoRequest");
  if (wanted !== undefined) answer.push(...echoed(options, wanted, answer));
  return { form: "relay", type: "relayReply", hopCount, linkAddress, peerAddress, options: answer };
}

function copyNamed(name: OptionName, from: readonly Option[], to: Option[]): void {
  for (const each of from) if (each.name === name) to.push(each);
}

/** What is not there yet, in the order in which it came, as Dibbler has it. */
function echoed(
  options: readonly Option[],
  wanted: readonly number[],
  answer: readonly Option[],
): readonly Option[] {
  const there = new Set([...answer.map(codeOf), OPTIONS.interfaceId.code]);
  return options.filter((each) => isWanted(each, wanted) && !there.has(codeOf(each)));
}

/** What a relay wants echoed (RFC 4994), unless it is faulty. */
const isWanted = (each: Option, wanted: readonly number[]): boolean =>
  wanted.includes(codeOf(each)) && !isFaulty(each);

function encodeLevels(path: RelayPath, kept: ReadonlySet<number>): Uint8Array {
  const strip = (level: RelayMessage, inner: Message | undefined): Message => {
    const { form, type, hopCount, linkAddress, peerAddress } = level;
    const options = level.options.filter((candidate) => kept.has(codeOf(candidate)));
    if (inner !== undefined) options.push(option("relayMessage", inner));
    return { form, type, hopCount, linkAddress, peerAddress, options };
  };
  const outermost = path.reduceRight<Message | undefined>((inner, level) => strip(level, inner), undefined);
  return outermost === undefined ? new Uint8Array(0) : encodeMessage(outermost);
}
