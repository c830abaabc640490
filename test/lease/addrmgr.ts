import { type Millis, millis } from "../../shared/brand.js";
import { formatDuid } from "../../shared/duid.js";
import { createAddrMgrReader } from "../../shared/lease/addrmgr-xml.js";
import type { FilePassage, ForeignLease, ForeignReader, ForeignSink } from "../../shared/lease/foreign.js";
import { formatPrefix } from "../../shared/prefix.js";

/** Everything that came out of a file. */
export interface Found {
  readonly leases: readonly ForeignLease[];
  readonly passages: readonly FilePassage[];
}

/** Runs a reader over a text, given to it in pieces of this many characters. */
export function readAll(make: (sink: ForeignSink) => ForeignReader, text: string, piece = 4096): Found {
  const leases: ForeignLease[] = [];
  const passages: FilePassage[] = [];
  const reader = make({ lease: (it) => void leases.push(it), passage: (it) => void passages.push(it) });
  for (let at = 0; at < text.length; at += piece) reader.push(text.slice(at, at + piece));
  reader.end();
  return { leases, passages };
}

/** When the samples are read: a minute after they were written. */
export const SAMPLE_WRITTEN = millis(1_795_545_540_000);
/** See `SAMPLE_WRITTEN`. */
export const SAMPLE_READ = millis(SAMPLE_WRITTEN + 60_000);

/** Reads a server-AddrMgr.xml. */
export const readAddrMgr = (text: string, now: Millis = SAMPLE_READ, piece?: number): Found =>
  readAll((sink) => createAddrMgrReader(sink, { now, written: SAMPLE_WRITTEN }), text, piece);

/** A lease in a line: `19 pd 2001:db8::/56 of 00:03:… IAID 1 on s0 until 12 s`. */
export function inLine(lease: ForeignLease): string {
  const { line, iaType, prefix, duid, iaid, interfaceName, interfaceIndex, state, since, until } = lease;
  const place = interfaceName ?? `#${interfaceIndex ?? "?"}`;
  const [begun, left] = [since, until].map((it) => (it - SAMPLE_WRITTEN) / 1000);
  return `${line} ${iaType} ${formatPrefix(prefix)} ${formatDuid(duid)} ${iaid} ${place} ${state} ${begun}..${left}`;
}

/** A client as Dibbler writes it, with one IA_PD of one prefix; changed as wished. */
export function clientXml(change: Partial<Record<keyof typeof CLIENT, string>> = {}): string {
  const { duid, key, unicast, iaid, iface, name, timestamp, pref, valid, length, prefix } = {
    ...CLIENT,
    ...change,
  };
  return `  <AddrClient>
    <duid length="10">${duid}</duid>
    ${key}
    <!-- 0 IA(s) -->
    <!-- 0 TA(s) -->
    <!-- 1 PD(s) -->
    <AddrPD${unicast} T1="100" T2="200" IAID="${iaid}" state="CONFIGURED"${name}${iface}>
      <duid length="10">${duid}</duid>
      <AddrPrefix timestamp="${timestamp}" pref="${pref}" valid="${valid}"${length}>${prefix}</AddrPrefix>
    </AddrPD>
  </AddrClient>
`;
}

const CLIENT = {
  duid: "00:03:00:01:02:00:00:00:00:01",
  key: "<ReconfigureKey />",
  unicast: ' unicast="fe80::2"',
  iaid: "1",
  name: ' ifacename="eth0"',
  iface: ' iface="2"',
  timestamp: "1795545530",
  pref: "300",
  valid: "400",
  length: ' length="56"',
  prefix: "2001:db8:1000:100::",
};

/** A file of these clients. */
export const fileXml = (...clients: readonly string[]): string => `<AddrMgr>
  <timestamp>1795545540</timestamp>
  <replayDetection>0</replayDetection>
  <cache size="0"/>
${clients.join("")}</AddrMgr>
`;
