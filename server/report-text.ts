import { formatEnd } from "../shared/durations.js";
import type { LocalTime } from "./lease-list.js";
import type {
  LeaseReport,
  LimitReport,
  RelayReport,
  Report,
  ReservationReport,
  SourceReport,
} from "./report.js";
import type { ToldHistory, ToldIncident } from "./report-history.js";

/** A report for people, without a line end. */
export function reportText(report: Report, local: LocalTime): string {
  const { leases, leaseCount, configuration } = report;
  const more = leaseCount - leases.length;
  const lines = [
    ...verdict(report, local),
    ...leases.flatMap((lease) => ["", ...leaseLines(lease, report, local)]),
    ...(more > 0 ? ["", `and ${more} more leases; see leases --prefix`] : []),
    ...section("Pools", configuration?.pools.map(sourceText) ?? []),
    ...section("Reservations", configuration?.reservations.map(reservationText) ?? []),
    ...section("Limits", configuration?.limits.map(limitText) ?? []),
    ...historyLines(report, local),
  ];
  return lines.join("\n");
}

/** What it comes to: what is held, or why nothing is. */
function verdict(report: Report, local: LocalTime): readonly string[] {
  const { subject, leaseCount, configuration } = report;
  const name = `${SUBJECTS[subject.kind]} ${subject.value}`;
  const held = `${leaseCount} ${leaseCount === 1 ? "lease" : "leases"}`;
  if (leaseCount > 0) return [`${name}: ${held}`, ...lastRefusal(report, local)];
  if (subject.kind === "client") return [`${name}: no lease`, ...lastRefusal(report, local)];
  const isKnown = configuration !== null;
  const isIn = (configuration?.pools.length ?? 0) > 0;
  const isReserved = (configuration?.reservations.length ?? 0) > 0;
  const where = isIn ? "it lies in a pool" : isReserved ? "it is reserved" : "it lies in no pool";
  return [`${name}: nobody has it${isKnown ? `; ${where}` : ""}`, ...lastHolder(report, local)];
}

const SUBJECTS = { client: "Client", prefix: "Prefix", address: "Address" } as const;

/** Why a client got nothing, unless it got something afterwards. */
function lastRefusal({ history, subject }: Report, local: LocalTime): readonly string[] {
  if (subject.kind !== "client") return [];
  const last = history?.incidents.findLast(({ event }) => event !== "reconfigure-sent");
  if (last === undefined || (last.event !== "refused" && last.event !== "dropped")) return [];
  return [`Last, at ${local(last.at)}: ${what(last)}${last.text}`];
}

function lastHolder({ history }: Report, local: LocalTime): readonly string[] {
  const last = history?.incidents.findLast(({ event, prefix }) => ENDS.has(event) && prefix !== null);
  if (last === undefined) return [];
  return [`Last, until ${local(last.at)}: ${last.prefix ?? ""} of client ${last.client}, ${last.text}`];
}

const ENDS: ReadonlySet<string> = new Set(["released", "expired", "withdrawn", "declined", "ended"]);

function leaseLines(lease: LeaseReport, { configuration }: Report, local: LocalTime): readonly string[] {
  const { state, remaining, ends, preferred, valid, t1, t2, source, relays, arrival } = lease;
  const end = ends === null ? "never ends" : `ends ${formatEnd(remaining)} (${local(ends)})`;
  const isPd = lease.type === "pd";
  const rows: readonly (readonly [string, string])[] = [
    ["state", `${state} since ${local(lease.since)}, ${end}`],
    ["lifetimes", `preferred ${time(preferred)}, valid ${time(valid)}, T1 ${time(t1)}, T2 ${time(t2)}`],
    ["client", `${lease.client}, ${isPd ? "IA_PD" : `IA_${lease.type.toUpperCase()}`} ${lease.iaid}`],
    ["heard at", lease.address === null ? NOT_HEARD : `${lease.address} on ${lease.interface}`],
    ...relays.map((relay): readonly [string, string] => ["relay", relayText(relay)]),
    ...(lease.relay === null ? [] : [["last relay", `${lease.relay} on ${arrival ?? "?"}`] as const]),
    ...(configuration === null
      ? []
      : [["from", source === null ? noSource(state) : sourceText(source)] as const]),
    ["reconfigure", reconfigureText(lease, configuration?.reconfigure)],
  ];
  return [lease.prefix, ...rows.map(([title, text]) => `  ${title.padEnd(11)}  ${text}`)];
}

