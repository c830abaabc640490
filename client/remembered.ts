import { iaid, INFINITY, type Millis, millis, type Seconds, seconds, toMillis } from "../shared/brand.js";
import { type Duid, formatDuid, parseDuid } from "../shared/duid.js";
import { formatOctets, parseOctets } from "../shared/octets.js";
import { formatPrefix, masked, parseIp6, parsePrefix, type Prefix } from "../shared/prefix.js";
import {
  type Binding,
  emptyBinding,
  type IaKind,
  type IaName,
  isLive,
  type Lease,
  leaseText,
  sameIa,
  type WantedIa,
} from "./binding.js";
import {
  isOptionFile,
  NO_OPTIONS,
  type OptionFile,
  type ReceivedOptions,
  sameOptions,
} from "./option-files.js";

/** An IA as it outlives the process: wall-clock times in Unix milliseconds, `Infinity` for never. */
export interface RememberedIa extends IaName {
  readonly server: Duid | undefined;
  readonly renewAt: Millis;
  readonly rebindAt: Millis;
  readonly leases: readonly Lease[];
  readonly last: readonly Prefix[];
}

/** What a server signs its Reconfigure with (RFC 8415 20.4). */
export interface ServerKey {
  readonly server: Duid;
  /** 16 octets. */
  readonly key: Uint8Array;
  /** The last replay detection value that was accepted, 8 octets; `undefined` before the first. */
  readonly replay: Uint8Array | undefined;
}

