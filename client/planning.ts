import type { ClientConfig } from "../shared/config/types.js";
import type { Millis } from "../shared/brand.js";
import { type Candidate, chooseDownlinks } from "./downlinks.js";
import { type Delegation, type DownlinkMemory, type DownlinkPlan, makePlan } from "./plan.js";

/** The plan of a client with this configuration, on a machine with these interfaces. */
export function planFor(
  {
    downlinks: wanted,
    interfaces: configured,
    compatibility,
  }: Pick<ClientConfig, "downlinks" | "interfaces" | "compatibility">,
  interfaces: readonly Candidate[],
  delegations: readonly Delegation[],
  memory: DownlinkMemory,
  now: Millis,
): DownlinkPlan {
  const isUplink = ({ name, index }: Candidate): boolean =>
    configured.some(({ selector }) =>
      "name" in selector ? selector.name === name : selector.index === index,
    );
  const uplinks = interfaces.filter(isUplink).map(({ name }) => name);
  const served = memory.subnets.filter(({ until }) => until > now).map(({ downlink }) => downlink);
  const chosen = chooseDownlinks(wanted, interfaces, uplinks, served);
  const strict = compatibility === "strict";
  return makePlan({ delegations, chosen, interfaces, memory, strict }, now);
}
