import { iaid, INFINITY, millis, type Millis, seconds } from "../brand.js";
import { duid, type Duid, isDuidLength } from "../duid.js";
import { type Ip6, isUnspecified, parseIp6 } from "../prefix.js";
import { DECLINED_DUID } from "./addrmgr-text.js";
import { parseU32 } from "./decimal.js";
import type { FilePassage, ForeignReader, ForeignSink, ReadTimes } from "./foreign.js";
import { parseIscTime, unescapeOctets } from "./isc-text.js";
import type { IaType } from "./lease.js";
import { createLineSplitter } from "./lines.js";

/** Milliseconds that an abandoned address is kept from everybody from now on; dhcpd has no end for that. */
const ABANDONED_MILLIS = 7_200_000;

/**
 * Reads ISC dhcpd's `dhcpd6.leases`, in which a later block for an IA takes the place of an earlier one;
 * leases are told when the file is over. What is not about leases of IPv6 is passed over.
 */
export function createIscReader(sink: ForeignSink, { now }: ReadTimes): ForeignReader {
  const state: State = {
    ias: new Map(),
    ia: undefined,
    part: undefined,
    depth: 0,
    opened: 0,
    isLittle: true,
  };
  const report = (line: number, text: string, kind: FilePassage["kind"] = "unreadable"): void => {
    sink.passage({ line, kind, text });
  };
  let hasStatements = false;
  const lines = createLineSplitter((text, line) => {
    const statement = text.trim();
    if (statement === "" || statement.startsWith("#")) return;
    hasStatements = true;
    // An IA is in no block: the one before it is not closed.
    if (state.depth > 0 && state.ia === undefined && IA.test(statement)) breakOff(state, report);
    if (state.depth > 0) state.depth += depthOf(statement);
    else if (state.part !== undefined) inPart(state, state.part, statement, line, report);
    else if (state.ia !== undefined) inIa(state, state.ia, statement, line, report);
    else atTop(state, statement, line, report, sink);
  });
  return {
    push: lines.push,
    end() {
      lines.end();
      if (!hasStatements) report(0, "there is nothing in it");
      if (state.depth > 0 && state.ia === undefined) breakOff(state, report);
      if (state.ia !== undefined) {
        report(state.ia.line, "an IA that breaks off");
        // What is whole of it; what was written of it before is more.
        if (!state.ias.has(state.ia.key)) state.ias.set(state.ia.key, state.ia);
      }
      for (const ia of state.ias.values()) for (const part of ia.parts) tell(ia, part, now, sink, report);
    },
  };
}

/** An IA as far as it is read. */
interface Ia {
  readonly key: string;
  readonly line: number;
  readonly iaType: IaType;
  readonly duid: Duid;
  readonly iaid: number;
  readonly parts: Part[];
  /** When the client was heard last, in seconds. */
  heard: number | undefined;
}

/** A prefix or address of an IA; numbers that cannot be read are undefined. */
interface Part {
  readonly line: number;
  readonly address: Ip6;
  readonly length: number;
  binding: string;
  preferred: number | undefined;
  valid: number | undefined;
  ends: number | undefined;
}

interface State {
  /** By the words they begin with. */
  readonly ias: Map<string, Ia>;
  ia: Ia | undefined;
  part: Part | undefined;
  /** How deep in blocks that nobody here knows, and the line of the outermost. */
  depth: number;
  opened: number;
  isLittle: boolean;
}

type Report = (line: number, text: string, kind?: FilePassage["kind"]) => void;

