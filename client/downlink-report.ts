import type { LogId, LogValues } from "../shared/catalogue.js";
import { formatPrefix, samePrefix } from "../shared/prefix.js";
import type { Downlink } from "./radvd.js";
import { type DownlinkPlan, isDeprecated, type PlannedSubnet, type PlanProblem } from "./plan.js";

/** A line for the log. */
export interface LogLine {
  readonly id: LogId;
  readonly values: LogValues;
}

/** What is new in a plan, for people; a problem is told when it appears, and again only after it was gone. */
export function newsOf(before: DownlinkPlan | undefined, after: DownlinkPlan): readonly LogLine[] {
  const earlier = before?.subnets ?? [];
  const twin = (one: PlannedSubnet, among: readonly PlannedSubnet[]): PlannedSubnet | undefined =>
    among.find(({ downlink, subnet }) => downlink === one.downlink && samePrefix(subnet, one.subnet));
  const told = (before === undefined ? [] : problemsOf(before)).map((line) => JSON.stringify(line));
  const problems = problemsOf(after).filter((line) => !told.includes(JSON.stringify(line)));
  const removed = earlier.filter((one) => twin(one, after.subnets) === undefined);
  const added = after.subnets.filter((one) => {
    const had = twin(one, earlier);
    return !isDeprecated(one) && (had === undefined || isDeprecated(had));
  });
  const deprecated = after.subnets.filter((one) => {
    const had = twin(one, earlier);
    return isDeprecated(one) && (had === undefined || !isDeprecated(had));
  });
  return [
    ...problems,
    ...removed.map((one) => ({ id: "DOWNLINK-REMOVED", values: valuesOf(one) }) as const),
    ...added.map((one) => ({ id: "DOWNLINK-ADDED", values: valuesOf(one) }) as const),
    ...deprecated.map((one) => ({ id: "DOWNLINK-DEPRECATED", values: valuesOf(one) }) as const),
  ];
}

/** What keeps prefixes from being divided as they should be. */
export const problemsOf = ({ problems }: DownlinkPlan): readonly LogLine[] => problems.map(lineOf);

/**
 * `DOWNLINK_PREFIX_IFACES` and `DOWNLINK_PREFIXES` of the hook, Dibbler's spelling: a blank behind every
 * item. Only subnets of what this uplink holds, of all its prefixes together.
 */
export function downlinkVariables(
  { downlinks, subnets }: DownlinkPlan,
  uplink: string,
): Readonly<Record<string, string>> {
  const used = subnets.filter(({ from }) => from?.uplink === uplink);
  return {
    DOWNLINK_PREFIX_IFACES: downlinks.map(({ name }) => `${name} `).join(""),
    DOWNLINK_PREFIXES: used.map(({ downlink, subnet }) => `${downlink} ${formatPrefix(subnet)} `).join(""),
  };
}

/** What hosts behind the downlinks may use; that the rest is over follows from what was announced before. */
export function servedBy({ subnets }: DownlinkPlan): readonly Downlink[] {
  const used = subnets.filter((one) => !isDeprecated(one));
  return [...new Set(used.map(({ downlink }) => downlink))].map((interfaceName) => ({
    interfaceName,
    prefixes: used
      .filter(({ downlink }) => downlink === interfaceName)
      .map(({ subnet: prefix, preferredUntil, validUntil }) => ({ prefix, preferredUntil, validUntil })),
  }));
}

const valuesOf = ({ subnet, downlink, index }: PlannedSubnet): LogValues => ({
  subnet: formatPrefix(subnet),
  interface: downlink,
  index,
});

function lineOf(problem: PlanProblem): LogLine {
  switch (problem.kind) {
    case "too-long":
      return { id: "DOWNLINK-TOO-LONG", values: { prefix: formatPrefix(problem.prefix) } };
    case "left-out": {
      const values = { prefix: formatPrefix(problem.prefix), interfaces: problem.downlinks.join(", ") };
      return { id: "DOWNLINK-LEFT-OUT", values };
    }
    case "missing":
      return { id: "DOWNLINK-MISSING", values: { interface: problem.downlink } };
    case "nothing-found":
      return { id: "DOWNLINK-NONE", values: {} };
    default:
      return problem satisfies never;
  }
}
