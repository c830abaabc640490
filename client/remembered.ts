import {
  type Iaid,
  iaid,
  INFINITY,
  type Millis,
  millis,
  type Seconds,
  seconds,
  toMillis,
} from "../shared/brand.js";
import { type Duid, formatDuid, parseDuid } from "../shared/duid.js";
import { formatPrefix, masked, parsePrefix, type Prefix } from "../shared/prefix.js";
import { type Binding, emptyBinding, isLive, type Lease, type WantedIa } from "./binding.js";

/** An IA as it outlives the process: wall-clock times in Unix milliseconds, `Infinity` for never. */
export interface RememberedIa {
  readonly iaid: Iaid;
  readonly server: Duid | undefined;
  readonly renewAt: Millis;
  readonly rebindAt: Millis;
  readonly leases: readonly Lease[];
  readonly last: readonly Prefix[];
}

/** What one interface remembers. */
export interface RememberedLink {
  readonly solMaxRt: Seconds;
  readonly ias: readonly RememberedIa[];
}

/** The whole state file: it counts only for the DUID that it was written for. */
export interface Remembered {
  readonly duid: Duid;
  readonly links: ReadonlyMap<string, RememberedLink>;
}

/** Outcome of reading a state file; `why` says what is wrong with it. */
export type DecodedState =
  | { readonly ok: true; readonly remembered: Remembered }
  | { readonly ok: false; readonly why: string };

/** What to keep of these bindings. */
export function remember(bindings: readonly Binding[], solMaxRt: Seconds): RememberedLink {
  const ias = bindings.map(({ wanted, server, renewAt, rebindAt, leases, last }) => ({
    iaid: wanted.iaid,
    server,
    renewAt,
    rebindAt,
    leases,
    last,
  }));
  return { solMaxRt, ias };
}

/**
 * The bindings for the wanted IAs out of what an earlier run left, expired leases included. A clock that was
 * set back meanwhile prolongs nothing: no lease is taken to last longer from now than it was granted for.
 */
export function recall(
  link: RememberedLink | undefined,
  wanted: readonly WantedIa[],
  now: Millis,
): readonly Binding[] {
  return wanted.map((ia) => {
    const found = link?.ias.find((other) => other.iaid === ia.iaid);
    const empty = emptyBinding(ia, found?.last);
    if (found?.server === undefined || found.leases.length === 0) return empty;
    const { server, renewAt, rebindAt, leases } = found;
    return { ...empty, server, renewAt, rebindAt, leases: leases.map((lease) => notLonger(lease, now)) };
  });
}

/** The IAs with leases that are no longer wanted: the configuration has changed. */
export function unwanted(
  link: RememberedLink | undefined,
  wanted: readonly WantedIa[],
  now: Millis,
): readonly Binding[] {
  const others = (link?.ias ?? []).filter((ia) => !wanted.some((other) => other.iaid === ia.iaid));
  const asWanted = others.map((ia) => ({ iaid: ia.iaid, hints: [], t1: undefined, t2: undefined }));
  return recall(link, asWanted, now).filter(isLive);
}

/** The text of the state file: JSON with a version, one IA a line or so, for people too. */
export function encodeState({ duid, links }: Remembered): string {
  const interfaces = Object.fromEntries(
    [...links].map(([name, { solMaxRt, ias }]) => [name, { solMaxRt, ias: ias.map(encodeIa) }]),
  );
  return `${JSON.stringify({ version: VERSION, duid: formatDuid(duid), interfaces }, null, 1)}\n`;
}

/** Reads the text of a state file. Anything that is not as `encodeState` writes it spoils the whole file. */
export function decodeState(text: string): DecodedState {
  try {
    const file = record(JSON.parse(text), "file");
    if (file["version"] !== VERSION) return { ok: false, why: `its version is not ${VERSION}` };
    const links = Object.entries(record(file["interfaces"], "interfaces"));
    return {
      ok: true,
      remembered: {
        duid: duidOf(file["duid"]),
        links: new Map(links.map(([name, link]) => [name, decodeLink(link)])),
      },
    };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

const VERSION = 1;

function notLonger(lease: Lease, now: Millis): Lease {
  if (lease.since <= now) return lease;
  return { ...lease, since: now, until: millis(now + toMillis(lease.valid)) };
}

function encodeIa({ iaid, server, renewAt, rebindAt, leases, last }: RememberedIa): object {
  return {
    iaid,
    server: server === undefined ? null : formatDuid(server),
    renewAt: encodeTime(renewAt),
    rebindAt: encodeTime(rebindAt),
    prefixes: leases.map(({ prefix, preferred, valid, since }) => ({
      prefix: formatPrefix(prefix),
      preferred,
      valid,
      since: Math.floor(since),
    })),
    last: last.map(formatPrefix),
  };
}

/** JSON has no infinity: null stands for never. */
const encodeTime = (time: Millis): number | null => (Number.isFinite(time) ? Math.floor(time) : null);

function decodeLink(value: unknown): RememberedLink {
  const { solMaxRt, ias } = record(value, "interface");
  return { solMaxRt: secondsOf(solMaxRt), ias: list(ias, "ias").map(decodeIa) };
}

function decodeIa(value: unknown): RememberedIa {
  const ia = record(value, "IA");
  return {
    iaid: iaid(secondsOf(ia["iaid"])),
    server: ia["server"] === null ? undefined : duidOf(ia["server"]),
    renewAt: timeOf(ia["renewAt"]),
    rebindAt: timeOf(ia["rebindAt"]),
    leases: list(ia["prefixes"], "prefixes").map(decodeLease),
    last: list(ia["last"], "last").map(prefixOf),
  };
}

function decodeLease(value: unknown): Lease {
  const lease = record(value, "prefix");
  const valid = secondsOf(lease["valid"]);
  const since = instantOf(lease["since"]);
  return {
    prefix: prefixOf(lease["prefix"]),
    preferred: secondsOf(lease["preferred"]),
    valid,
    since,
    until: millis(since + toMillis(valid)),
  };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw new Error(`"${what}" is not an object`);
  return value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`"${what}" is not a list`);
  return value;
}

function secondsOf(value: unknown): Seconds {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= INFINITY) {
    return seconds(value);
  }
  throw new Error(`${JSON.stringify(value)} is not a number of seconds`);
}

const timeOf = (value: unknown): Millis => (value === null ? millis(Infinity) : instantOf(value));

function instantOf(value: unknown): Millis {
  if (typeof value === "number" && Number.isFinite(value)) return millis(value);
  throw new Error(`${JSON.stringify(value)} is not a time`);
}

function prefixOf(value: unknown): Prefix {
  const prefix = typeof value === "string" ? parsePrefix(value) : undefined;
  if (prefix === undefined) throw new Error(`${JSON.stringify(value)} is not a prefix`);
  return masked(prefix);
}

function duidOf(value: unknown): Duid {
  const duid = typeof value === "string" ? parseDuid(value) : undefined;
  if (duid === undefined) throw new Error(`${JSON.stringify(value)} is not a DUID`);
  return duid;
}
