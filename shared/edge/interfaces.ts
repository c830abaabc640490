// Everything here has to describe the network namespace of this process. /proc/net and
// os.networkInterfaces() do; /sys/class/net shows the namespace in which /sys was
// mounted, another one after `nsenter -n` or `unshare -n`. So /sys is believed only where
// it agrees with the others, and `ip` (a child process, 3 ms) asked where it does not.
import { readdirSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Ip6 } from "../prefix.js";
import { SystemError } from "./errors.js";
import {
  type AddressRow,
  ETHERNET,
  IFF,
  type LinkFacts,
  LOOPBACK,
  parseAddressRows,
  parseIpLinks,
  parseLinkNames,
  parseMac,
} from "./interface-tables.js";

/** One IPv6 address of an interface with the flags that decide whether a socket can use it. */
export interface InterfaceAddress {
  readonly address: Ip6;
  readonly length: number;
  readonly linkLocal: boolean;
  readonly tentative: boolean;
  readonly dadFailed: boolean;
  readonly deprecated: boolean;
}

/** A network interface of this process's network namespace as it is now. */
export interface NetworkInterface {
  readonly name: string;
  readonly index: number;
  readonly up: boolean;
  /** Up and with a carrier. */
  readonly running: boolean;
  readonly multicast: boolean;
  readonly loopback: boolean;
  /** ARP hardware type, 1 for Ethernet. */
  readonly hardwareType: number;
  /** Hardware address; empty when there is none. */
  readonly mac: Uint8Array;
  readonly addresses: readonly InterfaceAddress[];
}

/** How a configuration names an interface. */
export type InterfaceSelector = { readonly name: string } | { readonly index: number };

/** All interfaces, ordered by index. Throws SystemError "no-proc" when /proc cannot be read. */
export function readInterfaces(): readonly NetworkInterface[] {
  const rows = readAddresses();
  const names = linkNames();
  const factsOf = linkReader(names, rows);
  return names
    .map((name) => {
      const facts = factsOf(name);
      return {
        name,
        index: facts.index,
        up: (facts.flags & IFF.up) !== 0,
        running: (facts.flags & IFF.running) !== 0,
        multicast: (facts.flags & IFF.multicast) !== 0,
        loopback: (facts.flags & IFF.loopback) !== 0,
        hardwareType: facts.hardwareType,
        mac: facts.mac,
        addresses: rows.filter((row) => row.name === name),
      };
    })
    .sort((a, b) => a.index - b.index);
}

/**
 * The interface of that name or index; SystemError
 * "no-interface", naming those that exist, when there is none.
 */
export function findInterface(
  selector: InterfaceSelector,
  among: readonly NetworkInterface[] = readInterfaces(),
): NetworkInterface {
  const found = among.find((it) =>
    "name" in selector ? it.name === selector.name : it.index === selector.index,
  );
  if (found !== undefined) return found;
  const wanted = "name" in selector ? selector.name : `number ${selector.index}`;
  const present = among.map((it) => it.name).join(", ");
  throw new SystemError(
    "no-interface",
    `interface ${wanted} does not exist here (there are: ${present}); create it or correct the configuration`,
  );
}

/** The index of every interface, by name. */
export const interfaceIndexes = (): ReadonlyMap<string, number> =>
  new Map(readInterfaces().map(({ name, index }) => [name, index]));

/** The addresses of all interfaces, straight from the kernel; cheap enough to be asked often. */
export function readAddresses(): readonly AddressRow[] {
  try {
    return parseAddressRows(readFileSync("/proc/net/if_inet6", "latin1"));
  } catch {
    // No such file: a kernel without IPv6. Every interface then
    // lacks a link-local address, which is what gets said.
    return [];
  }
}

function linkNames(): readonly string[] {
  try {
    return parseLinkNames(readFileSync("/proc/net/dev", "latin1"));
  } catch (cause) {
    throw new SystemError("no-proc", "cannot read /proc/net/dev; /proc has to be mounted", { cause });
  }
}