const STRING = String.raw`"((?:[^"\\]|\\.)*)"`;
const IA = new RegExp(`^ia-(pd|na|ta) ${STRING} \\{$`);
const SERVER = new RegExp(`^server-duid ${STRING};$`);
/** A statement, perhaps with a comment behind it: a date for people. */
const STATEMENT = /^(binding state|[a-z][a-z0-9-]*)\b *([^;{]*?) *[;{](?: *#.*)?$/;

function openBlock(state: State, depth: number, line: number): void {
  state.depth = Math.max(0, depth);
  state.opened = line;
}

function breakOff(state: State, report: Report): void {
  report(state.opened, "a block that is not closed");
  state.depth = 0;
}

function atTop(state: State, text: string, line: number, report: Report, sink: ForeignSink): void {
  const [, iaType, name = ""] = IA.exec(text) ?? [];
  const server = SERVER.exec(text)?.[1];
  if (iaType === "pd" || iaType === "na" || iaType === "ta") {
    const octets = unescapeOctets(name);
    const client = duid(octets.subarray(4));
    if (isDuidLength(client.length)) {
      const id = new DataView(octets.buffer).getUint32(0, state.isLittle);
      const key = `${iaType} ${name}`;
      state.ia = { key, line, iaType, duid: client, iaid: id, parts: [], heard: undefined };
      return;
    }
    report(line, "an IA without IAID and a DUID of 3 to 130 octets");
    openBlock(state, 1, line);
  } else if (server !== undefined) {
    const octets = unescapeOctets(server);
    if (isDuidLength(octets.length)) sink.server?.(duid(octets));
  } else if (text.startsWith("authoring-byte-order")) state.isLittle = text.includes("little");
  else if (/^[a-z].*[{;]$/.test(text)) openBlock(state, depthOf(text), line);
  else report(line, "this is no statement of dhcpd");
}

function inIa(state: State, ia: Ia, text: string, line: number, report: Report): void {
  if (text === "}") {
    // At the end of the order: what was written last is told last.
    state.ias.delete(ia.key);
    state.ias.set(ia.key, ia);
    state.ia = undefined;
    return;
  }
  const [, word, rest = ""] = STATEMENT.exec(text) ?? [];
  if (word === "iaprefix" || word === "iaaddr") {
    state.part = partOf(rest, ia.iaType, line);
    if (state.part !== undefined) return;
    report(line, ia.iaType === "pd" ? "a prefix that is none" : "an address that is none");
    openBlock(state, 1, line);
  } else if (word === "cltt") ia.heard = parseIscTime(rest);
  else if (text.endsWith("{")) openBlock(state, depthOf(text), line);
  else if (word === undefined) report(line, "this is no statement of an IA");
}

function inPart(state: State, part: Part, text: string, line: number, report: Report): void {
  if (text === "}") {
    state.ia?.parts.push(part);
    state.part = undefined;
    return;
  }
  const [, word, rest = ""] = STATEMENT.exec(text) ?? [];
  if (word === "binding state") part.binding = rest;
  else if (word === "preferred-life") part.preferred = parseU32(rest);
  else if (word === "max-life") part.valid = parseU32(rest);
  else if (word === "ends") part.ends = parseIscTime(rest);
  else if (text.endsWith("{")) openBlock(state, depthOf(text), line);
  // What scripts of dhcpd.conf set is for these scripts.
  else if (word === undefined && !text.startsWith("set ")) report(line, "this is no statement of a lease");
}

/** How many blocks are open behind the statement; braces in strings do not count. */
function depthOf(text: string): number {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, "");
  return bare.split("{").length - bare.split("}").length;
}

function partOf(text: string, iaType: IaType, line: number): Part | undefined {
  const [address = "", bits] = text.split("/");
  const parsed = parseIp6(address);
  const length = iaType === "pd" ? parseU32(bits ?? "") : 128;
  if (parsed === undefined || isUnspecified(parsed)) return undefined;
  if (length === undefined || length < 1 || length > 128) return undefined;
  return { line, address: parsed, length, binding: "", preferred: 0, valid: 0, ends: undefined };
}

function tell(ia: Ia, part: Part, now: Millis, sink: ForeignSink, report: Report): void {
  const { line, binding, preferred, valid, ends } = part;
  const isDeclined = binding === "abandoned";
  // Free, expired, released, or of a failover that exists for IPv4 only.
  if (binding !== "active" && !isDeclined) return;
  if (preferred === undefined || valid === undefined || ends === undefined) {
    report(line, "a lease whose lifetimes or end cannot be read");
    return;
  }
  const until = millis(isDeclined ? now + ABANDONED_MILLIS : ends * 1000);
  const endless = ends === Infinity && !isDeclined;
  const since = isDeclined ? now : (ia.heard ?? ends - valid) * 1000;
  const usable = seconds(Math.min(preferred, valid));
  sink.lease({
    line,
    iaType: ia.iaType,
    duid: isDeclined ? DECLINED_DUID : ia.duid,
    iaid: iaid(ia.iaid),
    prefix: { address: part.address, length: part.length },
    state: isDeclined ? "declined" : "bound",
    preferred: usable,
    valid: endless ? INFINITY : seconds(valid),
    t1: seconds(usable * 0.5),
    t2: seconds(usable * 0.8),
    since: millis(Number.isFinite(since) ? Math.min(since, now) : now),
    until,
    interfaceName: undefined,
    interfaceIndex: undefined,
    nextHop: undefined,
    key: undefined,
  });
}