/** What one interface remembers. */
export interface RememberedLink {
  readonly solMaxRt: Seconds;
  /** Absent in files of earlier versions. */
  readonly infMaxRt?: Seconds | undefined;
  readonly keys?: readonly ServerKey[];
  /** What is in files of ours, so that it can be removed. */
  readonly options?: ReceivedOptions | undefined;
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

/** What to keep of these bindings, and of what servers said beside them. */
export function remember(
  bindings: readonly Binding[],
  { solMaxRt, infMaxRt, keys = [], options = NO_OPTIONS }: Omit<RememberedLink, "ias">,
): RememberedLink {
  const ias = bindings.map(({ wanted, server, renewAt, rebindAt, leases, last }) => ({
    kind: wanted.kind,
    iaid: wanted.iaid,
    server,
    renewAt,
    rebindAt,
    leases,
    last,
  }));
  return { solMaxRt, infMaxRt, keys, options: sameOptions(options, NO_OPTIONS) ? undefined : options, ias };
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
    const found = link?.ias.find((other) => sameIa(other, ia));
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
  const others = (link?.ias ?? []).filter((ia) => !wanted.some((other) => sameIa(other, ia)));
  const asWanted = others.map(({ kind, iaid }) => ({ kind, iaid, hints: [], t1: undefined, t2: undefined }));
  return recall(link, asWanted, now).filter(isLive);
}

/** The text of the state file: JSON with a version, one IA a line or so, for people too. */
export function encodeState({ duid, links }: Remembered): string {
  const interfaces = Object.fromEntries(
    [...links].map(([name, { ias, keys = [], ...caps }]) => [
      name,
      { ...caps, keys: keys.map(encodeKey), ias: ias.map(encodeIa) },
    ]),
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

/** Names of the list of leases and of what is in it; the kind is told by them. */
const WORDS = { na: ["addresses", "address"], pd: ["prefixes", "prefix"] } as const;

function encodeIa({ kind, iaid, server, renewAt, rebindAt, leases, last }: RememberedIa): object {
  const [list, item] = WORDS[kind];
  return {
    iaid,
    server: server === undefined ? null : formatDuid(server),
    renewAt: encodeTime(renewAt),
    rebindAt: encodeTime(rebindAt),
    [list]: leases.map(({ prefix, preferred, valid, since, exclude }) => ({
      [item]: leaseText({ kind, iaid }, prefix),
      preferred,
      valid,
      since: Math.floor(since),
      ...(exclude === undefined ? {} : { exclude: formatPrefix(exclude) }),
    })),
    last: last.map((prefix) => leaseText({ kind, iaid }, prefix)),
  };
}

const encodeKey = ({ server, key, replay }: ServerKey): object => ({
  server: formatDuid(server),
  key: formatOctets(key),
  replay: replay === undefined ? null : formatOctets(replay),
});

/** JSON has no infinity: null stands for never. */
export const encodeTime = (time: Millis): number | null => (Number.isFinite(time) ? Math.floor(time) : null);

function decodeLink(value: unknown): RememberedLink {
  const { solMaxRt, infMaxRt, keys, options, ias } = record(value, "interface");
  return {
    solMaxRt: secondsOf(solMaxRt),
    infMaxRt: infMaxRt === undefined ? undefined : secondsOf(infMaxRt),
    keys: keys === undefined ? [] : list(keys, "keys").map(decodeKey),
    options: options === undefined ? undefined : decodeOptions(options),
    ias: list(ias, "ias").map(decodeIa),
  };
}

function decodeOptions(value: unknown): ReceivedOptions {
  const entries = Object.entries(record(value, "options")).map(([file, values]): [OptionFile, string[]] => {
    if (!isOptionFile(file)) throw new Error(`${JSON.stringify(file)} is not an option`);
    return [file, list(values, file).map(lineOf)];
  });
  return Object.fromEntries(entries);
}

function lineOf(value: unknown): string {
  if (typeof value === "string" && /^[!-~]+$/.test(value)) return value;
  throw new Error(`${JSON.stringify(value)} is not a value of an option`);
}

function decodeIa(value: unknown): RememberedIa {
  const ia = record(value, "IA");
  const kind = "addresses" in ia ? "na" : "pd";
  const [leases, item] = WORDS[kind];
  return {
    kind,
    iaid: iaid(secondsOf(ia["iaid"])),
    server: ia["server"] === null ? undefined : duidOf(ia["server"]),
    renewAt: timeOf(ia["renewAt"]),
    rebindAt: timeOf(ia["rebindAt"]),
    leases: list(ia[leases], leases).map((lease) => decodeLease(lease, kind, item)),
    last: list(ia["last"], "last").map((one) => prefixOf(one, kind)),
  };
}

function decodeKey(value: unknown): ServerKey {
  const { server, key, replay } = record(value, "key");
  return {
    server: duidOf(server),
    key: octetsOf(key, 16),
    replay: replay === null ? undefined : octetsOf(replay, 8),
  };
}

function octetsOf(value: unknown, length: number): Uint8Array {
  const octets = typeof value === "string" ? parseOctets(value) : undefined;
  if (octets?.length !== length) throw new Error(`${JSON.stringify(value)} is not ${length} octets`);
  return octets;
}

function decodeLease(value: unknown, kind: IaKind, item: string): Lease {
  const lease = record(value, item);
  const valid = secondsOf(lease["valid"]);
  const since = instantOf(lease["since"]);
  return {
    prefix: prefixOf(lease[item], kind),
    preferred: secondsOf(lease["preferred"]),
    valid,
    since,
    until: millis(since + toMillis(valid)),
    exclude: lease["exclude"] === undefined ? undefined : prefixOf(lease["exclude"], "pd"),
  };
}

/** An object of a state file; throws for anything else. */
export function record(value: unknown, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw new Error(`"${what}" is not an object`);
  return value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A list of a state file; throws for anything else. */
export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`"${what}" is not a list`);
  return value;
}

function secondsOf(value: unknown): Seconds {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= INFINITY) {
    return seconds(value);
  }
  throw new Error(`${JSON.stringify(value)} is not a number of seconds`);
}

/** A time as `encodeTime` writes it; throws for anything else. */
export const timeOf = (value: unknown): Millis => (value === null ? millis(Infinity) : instantOf(value));

function instantOf(value: unknown): Millis {
  if (typeof value === "number" && Number.isFinite(value)) return millis(value);
  throw new Error(`${JSON.stringify(value)} is not a time`);
}

/** A prefix, or for `na` an address; throws for anything else. */
export function prefixOf(value: unknown, kind: IaKind): Prefix {
  if (kind === "na") {
    const address = typeof value === "string" ? parseIp6(value) : undefined;
    if (address === undefined) throw new Error(`${JSON.stringify(value)} is not an address`);
    return { address, length: 128 };
  }
  const prefix = typeof value === "string" ? parsePrefix(value) : undefined;
  if (prefix === undefined) throw new Error(`${JSON.stringify(value)} is not a prefix`);
  return masked(prefix);
}

function duidOf(value: unknown): Duid {
  const duid = typeof value === "string" ? parseDuid(value) : undefined;
  if (duid === undefined) throw new Error(`${JSON.stringify(value)} is not a DUID`);
  return duid;
}
