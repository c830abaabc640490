import { type Millis, millis } from "../shared/brand.js";
import { type Binding, firstEnd, isLive } from "./binding.js";
import type { ClientState, Deadline, Phase } from "./state.js";

/** When the machine has to be called with a `timer` event next, and why. */
export function deadline({ phase, bindings }: ClientState): Deadline {
  const live = bindings.filter(isLive);
  const candidates = [...phaseDeadlines(phase, live), ...leaseEnds(phase, live)];
  return candidates.reduce((first, next) => (next.at < first.at ? next : first), NEVER);
}

/** The earliest T1 or later attempt of the bindings (RFC 8415 18.2.4). */
export const earliestRenew = (bindings: readonly Binding[]): Millis =>
  millis(Math.min(Infinity, ...bindings.filter(isLive).map(({ renewAt }) => renewAt)));

/** The earliest T2 or later attempt of the bindings (RFC 8415 18.2.5). */
export const earliestRebind = (bindings: readonly Binding[]): Millis =>
  millis(Math.min(Infinity, ...bindings.filter(isLive).map(({ rebindAt }) => rebindAt)));

const NEVER: Deadline = { at: millis(Infinity), why: "nothing to wait for" };

function phaseDeadlines(phase: Phase, live: readonly Binding[]): readonly Deadline[] {
  switch (phase.phase) {
    case "idle":
    case "stopped":
      return [];
    case "soliciting":
      return [{ at: phase.exchange.timing.dueAt, why: "Solicit" }];
    case "requesting":
      return [{ at: phase.exchange.timing.dueAt, why: "Request" }];
    case "bound":
      return [
        { at: earliestRebind(live), why: "T2" },
        { at: earliestRenew(live), why: "T1" },
      ];
    case "renewing":
      return [
        { at: earliestRebind(live), why: "T2" },
        { at: phase.exchange.timing.dueAt, why: "Renew" },
      ];
    case "confirming":
      return [{ at: phase.exchange.timing.dueAt, why: phase.message === "confirm" ? "Confirm" : "Rebind" }];
    case "rebinding":
      return [{ at: phase.exchange.timing.dueAt, why: "Rebind" }];
    case "informing":
      return [
        { at: earliestRebind(live), why: "T2" },
        { at: earliestRenew(live), why: "T1" },
        { at: phase.exchange.timing.dueAt, why: "Information-request" },
      ];
    case "informed":
      return [{ at: phase.refreshAt, why: "refresh time" }];
    case "declining":
      return phase.declines.map(({ exchange }) => ({ at: exchange.timing.dueAt, why: "Decline" }));
    case "releasing":
      return [
        ...phase.releases.map(({ exchange }) => ({ at: exchange.timing.dueAt, why: "Release" })),
        { at: phase.until, why: "end of the wait for a Reply" },
      ];
    default:
      return phase satisfies never;
  }
}

function leaseEnds(phase: Phase, live: readonly Binding[]): readonly Deadline[] {
  if (phase.phase === "releasing" || phase.phase === "stopped") return [];
  return live.map((binding) => ({ at: firstEnd(binding), why: "end of a valid lifetime" }));
}
