import { type Millis, millis } from "../shared/brand.js";
import type { LogId, LogValues } from "../shared/catalogue.js";
import type { ServerConfig } from "../shared/config/types.js";
import type { Datagram } from "../shared/datagram.js";
import type { Duid } from "../shared/duid.js";
import type { HookCall } from "../shared/hook.js";
import type { LeaseChange } from "../shared/lease/changes.js";
import type { LeaseId } from "../shared/lease/lease.js";
import type { LeaseTable } from "../shared/lease/table.js";
import type { Ip6, Prefix } from "../shared/prefix.js";
import { DROP, type DropId } from "../shared/proto/validity.js";
import { MESSAGE_CODE, type MessageType } from "../shared/wire/codes.js";
import type { LeaseEvent } from "./lease-event.js";
import { createHistory, type History, type HISTORY_SIZES } from "./history.js";
import { createLedger, type Ledger } from "./ledger.js";
import { createNetwork, indexesOf, type Network } from "./links.js";
import { type Affinity, createAffinity } from "./affinity.js";
import { createLimiters, type LinkLimiters } from "./link-limiters.js";
import { createReconfigures, type Reconfigures, type ReconfigureType } from "./reconfigure-queue.js";
import { type Reserved, reservedOf } from "./reserved.js";
import { createSipHash, type SipHash } from "./siphash.js";

/** What the engine may know of the world besides its events. */
export interface Env {
  /** Unix time from a clock that never steps while the program runs. */
  readonly now: Millis;
  /** So many octets that nobody can predict. */
  readonly random: (octets: number) => Uint8Array;
}

/** What happens to the server. */
export type ServerEvent =
  | Datagram
  /** The instant that `deadline` named has come. */
  | { readonly type: "timer" }
  /** Sockets are open and leases loaded. Once, before any other event. */
  | {
      readonly type: "started";
      /** What the calls are about that the last server has left; they are made before any other. */
      readonly owed?: ReadonlySet<string>;
    }
  /** An interface that was not there at the start is served from now on. */
  | { readonly type: "interfaceReady"; readonly interfaceName: string; readonly interfaceIndex: number }
  /** Another configuration holds from now on, with these interfaces there and their indexes. */
  | {
      readonly type: "configured";
      readonly config: ServerConfig;
      readonly interfaces: ReadonlyMap<string, number>;
    }
  /** An operator ends leases: those of these that are still what they were. */
  | { readonly type: "release"; readonly leases: readonly Chosen[] }
  /** An operator wants a client (or all of them) to send a message of this type (RFC 8415 18.3.11). */
  | { readonly type: "reconfigure"; readonly client: Duid | undefined; readonly asks: ReconfigureType };

/** A lease that was chosen a moment ago. */
export interface Chosen {
  readonly id: LeaseId;
  readonly client: Duid;
  readonly prefix: Prefix;
}

/** What the engine wants done, in this order. */
export type ServerAction =
  /** Durable before any other action of the same step is carried out. */
  | { readonly type: "commit"; readonly changes: readonly LeaseChange[] }
  | {
      readonly type: "send";
      readonly interfaceName: string;
      readonly to: Ip6;
      readonly port: number;
      readonly bytes: Uint8Array;
      /** It promises nothing, and need not wait for what it was made of to be durable. */
      readonly early: boolean;
    }
  /** With `beforeReply` what is to be sent waits until the call has ended. */
  | { readonly type: "run"; readonly hook: HookCall; readonly beforeReply: boolean }
  /** For whoever keeps account of leases. */
  | { readonly type: "happened"; readonly event: LeaseEvent }
  | { readonly type: "log"; readonly id: LogId; readonly values: LogValues };

/** How often things happened since the start. */
export interface Counters {
  /** Datagrams by the type of their message; those that are no message, or of no known type, apart. */
  readonly received: Record<MessageType | "unknown" | "undecodable", number>;
  /** Messages answered, by the type of the client's message. */
  readonly answered: Record<MessageType, number>;
  readonly dropped: Record<DropId, number>;
  /** Leases that ran out. */
  expired: number;
  /** Leasequery over TCP: connections that came, those that were turned away, queries, messages sent. */
  readonly bulk: { connections: number; refused: number; queries: number; messages: number };
}

