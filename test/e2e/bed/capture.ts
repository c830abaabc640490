import type { Host } from "./host.js";
import { findPeer, peersRequired, requirePeer } from "./peers.js";
import { sleep, waitFor } from "./wait.js";

/** A DHCPv6 packet as tshark reads it: relayed messages list the fields of every layer, outermost first. */
export interface CapturedPacket {
  /** Seconds since 1970. */
  readonly time: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: string;
  readonly destinationPort: string;
  /** The Ethernet address that it was sent to. */
  readonly frameDestination: string;
  readonly payload: Uint8Array;
  /** RFC 8415 message codes, e.g. "1" for Solicit. */
  readonly types: readonly string[];
  readonly transactionIds: readonly string[];
  readonly iaids: readonly string[];
  /** Prefixes of IA Prefix options, as `address/length`. */
  readonly prefixes: readonly string[];
  readonly statusCodes: readonly string[];
  /** Whatever tshark holds against the packet: malformed, or an expert remark of warning or error. */
  readonly complaints: readonly string[];
}

/** A capture of all DHCPv6 traffic on one device; the file is in the host's memory. */
export interface Capture {
  /** Stops it and reads what it holds. */
  readonly finish: () => Promise<readonly CapturedPacket[]>;
}

/**
 * Starts capturing DHCPv6 on a device; resolves when nothing can be missed any more. Without dumpcap and
 * tshark there is no capture, and a scenario goes on without.
 */
export async function startCapture(host: Host, device: string): Promise<Capture | undefined> {
  if (!peersRequired && (findPeer("dumpcap") === undefined || findPeer("tshark") === undefined))
    return undefined;
  const file = `/run/bed/${device}-${host.spawned().length}.pcap`;
  const what = ["-i", device, "-f", "udp port 546 or udp port 547"];
  const dumping = await host.spawn([requirePeer("dumpcap"), "-q", "-P", ...what, "-w", file]);
  await waitFor(`a capture on ${device}`, dumping.output, (text) => text.includes("File:"));
  return {
    finish: async () => {
      // The kernel hands packets over in blocks, the last of which is lost when it is not waited for.
      await sleep(blockTimeoutMs);
      await dumping.signal("SIGINT");
      await dumping.ended;
      return readCapture(host, file);
    },
  };
}

/** Twice the time after which dumpcap is given a block that is not full. */
const blockTimeoutMs = 500;

/** Fields asked of tshark, in the order of the columns that `readCapture` takes apart. */
const fields = [
  "frame.time_epoch",
  "ipv6.src",
  "ipv6.dst",
  "udp.srcport",
  "udp.dstport",
  "eth.dst",
  "dhcpv6.msgtype",
  "dhcpv6.xid",
  "dhcpv6.iaid",
  "dhcpv6.iaprefix.pref_addr",
  "dhcpv6.iaprefix.pref_len",
  "dhcpv6.status_code",
  "udp.payload",
  "_ws.malformed",
  "_ws.expert.severity",
  "_ws.expert.message",
] as const;

/** Severity from which an expert remark of tshark is held against a packet: "Warning". */
const warning = 0x0060_0000;

/** Reads a capture file of a host through tshark. */
export async function readCapture(host: Host, file: string): Promise<readonly CapturedPacket[]> {
  const shape = ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=|", "-E", "occurrence=a"];
  const wanted = fields.flatMap((field) => ["-e", field]);
  const command = [requirePeer("tshark"), "-n", "-r", file, ...shape, ...wanted];
  const { status, stdout, stderr } = await host.run(command);
  if (status !== 0) throw new Error(`tshark cannot read ${file}: ${stderr}`);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(readRow);
}

function readRow(row: string): CapturedPacket {
  const columns = row.split("\t");
  const list = (field: (typeof fields)[number]): readonly string[] =>
    (columns[fields.indexOf(field)] ?? "").split("|").filter((text) => text !== "");
  const lengths = list("dhcpv6.iaprefix.pref_len");
  const severities = list("_ws.expert.severity").map(Number);
  const remarks = list("_ws.expert.message");
  const payload = Buffer.from(list("udp.payload")[0] ?? "", "hex");
  return {
    time: Number(list("frame.time_epoch")[0]),
    source: list("ipv6.src")[0] ?? "",
    destination: list("ipv6.dst")[0] ?? "",
    sourcePort: list("udp.srcport")[0] ?? "",
    destinationPort: list("udp.dstport")[0] ?? "",
    frameDestination: list("eth.dst")[0] ?? "",
    payload,
    types: list("dhcpv6.msgtype"),
    transactionIds: list("dhcpv6.xid"),
    iaids: list("dhcpv6.iaid"),
    prefixes: list("dhcpv6.iaprefix.pref_addr").map(
      (address, index) => `${address}/${lengths[index] ?? "?"}`,
    ),
    statusCodes: list("dhcpv6.status_code"),
    complaints: [
      ...(optionsFit(payload) ? [] : ["options overrun the message"]),
      ...list("_ws.malformed").map(() => "malformed"),
      ...remarks.filter((_remark, index) => (severities[index] ?? 0) >= warning),
    ],
  };
}

/**
 * tshark stops without a word at an option that claims more octets than there are, so that is looked at here.
 */
function optionsFit(message: Buffer): boolean {
  const relayed = [12, 13].includes(message.readUInt8(0));
  let at = relayed ? 34 : 4;
  while (at + 4 <= message.length) at += 4 + message.readUInt16BE(at + 2);
  return at === message.length;
}
