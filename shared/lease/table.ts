import { millis, type Iaid, type Millis } from "../brand.js";
import type { Duid } from "../duid.js";
import type { Prefix } from "../prefix.js";
import { createBindingIndex, type BindingIndex } from "./binding-index.js";
import { NONE } from "./chains.js";
import { createExpiry, type Expiry } from "./expiry.js";
import { createKeyedHash } from "../hash.js";
import { createIdPool, MOST_IDS, type IdPool } from "./ids.js";
import { leaseId, type IaType, type Lease, type LeaseId, type LeaseState, type Trail } from "./lease.js";
import { createPlaces, type Places } from "./places.js";
import { createPrefixIndex, type PrefixIndex } from "./prefix-index.js";
import { hasBinding, hasPrefix } from "./record-keys.js";
import { FIELD, type Place } from "./record-layout.js";
import { readIp6 } from "./record-octets.js";
import {
  hasLongDuid,
  hasLongName,
  NO_TAIL,
  readDuid,
  readKey,
  readName,
  readTrail,
  requireFit,
} from "./record-tail.js";
import { iaTypeAt, readLease, stateAt } from "./record.js";

/**
 * All leases and offers of a server, in compact form: some 200 octets and no object each, and what a tail
 * takes (see record-tail.ts) for those that have one.
 */
export interface LeaseTable {
  /** Number of leases, offers included. */
  readonly size: number;
  has(id: LeaseId): boolean;

  /**
   * Leases of one binding, of every state and in no particular order; expired ones included until they are
   * removed.
   */
  find(duid: Duid, iaType: IaType, iaid: Iaid): readonly LeaseId[];
  /** Leases of one client, all bindings and states. */
  ofClient(duid: Duid): readonly LeaseId[];
  /** How many leases the client has, offers included. */
  countOf(duid: Duid): number;

  /**
   * A lease or offer that has an address in common with `prefix`, whatever its length; `undefined` when all
   * of it is free. Of several, any. Constant time, unless longer leases exist and the length is not
   * watched.
   */
  holder(prefix: Prefix): LeaseId | undefined;
  /** All of them, in no particular order. Looks at every lease when its length is not watched. */
  holders(prefix: Prefix): readonly LeaseId[];
  /** How many leases lie in `prefix` (equal ones too). Constant time when its length is watched. */
  countWithin(prefix: Prefix): number;
  /**
   * Keeps track of what lies inside prefixes of this length: call it once for each length of candidates and
   * pools.
   */
  watchLength(length: number): void;

  /** Adds a lease under a new id. Throws, and changes nothing, when a part is too long (record-tail.ts). */
  put(lease: Lease): LeaseId;
  /**
   * Puts another lease (renewed, bound, moved to another prefix) in the place of an existing one. Throws as
   * `put` does.
   */
  replace(id: LeaseId, lease: Lease): void;
  remove(id: LeaseId): void;

  /** The lease as an object of its own. */
  read(id: LeaseId): Lease;
  stateOf(id: LeaseId): LeaseState;
  sinceOf(id: LeaseId): Millis;
  untilOf(id: LeaseId): Millis;
  prefixOf(id: LeaseId): Prefix;
  iaTypeOf(id: LeaseId): IaType;
  duidOf(id: LeaseId): Duid;
  /** The name of its interface. */
  nameOf(id: LeaseId): string;
  trailOf(id: LeaseId): Trail | undefined;
  keyOf(id: LeaseId): Uint8Array | undefined;

  /** The least `until`; `Infinity` when nothing ever ends. */
  nextExpiry(): Millis;
  /**
   * Leases and offers with `until <= now`, earliest first; at most `limit`, then any of them. They stay in
   * the table.
   */
  due(now: Millis, limit?: number): readonly LeaseId[];
  /** Visits every lease, ids ascending. `visit` may remove or replace the one it is given. */
  forEach(visit: (id: LeaseId) => void): void;
  /** Every id is below this; for a walk in slices. */
  idLimit(): number;
  /** The ids of leases from `from` (inclusive) to `to` (exclusive), ascending. */
  idsIn(from: number, to: number): readonly LeaseId[];

  /** A copy of the record, as the store keeps it (see record.ts). */
  recordOf(id: LeaseId): Uint8Array;
  /**
   * Puts a stored record under this very id, replacing what is there. False (and nothing there) when it
   * cannot be read.
   */
  setRecord(id: LeaseId, record: Uint8Array): boolean;
  /** Takes in everything that a store has, faster than one by one. For an empty table only. */
  fill(): Filling;
}