/** Everything the engine knows. Only `step` and `undo` change it; what a reload replaces is not readonly. */
export interface ServerState {
  config: ServerConfig;
  readonly duid: Duid;
  network: Network;
  readonly ledger: Ledger;
  /** Hashes clients to places in a pool. */
  readonly hash: SipHash;
  /** Interface indexes as last heard of; a re-created interface has another one. */
  indexes: Map<string, number>;
  readonly counters: Counters;
  reserved: Reserved;
  /** What clients had whose leases are gone. */
  affinity: Affinity;
  /** By link; links without limits are not in it. */
  limiters: ReadonlyMap<string, LinkLimiters>;
  /** Octets that nobody outside knows, for hashes that clients could otherwise make collide. */
  readonly seed: Uint8Array;
  readonly reconfigures: Reconfigures;
  /** For `nextReplay`: how often the server has started, and how many values it has given since. */
  readonly replayValue: { readonly epoch: number; count: number };
  readonly hmacMd5: ServerParts["hmacMd5"];
  /** What happened to clients lately, for operators who ask. */
  readonly history: History;
  /** How many lines of a kind there were in the current minute, see `warn`. */
  readonly warnings: Map<string, { since: Millis; lines: number }>;
  /** Leases that the hook script has still to be told of after a start, and when to go on with them. */
  readonly replay: {
    ids: readonly LeaseId[];
    /** Of each of them, since when it is as it was when the list was made. */
    since: readonly Millis[];
    at: number;
    next: Millis;
    /** Prefixes that calls of the last server take away, which may have had new holders since. */
    owed: ReadonlySet<string>;
  };
}

/** What a server is made of. */
export interface ServerParts {
  readonly config: ServerConfig;
  readonly duid: Duid;
  /** With the stored leases in it. */
  readonly table: LeaseTable;
  /** Grows with every start; seconds since 1970 at least, so that not even a lost store makes it fall. */
  readonly epoch: number;
  /** HMAC-MD5 of octets under a key, 16 octets: what Reconfigure is signed with (RFC 8415 20.4). */
  readonly hmacMd5: (key: Uint8Array, octets: Uint8Array) => Uint8Array;
  /** 16 octets, the key of the allocation hash. Servers with the same key and pools agree without talking. */
  readonly secret: Uint8Array;
  /** Interfaces that exist, and their indexes. */
  readonly interfaces: ReadonlyMap<string, number>;
  /** Incidents that are kept of each kind, if not as many as is usual; see `HISTORY_SIZES`. */
  readonly historySizes?: typeof HISTORY_SIZES;
}

/** A server with the leases of its table, before its `started` event. */
export function createServerState(parts: ServerParts): ServerState {
  const { config, duid, table, secret, interfaces, epoch, hmacMd5, historySizes } = parts;
  const network = createNetwork(config, interfaces);
  const hash = createSipHash(secret);
  return {
    config,
    duid,
    network,
    ledger: createLedger(table, network),
    hash,
    indexes: indexesOf(network, interfaces),
    counters: createCounters(),
    reserved: reservedOf(network),
    affinity: createAffinity({ limit: config.affinity, seed: secret }),
    limiters: createLimiters(network, secret),
    seed: secret,
    reconfigures: createReconfigures(secret),
    replayValue: { epoch, count: 0 },
    hmacMd5,
    history: createHistory(hash, historySizes),
    warnings: new Map(),
    replay: { ids: [], since: [], at: 0, next: NEVER, owed: new Set() },
  };
}

/** For `replay.next` when there is nothing to tell. */
export const NEVER: Millis = millis(Infinity);

function createCounters(): Counters {
  const types = Object.keys(MESSAGE_CODE) as MessageType[];
  const none = <K extends string>(names: readonly K[]): Record<K, number> =>
    Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
  return {
    received: none([...types, "unknown", "undecodable"]),
    answered: none(types),
    dropped: none(Object.values(DROP)),
    expired: 0,
    bulk: { connections: 0, refused: 0, queries: 0, messages: 0 },
  };
}
