import type { Reservation } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import { createOctetMap, type OctetMap } from "../shared/octet-map.js";
import { copyPrefix } from "../shared/lease/record-octets.js";
import { sameOctets } from "../shared/octets.js";
import { type Ip6, overlaps, type Prefix } from "../shared/prefix.js";
import type { RemoteId } from "../shared/wire/kinds-base.js";

/** By what a reservation may know a client. */
export interface Identity {
  readonly duid: Duid;
  /** Of every relay on its way, in any order. */
  readonly remoteIds: readonly RemoteId[];
  /** The address that the client sends from. */
  readonly linkLocal: Ip6;
}

/** The `client` blocks of all links, by whom they are for and by what they set aside. */
export interface Reserved {
  readonly byLink: ReadonlyMap<string, Selectors>;
  readonly kept: Kept;
}

/** A reservation and its place in the file. */
interface Ranked {
  readonly rank: number;
  readonly reservation: Reservation;
}

/** Of each kind of selector and each value, the first reservation of a link. */
interface Selectors {
  readonly duid: OctetMap<Ranked>;
  readonly remoteId: OctetMap<Ranked>;
  readonly linkLocal: OctetMap<Ranked>;
}

/** Reservations by where their prefixes and addresses lie. */
interface Kept {
  /** By prefix (address and length): those of just this one. */
  readonly equal: OctetMap<Reservation[]>;
  /** By prefix of a watched length: those of something longer inside. */
  readonly inside: OctetMap<Reservation[]>;
  /** Lengths that are reserved, ascending. */
  readonly lengths: readonly number[];
  readonly watched: ReadonlySet<number>;
}

/** What of a link matters here. */
export interface ReservingLink {
  readonly name: string;
  readonly settings: { readonly reservations: readonly Reservation[] };
}

/** What of a network matters here. */
export interface ReservingNetwork {
  readonly links: ReadonlyMap<string, ReservingLink>;
  readonly pools: readonly { readonly length: number }[];
}

/** Whoever wrote the keys of these maps owns the server: there is nothing to hide from them. */
const SEED = new Uint8Array(8);

/**
 * The reservations of these links. `lengths` are those that the pools of any link delegate: prefixes of
 * these lengths are looked up quickly.
 */
export function createReserved(links: Iterable<ReservingLink>, lengths: Iterable<number>): Reserved {
  const byLink = new Map<string, Selectors>();
  const all: Reservation[] = [];
  for (const { name, settings } of links) {
    byLink.set(name, indexSelectors(settings.reservations));
    all.push(...settings.reservations);
  }
  return { byLink, kept: indexKept(all, new Set(lengths)) };
}

/** The reservations of a network; those of the lengths of its pools are looked up quickly. */
export const reservedOf = ({ links, pools }: ReservingNetwork): Reserved =>
  createReserved(links.values(), new Set(pools.map(({ length }) => length)));

/** The reservation for this client on a link, the first in the file of those that fit. */
export function findReservation({ byLink }: Reserved, link: string, who: Identity): Reservation | undefined {
  const selectors = byLink.get(link);
  if (selectors === undefined) return undefined;
  let best = earlier(selectors.duid.get(who.duid), selectors.linkLocal.get(who.linkLocal));
  if (selectors.remoteId.size > 0) {
    for (const id of who.remoteIds) best = earlier(best, selectors.remoteId.get(remoteIdKey(id)));
  }
  return best?.reservation;
}

/**
 * The reservations whose prefix or address has an address in common with a prefix, those around it first,
 * the shortest leading. A handful of look-ups however many there are, if the prefix has one of the lengths
 * that were named at the beginning.
 */
export function ownersOf({ kept }: Reserved, prefix: Prefix): readonly Reservation[] {
  let owners: readonly Reservation[] = NOBODY;
  if (kept.lengths.length === 0) return owners;
  for (const length of kept.lengths) {
    if (length > prefix.length) break;
    owners = join(owners, kept.equal.get(keyOf(prefix.address, length)));
  }
  const inside = kept.watched.has(prefix.length)
    ? kept.inside.get(keyOf(prefix.address, prefix.length))
    : search(kept, prefix);
  return join(owners, inside);
}

/**
 * True when a client with this reservation, or with none, may have the prefix: nothing in or around it is
 * reserved for anybody else. What is reserved for the same client on several links is its own on each.
 */
