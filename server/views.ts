import type { Millis } from "../shared/brand.js";
import { renderAddrMgr } from "../shared/lease/addrmgr-view.js";
import { type CacheEntry, parseCache, renderCache } from "../shared/lease/cache-xml.js";
import { rememberClient, remembered } from "./affinity.js";
import { createClassUse } from "./class-use.js";
import { renderConfigView } from "./config-view.js";
import type { ServerState } from "./state.js";

/** What views say besides the state. */
export interface ViewFacts {
  readonly workDir: string;
  /** The time that leases run by, and Unix time as the machine has it. */
  readonly now: () => Millis;
  readonly wall: () => Millis;
}

/** A file that other programs read, and its text of this moment: in pieces, each made quickly. */
export interface View {
  readonly file: "server-AddrMgr.xml" | "server-cache.xml" | "server-CfgMgr.xml";
  readonly render: () => Iterable<string>;
}

/** The files that Dibbler's server keeps, in the order in which it writes them. */
export const viewsOf = (state: ServerState, facts: ViewFacts): readonly View[] => [
  { file: "server-AddrMgr.xml", render: () => leaseView(state, facts) },
  { file: "server-cache.xml", render: () => renderCache(cacheEntries(state)) },
  { file: "server-CfgMgr.xml", render: () => configView(state, facts) },
];

function leaseView(state: ServerState, { now, wall }: ViewFacts): Iterable<string> {
  const { links } = state.network;
  const unix = wall();
  return renderAddrMgr(state.ledger.table, {
    timestamp: Math.floor(unix / 1000),
    ahead: unix - now(),
    indexOf: (name) => (links.has(name) ? (state.indexes.get(name) ?? 0) : undefined),
    cacheSize: cacheEntries(state).length,
  });
}

/** Temporary addresses are for once. */
function cacheEntries({ affinity }: ServerState): readonly CacheEntry[] {
  return Array.from(remembered(affinity))
    .filter(({ iaType }) => iaType !== "ta")
    .map(({ client, iaType, prefix }) => {
      return { type: iaType === "pd" ? "prefix" : "addr", client, address: prefix.address };
    });
}

/** Leases looked at before the next piece is given. */
const SLICE = 256;

/** Monitoring finds there how much of each pool is in use. */
function* configView({ config, duid, indexes, ledger }: ServerState, facts: ViewFacts): Generator<string> {
  const { table } = ledger;
  const use = createClassUse(config, indexes);
  for (let from = 0; from < table.idLimit(); from += SLICE) {
    for (const id of table.idsIn(from, from + SLICE)) {
      if (table.stateOf(id) !== "bound") continue;
      use.add({ interfaceName: table.nameOf(id), prefix: table.prefixOf(id) });
    }
    yield "";
  }
  yield renderConfigView(config, { duid, workDir: facts.workDir, indexes, assigned: use.assigned });
}

/**
 * Remembers what a server-cache.xml says, of Dibbler or of an earlier run: hints only, so nothing is lost
 * when it is missing. How many of its entries cannot be read.
 */
export function recallCache({ affinity }: ServerState, text: string): number {
  const { entries, bad } = parseCache(text);
  for (const { type, client, address } of entries) {
    const iaType = type === "prefix" ? "pd" : "na";
    rememberClient(affinity, client, iaType, { address, length: 128 });
  }
  return bad;
}