const noSource = (state: LeaseReport["state"]): string =>
  `nothing in the configuration any more${state === "bound" ? ": it will be replaced when its client renews" : ""}`;

const NOT_HEARD = "not known: it was taken over from another server, and has not renewed yet";

const time = (seconds: number): string => (seconds === 0xffffffff ? "without end" : `${seconds} s`);

function reconfigureText(
  { reconfigure, client, state }: LeaseReport,
  isEnabled: boolean | undefined,
): string {
  if (!reconfigure) return "not possible, the client was given no key";
  if (isEnabled === false) return "not possible, reconfigure-enabled is not set";
  return state === "bound" ? `possible: dibbler-server reconfigure ${client}` : "not possible any more";
}

function relayText(relay: RelayReport): string {
  const parts: readonly (readonly [string, string | null])[] = [
    ["link-address", relay.link === "::" ? null : relay.link],
    ["interface-id", relay.interfaceId],
    ["remote-id", relay.remoteId],
    ["subscriber-id", relay.subscriberId],
    ["relay-id", relay.relayId],
    ["link-layer address", relay.linkLayerAddress],
  ];
  const said = parts.flatMap(([title, text]) => (text === null ? [] : [`${title} ${text}`]));
  return [`hears it at ${relay.peer}`, ...said].join(", ");
}

function sourceText({ link, pool, length, type }: SourceReport): string {
  if (pool === null) return `a reservation outside of the pools of ${link}`;
  return `pool ${pool} of ${link}${type === "pd" ? `, in prefixes of /${length}` : ""}`;
}

function reservationText({ link, client, prefix, address, line }: ReservationReport): string {
  const kept = [prefix, address].filter((each) => each !== null).join(" and ") || "options only";
  return `${kept} for ${client} on ${link} (line ${line})`;
}

function limitText({ link, held, clientMaxLease, quarantine, ...rates }: LimitReport): string {
  const { sourceRate, relayRate, remoteIdRate } = rates;
  const said: readonly (readonly [string, string | null])[] = [
    ["source-lease-rate", sourceRate],
    ["relay-lease-rate", relayRate],
    ["remote-id-lease-rate", remoteIdRate],
    ["quarantine", quarantine === 0 ? null : `${quarantine} s`],
  ];
  const parts = said.flatMap(([title, text]) => (text === null ? [] : [`${title} ${text}`]));
  return [`${link}: ${held} of ${clientMaxLease} leases (client-max-lease)`, ...parts].join(", ");
}

function historyLines({ history, subject }: Report, local: LocalTime): readonly string[] {
  if (history === null) return section("History", ["only a running server has one, in its memory"]);
  const lines = history.incidents.map((incident) => {
    const who = subject.kind === "client" || incident.client === "" ? "" : `${incident.client}  `;
    const link = incident.interface === "" ? "" : ` (${incident.interface})`;
    return `${local(incident.at)}  ${who}${what(incident)}${incident.text}${link}`;
  });
  return [...section("History", lines.length === 0 ? ["nothing"] : lines), `  ${reachText(history, local)}`];
}

/** What an incident is about, before its sentence. */
function what({ prefix, type, iaid }: ToldIncident): string {
  const ia = type === null ? "" : `IA_${type.toUpperCase()} ${iaid ?? 0}`;
  return (
    [ia, prefix ?? ""].filter((part) => part !== "").join(" ") +
    (type === null && prefix === null ? "" : ": ")
  );
}

/** How far the memory goes back: it has room for so much of each kind only. */
function reachText({ since }: ToldHistory, local: LocalTime): string {
  const { changes, routine, refusals, drops } = since;
  if (new Set([changes, routine, refusals, drops]).size === 1) {
    return `Everything since the start of the server at ${local(changes)}.`;
  }
  return [
    `Changes of leases since ${local(changes)}, offers and renewals since ${local(routine)},`,
    `refusals since ${local(refusals)}, messages without answer since ${local(drops)}.`,
  ].join(" ");
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
