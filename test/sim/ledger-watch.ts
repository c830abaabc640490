import type { LeaseChange } from "../../shared/lease/changes.js";
import { type Lease, type LeaseId } from "../../shared/lease/lease.js";
import type { StoreMemory } from "../../shared/lease/memory-store.js";
import type { LeaseTable } from "../../shared/lease/table.js";
import { decodeRecord } from "../../shared/lease/record.js";
import { formatDuid } from "../../shared/duid.js";
import {
  type AddressRange,
  formatPrefix,
  inRange,
  overlaps,
  parsePrefix,
  type Prefix,
} from "../../shared/prefix.js";
import type { ClientServerMessage } from "../../shared/wire/message.js";
import { clientOf, type Named, namedIn } from "./answers.js";
import type { World } from "./world.js";

/** What a Reply has promised: until when (the server's clock) by prefix. Goes along with the Reply. */
export type Promised = ReadonlyMap<string, number>;

/** Sees to it that a server keeps what its Replies promise: see `createLedgerWatch`. */
export interface LedgerWatch {
  /** Just before the store makes a change. */
  readonly changes: (change: LeaseChange) => void;
  /** The server sends an answer; gives what it promises, in the world's time. */
  readonly sends: (message: ClientServerMessage) => Promised;
  /** A message has reached the server. */
  readonly hears: (message: ClientServerMessage) => void;
  /** A commit came to nothing, or the server is gone: offers need not be kept. */
  readonly forgetOffers: () => void;
  readonly storeLost: () => void;
  /** The server has started with these leases. */
  readonly loaded: (table: LeaseTable) => void;
  /** These are the pools from now on; what was promised of others is not held against the server. */
  readonly pools: (pools: readonly Cut[]) => void;
}

/** A pool, and the length of what is cut from it. */
export interface Cut {
  readonly range: AddressRange;
  readonly length: number;
  /** The longest valid lifetime, in seconds. */
  readonly longest: number;
}

/** What it looks at. */
export interface LedgerParts {
  readonly world: World;
  readonly name: string;
  readonly memory: () => StoreMemory;
  /** The clock that the server's leases run by; `undefined` while it does not run. */
  readonly clock: () => number | undefined;
  /** Milliseconds that may pass between a decision and its Reply. */
  readonly slack: number;
  /** False for a world in which promises may be cut short, as its lifetimes change. */
  readonly isKept: boolean;
}

interface Promise_ {
  readonly client: string;
  readonly prefix: Prefix;
  readonly until: number;
  /** Its client has given it up, or the operator has taken it away. */
  isExcused: boolean;
}

interface Offer {
  readonly client: string;
  readonly prefix: Prefix;
  readonly until: number;
}

/** For so long an Advertise keeps its prefixes from other Solicits. */
const OFFER_MS = 60_000;

/**
 * Follows the leases of a server: what a Reply grants is in the store when it leaves, for as long as it
 * says; it stays there until then, through crashes, unless its client gives it up; an offer is made to nobody
 * else for a minute.
 */
