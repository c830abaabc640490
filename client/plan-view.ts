import { type Millis, millis } from "../shared/brand.js";
import type { ClientConfig } from "../shared/config/types.js";
import { formatDuration } from "../shared/durations.js";
import { formatIp6, formatPrefix, type Ip6, ip6, isUnspecified, type Prefix } from "../shared/prefix.js";
import { createTable } from "../shared/text-table.js";
import { type Delegation, type DownlinkPlan, isDeprecated, type PlannedSubnet } from "./plan.js";
import { diffSettings, settingsOf } from "./plan-diff.js";

/** What a plan says, for programs; times in whole seconds from now, `null` for ever. */
export interface PlanView {
  /** Nothing is leased: prefixes of the length that is asked for stand for those that will come. */
  readonly example: boolean;
  readonly delegated: readonly {
    readonly uplink: string;
    readonly prefix: string;
    readonly excluded: string | null;
    readonly preferred: number | null;
    readonly valid: number | null;
  }[];
  readonly subnets: readonly {
    readonly downlink: string;
    readonly subnet: string;
    /** `null` with `compatibility "strict"`. */
    readonly address: string | null;
    /** The delegated prefix; `null` for a deprecated subnet: its prefix is gone. */
    readonly from: string | null;
    readonly preferred: number | null;
    readonly valid: number | null;
    readonly state: SubnetState;
  }[];
  readonly unreachable: readonly string[];
  /** All lines for `ip` that make the system so, whatever is set already. */
  readonly commands: readonly string[];
}

/** `down`: it is set when the interface is up. */
export type SubnetState = "set" | "not set" | "down" | "deprecated";

/** The length that is shown where none is asked for: what providers give to homes. */
const USUAL_LENGTH = 56;

/**
 * What would be delegated if every `pd` got what it asks for; documentation prefixes (RFC 3849) where open.
 */
export function exampleDelegations({ interfaces }: Pick<ClientConfig, "interfaces">): readonly Delegation[] {
  const asked = interfaces.flatMap(({ selector, pds }) => {
    const uplink = "name" in selector ? selector.name : `interface ${selector.index}`;
    return pds.map(({ hints }) => ({ uplink, hint: hints[0]?.prefix }));
  });
  return asked.map(({ uplink, hint }, index) => ({
    uplink,
    prefix: hint === undefined || isUnspecified(hint.address) ? documentation(hint, index) : hint,
    exclude: undefined,
    preferredUntil: millis(Infinity),
    validUntil: millis(Infinity),
  }));
}

/** The plan as data. `has` tells whether an interface has an address. */
export function viewOf(
  plan: DownlinkPlan,
  delegations: readonly Delegation[],
  example: boolean,
  has: (name: string, address: Ip6) => boolean,
  now: Millis,
): PlanView {
  const left = (until: Millis): number | null =>
    until === Infinity ? null : Math.max(0, Math.floor((until - now) / 1000));
  const stateOf = (subnet: PlannedSubnet): SubnetState => {
    if (isDeprecated(subnet)) return "deprecated";
    if (!subnet.up) return "down";
    const isSet = subnet.address === undefined || has(subnet.downlink, subnet.address);
    return isSet ? "set" : "not set";
  };
  return {
    example,
    delegated: delegations
      .filter(({ validUntil }) => validUntil > now)
      .map(({ uplink, prefix, exclude, preferredUntil, validUntil }) => ({
        uplink,
        prefix: formatPrefix(prefix),
        excluded: exclude === undefined ? null : formatPrefix(exclude),
        preferred: left(preferredUntil),
        valid: left(validUntil),
      })),
    subnets: plan.subnets.map((one) => ({
      downlink: one.downlink,
      subnet: formatPrefix(one.subnet),
      address: one.address === undefined ? null : formatIp6(one.address),
      from: one.from === undefined ? null : formatPrefix(one.from.prefix),
      preferred: left(one.preferredUntil),
      valid: left(one.validUntil),
      state: stateOf(one),
    })),
    unreachable: plan.rests.map(({ prefix }) => formatPrefix(prefix)),
    commands: diffSettings([], settingsOf(plan), now).map(({ line }) => `ip -6 ${line}`),
  };
}

/** The plan for people. */
export function planText({ example, delegated, subnets, unreachable }: PlanView): string {
  const heads = delegated.map(({ uplink, prefix, excluded, valid }) => {
    const lasts = example ? "for example" : `valid ${lifetime(valid)}`;
    return `${prefix} from ${uplink}, ${lasts}${excluded === null ? "" : `, without ${excluded}`}`;
  });
  const table = createTable(COLUMNS, subnets, Infinity);
  const rows = subnets.length === 0 ? [] : ["", table.header, ...subnets.map(table.line)];
  const rest =
    unreachable.length === 0 ? [] : ["", `unreachable where no downlink has it: ${unreachable.join(", ")}`];
  return [...heads, ...rows, ...rest].join("\n");
}

type SubnetRow = PlanView["subnets"][number];

const lifetime = (seconds: number | null): string =>
  seconds === null ? "for ever" : formatDuration(seconds);

const COLUMNS = [
  { title: "DOWNLINK", cell: ({ downlink }: SubnetRow) => downlink, rank: 0 },
  { title: "SUBNET", cell: ({ subnet }: SubnetRow) => subnet, rank: 0 },
  { title: "OUR ADDRESS", cell: ({ address }: SubnetRow) => address ?? "none", rank: 0 },
  { title: "PREFERRED", cell: ({ preferred }: SubnetRow) => lifetime(preferred), rank: 0 },
  { title: "VALID", cell: ({ valid }: SubnetRow) => lifetime(valid), rank: 0 },
  { title: "STATE", cell: ({ state }: SubnetRow) => state, rank: 0 },
] as const;

/** `2001:db8:N::` of the length that is asked for. */
function documentation(hint: Prefix | undefined, index: number): Prefix {
  const length = hint === undefined || hint.length === 0 ? USUAL_LENGTH : hint.length;
  const head = [0x20, 0x01, 0x0d, 0xb8, index >> 8, index & 0xff];
  return { address: ip6(Uint8Array.from({ length: 16 }, (_none, i) => head[i] ?? 0)), length };
}
