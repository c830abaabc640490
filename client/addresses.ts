import type { Millis } from "../shared/brand.js";
import { formatIp6, type Ip6, sameIp6 } from "../shared/prefix.js";
import { ipLifetimes, type Lifetimes, lifetimesOf } from "./lifetimes.js";
import type { RememberedLink } from "./remembered.js";

/** A leased address as it is set on its uplink. */
export interface UplinkAddress extends Lifetimes {
  readonly uplink: string;
  readonly address: Ip6;
}

/** One line for `ip -6 -batch -`. */
export interface AddressChange {
  readonly verb: "replace" | "delete";
  readonly address: UplinkAddress;
  readonly line: string;
}

/** The addresses that an uplink holds, out of what is kept for its next run. */
export function addressesOf(uplink: string, link: RememberedLink | undefined): readonly UplinkAddress[] {
  const ias = (link?.ias ?? []).filter(({ kind }) => kind === "na");
  return ias.flatMap(({ leases }) =>
    leases.map((lease) => ({ uplink, address: lease.prefix.address, ...lifetimesOf(lease) })),
  );
}

/**
 * How to get from the addresses that are set to those that are wanted. They are set with their lifetimes, so
 * that the kernel ends them even when we are killed. 128 bits long as in Dibbler: that a server leases an
 * address does not tell what else is on the link (RFC 5942 4).
 */
export function diffAddresses(
  had: readonly UplinkAddress[],
  wanted: readonly UplinkAddress[],
  length: number,
  now: Millis,
): readonly AddressChange[] {
  const lasting = wanted.filter(({ validUntil }) => validUntil >= now + 1000);
  const gone = had.filter((one) => findSame(lasting, one) === undefined);
  const changed = lasting.filter((one) => !sameTimes(findSame(had, one), one));
  const where = ({ uplink, address }: UplinkAddress): string =>
    `${formatIp6(address)}/${length} dev ${uplink}`;
  return [
    ...gone.map((one) => ({ verb: "delete", address: one, line: `address delete ${where(one)}` }) as const),
    ...changed.map((one) => {
      const line = `address replace ${where(one)} ${ipLifetimes(one, now)}`;
      return { verb: "replace", address: one, line } as const;
    }),
  ];
}

/** True for the same address on the same uplink, with whatever lifetimes. */
export const isSame = (a: UplinkAddress, b: UplinkAddress): boolean =>
  a.uplink === b.uplink && sameIp6(a.address, b.address);

/** The same address on the same uplink, if it is in the list. */
export const findSame = (list: readonly UplinkAddress[], one: UplinkAddress): UplinkAddress | undefined =>
  list.find((other) => isSame(other, one));

const sameTimes = (a: UplinkAddress | undefined, b: UplinkAddress): boolean =>
  a?.preferredUntil === b.preferredUntil && a.validUntil === b.validUntil;