export function createLedgerWatch(parts: LedgerParts): LedgerWatch {
  const { world, name, slack } = parts;
  const promises = new Map<string, Promise_>();
  const offers = new Map<string, Offer>();
  let pools: readonly Cut[] = [];
  /** The longest lifetime of the configuration before: a Reply may have waited while it was replaced. */
  let former = 0;
  /** When clients gave up what, by client and prefix. */
  const givenUp = new Map<string, number>();

  const isFrom = ({ range, length }: Cut, prefix: Prefix): boolean =>
    length === prefix.length && inRange(range, prefix.address);
  const isOurs = (prefix: Prefix): boolean => pools.some((cut) => isFrom(cut, prefix));

  function stored(prefix: string, client: string): Lease | undefined {
    for (const record of parts.memory().records.values()) {
      const lease = decodeRecord(record);
      if (lease === undefined) throw new Error("a record that cannot be read");
      if (formatPrefix(lease.prefix) === prefix && formatDuid(lease.duid) === client) return lease;
    }
    return undefined;
  }

  /** What a Reply grants that waited for the disk or a script may have been given up meanwhile. */
  const isPast = (prefix: string, client: string): boolean =>
    world.now() - (givenUp.get(`${client} ${prefix}`) ?? -Infinity) <= slack;

  /** Gives when the server's promise ends. */
  function grant(named: Named, client: string, now: number): number {
    const { prefix: text, valid } = named;
    const lease = stored(text, client);
    const prefix = mustParse(text);
    for (const [other, { prefix: offered }] of offers) if (overlaps(offered, prefix)) offers.delete(other);
    if (isPast(text, client)) return lease?.until ?? now;
    if (lease?.state !== "bound" || lease.iaid !== named.iaid || lease.iaType !== named.type) {
      world.fail(`${name} grants ${text} to ${client}, and it is not in the store`);
      return now;
    }
    const cut = pools.find((one) => isFrom(one, prefix));
    if (cut !== undefined && valid > Math.max(cut.longest, former))
      world.fail(`${name} grants ${text} for ${valid} s, ${cut.longest} s at most are configured`);
    const left = lease.until - now;
    if (left < valid * 1000 - slack)
      world.fail(`${name} grants ${text} for ${valid} s, in the store it is for ${left / 1000} s`);
    for (const [other, { client: holder, until, prefix: held, isExcused }] of promises) {
      if (holder === client || isExcused || until <= now || !overlaps(held, prefix)) continue;
      world.fail(`${name} grants ${text} to ${client} while ${other} is ${holder}'s`);
    }
    promises.set(text, { client, prefix, until: lease.until, isExcused: !isOurs(prefix) });
    return lease.until;
  }

  function offer({ prefix: text }: Named, client: string, now: number): void {
    const held = promises.get(text);
    // What the client has got already ends with its lease, whatever an Advertise says of it.
    if (held?.client === client && held.until > now && !held.isExcused) return;
    // The same when the Reply was lost with a server that was killed.
    if (stored(text, client)?.state === "bound") return;
    const prefix = mustParse(text);
    for (const { client: other, prefix: offered, until } of offers.values()) {
      if (other === client || until <= now || !overlaps(offered, prefix)) continue;
      world.fail(`${name} offers ${text} to ${client}, it is offered to ${other}`);
    }
    offers.set(text, { client, prefix, until: now + OFFER_MS });
  }

  return {
    changes(change) {
      const before = parts.memory().records.get(change.id);
      const lease = before && decodeRecord(before);
      if (lease === undefined) return;
      const text = formatPrefix(lease.prefix);
      const promise = promises.get(text);
      const now = parts.clock();
      if (promise === undefined || now === undefined || promise.client !== formatDuid(lease.duid)) return;
      const after = change.type === "put" ? decodeRecord(change.record) : undefined;
      const isKept = after !== undefined && formatPrefix(after.prefix) === text && after.state === "bound";
      if (promise.until <= now) {
        // It is over for good, also for a clock that goes back to before its end with a reboot.
        if (!isKept) promises.delete(text);
        return;
      }
      if (promise.isExcused) return;
      if (!isKept) world.fail(`${name} drops ${text} of ${promise.client} before its time`);
      else if (parts.isKept && after.until < promise.until)
        world.fail(`${name} cuts ${text} of ${promise.client} short`);
    },
    sends(message) {
      const now = parts.clock() ?? 0;
      const client = clientOf(message);
      const promised = new Map<string, number>();
      if (message.type === "advertise") {
        for (const [text, { client: other }] of offers) if (other === client) offers.delete(text);
        for (const named of namedIn(message)) if (named.valid > 0) offer(named, client, now);
      }
      if (message.type !== "reply") return promised;
      for (const [text, { client: other }] of offers) if (other === client) offers.delete(text);
      for (const named of namedIn(message)) {
        if (named.valid === 0) {
          if (promises.get(named.prefix)?.client === client) promises.delete(named.prefix);
        } else promised.set(named.prefix, grant(named, client, now) - now + world.now());
      }
      return promised;
    },
    hears(message) {
      const client = clientOf(message);
      // It may be led elsewhere by this.
      for (const [text, { client: other }] of offers) if (other === client) offers.delete(text);
      if (message.type !== "release" && message.type !== "decline") return;
      for (const { prefix } of namedIn(message)) {
        const promise = promises.get(prefix);
        if (promise?.client === client) promise.isExcused = true;
        // What promises it may not have left yet.
        givenUp.set(`${client} ${prefix}`, world.now());
      }
    },
    forgetOffers: () => {
      offers.clear();
    },
    storeLost: () => {
      promises.clear();
    },
    loaded(table) {
      const now = parts.clock() ?? 0;
      for (const [text, { client, until, prefix, isExcused }] of promises) {
        if (isExcused || until <= now) continue;
        const id: LeaseId | undefined = table.holder(prefix);
        if (id === undefined || formatDuid(table.duidOf(id)) !== client || table.stateOf(id) !== "bound")
          world.fail(`${name} has lost ${text} of ${client} when it starts`);
      }
    },
    pools(next) {
      former = Math.max(0, ...pools.map(({ longest }) => longest));
      pools = next;
      for (const promise of promises.values()) if (!isOurs(promise.prefix)) promise.isExcused = true;
    },
  };
}

function mustParse(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`not a prefix: ${text}`);
  return prefix;
}
