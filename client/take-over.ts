import { seconds } from "../shared/brand.js";
import { type Duid, sameDuid } from "../shared/duid.js";
import { createAddrMgrReader } from "../shared/lease/addrmgr-xml.js";
import type { FilePassage, ForeignLease, ReadTimes } from "../shared/lease/foreign.js";
import { masked, type Prefix } from "../shared/prefix.js";
import { type Binding, emptyBinding, extend, type IaAnswer, type IaName, sameIa } from "./binding.js";
import { remember, type Remembered, type RememberedLink } from "./remembered.js";

/** A file that is read for what an earlier client left: its text comes in pieces. */
export interface FormerFile {
  readonly read: (push: (text: string) => void) => void;
  readonly times: ReadTimes;
  /** The present name of an interface, for files that have only its number. */
  readonly nameOf: (index: number) => string | undefined;
}

/** What a `client-AddrMgr.xml` tells. */
export interface Former {
  /** The leases, as if they were from a state file of ours; `undefined` when there are none. */
  readonly remembered: Remembered | undefined;
  /** How many they are. */
  readonly leases: number;
  /** What is wrong in the file, for people: `line 7: ...`. */
  readonly remarks: readonly string[];
}

/** Lines about one file; a file that is damaged all over needs no more. */
const MOST_REMARKS = 8;

/**
 * Reads the leases of `own` out of Dibbler's `client-AddrMgr.xml` (of 1.0.1 or 1.0.2, or our own view). Never
 * throws for what is in the file: whatever can be read is used. Where it has leases of other DUIDs only, the
 * first of these is told. What stands for the address to renew at is garbage once Dibbler has read its own
 * file, and not looked at.
 */
export function readFormer({ read, times, nameOf }: FormerFile, own: Duid): Former {
  const found: ForeignLease[] = [];
  const remarks: string[] = [];
  const passage = ({ line, text }: Pick<FilePassage, "line" | "text">): void => {
    remarks.push(line === 0 ? text : `line ${line}: ${text}`);
  };
  const lease = (each: ForeignLease): void => {
    if (each.iaType !== "ta" && each.state === "bound") found.push(each);
  };
  const reader = createAddrMgrReader({ lease, passage }, times);
  read(reader.push);
  reader.end();

  const duid = found.some((each) => sameDuid(each.duid, own)) ? own : found[0]?.duid;
  const leases = found.flatMap((each) => {
    if (duid === undefined || !sameDuid(each.duid, duid)) return [];
    const interfaceName = each.interfaceName ?? nameOf(each.interfaceIndex ?? 0);
    if (interfaceName !== undefined) return [{ ...each, interfaceName }];
    passage({ line: each.line, text: "a lease on an interface that does not exist" });
    return [];
  });
  const names = new Set(leases.map(({ interfaceName }) => interfaceName));
  const linkNamed = (name: string): RememberedLink =>
    linkOf(leases.filter(({ interfaceName }) => interfaceName === name));
  const remembered =
    duid === undefined || leases.length === 0
      ? undefined
      : { duid, links: new Map([...names].map((name) => [name, linkNamed(name)])) };
  return { remembered, leases: leases.length, remarks: shorten(remarks) };
}

function linkOf(leases: readonly ForeignLease[]): RememberedLink {
  const ias: IaName[] = [];
  for (const { iaType, iaid } of leases) {
    const ia = { kind: iaType === "na" ? "na" : "pd", iaid } as const;
    if (!ias.some((known) => sameIa(known, ia))) ias.push(ia);
  }
  const isOf = (ia: IaName, { iaType, iaid }: ForeignLease): boolean =>
    iaType === ia.kind && iaid === ia.iaid;
  const bindings = ias.map((ia) =>
    bindingOf(
      ia,
      leases.filter((lease) => isOf(ia, lease)),
    ),
  );
  // 0 is no value that a server may give: that of a new client holds.
  return remember(bindings, { solMaxRt: seconds(0) });
}

/**
 * The IA as if each of its leases had been granted at its time, the oldest first. Without the server that
 * granted them there is nobody to renew with: then they are only asked for again.
 */
function bindingOf(ia: IaName, leases: readonly ForeignLease[]): Binding {
  const empty = emptyBinding({ ...ia, hints: [], t1: undefined, t2: undefined });
  const server = leases[0]?.server;
  if (server === undefined) return { ...empty, last: leases.map(prefixOf) };
  const granted = leases.toReversed().toSorted((a, b) => a.since - b.since);
  return granted.reduce((binding, lease) => extend(binding, answerOf(ia, lease), server, lease.since), empty);
}

const answerOf = (ia: IaName, lease: ForeignLease): IaAnswer => ({
  ...ia,
  status: 0,
  statusText: "",
  t1: lease.t1,
  t2: lease.t2,
  grants: [{ prefix: prefixOf(lease), preferred: lease.preferred, valid: lease.valid }],
  withdrawn: [],
});

const prefixOf = ({ prefix }: ForeignLease): Prefix => masked(prefix);

function shorten(remarks: readonly string[]): readonly string[] {
  const more = remarks.length - MOST_REMARKS;
  return more > 0 ? [...remarks.slice(0, MOST_REMARKS), `${more} more like these`] : remarks;
}
