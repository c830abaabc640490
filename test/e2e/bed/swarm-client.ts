import { type Iaid, iaid, seconds, xid } from "../../../shared/brand.js";
import { type Duid, duid, formatDuid } from "../../../shared/duid.js";
import { formatPrefix, parsePrefix } from "../../../shared/prefix.js";
import type { ClientServerType } from "../../../shared/wire/codes.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  encodeMessage,
} from "../../../shared/wire/message.js";
import { find, findAll, type Option, option } from "../../../shared/wire/options.js";
import type { Random } from "./mutate.js";
import type { Entry, Standing } from "./swarm-ledger.js";

/** Something a client has said and wants an answer to. */
interface Exchange {
  readonly type: ClientServerType;
  readonly xid: number;
  readonly ias: readonly Iaid[];
  readonly octets: Uint8Array;
  /** When it was sent last. */
  sentAt: number;
}

/** A client of a swarm: one exchange at a time, copies of its message until there is an answer. */
export interface SwarmClient {
  readonly entries: () => readonly Entry[];
  readonly isWaiting: () => boolean;
  /** What to send now: the next message when `mayBegin`, a copy of the last one when it is time. */
  readonly speak: (now: number, mayBegin: boolean) => Uint8Array | undefined;
  /** Renews every IA that holds a prefix, one after the other, before anything else. */
  readonly mustRenew: () => void;
  /** Takes an answer that is for it; gives the type of message that was answered. */
  readonly hear: (answer: ClientServerMessage, now: number) => ClientServerType | undefined;
  /** After a server was away: whatever waits is sent at once. */
  readonly hurry: () => void;
}

/** What a client of a swarm is made of. */
export interface SwarmClientParts {
  readonly number: number;
  readonly ias: number;
  readonly random: Random;
  readonly thinkMs: number;
  readonly nextXid: () => number;
  readonly complain: (sentence: string) => void;
}

/** RFC 8415 has a client wait for a second; many a copy is what this is for. */
const COPY_MS = 300;
/** How often a client that holds a prefix gives it back, of the times that it does something with it. */
const RELEASES = 0.25;
/** How often a client takes all of its IAs that stand alike into one message. */
const TOGETHER = 0.3;

/** A client with a DUID of its own that holds nothing. */
export function createSwarmClient(parts: SwarmClientParts): SwarmClient {
  const { random, complain } = parts;
  const { number } = parts;
  const own: Duid = duid(Uint8Array.of(0, 3, 0, 1, 2, 0x5a, 0, 0, number >>> 8, number & 0xff));
  const name = formatDuid(own);
  const ids = Array.from({ length: parts.ias }, (_, index) => iaid(index + 1));
  const standings = new Map<Iaid, Standing>(ids.map((id) => [id, { kind: "free" }]));
  let server: Duid | undefined;
  let open: Exchange | undefined;
  let idleUntil = 0;
  let renewals: Iaid[] = [];

  const standingOf = (id: Iaid): Standing => standings.get(id) ?? { kind: "free" };

  function begin(type: ClientServerType, ias: readonly Iaid[], hints?: ReadonlyMap<Iaid, string>): void {
    for (const id of ias) {
      const standing = standingOf(id);
      if (type === "request") standings.set(id, { kind: "asking" });
      if (type === "release" && standing.kind === "held")
        standings.set(id, { ...standing, kind: "releasing" });
    }
    const asked = ias.map((id) => writeIa(id, hints?.get(id) ?? prefixOf(standingOf(id))));
    const named = type === "solicit" || type === "rebind" || server === undefined;
    const id = parts.nextXid();
    const options: readonly Option[] = [
      option("clientId", own),
      ...(named ? [] : [option("serverId", server ?? own)]),
      option("elapsedTime", 0),
      ...asked,
    ];
    const octets = encodeMessage(clientServerMessage(type, xid(id), options));
    open = { type, xid: id, ias, octets, sentAt: -Infinity };
  }

  function beginAny(): void {
    const renewal = renewals.shift();
    if (renewal !== undefined) {
      begin("renew", [renewal]);
      return;
    }
    const chosen = ids[Math.floor(random() * ids.length)] ?? iaid(1);
    const { kind } = standingOf(chosen);
    const alike = random() < TOGETHER ? ids.filter((id) => standingOf(id).kind === kind) : [chosen];
    if (kind === "free") begin("solicit", alike);
    else begin(random() < RELEASES ? "release" : random() < 0.2 ? "rebind" : "renew", alike);
  }

  function take({ type, ias }: Exchange, answer: ClientServerMessage): void {
    const given = new Map(
      findAll(answer.options, "iaPd").map((ia) => [
        ia.iaid,
        findAll(ia.options, "iaPrefix")
          .filter(({ valid }) => valid > 0)
          .map(({ prefix }) => formatPrefix(prefix)),
      ]),
    );
    if (type === "solicit") {
      server = find(answer.options, "serverId");
      const offered = ias.filter((id) => (given.get(id) ?? []).length > 0);
      const hints = new Map(offered.map((id) => [id, given.get(id)?.[0] ?? ""]));
      if (offered.length > 0) begin("request", offered, hints);
      return;
    }
    for (const id of ias) settle(type, id, given.get(id) ?? []);
  }

  function settle(type: ClientServerType, id: Iaid, prefixes: readonly string[]): void {
    const [prefix] = prefixes;
    const before = standingOf(id);
    if (prefixes.length > 1) complain(`${name} IA ${id} got ${prefixes.join()} by a ${type}`);
    if (type === "release") {
      if (prefix !== undefined) complain(`${name} IA ${id} got ${prefix} by a release`);
      standings.set(id, { kind: "free" });
    } else if (type === "request") {
      standings.set(id, prefix === undefined ? { kind: "free" } : { kind: "held", prefix });
    } else if (before.kind === "held" && before.prefix !== prefix) {
      complain(`${name} IA ${id} had ${before.prefix}, got ${prefix ?? "nothing"} by a ${type}`);
    }
  }

  return {
    entries: () => ids.map((id) => ({ client: name, iaid: id, standing: standingOf(id) })),
    isWaiting: () => open !== undefined || renewals.length > 0,
    speak(now, mayBegin) {
      if (open === undefined && (renewals.length > 0 || (mayBegin && now >= idleUntil))) beginAny();
      if (open === undefined || now - open.sentAt < COPY_MS) return undefined;
      open.sentAt = now;
      return open.octets;
    },
    mustRenew() {
      renewals = ids.filter((id) => standingOf(id).kind === "held");
    },
    hear(answer, now) {
      const exchange = open;
      const wanted = exchange?.type === "solicit" ? "advertise" : "reply";
      if (exchange?.xid !== answer.xid || answer.type !== wanted) return undefined;
      open = undefined;
      idleUntil = now + random() * parts.thinkMs;
      take(exchange, answer);
      return exchange.type;
    },
    hurry() {
      if (open !== undefined) open.sentAt = -Infinity;
    },
  };
}

const prefixOf = (standing: Standing): string | undefined =>
  "prefix" in standing ? standing.prefix : undefined;

function writeIa(id: Iaid, hint: string | undefined): Option {
  const none = seconds(0);
  const prefix = hint === undefined ? undefined : parsePrefix(hint);
  const options =
    prefix === undefined ? [] : [option("iaPrefix", { preferred: none, valid: none, prefix, options: [] })];
  return option("iaPd", { iaid: id, t1: none, t2: none, options });
}
