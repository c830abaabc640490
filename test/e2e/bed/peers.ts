import { accessSync, closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { searchPath } from "./namespaces.js";

/**
 * Programs of other makers that scenarios meet, with the Debian package that brings each. Those marked `root`
 * go on as a user of their own, which a user's namespace does not have.
 */
export const PEERS = {
  dibblerServer: { program: "dibbler-server", package: "dibbler-server" },
  dibblerClient: { program: "dibbler-client", package: "dibbler-client" },
  perfdhcp: { program: "perfdhcp", package: "kea-admin" },
  kea: { program: "kea-dhcp6", package: "kea-dhcp6-server" },
  dhcpd: { program: "dhcpd", package: "isc-dhcp-server" },
  dhcp6s: { program: "dhcp6s", package: "wide-dhcpv6-server" },
  tshark: { program: "tshark", package: "tshark" },
  dumpcap: { program: "dumpcap", package: "wireshark-common" },
  dhcpcd: { program: "dhcpcd", package: "dhcpcd-base", root: true },
  dhclient: { program: "dhclient", package: "isc-dhcp-client" },
  dhcp6c: { program: "dhcp6c", package: "wide-dhcpv6-client" },
  networkd: { program: "systemd-networkd", package: "systemd", root: true },
  dhcrelay: { program: "dhcrelay", package: "isc-dhcp-relay" },
  dibblerRelay: { program: "dibbler-relay", package: "dibbler-relay" },
  promtool: { program: "promtool", package: "prometheus" },
  prometheus: { program: "prometheus", package: "prometheus" },
  radvd: { program: "radvd", package: "radvd", root: true },
  faketime: { program: "faketime", package: "faketime" },
} as const satisfies Record<string, PeerProgram>;

interface PeerProgram {
  readonly program: string;
  readonly package: string;
  readonly root?: true;
}

/** Where programs are that nobody starts by hand. */
const serviceFolders = ["/usr/lib/systemd", "/lib/systemd"];

/** Name of a peer. */
export type Peer = keyof typeof PEERS;

/** Continuous integration sets DIBBLER_REQUIRE_PEERS=1: what is missing there is a failure, not a choice. */
export const peersRequired = process.env["DIBBLER_REQUIRE_PEERS"] === "1";

/**
 * Path of a peer's program, or undefined when it is not installed. A script of the same name is not it: our
 * own programs, once installed, are called as Dibbler's are.
 */
export function findPeer(peer: Peer): string | undefined {
  if ("root" in PEERS[peer] && process.getuid?.() !== 0) return undefined;
  return [...searchPath().split(":"), ...serviceFolders]
    .map((folder) => join(folder, PEERS[peer].program))
    .find(isMachineCode);
}

/** Path of a peer's program; rejects with the way to get it when it is not there. */
export function requirePeer(peer: Peer): string {
  const path = findPeer(peer);
  if (path === undefined) throw new Error(`this scenario needs ${howToGet([peer])}`);
  return path;
}

/** One line that says which peers are missing and how to get them; undefined when all are there. */
export function missingPeers(): string | undefined {
  const missing = (Object.keys(PEERS) as Peer[]).filter((peer) => findPeer(peer) === undefined);
  return missing.length === 0 ? undefined : `left out: what needs ${howToGet(missing)}`;
}

function howToGet(missing: readonly Peer[]): string {
  const programs = missing.map((peer) => PEERS[peer].program).join(", ");
  const packages = [...new Set(missing.map((peer) => PEERS[peer].package))].join(" ");
  return `${programs} (not installed, or not for this user); apt-get install ${packages}`;
}

function isMachineCode(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    const file = openSync(path, "r");
    const magic = Buffer.alloc(4);
    readSync(file, magic, 0, magic.length, 0);
    closeSync(file);
    return magic.equals(Buffer.from("\u007fELF", "latin1"));
  } catch {
    return false;
  }
}