/** A table that is being filled: nothing else may be done with it before it is `done`. */
export interface Filling {
  /** Makes room for so many, all at once. */
  readonly expect: (leases: number) => void;
  /**
   * As `setRecord`, with the record that lies in `octets` from `from` (inclusive) to `to` (exclusive). Each id
   * once.
   */
  add(id: LeaseId, octets: Uint8Array, from: number, to: number): boolean;
  done(): void;
}

/** What a table is made with. */
export interface LeaseTableOptions {
  /** At least 8 random octets: the key of its hashes, so that no client can choose DUIDs that collide. */
  readonly seed: Uint8Array;
  /** How many leases to make room for at once. */
  readonly capacity?: number;
}

/** An empty table. */
export function createLeaseTable({ seed, capacity = 0 }: LeaseTableOptions): LeaseTable {
  const hash = createKeyedHash(seed);
  const ids = createIdPool(capacity);
  const places = createPlaces();
  const parts: Parts = {
    ids,
    places,
    bindings: createBindingIndex(places, hash, capacity),
    prefixes: createPrefixIndex({ places, hash, limit: () => ids.limit(), capacity }),
    expiry: createExpiry(capacity),
    size: 0,
  };
  return {
    get size() {
      return parts.size;
    },
    has: (id) => places.has(id),
    ...createLookups(parts),
    ...createGetters(parts),
    put: (lease) => put(parts, lease),
    replace(id, lease) {
      replace(parts, id, lease);
    },
    remove(id) {
      remove(parts, id);
    },
    setRecord: (id, record) => setRecord(parts, id, record),
    fill: () => fill(parts),
  };
}

interface Parts {
  readonly ids: IdPool;
  readonly places: Places;
  readonly bindings: BindingIndex;
  readonly prefixes: PrefixIndex;
  readonly expiry: Expiry;
  size: number;
}

type Lookups = Pick<
  LeaseTable,
  | "find"
  | "ofClient"
  | "countOf"
  | "holder"
  | "holders"
  | "countWithin"
  | "watchLength"
  | "nextExpiry"
  | "due"
  | "forEach"
  | "idLimit"
  | "idsIn"
>;

function createLookups({ ids, places, bindings, prefixes, expiry }: Parts): Lookups {
  return {
    find: (duid, iaType, iaid) => asLeaseIds(bindings.find(duid, iaType, iaid)),
    ofClient: (duid) => asLeaseIds(bindings.ofClient(duid)),
    countOf: (duid) => bindings.countOf(duid),
    holder(prefix) {
      const id = prefixes.holder(prefix);
      return id === NONE ? undefined : leaseId(id);
    },
    holders: (prefix) => asLeaseIds(prefixes.holders(prefix)),
    countWithin: (prefix) => prefixes.countWithin(prefix),
    watchLength(length) {
      prefixes.watch(length);
    },
    nextExpiry: () => millis(expiry.earliest()),
    due: (now, limit = Infinity) => asLeaseIds(expiry.due(now, limit)),
    forEach(visit) {
      for (let id = 0; id < ids.limit(); id++) if (places.has(id)) visit(leaseId(id));
    },
    idLimit: () => ids.limit(),
    idsIn(from, to) {
      const found: LeaseId[] = [];
      const end = Math.min(to, ids.limit());
      for (let id = from; id < end; id++) if (places.has(id)) found.push(leaseId(id));
      return found;
    },
  };
}

type Getters = Pick<
  LeaseTable,
  | "read"
  | "stateOf"
  | "sinceOf"
  | "untilOf"
  | "prefixOf"
  | "iaTypeOf"
  | "duidOf"
  | "nameOf"
  | "trailOf"
  | "keyOf"
  | "recordOf"
>;

