import { INFINITY, type Millis } from "../shared/brand.js";
import { formatDuid } from "../shared/duid.js";
import { formatDuration, formatEnd } from "../shared/durations.js";
import type { Column } from "../shared/text-table.js";
import { type IaKind, type Lease, leaseText, remaining } from "./binding.js";
import type { Remembered, RememberedIa } from "./remembered.js";

/** How far a lease is: `renewing` from T1 on, `rebinding` from T2 on, `expired` when it is over. */
export type LeaseStage = "bound" | "renewing" | "rebinding" | "expired";

/** A lease for programs, as `--json` prints it; the names are stable. Durations are in seconds. */
export interface ClientLeaseRow {
  /** An address has /128. */
  readonly prefix: string;
  readonly type: IaKind;
  readonly state: LeaseStage;
  readonly iaid: number;
  readonly interface: string;
  /** DUID of the server that granted it; null when Dibbler did not say. */
  readonly server: string | null;
  /** When it was granted, or extended last. */
  readonly since: string;
  /** As granted; 4294967295 is without end. */
  readonly preferred: number;
  readonly valid: number;
  /** What is left of these; 4294967295 likewise. */
  readonly preferredLeft: number;
  readonly validLeft: number;
  /** Until T1 and T2, or until the next attempt after one that was refused; 0: due; null: never. */
  readonly renewIn: number | null;
  readonly rebindIn: number | null;
  /** When the lease ends; null for never. */
  readonly ends: string | null;
}

/** An interface that the client works on. */
export interface ClientLinkRow {
  readonly name: string;
  /** What the client does there, as far as what is stored tells; null when it does not run. */
  readonly phase: Exclude<LeaseStage, "expired"> | "asking" | null;
  readonly leases: readonly ClientLeaseRow[];
}

/** How instants are written: ISO 8601. */
export type IsoTime = (at: Millis) => string;

/** All leases that are remembered, by interface, in the order of the IAs. */
export const leaseRows = ({ links }: Remembered, now: Millis, iso: IsoTime): readonly ClientLeaseRow[] =>
  [...links].flatMap(([name, { ias }]) =>
    ias.flatMap((ia) => ia.leases.map((lease) => rowOf(lease, ia, name, now, iso))),
  );

/** The interfaces by these names, and those with leases. */
export function linkRows(
  names: readonly string[],
  leases: readonly ClientLeaseRow[],
  isRunning: boolean,
): readonly ClientLinkRow[] {
  const all = new Set([...names, ...leases.map((lease) => lease.interface)]);
  return [...all].map((name) => {
    const own = leases.filter((lease) => lease.interface === name);
    return { name, phase: isRunning ? phaseOf(own) : null, leases: own };
  });
}

/** The table of `leases`. */
export const leaseColumns = (local: (iso: string) => string): readonly Column<ClientLeaseRow>[] => [
  { title: "LEASE", cell: leaseName, rank: 0 },
  { title: "STATE", cell: ({ state }) => state, rank: 0 },
  { title: "ENDS", cell: ({ validLeft }) => formatEnd(validLeft === INFINITY ? null : validLeft), rank: 1 },
  { title: "PREFERRED", cell: ({ preferredLeft }) => durationText(preferredLeft), rank: 4 },
  { title: "RENEW", cell: ({ renewIn }) => dueText(renewIn), rank: 2 },
  { title: "REBIND", cell: ({ rebindIn }) => dueText(rebindIn), rank: 3 },
  { title: "INTERFACE", cell: (row) => row.interface, rank: 1 },
  { title: "IAID", cell: ({ iaid }) => String(iaid), align: "right", rank: 5 },
  { title: "SERVER", cell: ({ server }) => server ?? "?", rank: 6 },
  { title: "SINCE", cell: ({ since }) => local(since), rank: 7 },
];

/** `2 prefixes, 1 address`, or that there is none. */
export function tallyText(rows: readonly ClientLeaseRow[]): string {
  const prefixes = rows.filter(({ type }) => type === "pd").length;
  const addresses = rows.length - prefixes;
  const parts = [
    ...(prefixes === 0 ? [] : [`${prefixes} prefix${prefixes === 1 ? "" : "es"}`]),
    ...(addresses === 0 ? [] : [`${addresses} address${addresses === 1 ? "" : "es"}`]),
  ];
  return parts.length === 0 ? "no lease" : parts.join(", ");
}

function rowOf(lease: Lease, ia: RememberedIa, name: string, now: Millis, iso: IsoTime): ClientLeaseRow {
  const { prefix, preferred, valid, since, until } = lease;
  return {
    prefix: `${leaseText(ia, prefix)}${ia.kind === "na" ? "/128" : ""}`,
    type: ia.kind,
    state: stageOf(lease, ia, now),
    iaid: ia.iaid,
    interface: name,
    server: ia.server === undefined ? null : formatDuid(ia.server),
    since: iso(since),
    preferred,
    valid,
    preferredLeft: remaining(preferred, since, now),
    validLeft: remaining(valid, since, now),
    renewIn: secondsTo(ia.renewAt, now),
    rebindIn: secondsTo(ia.rebindAt, now),
    ends: until === Infinity ? null : iso(until),
  };
}

function stageOf({ until }: Lease, { renewAt, rebindAt }: RememberedIa, now: Millis): LeaseStage {
  if (until <= now) return "expired";
  if (rebindAt <= now) return "rebinding";
  return renewAt <= now ? "renewing" : "bound";
}

/** The stage that asks for most is what the client is busy with. */
function phaseOf(leases: readonly ClientLeaseRow[]): NonNullable<ClientLinkRow["phase"]> {
  const stages = leases.map(({ state }) => state);
  const live = (["rebinding", "renewing", "bound"] as const).find((stage) => stages.includes(stage));
  return live ?? "asking";
}

const secondsTo = (at: Millis, now: Millis): number | null =>
  Number.isFinite(at) ? Math.max(0, Math.ceil((at - now) / 1000)) : null;

const leaseName = ({ prefix, type }: ClientLeaseRow): string =>
  type === "na" ? prefix.replace("/128", "") : prefix;

const durationText = (seconds: number): string => (seconds === INFINITY ? "ever" : formatDuration(seconds));

const dueText = (seconds: number | null): string =>
  seconds === null ? "never" : seconds === 0 ? "due" : `in ${formatDuration(seconds)}`;
