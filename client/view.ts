import { INFINITY, type Millis, type Seconds, seconds } from "../shared/brand.js";
import { addrClientText, NO_KEY, type XmlIa } from "../shared/lease/addrmgr-text.js";
import type { Remembered, RememberedIa } from "./remembered.js";

/** What the view says besides what is remembered. */
export interface ViewFacts {
  readonly now: Millis;
  /** The number of an interface; `undefined` for one that is not there: Dibbler would not start with it. */
  readonly indexOf: (interfaceName: string) => number | undefined;
  /** The client has ended: IAs without a lease do not show any more. */
  readonly isOver: boolean;
}

/**
 * The text of a `client-AddrMgr.xml` as dibbler-client 1.0.1 writes it, comments included: for programs that
 * look for `AddrPrefix` in it, and for Dibbler's client, which goes on with it.
 */
export function renderView({ duid, links }: Remembered, { now, indexOf, isOver }: ViewFacts): string {
  const ias = [...links].flatMap(([name, link]) => {
    const index = indexOf(name);
    if (index === undefined) return [];
    return link.ias.filter(({ leases }) => !isOver || leases.length > 0).map((ia) => xmlIa(ia, name, index));
  });
  return `<AddrMgr>
  <timestamp>${Math.floor(now / 1000)}</timestamp>
  <replayDetection>0</replayDetection>
${addrClientText(duid, NO_KEY, ias)}</AddrMgr>
`;
}

/** While it is asked for an IA has no server and no times. */
function xmlIa(ia: RememberedIa, interfaceName: string, interfaceIndex: number): XmlIa {
  const { kind: type, iaid, leases, server: duid, renewAt, rebindAt } = ia;
  const since = Math.max(...leases.map((lease) => lease.since));
  return {
    ...{ type, iaid, interfaceName, interfaceIndex, duid, leases, unicast: "" },
    t1: between(since, Math.min(renewAt, rebindAt)),
    t2: between(since, rebindAt),
    state: leases.length > 0 ? "CONFIGURED" : "INPROCESS",
  };
}

const between = (from: number, to: number): Seconds =>
  Number.isFinite(to - from) ? seconds(Math.max(0, Math.round((to - from) / 1000))) : INFINITY;