function createGetters(parts: Parts): Getters {
  const { places } = parts;
  return {
    read: (id) => readLease(occupied(parts, id), places.tail(id)),
    stateOf(id) {
      const { octets, at } = occupied(parts, id);
      return stateAt(octets, at) ?? "bound";
    },
    sinceOf: (id) => readInstant(occupied(parts, id), FIELD.since),
    untilOf: (id) => readInstant(occupied(parts, id), FIELD.until),
    prefixOf(id) {
      const { octets, at } = occupied(parts, id);
      return { address: readIp6(octets, at + FIELD.prefix), length: octets[at + FIELD.prefixLength] ?? 0 };
    },
    iaTypeOf(id) {
      const { octets, at } = occupied(parts, id);
      return iaTypeAt(octets, at);
    },
    duidOf(id) {
      const { octets, at } = occupied(parts, id);
      return readDuid(octets, at, hasLongDuid(octets, at) ? places.tail(id) : NO_TAIL);
    },
    nameOf(id) {
      const { octets, at } = occupied(parts, id);
      return readName(octets, at, hasLongName(octets, at) ? places.tail(id) : NO_TAIL);
    },
    trailOf: (id) => readTrail(occupied(parts, id), places.tail(id)),
    keyOf(id) {
      const { octets, at } = occupied(parts, id);
      return readKey(octets, at, places.tail(id));
    },
    recordOf(id) {
      occupied(parts, id);
      return places.copy(id);
    },
  };
}

function put(parts: Parts, lease: Lease): LeaseId {
  requireFit(lease);
  const id = leaseId(parts.ids.take());
  parts.places.write(id, lease);
  link(parts, id);
  return id;
}

function replace(parts: Parts, id: LeaseId, lease: Lease): void {
  const { places, expiry } = parts;
  occupied(parts, id);
  requireFit(lease);
  const sameKeys =
    hasBinding(places, id, lease.duid, lease.iaType, lease.iaid) && hasPrefix(places, id, lease.prefix);
  if (!sameKeys) unlink(parts, id);
  places.write(id, lease);
  if (sameKeys) expiry.set(id, lease.until);
  else link(parts, id);
}

function remove(parts: Parts, id: LeaseId): void {
  occupied(parts, id);
  unlink(parts, id);
  parts.places.clear(id);
  parts.ids.release(id);
}

function setRecord(parts: Parts, id: LeaseId, record: Uint8Array): boolean {
  const { ids, places } = parts;
  if (id >= MOST_IDS) return false;
  if (places.has(id)) remove(parts, id);
  if (!places.load(id, record, 0, record.length)) return false;
  ids.claim(id);
  link(parts, id);
  return true;
}

/** What is needed of a record besides its octets is taken out of it while it is in the processor's caches. */
function fill(parts: Parts): Filling {
  const { ids, places, bindings, prefixes, expiry } = parts;
  if (parts.size > 0) throw new Error("only an empty table is filled");
  let taken = new Int32Array(1024);
  let count = 0;
  return {
    expect(leases) {
      // With room for those that come later, lest the first of them makes all of it move.
      const room = leases + (leases >> 3);
      taken = new Int32Array(leases);
      bindings.reserve(room);
      prefixes.reserve(room);
      expiry.reserve(room);
    },
    add(id, octets, from, to) {
      if (id >= MOST_IDS || places.has(id) || !places.load(id, octets, from, to)) return false;
      ids.claim(id);
      bindings.announce(id);
      prefixes.announce(id);
      expiry.append(id, readInstant(places.place(id), FIELD.until));
      if (count === taken.length) taken = doubled(taken);
      taken[count++] = id;
      return true;
    },
    done() {
      const many = {
        ids: taken.subarray(0, count),
        scratch: [new Int32Array(count), new Int32Array(count)],
      } as const;
      bindings.insertAll(many);
      prefixes.insertAll(many);
      expiry.order();
      parts.size = count;
    },
  };
}

function doubled(ids: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(Math.max(1024, ids.length * 2));
  more.set(ids);
  return more;
}

/** Enters a record, already written, in every index. */
function link(parts: Parts, id: LeaseId): void {
  parts.bindings.insert(id);
  parts.prefixes.insert(id);
  parts.expiry.set(id, readInstant(parts.places.place(id), FIELD.until));
  parts.size++;
}

/** Takes a record out of every index, while it still says what it said when it was entered. */
function unlink(parts: Parts, id: LeaseId): void {
  parts.bindings.remove(id);
  parts.prefixes.remove(id);
  parts.expiry.remove(id);
  parts.size--;
}

/** Where the lease lies. Asserts that there is one: an id is never kept beyond its lease. */
function occupied({ places }: Parts, id: LeaseId): Place {
  if (!places.has(id)) throw new Error(`there is no lease ${id}`);
  return places.place(id);
}

const readInstant = ({ view, at }: Place, field: number): Millis => millis(view.getFloat64(at + field, true));

const asLeaseIds = (ids: number[]): readonly LeaseId[] => ids.map(leaseId);
