import { type Ip6, ip6, isLinkLocal } from "../prefix.js";

/** One line of /proc/net/if_inet6. */
export interface AddressRow {
  readonly name: string;
  readonly index: number;
  readonly address: Ip6;
  readonly length: number;
  readonly linkLocal: boolean;
  readonly tentative: boolean;
  readonly dadFailed: boolean;
  readonly deprecated: boolean;
}

/** What the kernel knows of a link: index, IFF_ flags, ARP hardware type, hardware address. */
export interface LinkFacts {
  readonly index: number;
  readonly flags: number;
  readonly hardwareType: number;
  readonly mac: Uint8Array;
}

/** Bits of the interface flags (netdevice(7)). */
export const IFF = { up: 0x1, loopback: 0x8, running: 0x40, multicast: 0x1000 } as const;

/** Reads /proc/net/if_inet6: address, index, prefix length, scope, flags, all hexadecimal, then the name. */
export function parseAddressRows(table: string): readonly AddressRow[] {
  const rows: AddressRow[] = [];
  for (const line of table.split("\n")) {
    const [digits = "", index = "", length = "", , flags = "", name] = line.trim().split(/\s+/);
    if (digits.length !== 32 || name === undefined) continue;
    const address = ip6(
      Uint8Array.from({ length: 16 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16)),
    );
    const bits = parseInt(flags, 16);
    rows.push({
      name,
      index: parseInt(index, 16),
      address,
      length: parseInt(length, 16),
      linkLocal: isLinkLocal(address),
      // An optimistic address may be used before its check has ended (RFC 4429).
      tentative: (bits & IFA.tentative) !== 0 && (bits & IFA.optimistic) === 0,
      dadFailed: (bits & IFA.dadFailed) !== 0,
      deprecated: (bits & IFA.deprecated) !== 0,
    });
  }
  return rows;
}

/** The interface names of /proc/net/dev: two lines of heading, then `name: figures`. */
export function parseLinkNames(table: string): readonly string[] {
  const names: string[] = [];
  for (const line of table.split("\n").slice(2)) {
    const colon = line.indexOf(":");
    if (colon > 0) names.push(line.slice(0, colon).trim());
  }
  return names;
}

/** Octets of "02:00:5e:00:53:01"; empty for anything that is no hardware address. */
export function parseMac(text: string): Uint8Array {
  const parts = text.trim().split(":");
  if (!parts.every((part) => /^[0-9a-f]{2}$/i.test(part))) return new Uint8Array(0);
  return Uint8Array.from(parts, (part) => parseInt(part, 16));
}

/** Reads the output of `ip -j link show`, by name; what it does not understand it leaves out. */
export function parseIpLinks(json: string): ReadonlyMap<string, LinkFacts> {
  const links = new Map<string, LinkFacts>();
  const parsed: unknown = JSON.parse(json);
  for (const entry of Array.isArray(parsed) ? (parsed as readonly unknown[]) : []) {
    if (typeof entry !== "object" || entry === null) continue;
    const link: Readonly<Record<string, unknown>> = { ...entry };
    const { ifname, ifindex, flags, address, link_type: type } = link;
    if (typeof ifname !== "string" || typeof ifindex !== "number") continue;
    links.set(ifname, {
      index: ifindex,
      flags: flagBits(Array.isArray(flags) ? (flags as readonly unknown[]) : []),
      hardwareType: (typeof type === "string" ? HARDWARE_TYPE.get(type) : undefined) ?? 0,
      mac: typeof address === "string" ? parseMac(address) : new Uint8Array(0),
    });
  }
  return links;
}

/** ARP hardware type of an ordinary Ethernet. */
export const ETHERNET = 1;
/** ARP hardware type of the loopback device. */
export const LOOPBACK = 772;

/** Bits of an address's flags (if_addr.h). */
const IFA = { optimistic: 0x04, dadFailed: 0x08, deprecated: 0x20, tentative: 0x40 } as const;

/** `link_type` of iproute2 for those ARP hardware types that have an address usable in a DUID. */
const HARDWARE_TYPE: ReadonlyMap<string, number> = new Map([
  ["ether", ETHERNET],
  ["ieee802.11", 801],
  ["infiniband", 32],
  ["ieee1394", 24],
  ["loopback", LOOPBACK],
]);

function flagBits(names: readonly unknown[]): number {
  let bits = 0;
  if (names.includes("UP")) bits |= IFF.up;
  if (names.includes("LOOPBACK")) bits |= IFF.loopback;
  if (names.includes("MULTICAST")) bits |= IFF.multicast;
  if (names.includes("LOWER_UP") && names.includes("UP")) bits |= IFF.running;
  return bits;
}