export function isOpenTo(reserved: Reserved, prefix: Prefix, own: Reservation | undefined): boolean {
  for (const owner of ownersOf(reserved, prefix)) {
    if (owner !== own && (own === undefined || !selectsSame(owner, own))) return false;
  }
  return true;
}

/**
 * A reserved prefix (or address, as /128) that has an address in common with `prefix`, the shortest one;
 * `undefined` when there is none.
 */
export function reservedAt(reserved: Reserved, prefix: Prefix): Prefix | undefined {
  const [owner] = ownersOf(reserved, prefix);
  return owner === undefined ? undefined : claims(owner).find((claim) => overlaps(claim, prefix));
}

const NO_OCTETS = new Uint8Array(0);
const NOBODY: readonly Reservation[] = [];

function indexSelectors(reservations: readonly Reservation[]): Selectors {
  const selectors: Selectors = {
    duid: createOctetMap({ seed: SEED }),
    remoteId: createOctetMap({ seed: SEED }),
    linkLocal: createOctetMap({ seed: SEED }),
  };
  for (const [rank, reservation] of reservations.entries()) {
    const { selector } = reservation;
    for (const key of selectorKeys(reservation)) {
      const map = selectors[selector.by];
      if (map.get(key) === undefined) map.set(key, { rank, reservation });
    }
  }
  return selectors;
}

function selectorKeys({ selector }: Reservation): readonly Uint8Array[] {
  switch (selector.by) {
    case "duid":
      return [selector.duid];
    case "remoteId":
      return selector.ids.map((id) => remoteIdKey({ enterprise: selector.enterprise, id }));
    case "linkLocal":
      return [selector.address];
    default:
      return selector satisfies never;
  }
}

function remoteIdKey({ enterprise, id }: RemoteId): Uint8Array {
  const key = new Uint8Array(4 + id.length);
  new DataView(key.buffer).setUint32(0, enterprise);
  key.set(id, 4);
  return key;
}

/** True when both are for the same client, by the same token. */
function selectsSame(a: Reservation, b: Reservation): boolean {
  const [keys, others] = [selectorKeys(a), selectorKeys(b)];
  return (
    a.selector.by === b.selector.by &&
    keys.length === others.length &&
    keys.every((key, i) => sameOctets(key, others[i] ?? NO_OCTETS))
  );
}

const earlier = (a: Ranked | undefined, b: Ranked | undefined): Ranked | undefined =>
  a === undefined || (b !== undefined && b.rank < a.rank) ? b : a;

function indexKept(reservations: readonly Reservation[], watched: ReadonlySet<number>): Kept {
  const equal = createOctetMap<Reservation[]>({ seed: SEED });
  const inside = createOctetMap<Reservation[]>({ seed: SEED });
  const lengths = new Set<number>();
  for (const reservation of reservations) {
    for (const { address, length } of claims(reservation)) {
      lengths.add(length);
      append(equal, keyOf(address, length), reservation);
      for (const bits of watched) if (bits < length) append(inside, keyOf(address, bits), reservation);
    }
  }
  return { equal, inside, lengths: [...lengths].sort((a, b) => a - b), watched };
}

/** What lies inside a prefix of a length that nobody watches. */
function search({ equal }: Kept, prefix: Prefix): readonly Reservation[] {
  const found: Reservation[] = [];
  for (const { value } of equal) {
    for (const reservation of value) {
      const isInside = (claim: Prefix): boolean => claim.length > prefix.length && overlaps(claim, prefix);
      if (claims(reservation).some(isInside) && !found.includes(reservation)) found.push(reservation);
    }
  }
  return found;
}

/** What a reservation sets aside. */
export function claims({ prefix, address }: Reservation): readonly Prefix[] {
  const claimed = prefix === undefined ? [] : [prefix];
  return address === undefined ? claimed : [...claimed, { address, length: 128 }];
}

function append(map: OctetMap<Reservation[]>, key: Uint8Array, reservation: Reservation): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [reservation]);
  else known.push(reservation);
}

const join = (a: readonly Reservation[], b: readonly Reservation[] | undefined): readonly Reservation[] =>
  b === undefined ? a : a.length === 0 ? b : [...a, ...b];

/** The key of a prefix: its first `length` bits, and how many they are. */
function keyOf(address: Ip6, length: number): Uint8Array {
  const key = new Uint8Array(17);
  copyPrefix(address, 0, length, key, 0);
  key[16] = length;
  return key;
}
