import type { PhaseName } from "./state.js";

/**
 * One legal change of phase: what happens in `from`, where it leads, what is done on the way, and where that
 * is written.
 */
export interface Transition {
  readonly from: PhaseName;
  readonly event: string;
  readonly to: PhaseName;
  readonly effect: string;
  /** Section of RFC 8415, or whose behaviour it is. */
  readonly section: string;
}

/** Every change of phase there is; a test draws them as the diagram of client/README.md. */
export const TRANSITIONS = [
  row("idle", "start", "soliciting", "Solicit after 0..1 s", "18.2.1"),
  row(
    "idle",
    "start with leases",
    "confirming",
    "Rebind with Confirm's timing after 0..1 s; Confirm when only addresses are asked for",
    "18.2.12",
  ),
  row("idle", "start stateless", "informing", "Information-request after 0..1 s", "18.2.6"),
  row("informing", "options received", "informed", "", "18.2.10.4"),
  row("informed", "refresh time over", "informing", "Information-request after 0..1 s", "21.23"),
  row("soliciting", "server chosen", "requesting", "Request", "18.2.9"),
  row("soliciting", "leases granted", "bound", "Rapid Commit: save, hook add", "18.2.10"),
  row("requesting", "leases granted", "bound", "save, hook add or update", "18.2.10.1"),
  row("requesting", "next server", "requesting", "Request to the next offer", "18.2.2"),
  row(
    "requesting",
    "no server left",
    "soliciting",
    "Solicit, later each time after a refusal",
    "18.2.2, 14.1",
  ),
  row("requesting", "no server left, leases held", "bound", "keep them, try again later", "18.2.10.1"),
  row("bound", "T1", "renewing", "Renew", "18.2.4"),
  row("bound", "T2", "rebinding", "Rebind", "18.2.5"),
  row("bound", "reconfigured", "renewing", "Renew, a genuine Reconfigure of the server", "18.2.11"),
  row("bound", "reconfigured", "rebinding", "Rebind, likewise", "18.2.11"),
  row("bound", "reconfigured", "informing", "Information-request to that server", "18.2.11"),
  row("informed", "reconfigured", "informing", "Information-request to that server", "18.2.11"),
  row("informing", "options received, leases held", "bound", "", "18.2.10.4"),
  row("informing", "leases due", "bound", "T1 or T2 comes first", "18.2.4"),
  row("informing", "leases over", "soliciting", "hook delete, Solicit with the old prefix", "18.2.5"),
  row("informing", "stop with leases", "releasing", "Release, hook delete", "18.2.7"),
  row("informing", "duplicate address", "declining", "hook delete or update, Decline", "18.2.8"),
  row("bound", "leases over", "soliciting", "hook delete, Solicit with the old prefix", "18.2.5"),
  row("renewing", "leases extended", "bound", "save, hook update", "18.2.10.1"),
  row("renewing", "no binding", "requesting", "Request to that server, all IAs", "18.2.10.1"),
  row("renewing", "T2", "rebinding", "Rebind", "18.2.5"),
  row("renewing", "leases over", "soliciting", "hook delete, Solicit with the old prefix", "18.2.10.1"),
  row("renewing", "leases of this server over", "bound", "hook delete, keep the others", "18.2.4"),
  row(
    "rebinding",
    "leases extended",
    "bound",
    "save, hook update; the answering server owns them",
    "18.2.10.1",
  ),
  row("rebinding", "no binding", "requesting", "Request to that server, all IAs", "18.2.10.1"),
  row("rebinding", "leases over", "soliciting", "hook delete, Solicit with the old prefix", "18.2.5"),
  row("confirming", "leases extended", "bound", "save, hook add", "18.2.12"),
  row("confirming", "no binding", "requesting", "Request to that server, all IAs", "18.2.10.1"),
  row("confirming", "no answer", "bound", "keep leases and their timers, hook add", "18.2.3"),
  row("confirming", "confirmed", "bound", "keep the addresses and their timers, hook add", "18.2.10.3"),
  row("confirming", "not on link", "soliciting", "hook delete, Solicit without them", "18.2.10.3"),
  row("confirming", "leases over", "soliciting", "hook delete, Solicit with the old prefix", "18.2.5"),
  row("bound", "link change", "confirming", "as after a restart; the leases stay in use", "18.2.12"),
  row("renewing", "link change", "confirming", "as after a restart; the leases stay in use", "18.2.12"),
  row("rebinding", "link change", "confirming", "as after a restart; the leases stay in use", "18.2.12"),
  row("informing", "link change", "confirming", "as after a restart; the leases stay in use", "18.2.12"),
  row("informing", "link change", "informing", "Information-request after 0..1 s", "18.2.12"),
  row("informed", "link change", "informing", "Information-request after 0..1 s", "18.2.12"),
  row("soliciting", "link change", "soliciting", "Solicit after 0..1 s", "18.2.12"),
  row("requesting", "duplicate address", "declining", "hook delete or update, Decline", "18.2.8"),
  row("bound", "duplicate address", "declining", "hook delete or update, Decline", "18.2.8"),
  row("renewing", "duplicate address", "declining", "hook delete or update, Decline", "18.2.8"),
  row("rebinding", "duplicate address", "declining", "hook delete or update, Decline", "18.2.8"),
  row("confirming", "duplicate address", "declining", "hook delete or update, Decline", "18.2.8"),
  row("declining", "declined, leases held", "bound", "answered, or four times not", "18.2.8"),
  row("declining", "declined", "soliciting", "Solicit without that address", "18.2.8"),
  row("idle", "stop", "stopped", "", ""),
  row("soliciting", "stop", "stopped", "", ""),
  row("requesting", "stop", "stopped", "", ""),
  row("informing", "stop", "stopped", "", ""),
  row("informed", "stop", "stopped", "", ""),
  row("declining", "stop", "stopped", "", ""),
  row("declining", "stop with leases", "releasing", "Release, hook delete", "18.2.7"),
  row("requesting", "stop with leases", "releasing", "Release, hook delete", "18.2.7"),
  row("bound", "stop with leases", "releasing", "Release to each server, hook delete", "18.2.7"),
  row("renewing", "stop with leases", "releasing", "Release to each server, hook delete", "18.2.7"),
  row("rebinding", "stop with leases", "releasing", "Release to each server, hook delete", "18.2.7"),
  row("confirming", "stop with leases", "releasing", "Release to each server, hook delete", "18.2.7"),
  row("releasing", "released", "stopped", "", "18.2.10.2"),
  row("releasing", "patience over", "stopped", "", "18.2.7; about a second, as Dibbler"),
] as const satisfies readonly Transition[];

type Row = (typeof TRANSITIONS)[number];
/** Name of what makes the machine change its phase. */
export type TransitionEvent = Row["event"];

/** The row of a change; throws when there is none, because then the machine has a bug and must not go on. */
export function transitionOf(from: PhaseName, event: TransitionEvent, to: PhaseName): Transition {
  const found = TRANSITIONS.find((other) => other.from === from && other.event === event && other.to === to);
  if (found === undefined) throw new Error(`the client has no way from ${from} to ${to} on "${event}"`);
  return found;
}

function row<const From extends PhaseName, const Event extends string, const To extends PhaseName>(
  from: From,
  event: Event,
  to: To,
  effect: string,
  section: string,
): Transition & { readonly from: From; readonly event: Event; readonly to: To } {
  return { from, event, to, effect, section };
}
