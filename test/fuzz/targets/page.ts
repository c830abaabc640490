import { formatPrefix } from "../../../shared/prefix.js";
import { findLeases, readLeasesQuery } from "../../../server/page/find-leases.js";
import { drawMap, readMapQuery } from "../../../server/page/map.js";
import { createClient, createRig, type Rig } from "../../server/rig.js";
import { addressClass, configure, iface, pdClass } from "../../server/settings.js";
import { must, octetsOf, target, textOf } from "../target.js";

/** What stands behind the question mark of a request to the status page. */
const statusPage = target({
  name: "status-page",
  entries: ["readMapQuery", "drawMap", "readLeasesQuery", "findLeases"],
  covers: ["server/page/"],
  shape: "text",
  tokens: ["pool=", "&within=", "&query=", "&after=", "&state=bound", "2001:db8:", "::/", "00:03:", "%"],
  seeds: () =>
    [
      "pool=1&within=2001:db9::/40",
      "pool=2&within=2001:db8:1::/126",
      "within=2001:db8:a000::/56",
      "query=00:03:00:01:02:00:00:00:00:01&after=1",
      "query=fe80::1&state=expired",
      "query=2001:db8::/32",
    ].map(octetsOf),
  limit: 600,
  rounds: 300,
  run(input) {
    const query = new URLSearchParams(textOf(input));
    const { state, now } = rig();
    const asked = readMapQuery(query, state.network.pools);
    if (typeof asked === "string") checkSentence(asked);
    else {
      const { cells, within, length, pieceLength } = finish(drawMap(state, asked));
      must(within === formatPrefix(asked.within), "the part that was asked for", within);
      must(cells.length === 2 ** (length - asked.within.length), "as many cells as there are", cells.length);
      must(cells.length <= 65_536 && length <= pieceLength, "no more than can be seen", cells.length);
    }
    const wanted = readLeasesQuery(query);
    if (typeof wanted === "string") checkSentence(wanted);
    else {
      const { rows, matching, of } = finish(findLeases(state, wanted, now(), String));
      must(rows.length <= matching && matching <= of, "no more than there are", matching);
    }
  },
});

const checkSentence = (text: string): void => {
  must(text !== "" && text.length < 1000, "a sentence, not too long", text.length);
};

function finish<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

let known: Rig | undefined;

/** Three pools, of pieces, blocks and addresses, with a few leases; made when it is needed. */
function rig(): Rig {
  if (known !== undefined) return known;
  const classes = [pdClass(56, ["2001:db8:a000::/40"]), pdClass(64, ["2001:db9::/32"])];
  const addresses = [addressClass(["2001:db8:1::6-2001:db8:1::9"])];
  known = createRig(configure([iface("eth0", classes, { addressClasses: addresses })]));
  for (let n = 1; n <= 5; n++) createClient(known, n).lease();
  return known;
}

/** What browsers send. */
export const PAGE_TARGETS = [statusPage];
