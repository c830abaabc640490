import { iaid, millis, seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import type { Lease } from "../../shared/lease/lease.js";
import { formatIp6, ip6 } from "../../shared/prefix.js";

/** The first line of Kea's lease file, as version 2.2 writes it. */
export const KEA_COLUMNS =
  "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len," +
  "fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source";

/** A line of Kea's lease file: a delegated prefix (type 2), bound (state 0), without hardware address. */
export function keaRow({ prefix, duid: octets, valid, preferred, until, iaid: id }: Lease): string {
  const client = Buffer.from(octets)
    .toString("hex")
    .replace(/(..)(?=.)/g, "$1:");
  const expire = Math.floor(until / 1000);
  const fields = [formatIp6(prefix.address), client, valid, expire, 1, preferred, 2, id, prefix.length];
  return `${fields.join(",")},0,0,,,0,,,\n`;
}

const HOUR = 3_600_000;
const VALID_S = 43_200;

/**
 * A bound lease: every index has another client and another /64 of 2001:db8::/32, all over it. They end four
 * to eight hours from now.
 */
export function someLease(index: number, now: number): Lease {
  const place = scatter(index, 0x9e37_79b1);
  const prefix = Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, ...octetsOf(place), 0, 0, 0, 0, 0, 0, 0, 0);
  const host = octetsOf(scatter(index, 0x85eb_ca6b));
  const client = Uint8Array.of(0, 1, 0, 1, ...octetsOf(scatter(index, 0xc2b2_ae35)), 2, 0, ...host);
  const until = now + 4 * HOUR + (place % (4 * HOUR));
  return {
    iaType: "pd",
    duid: duid(client),
    iaid: iaid(1),
    prefix: { address: ip6(prefix), length: 64 },
    state: "bound",
    preferred: seconds(VALID_S / 2),
    valid: seconds(VALID_S),
    t1: seconds(VALID_S / 4),
    t2: seconds(Math.round(VALID_S * 0.4)),
    since: millis(until - VALID_S * 1000),
    until: millis(until),
    interfaceName: "eth0",
    clientAddress: ip6(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0xff, 0xfe, ...host.slice(1))),
    trail: undefined,
    key: undefined,
  };
}

/** Another 32-bit number for every number, since the factor is odd. */
const scatter = (index: number, factor: number): number => Math.imul(index + 1, factor) >>> 0;

const octetsOf = (word: number): readonly number[] => [
  word >>> 24,
  (word >>> 16) & 255,
  (word >>> 8) & 255,
  word & 255,
];
