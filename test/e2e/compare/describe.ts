import {
  containsPrefix,
  formatIp6,
  formatPrefix,
  masked,
  type Prefix,
  samePrefix,
} from "../../../shared/prefix.js";
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type RelayMessage,
} from "../../../shared/wire/message.js";
import { codeOf, find, type IaNa, option, type Option } from "../../../shared/wire/options.js";
import { type Seconds, seconds, xid } from "../../../shared/brand.js";
import { prefix } from "../../server/settings.js";
import type { HeardHere } from "../bed/mouth.js";

/**
 * What came for one step, in parts that can be compared one by one: `answer`, `from`, `to`, `options` (codes
 * in order), `pd 1` (an IA), `option 23` (its data), `relay 1` (a level, the outermost first).
 */
export type Described = Readonly<Record<string, string>>;

/** The leases that one server has given in a row: what a step calls `P1` is the first of these. */
export interface Given {
  readonly resolve: (text: string) => string;
  /** The role of a prefix: as it is when the row names it, else its number, length and pool, from 1. */
  readonly roleOf: (given: Prefix) => string;
}

/** Starts to number what a server gives; `named` are the prefixes that the row's steps name themselves. */
export function numberLeases(pools: readonly string[], named: readonly string[]): Given {
  const given: string[] = [];
  const roleOf = (lease: Prefix): string => {
    const text = formatPrefix(lease);
    if (named.includes(text)) return text;
    const pool = pools.find((candidate) => containsPrefix(prefix(candidate), lease));
    if (pool === undefined) return text;
    if (!given.includes(text)) given.push(text);
    const aligned = samePrefix(masked(lease), lease) ? "" : " with host bits";
    return `P${given.indexOf(text) + 1}/${lease.length} of pool ${pools.indexOf(pool) + 1}${aligned}`;
  };
  // What a server has not given is asked for all the same, as a prefix that is nobody's.
  const resolve = (text: string): string =>
    text.startsWith("P") ? (given[Number(text.slice(1)) - 1] ?? "2001:db8:dead::/56") : text;
  return { resolve, roleOf };
}

/** Describes the datagrams that came for the message with this transaction-id. */
export function describe(heard: readonly HeardHere[], exchange: number, given: Given): Described {
  const [first] = heard;
  if (first === undefined) return { answer: "none" };
  const { path, message, kind } = unwrap(first.hex);
  const times = heard.length === 1 ? "" : ` ${heard.length} times`;
  const places = {
    from: `${first.from.address} port ${first.from.port}`,
    to: `${first.at.address} port ${first.at.port}`,
  };
  if (message === undefined) return { answer: `${kind}${times}`, ...places };
  return {
    answer: `${message.xid === exchange ? "" : "of another exchange: "}${kind}${times}`,
    ...places,
    ...Object.fromEntries(path.map((level, index) => [`relay ${index + 1}`, describeLevel(level)])),
    options: message.options.map(codeOf).join(" "),
    ...describeOptions(message.options, given),
  };
}

interface Opened {
  readonly path: readonly RelayMessage[];
  readonly message: Exclude<Message, RelayMessage> | undefined;
  readonly kind: string;
}

function unwrap(hex: string): Opened {
  const decoded = decodeMessage(Buffer.from(hex, "hex"));
  const path: RelayMessage[] = [];
  if (!decoded.ok) return { path, message: undefined, kind: "malformed" };
  let message: Message | undefined = decoded.message;
  while (message?.form === "relay") {
    path.push(message);
    message = find(message.options, "relayMessage");
  }
  return { path, message, kind: message?.type ?? "malformed" };
}

function describeLevel({ hopCount, linkAddress, peerAddress, options }: RelayMessage): string {
  const others = options.filter(({ name }) => name !== "relayMessage");
  const data = others.map((each) => `, ${codeOf(each)} = ${dataOf(each)}`).join("");
  const codes = options.map(codeOf).join(" ");
  return `hop ${hopCount}, ${formatIp6(linkAddress)}, ${formatIp6(peerAddress)}, options ${codes}${data}`;
}

function describeOptions(options: readonly Option[], given: Given): Described {
  const described: Record<string, string> = {};
  for (const each of options) {
    const [name, text] = describeOption(each, given);
    described[name in described ? `${name} again` : name] = text;
  }
  return described;
}

function describeOption(each: Option, given: Given): readonly [name: string, text: string] {
  switch (each.name) {
    case "iaPd":
      return [`pd ${each.value.iaid}`, describeIa(each.value, given)];
    case "iaNa":
      return [`na ${each.value.iaid}`, describeIa(each.value, given)];
    case "iaTa":
      return [
        `ta ${each.value.iaid}`,
        each.value.options.map((inner) => describeInner(inner, given)).join(", "),
      ];
    case "statusCode":
      return ["status", String(each.value.status)];
    case "clientData":
      return ["client data", each.value.options.map((inner) => describeClientData(inner, given)).join(", ")];
    case "auth":
      // Replay value and key are the server's own choice.
      return ["key", `protocol ${each.value.protocol}, ${each.value.information.length} octets`];
    default:
      return [`option ${codeOf(each)}`, dataOf(each)];
  }
}

function describeIa({ t1, t2, options }: IaNa, given: Given): string {
  return [`T1 ${t1} T2 ${t2}`, ...options.map((inner) => describeInner(inner, given))].join(", ");
}

function describeInner(inner: Option, given: Given): string {
  switch (inner.name) {
    case "iaPrefix": {
      const { prefix: lease, preferred, valid, options } = inner.value;
      return `${given.roleOf(lease)} ${preferred}/${valid}${nested(options)}`;
    }
    case "iaAddr": {
      const { address, preferred, valid, options } = inner.value;
      return `${given.roleOf({ address, length: 128 })} ${preferred}/${valid}${nested(options)}`;
    }
    case "statusCode":
      return `status ${inner.value.status}`;
    default:
      return `${codeOf(inner)} = ${dataOf(inner)}`;
  }
}

/** Lifetimes there may be what is left of them, and the last transaction is so many seconds ago. */
function describeClientData(inner: Option, given: Given): string {
  if (inner.name === "cltTime") return inner.value < 60 ? "a moment ago" : "long ago";
  if (inner.name !== "iaPrefix" && inner.name !== "iaAddr") return describeInner(inner, given);
  const about = (left: Seconds): Seconds => seconds(Math.ceil(left / 100) * 100);
  const { preferred, valid } = inner.value;
  const times = { preferred: about(preferred), valid: about(valid) };
  return inner.name === "iaPrefix"
    ? describeInner(option("iaPrefix", { ...inner.value, ...times }), given)
    : describeInner(option("iaAddr", { ...inner.value, ...times }), given);
}

const nested = (options: readonly Option[]): string =>
  options.length === 0 ? "" : ` {${options.map(codeOf).join(" ")}}`;

/** The data of an option as hex, by way of encoding it. */
function dataOf(each: Option): string {
  const alone: Message = { form: "message", type: "solicit", code: 1, xid: xid(0), options: [each] };
  return Buffer.from(encodeMessage(alone)).subarray(8).toString("hex");
}
