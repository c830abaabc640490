import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HookCall } from "../../shared/hook.js";
import type { Lease } from "../../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../../shared/prefix.js";
import { pieceAt } from "../../server/pool.js";
import type { Answer } from "./answer.js";
import { checkTable, leases, stored } from "./check-table.js";
import { createClient, createRig, type IaSpec, pd, type Rig } from "./rig.js";
import { configure, iface, pdClass, range } from "./settings.js";

/**
 * Few prefixes, several classes and lengths, two links whose pools overlap: everything gets into each
 * other's way.
 */
const CROWDED = configure([
  iface("eth0", [
    pdClass(60, ["2001:db8::/58", "2001:db8:1::/58"]),
    pdClass(64, ["2001:db8::/61"]),
    pdClass(66, ["2001:dba::/32"]),
  ]),
  iface("eth1", [pdClass(62, ["2001:db8::/58"]), pdClass(60, ["2001:db8:1::/58"])], { clientMaxLease: 3 }),
]);
const SHORTER = { preferred: range(300), valid: range(600) };
/** The same server after its operator has thought again. */
const CHANGED = configure([
  iface("eth0", [pdClass(62, ["2001:db8::/58"], SHORTER), pdClass(60, ["2001:db8:1::/59"])]),
  iface("eth1", [pdClass(64, ["2001:db8:1::/61"])]),
]);

const VERBS = ["solicit", "request", "renew", "rebind", "release"] as const;
const PREFIXES = [
  "2001:db8::/60",
  "2001:db8:0:10::/60",
  "2001:db8:0:4::/62",
  "2001:db8:0:7::/64",
  "2001:db8:1:20::/60",
  "2001:db8:1:3f::1/60",
  "2001:db8:9::/60",
  "::/62",
  "::/0",
];

interface Message {
  readonly verb: (typeof VERBS)[number];
  readonly client: number;
  readonly link: "eth0" | "eth1";
  readonly ias: readonly {
    readonly iaid: number;
    readonly named: readonly string[];
    readonly own: boolean;
  }[];
  readonly fails: boolean;
}

const ias = fc.array(
  fc.record({
    iaid: fc.integer({ min: 0, max: 2 }),
    named: fc.array(fc.constantFrom(...PREFIXES), { maxLength: 3 }),
    own: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);
const messages = fc.record({
  verb: fc.constantFrom(...VERBS),
  client: fc.integer({ min: 1, max: 6 }),
  link: fc.constantFrom("eth0", "eth1"),
  ias,
  fails: fc.nat(9).map((n) => n === 0),
});
const events = fc.oneof(
  { weight: 20, arbitrary: messages },
  { weight: 3, arbitrary: fc.record({ wait: fc.constantFrom(1, 59, 61, 700, 1999, 2001) }) },
  { weight: 1, arbitrary: fc.record({ restart: fc.boolean() }) },
);

describe("server: whatever is asked in whatever order", () => {
  test("leases never overlap, are stored before they are promised, stay the same, and a route script follows them", () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (history) => {
        let rig = createRig(CROWDED);
        const routes: Routes = new Map();
        for (const event of history) {
          if ("wait" in event) rig.wait(event.wait);
          else if ("restart" in event) rig = rig.restart(event.restart ? CHANGED : CROWDED);
          else converse(rig, event);
          checkTable(rig);
          runScript(routes, rig.hooks());
          expect(routes).toEqual(new Map(leases(rig).filter(isBound).map(routeOf)));
        }
      }),
      { numRuns: 300 },
    );
  }, 120_000);
});

/** Prefix to gateway and interface. */
type Routes = Map<string, string>;

/** A hook script that knows add and delete only, and takes every PREFIXn for a route. */
function runScript(routes: Routes, calls: readonly HookCall[]): void {
  for (const { action, variables } of calls) {
    for (let n = 1; variables[`PREFIX${n}`] !== undefined; n++) {
      const prefix = `${variables[`PREFIX${n}`]}/${variables[`PREFIX${n}LEN`]}`;
      if (action === "add") routes.set(prefix, `${variables["REMOTE_ADDR"]} ${variables["IFACE"]}`);
      if (action === "delete") routes.delete(prefix);
    }
  }
}

const isBound = ({ state }: Lease): boolean => state === "bound";
const routeOf = ({ prefix, clientAddress, interfaceName }: Lease): [string, string] => [
  formatPrefix(prefix),
  `${formatIp6(clientAddress)} ${interfaceName}`,
];

function converse(rig: Rig, { verb, client: n, link, ias: asked, fails }: Message): void {
  const client = createClient(rig, n, { interfaceName: link });
  const leasesOf = (iaid: number): readonly Lease[] =>
    leases(rig).filter((lease) => sameBytes(lease.duid, client.duid) && lease.iaid === iaid);
  const specs: IaSpec[] = asked.map(({ iaid, named, own }) =>
    pd(iaid, ...(own ? leasesOf(iaid).map(({ prefix }) => formatPrefix(prefix)) : []), ...named),
  );
  if (fails) {
    const before = stored(rig);
    rig.giveInVain(client.event(verb, specs));
    expect(stored(rig)).toEqual(before);
    return;
  }
  const before = new Map(asked.map(({ iaid }) => [iaid, bound(leasesOf(iaid))]));
  const answer = client[verb](...specs);
  if (verb === "release") return;
  if (answer?.type === "reply")
    expect(promised(answer).filter((promise) => !stored(rig).includes(promise))).toEqual([]);
  for (const { iaid, leases: given } of answer?.ias ?? []) {
    const had = before.get(iaid) ?? [];
    const alive = given.filter(({ valid }) => valid > 0).map(({ prefix }) => prefix);
    const fitting = had.filter((prefix) => fits(rig, link, prefix));
    if (fitting.length > 0) expect(new Set(alive)).toEqual(new Set(fitting));
  }
}

const fits = (rig: Rig, link: string, text: string): boolean =>
  (rig.state.network.links.get(link)?.classes.pd ?? []).some(({ pools }) =>
    pools.some((pool) =>
      Array.from({ length: pool.taken?.size ?? 0 }, (_, i) => formatPrefix(pieceAt(pool, i))).includes(text),
    ),
  );

const bound = (all: readonly Lease[]): readonly string[] =>
  all.filter(isBound).map(({ prefix }) => formatPrefix(prefix));

const promised = ({ ias: answered }: Answer): readonly string[] =>
  answered.flatMap(({ leases: given, iaid }) =>
    given.filter(({ valid }) => valid > 0).map(({ prefix, valid }) => `${iaid} ${prefix} ${valid}`),
  );

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((octet, i) => octet === b[i]);