/** Builds the function that tells about one link, from the cheapest source that can be trusted. */
function linkReader(names: readonly string[], rows: readonly AddressRow[]): (name: string) => LinkFacts {
  const live = liveLinks();
  const indexOf = (name: string): number | undefined =>
    rows.find((row) => row.name === name)?.index ?? indexFromCounters(name);
  const sysfs = sysfsIsOurs(names, live, indexOf);
  let asked: ReadonlyMap<string, LinkFacts> | undefined;
  return (name) => {
    const fromSysfs = sysfs ? sysfsFacts(name) : undefined;
    if (fromSysfs !== undefined) return fromSysfs;
    const index = indexOf(name);
    const known = live.get(name);
    if (known !== undefined && index !== undefined) return { ...known, index };
    asked ??= askIp();
    return asked.get(name) ?? { ...NOTHING, index: index ?? 0 };
  };
}

/**
 * Links that are up, running and have an address: the only ones that Node tells about, without their index.
 */
function liveLinks(): ReadonlyMap<string, LinkFacts> {
  const links = new Map<string, LinkFacts>();
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const first = addresses?.[0];
    if (first === undefined) continue;
    const flags = IFF.up | IFF.running | (first.internal ? IFF.loopback : IFF.multicast);
    const hardwareType = first.internal ? LOOPBACK : ETHERNET;
    links.set(name, { index: 0, flags, hardwareType, mac: parseMac(first.mac) });
  }
  return links;
}

/**
 * True when /sys lists the same links, with the same indexes and hardware addresses, as the other sources.
 * One address at least has to be confirmed: the twin of a link without carrier looks the same in every other
 * way.
 */
function sysfsIsOurs(
  names: readonly string[],
  live: ReadonlyMap<string, LinkFacts>,
  indexOf: (name: string) => number | undefined,
): boolean {
  let listed: readonly string[];
  try {
    listed = readdirSync("/sys/class/net");
  } catch {
    return false;
  }
  if (!names.every((name) => listed.includes(name))) return false;
  if (listed.filter((name) => name !== "bonding_masters").length !== names.length) return false;
  const isConfirmable = (name: string): boolean => live.get(name)?.hardwareType === ETHERNET;
  if (names.length > 1 && !names.some(isConfirmable)) return false;
  return names.every((name) => {
    const facts = sysfsFacts(name);
    const index = indexOf(name);
    if (facts === undefined || (index !== undefined && index !== facts.index)) return false;
    const mac = live.get(name)?.mac;
    return mac?.every((octet, i) => octet === facts.mac[i]) ?? true;
  });
}

function sysfsFacts(name: string): LinkFacts | undefined {
  try {
    const read = (file: string): string => readFileSync(`/sys/class/net/${name}/${file}`, "latin1").trim();
    return {
      index: Number(read("ifindex")),
      // The flags of sysfs lack RUNNING; an unknown operational
      // state (tunnels, dummies, loopback) counts as up.
      flags: Number(read("flags")) | (/^(?:up|unknown)$/.test(read("operstate")) ? IFF.running : 0),
      hardwareType: Number(read("type")),
      mac: parseMac(read("address")),
    };
  } catch {
    return undefined;
  }
}

/** The index of a link without addresses, from the head of its IPv6 counters. */
function indexFromCounters(name: string): number | undefined {
  try {
    const counters = readFileSync(`/proc/net/dev_snmp6/${name}`, "latin1");
    return Number(/^ifIndex\s+(\d+)/.exec(counters)?.[1]);
  } catch {
    return undefined;
  }
}

function askIp(): ReadonlyMap<string, LinkFacts> {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { status, stdout } = spawnSync("ip", ["-j", "link", "show"], { encoding: "utf8", timeout: 5000 });
  return status === 0 ? parseIpLinks(stdout) : new Map();
}

const NOTHING: LinkFacts = { index: 0, flags: 0, hardwareType: 0, mac: new Uint8Array(0) };
