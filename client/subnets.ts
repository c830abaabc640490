import { ip6, masked, overlaps, type Prefix } from "../shared/prefix.js";

/** A delegated prefix and the part of it that is not ours to use (RFC 6603). */
export interface Dividable {
  readonly prefix: Prefix;
  readonly exclude: Prefix | undefined;
}

/**
 * Who is to have a subnet; `position` is its place among all downlinks, from 0, and which /64 it would like.
 */
export interface Seat {
  readonly name: string;
  readonly position: number;
}

/** A subnet that a downlink has, or had. */
export interface Choice {
  readonly downlink: string;
  readonly subnet: Prefix;
}

/** How one prefix is divided. */
export interface Division {
  /** In the order of the seats. */
  readonly choices: readonly Choice[];
  /** Names of those for whom no /64 is left. */
  readonly leftOut: readonly string[];
}

/** Every downlink gets a /64, the only length that hosts can make addresses in (RFC 4291 2.5.1). */
export const SUBNET_LENGTH = 64;

/**
 * Gives each seat one /64 of a delegated prefix: the one it had before, else the one at its position, else
 * the lowest that is free. What an absent downlink had stays free for it as long as there is another. Nothing
 * of `exclude` or `taken` is given away, and nothing of a prefix longer than /64.
 */
export function divide(
  { prefix, exclude }: Dividable,
  seats: readonly Seat[],
  earlier: readonly Choice[],
  taken: readonly Prefix[] = [],
): Division {
  if (prefix.length > SUBNET_LENGTH) return { choices: [], leftOut: seats.map(({ name }) => name) };
  const whole = rangeIn(prefix, prefix);
  const usable = { first: 0n, last: whole.last };
  const foreign = [...(exclude === undefined ? [] : [exclude]), ...taken];
  const blocked = foreign.filter((one) => overlaps(one, prefix)).map((one) => rangeIn(prefix, one));
  const known = earlier
    .filter(({ subnet }) => subnet.length === SUBNET_LENGTH && overlaps(subnet, prefix))
    .map(({ downlink, subnet }) => ({ downlink, id: rangeIn(prefix, subnet).first }));

  const given = new Map<string, bigint>();
  const give = (name: string, id: bigint): void => {
    given.set(name, id);
    blocked.push({ first: id, last: id });
  };
  for (const { name } of seats) {
    const had = known.find(({ downlink, id }) => downlink === name && !isIn(blocked, id));
    if (had !== undefined) give(name, had.id);
  }
  const kept = known.filter(({ downlink }) => !seats.some(({ name }) => name === downlink));
  const reserved = kept.map(({ id }) => ({ first: id, last: id }));
  for (const { name, position } of seats) {
    if (given.has(name)) continue;
    const id =
      firstFree(usable, [...blocked, ...reserved], BigInt(position)) ?? firstFree(usable, blocked, 0n);
    if (id !== undefined) give(name, id);
  }
  return {
    choices: seats.flatMap(({ name }) => {
      const id = given.get(name);
      return id === undefined ? [] : [{ downlink: name, subnet: subnetAt(prefix, id) }];
    }),
    leftOut: seats.map(({ name }) => name).filter((name) => !given.has(name)),
  };
}

/** What is left of a prefix without one part of it: as few prefixes as possible, none overlapping. */
export function without(prefix: Prefix, part: Prefix | undefined): readonly Prefix[] {
  if (part === undefined || !overlaps(prefix, part)) return [prefix];
  const siblings: Prefix[] = [];
  for (let length = prefix.length + 1; length <= part.length; length++) {
    const address = Uint8Array.from(masked({ address: part.address, length }).address);
    const octet = (length - 1) >> 3;
    address[octet] = (address[octet] ?? 0) ^ (0x80 >> ((length - 1) & 7));
    siblings.push({ address: ip6(address), length });
  }
  return siblings;
}

/** Numbers of /64s within a delegated prefix, both ends included. */
interface IdRange {
  readonly first: bigint;
  readonly last: bigint;
}

const isIn = (ranges: readonly IdRange[], id: bigint): boolean =>
  ranges.some(({ first, last }) => first <= id && id <= last);

/** `wish` if it is free, else the lowest number that is. */
function firstFree({ last }: IdRange, blocked: readonly IdRange[], wish: bigint): bigint | undefined {
  if (wish <= last && !isIn(blocked, wish)) return wish;
  let id = 0n;
  for (;;) {
    const block = blocked.find((range) => range.first <= id && id <= range.last);
    if (block === undefined) return id <= last ? id : undefined;
    id = block.last + 1n;
  }
}

/**
 * Which /64s of `outer` the other prefix touches; one that is longer than /64 touches one, a shorter one all.
 */
function rangeIn(outer: Prefix, inner: Prefix): IdRange {
  const size = 1n << BigInt(SUBNET_LENGTH - Math.min(Math.max(inner.length, outer.length), SUBNET_LENGTH));
  const first = inner.length < outer.length ? 0n : upperHalf(inner) - upperHalf(outer);
  return { first, last: first + size - 1n };
}

function upperHalf({ address, length }: Prefix): bigint {
  const { address: octets } = masked({ address, length: Math.min(length, SUBNET_LENGTH) });
  return octets.subarray(0, 8).reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}

function subnetAt(prefix: Prefix, id: bigint): Prefix {
  const octets = new Uint8Array(16);
  let rest = upperHalf(prefix) + id;
  for (let i = 7; i >= 0; i--) {
    octets[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return { address: ip6(octets), length: SUBNET_LENGTH };
}
