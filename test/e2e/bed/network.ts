import type { Host } from "./host.js";
import { waitFor } from "./wait.js";

/** A route of a host's main IPv6 table, as `ip` prints it: `default` or a prefix, next hop, device. */
export interface Route {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev: string;
}

/** An IPv6 address on a device; tentative until duplicate address detection is through. */
export interface Address {
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: "link" | "global" | "host";
  readonly tentative?: boolean;
  /** Detection found another owner; the address cannot be used. */
  readonly dadfailed?: boolean;
  /** Seconds. */
  readonly valid_life_time?: number;
}

/** One end of a cable: a device of a host, with a MAC address of its own when that matters. */
export interface CableEnd {
  readonly host: Host;
  readonly device: string;
  readonly mac?: string;
}

/** Lays a cable (a veth pair) between two hosts; both devices come up. */
export async function connect(one: CableEnd, other: CableEnd): Promise<void> {
  const peer = `type veth peer name ${other.device} netns ${other.host.anchor}`;
  await one.host.shell(`ip link add name ${one.device} ${peer}\n${bringUp(one)}`);
  await other.host.shell(bringUp(other));
}

/** Adds an empty bridge, up; devices join it with `joinBridge`. */
export async function addBridge(host: Host, name: string): Promise<void> {
  await host.shell(`ip link add name ${name} type bridge\nip link set dev ${name} up`);
}

/** Makes a device a port of a bridge of the same host; it keeps no address of its own. */
export async function joinBridge(host: Host, bridge: string, device: string): Promise<void> {
  await host.shell(`ip -6 address flush dev ${device}\nip link set dev ${device} master ${bridge}`);
}

/**
 * Adds an address with its prefix length, e.g. `2001:db8::1/64`; link-local ones get link scope by
 * themselves.
 */
export async function addAddress(host: Host, device: string, address: string): Promise<void> {
  await host.shell(`ip -6 address add ${address} dev ${device}`);
}

/** Takes an address off a device. */
export async function removeAddress(host: Host, device: string, address: string): Promise<void> {
  await host.shell(`ip -6 address del ${address} dev ${device}`);
}

/** Adds a route, e.g. to `default`, through a next hop on a device. */
export async function addRoute(host: Host, to: string, via: string, device: string): Promise<void> {
  await host.shell(`ip -6 route replace ${to} via ${via} dev ${device}`);
}

/** Turns a host into a router for IPv6. */
export async function allowForwarding(host: Host): Promise<void> {
  await host.shell("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
}

/** All IPv6 routes of the main table, or those that leave through one device. */
export async function routes(host: Host, device?: string): Promise<readonly Route[]> {
  const list = JSON.parse((await host.shell("ip -j -6 route show")) || "[]") as readonly Route[];
  return list
    .filter(({ dev }) => device === undefined || dev === device)
    .map(({ dst, gateway, dev }) => ({ dst, ...(gateway === undefined ? {} : { gateway }), dev }));
}

/** The IPv6 addresses on a device. */
export async function addresses(host: Host, device: string): Promise<readonly Address[]> {
  const list = JSON.parse(await host.shell(`ip -j -6 address show dev ${device}`)) as readonly LinkJson[];
  return list.flatMap(({ addr_info = [] }) => addr_info);
}

/** Waits until a device has a link-local address that can be used, and gives the first. */
export async function linkLocal(host: Host, device: string): Promise<string> {
  const usable = await waitFor(
    `a usable link-local address on ${device} of ${host.name}`,
    () => addresses(host, device),
    (list) => list.some(({ scope, tentative }) => scope === "link" && tentative !== true),
  );
  return usable.find(({ scope }) => scope === "link")?.local ?? "";
}

/**
 * The address that a device with this MAC gets in a /64 (modified EUI-64, RFC 4291 appendix A); prefixes as
 * `fe80::/64` or `2001:db8:0:1::/64`.
 */
export function eui64(prefix: string, mac: string): string {
  const [first = 0, ...rest] = mac.split(":").map((octet) => Number.parseInt(octet, 16));
  const octets = [first ^ 0x02, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  const hex = octets.map((octet) => octet.toString(16).padStart(2, "0")).join("");
  return inPrefix(
    prefix,
    (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, "")),
  );
}

/** The address of a /64 with the given groups at its end, e.g. `inPrefix("2001:db8::/64", ["1"])`. */
export function inPrefix(prefix: string, groups: readonly string[]): string {
  const head = prefix.replace(/::.*$/, "").split(":");
  return `${head.join(":")}${head.length + groups.length === 8 ? ":" : "::"}${groups.join(":")}`;
}

interface LinkJson {
  readonly addr_info?: readonly Address[];
}

function bringUp({ device, mac }: CableEnd): string {
  const setMac = mac === undefined ? "" : `ip link set dev ${device} address ${mac}\n`;
  return `${setMac}ip link set dev ${device} up`;
}
