import { type Duid, formatDuid } from "../shared/duid.js";
import type { IaType } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import { type History, type Incident, incidentsOf, reachOf } from "./history.js";
import { type IncidentKind, incidentRow } from "./incidents.js";
import type { IsoTime } from "./lease-row.js";
import type { Subject } from "./subject.js";

/** What has happened, the newest last, and since when everything of a kind is known. */
export interface ToldHistory {
  readonly incidents: readonly ToldIncident[];
  readonly since: Readonly<Record<IncidentKind, string>>;
}

/** One incident; `event` and `reason` are stable words. */
export interface ToldIncident {
  readonly at: string;
  readonly event: string;
  readonly reason: string | null;
  /** The DUID; empty when it is not known, with … at the end when it is long and not known whole. */
  readonly client: string;
  readonly type: IaType | null;
  readonly iaid: number | null;
  readonly prefix: string | null;
  /** The client's own address. */
  readonly address: string;
  readonly interface: string;
  readonly text: string;
}

/** Incidents of a report at most, the newest ones. */
export const REPORT_INCIDENTS = 200;

/** The history of a subject; of an address also what came from it. */
export function history(memory: History, subject: Subject, iso: IsoTime): ToldHistory {
  const since = (kind: IncidentKind): string => iso(reachOf(memory, kind));
  return {
    incidents: incidentsFor(memory, subject).map((incident) => tell(incident, subject, iso)),
    since: {
      changes: since("changes"),
      routine: since("routine"),
      refusals: since("refusals"),
      drops: since("drops"),
    },
  };
}

function incidentsFor(memory: History, subject: Subject): readonly Incident[] {
  if (subject.by !== "address") return incidentsOf(memory, subject, REPORT_INCIDENTS);
  const prefix = { address: subject.address, length: 128 };
  const of = incidentsOf(memory, { by: "prefix", prefix }, REPORT_INCIDENTS);
  const from = incidentsOf(memory, subject, REPORT_INCIDENTS);
  return [...of, ...from].sort((a, b) => a.at - b.at).slice(-REPORT_INCIDENTS);
}

function tell(incident: Incident, subject: Subject, iso: IsoTime): ToldIncident {
  const { at, id, ia, prefix, from, link } = incident;
  const { event, reason, text } = incidentRow(id);
  return {
    at: iso(at),
    event,
    reason: reason ?? null,
    client: subject.by === "client" ? formatDuid(subject.client) : clientText(incident),
    type: ia?.type ?? null,
    iaid: ia?.iaid ?? null,
    prefix: prefix === undefined ? null : formatPrefix(prefix),
    address: formatIp6(from),
    interface: link,
    text,
  };
}

const clientText = ({ client, clientOctets }: { client: Duid | Uint8Array; clientOctets: number }): string =>
  client.length === clientOctets ? formatDuid(client) : `${formatDuid(client)}…`;
