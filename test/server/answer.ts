import { seconds } from "../../shared/brand.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { formatDuid } from "../../shared/duid.js";
import { formatIp6, formatPrefix, masked } from "../../shared/prefix.js";
import {
  type ClientServerMessage,
  decodeMessage,
  type Message,
  type RelayMessage,
} from "../../shared/wire/message.js";
import { codeOf, find, findAll, type IaPd, type Option } from "../../shared/wire/options.js";

/** A lease in an answer, as text. */
export interface AnsweredLease {
  readonly prefix: string;
  readonly preferred: number;
  readonly valid: number;
}

/** An IA in an answer. */
export interface AnsweredIa {
  readonly type: "pd" | "na" | "ta";
  readonly iaid: number;
  readonly t1: number;
  readonly t2: number;
  readonly status: number | undefined;
  readonly leases: readonly AnsweredLease[];
}

/** What a client gets. */
export interface Answer {
  readonly type: string;
  readonly xid: number;
  readonly options: readonly Option[];
  readonly codes: readonly number[];
  readonly ias: readonly AnsweredIa[];
  /** Status at message level. */
  readonly status: number | undefined;
  readonly clientId: string | undefined;
  readonly serverId: string | undefined;
  /** The Relay-replies around it, outermost first. */
  readonly path: readonly RelayMessage[];
  /** Where it is sent, as told by the caller. */
  readonly to: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads what the server sends, having checked what holds for every packet of a server. In strict mode each IA
 * has timers of its own, as its client wanted them and as Dibbler does it.
 */
export function readAnswer(
  bytes: Uint8Array,
  to = "",
  compatibility: ServerConfig["compatibility"] = "fixed",
): Answer {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) throw new Error("the server sent no message");
  if (decoded.faults.length > 0) throw new Error(`the server sent ${JSON.stringify(decoded.faults)}`);
  const { path, message } = unwrapReplies(decoded.message);
  const { type, xid, options } = message;
  const clientId = find(options, "clientId");
  const serverId = find(options, "serverId");
  const answer: Answer = {
    type,
    xid,
    options,
    codes: options.map(codeOf),
    ias: readIas(message),
    status: find(options, "statusCode")?.status,
    clientId: clientId === undefined ? undefined : formatDuid(clientId),
    serverId: serverId === undefined ? undefined : formatDuid(serverId),
    path,
    to,
    bytes,
  };
  checkAnswer(answer, compatibility === "strict");
  return answer;
}

function unwrapReplies(outer: Message): {
  readonly path: readonly RelayMessage[];
  readonly message: ClientServerMessage;
} {
  const path: RelayMessage[] = [];
  let message = outer;
  while (message.form === "relay") {
    if (message.type !== "relayReply") throw new Error("the server sent a Relay-forward");
    path.push(message);
    const inner = find(message.options, "relayMessage");
    if (inner === undefined) throw new Error("the server sent a Relay-reply with nothing in it");
    message = inner;
  }
  return { path, message };
}

function readIas({ options }: ClientServerMessage): AnsweredIa[] {
  return options.flatMap((candidate) => {
    if (candidate.name === "iaPd") return [readIa("pd", candidate.value)];
    if (candidate.name === "iaTa") return [readIa("ta", { ...candidate.value, ...NO_TIMERS })];
    return candidate.name === "iaNa" ? [readIa("na", candidate.value)] : [];
  });
}

function readIa(type: AnsweredIa["type"], { iaid, t1, t2, options }: IaPd): AnsweredIa {
  const prefixes = findAll(options, "iaPrefix").map(({ prefix, preferred, valid }) => {
    if (masked(prefix) !== prefix) throw new Error(`host bits in ${formatPrefix(prefix)}`);
    return { prefix: formatPrefix(prefix), preferred, valid };
  });
  const addresses = findAll(options, "iaAddr").map(({ address, preferred, valid }) => {
    return { prefix: `${formatIp6(address)}/128`, preferred, valid };
  });
  const leases = type === "pd" ? prefixes : addresses;
  return { type, iaid, t1, t2, status: find(options, "statusCode")?.status, leases };
}

/** What a server may send, be it inside a Relay-reply. */
const SENT: ReadonlySet<string> = new Set(["advertise", "reply", "reconfigure", "leasequeryReply"]);
const NO_TIMERS = { t1: seconds(0), t2: seconds(0) };

/** Options that a client must never get, at the top of a message (RFC 8415 appendices B and C). */
const NEVER = [5, 6, 8, 9, 18, 26];
const SINGLETONS = [1, 2, 7, 11, 12, 13, 14, 20, 23, 24, 32, 82, 83];

/**
 * What holds for every answer, whatever was asked. One look at all of it: thousands of answers are read in
 * a run.
 */
function checkAnswer({ type, codes, ias, serverId }: Answer, isStrict: boolean): void {
  const wrong: string[] = [];
  const demand = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  demand(SENT.has(type), `message type ${type}`);
  demand(serverId !== undefined, "no Server Identifier");
  for (const code of NEVER) demand(!codes.includes(code), `option ${code}`);
  for (const code of SINGLETONS)
    demand(codes.indexOf(code) === codes.lastIndexOf(code), `option ${code} twice`);
  demand(new Set(ias.map((ia) => `${ia.type} ${ia.iaid}`)).size === ias.length, "an IA twice");
  const alive = ias.filter((ia) => ia.type !== "ta").filter((ia) => ia.leases.some(({ valid }) => valid > 0));
  demand(isStrict || new Set(alive.map(({ t1, t2 }) => `${t1} ${t2}`)).size < 2, "unlike timers");
  for (const { t1, t2, status, leases } of ias) {
    demand(t1 <= t2 || t2 === 0, `T1 ${t1} > T2 ${t2}`);
    // What has ended may be named beside NoPrefixAvail.
    const isAlive = leases.some(({ valid }) => valid > 0);
    demand(status === undefined || (status === 0) === isAlive, "status and leases disagree");
    for (const { preferred, valid } of leases) {
      demand(preferred <= valid, `preferred ${preferred} > valid ${valid}`);
      demand(valid === 0 || t2 <= valid, `T2 ${t2} > valid ${valid}`);
    }
  }
  if (wrong.length > 0) throw new Error(`the server sent what it must not: ${wrong.join(", ")}`);
}
