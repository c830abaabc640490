import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { endianness } from "node:os";
import { type Ip6, ip6, isUnspecified, sameIp6 } from "../prefix.js";
import { processName } from "./process-info.js";

/** Who has a UDP port: `name` is "kea-dhcp6 (pid 123)", or without pid where the process may not be seen. */
export interface PortHolder {
  readonly name: string;
  /** True when it listens on every address, false when on exactly the one asked for. */
  readonly wildcard: boolean;
  readonly isSelf: boolean;
}

/**
 * The holder of `port` on `address` or on all addresses;
 * `undefined` when none is found. Slow: for error messages.
 */
export function findPortHolder(address: Ip6, port: number): PortHolder | undefined {
  const sockets = readSockets().filter((it) => it.port === port);
  const found =
    sockets.find((it) => sameIp6(it.address, address)) ?? sockets.find((it) => isUnspecified(it.address));
  if (found === undefined) return undefined;
  const pid = ownerOf(found.inode);
  return {
    name: pid === undefined ? "another program (root can see which one: ss -lunp)" : processName(pid),
    wildcard: isUnspecified(found.address),
    isSelf: pid === process.pid,
  };
}

interface BoundSocket {
  readonly address: Ip6;
  readonly port: number;
  readonly inode: string;
}

function readSockets(): readonly BoundSocket[] {
  try {
    return parseUdpTable(readFileSync("/proc/net/udp6", "latin1"));
  } catch {
    return [];
  }
}

/**
 * Reads /proc/net/udp6: slot, local address:port, remote,
 * state, queues, timer, retransmits, uid, timeout, inode.
 */
export function parseUdpTable(table: string): readonly BoundSocket[] {
  const sockets: BoundSocket[] = [];
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [digits = "", port = ""] = fields[1]?.split(":") ?? [];
    const inode = fields[9];
    if (digits.length !== 32 || inode === undefined) continue;
    sockets.push({ address: ip6(wordsToOctets(digits)), port: parseInt(port, 16), inode });
  }
  return sockets;
}

/** The kernel prints the address as four words in the byte order of the machine. */
function wordsToOctets(digits: string): Uint8Array {
  const octets = Uint8Array.from({ length: 16 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
  if (endianness() === "LE")
    for (let word = 0; word < 16; word += 4) octets.subarray(word, word + 4).reverse();
  return octets;
}

/** The process that has the socket open, as far as we may look. */
function ownerOf(inode: string): number | undefined {
  const wanted = `socket:[${inode}]`;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (descriptorsOf(pid).includes(wanted)) return Number(pid);
  }
  return undefined;
}

/**
 * What the descriptors of a process point to; those that vanish
 * while we look, or belong to another user, are left out.
 */
function descriptorsOf(pid: string): readonly string[] {
  const quietly = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch {
      return otherwise;
    }
  };
  const descriptors = quietly(() => readdirSync(`/proc/${pid}/fd`), []);
  return descriptors.map((fd) => quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`), ""));
}
