import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import { formatIp6, formatPrefix, overlaps } from "../../shared/prefix.js";
import { downlinkVariables, newsOf } from "../../client/downlink-report.js";
import { decodeDownlinks, encodeDownlinks } from "../../client/downlinks-file.js";
import { type Candidate, chooseDownlinks } from "../../client/downlinks.js";
import {
  type Delegation,
  type DownlinkMemory,
  type DownlinkPlan,
  makePlan,
  NO_MEMORY,
  planNothing,
} from "../../client/plan.js";
import { at, ip, prefix } from "./workbench.js";

const HOUR = 3_600_000;
const NOW = at(0);

function link(name: string, index: number, change: Partial<Candidate> = {}): Candidate {
  return {
    name,
    index,
    up: true,
    running: true,
    multicast: true,
    mac: Uint8Array.of(2, 0, 0, 0, 0, index),
    addresses: [{ address: ip(`fe80::${index}`), linkLocal: true }],
    ...change,
  };
}

const LANS = [link("wan0", 2), link("lan1", 3), link("lan2", 4), link("lan3", 5)];

/** Delegated now: preferred for an hour, valid for two. */
function delegated(text: string, change: Partial<Delegation> = {}): Delegation {
  return {
    uplink: "wan0",
    prefix: prefix(text),
    exclude: undefined,
    preferredUntil: at(HOUR),
    validUntil: at(2 * HOUR),
    ...change,
  };
}

function planOf(
  delegations: readonly Delegation[],
  interfaces: readonly Candidate[] = LANS,
  memory: DownlinkMemory = NO_MEMORY,
  now = NOW,
): DownlinkPlan {
  const served = memory.subnets.filter(({ until }) => until > now).map(({ downlink }) => downlink);
  const chosen = chooseDownlinks({ mode: "auto" }, interfaces, ["wan0"], served);
  return makePlan({ delegations, chosen, interfaces, memory, strict: false }, now);
}

/** `lan1 2001:db8::/64`, with `old` behind a deprecated one. */
const subnetsOf = ({ subnets }: DownlinkPlan): string[] =>
  subnets.map(
    ({ downlink, subnet, from }) => `${downlink} ${formatPrefix(subnet)}${from === undefined ? " old" : ""}`,
  );

describe("choice of downlinks (C-DL-1 to C-DL-4)", () => {
  const names = (
    text: readonly string[],
    interfaces: readonly Candidate[],
    served: string[] = [],
  ): string[] =>
    chooseDownlinks(
      text.length === 0 ? { mode: "auto" } : { mode: "list", names: text },
      interfaces,
      ["wan0"],
      served,
    ).downlinks.map(({ name, position }) => `${position} ${name}`);

  test.each<[string, Candidate]>([
    ["down", link("x", 9, { up: false })],
    ["without a cable", link("x", 9, { running: false })],
    ["without multicast", link("x", 9, { multicast: false })],
    ["without a MAC", link("x", 9, { mac: new Uint8Array() })],
    ["without a link-local address", link("x", 9, { addresses: [] })],
    ["the uplink", link("wan0", 9)],
  ])("none listed: not one that is %s", (_what, other) => {
    expect(names([], [other, link("lan1", 3)])).toEqual(["0 lan1"]);
  });

  test("none listed: in the order of their numbers", () => {
    expect(names([], [link("b", 7), link("a", 9), link("c", 3)])).toEqual(["0 c", "1 b", "2 a"]);
  });

  test("none listed: one in use stays one when its cable is unplugged", () => {
    expect(names([], [link("lan1", 3, { running: false })], ["lan1"])).toEqual(["0 lan1"]);
  });

  test("listed: exactly those, in that order, whatever their state; never the uplink", () => {
    const interfaces = [...LANS, link("lan4", 8, { up: false, addresses: [] })];
    expect(names(["lan4", "wan0", "lan1", "lan4"], interfaces)).toEqual(["0 lan4", "2 lan1"]);
  });

  test("listed and missing: named; when all are, the others of the system are taken", () => {
    const some = chooseDownlinks({ mode: "list", names: ["lan9", "lan2"] }, LANS, ["wan0"], []);
    expect(some).toMatchObject({ missing: ["lan9"], downlinks: [{ name: "lan2", position: 1 }] });
    expect(names(["lan8", "lan9"], LANS)).toEqual(["0 lan1", "1 lan2", "2 lan3"]);
  });

  test('"none": nobody', () => {
    expect(chooseDownlinks({ mode: "none" }, LANS, ["wan0"], []).downlinks).toEqual([]);
  });
});

describe("plan", () => {
  test("T-16: a /60 on three downlinks gives three different /64s, an address in each, the rest unreachable", () => {
    const plan = planOf([delegated("2001:db8:0:10::/60")]);
    expect(subnetsOf(plan)).toEqual([
      "lan1 2001:db8:0:10::/64",
      "lan2 2001:db8:0:11::/64",
      "lan3 2001:db8:0:12::/64",
    ]);
    expect(plan.subnets.map(({ address }) => address && formatIp6(address))).toEqual([
      "2001:db8:0:10::1",
      "2001:db8:0:11::1",
      "2001:db8:0:12::1",
    ]);
    expect(plan.rests.map((rest) => formatPrefix(rest.prefix))).toEqual(["2001:db8:0:10::/60"]);
    expect(plan.subnets[0]).toMatchObject({ preferredUntil: at(HOUR), validUntil: at(2 * HOUR) });
    expect(plan.problems).toEqual([]);
  });

  test("T-10: of three prefixes each downlink gets a /64 of each, and the hook hears of all of them", () => {
    const plan = planOf(
      [delegated("2001:db8:a::/56"), delegated("2001:db8:b::/56"), delegated("2001:db8:c::/56")],
      LANS.slice(0, 3),
    );
    expect(downlinkVariables(plan, "wan0")).toEqual({
      DOWNLINK_PREFIX_IFACES: "lan1 lan2 ",
      DOWNLINK_PREFIXES:
        "lan1 2001:db8:a::/64 lan2 2001:db8:a:1::/64 lan1 2001:db8:b::/64 lan2 2001:db8:b:1::/64 " +
        "lan1 2001:db8:c::/64 lan2 2001:db8:c:1::/64 ",
    });
    expect(downlinkVariables(plan, "wan1")).toMatchObject({ DOWNLINK_PREFIXES: "" });
  });

  test("the excluded part is on no downlink, and not unreachable either", () => {
    const plan = planOf([delegated("2001:db8::/62", { exclude: prefix("2001:db8::/64") })]);
    expect(subnetsOf(plan)).toEqual([
      "lan1 2001:db8:0:1::/64",
      "lan2 2001:db8:0:2::/64",
      "lan3 2001:db8:0:3::/64",
    ]);
    expect(plan.rests.map((rest) => formatPrefix(rest.prefix))).toEqual([
      "2001:db8:0:2::/63",
      "2001:db8:0:1::/64",
    ]);
  });

  test.each([
    ["two /64s for three", "2001:db8::/63", LANS, [{ kind: "left-out", downlinks: ["lan3"] }]],
    ["longer than /64", "2001:db8::/65", LANS, [{ kind: "too-long" }]],
    ["no downlink", "2001:db8::/56", LANS.slice(0, 1), [{ kind: "nothing-found" }]],
  ])("%s: a problem, said once, and again after it was gone", (_case, text, interfaces, problems) => {
    const plan = planOf([delegated(text)], interfaces);
    expect(plan.problems).toMatchObject(problems);
    const said = newsOf(undefined, plan).filter(({ id }) => id !== "DOWNLINK-ADDED");
    expect(said).toHaveLength(1);
    expect(newsOf(plan, plan)).toEqual([]);
    expect(newsOf(planOf([]), plan)).toEqual(expect.arrayContaining(said));
  });
});

describe("a prefix that goes is deprecated, not dropped (RFC 9096)", () => {
  const before = planOf([delegated("2001:db8:a::/56", { validUntil: at(10 * HOUR) })], LANS.slice(0, 2));

  test("withdrawn: preferred 0, valid two hours more; looked at later it ends at the same time", () => {
    const plan = planOf([], LANS, before.memory, at(HOUR));
    expect(subnetsOf(plan)).toEqual(["lan1 2001:db8:a::/64 old"]);
    expect(plan.subnets[0]).toMatchObject({ preferredUntil: 0, validUntil: at(3 * HOUR) });
    expect(plan.rests).toEqual([]);
    const later = planOf([], LANS, plan.memory, at(2 * HOUR));
    expect(later.subnets[0]).toMatchObject({ preferredUntil: 0, validUntil: at(3 * HOUR) });
    expect(planOf([], LANS, later.memory, at(3 * HOUR)).subnets).toEqual([]);
    expect(newsOf(before, plan)).toMatchObject([
      { id: "DOWNLINK-DEPRECATED", values: { interface: "lan1" } },
    ]);
  });

  test("less is left than two hours: no more than that", () => {
    const plan = planOf([], LANS, before.memory, at(9 * HOUR));
    expect(plan.subnets[0]).toMatchObject({ validUntil: at(10 * HOUR) });
  });

  test("replaced: the new one first, the old one beside it", () => {
    const plan = planOf([delegated("2001:db8:b::/56")], LANS.slice(0, 2), before.memory);
    expect(subnetsOf(plan)).toEqual(["lan1 2001:db8:b::/64", "lan1 2001:db8:a::/64 old"]);
    expect(downlinkVariables(plan, "wan0")["DOWNLINK_PREFIXES"]).toBe("lan1 2001:db8:b::/64 ");
  });

  test("comes back: in use again at the same place", () => {
    const gone = planOf([], LANS, before.memory, at(HOUR));
    const plan = planOf([delegated("2001:db8:a::/56")], LANS.slice(0, 2), gone.memory, at(HOUR));
    expect(subnetsOf(plan)).toEqual(["lan1 2001:db8:a::/64"]);
    expect(newsOf(gone, plan)).toMatchObject([{ id: "DOWNLINK-ADDED" }]);
  });

  test("at the end nothing stays, and the next run gives the same subnets", () => {
    const three = planOf([delegated("2001:db8:a::/56")]);
    const end = planNothing(three.memory);
    expect(end).toMatchObject({ subnets: [], rests: [], memory: { rests: [] } });
    expect(newsOf(three, end).map(({ id }) => id)).toEqual(Array(3).fill("DOWNLINK-REMOVED"));
    const fewer = LANS.filter(({ name }) => name !== "lan1");
    expect(subnetsOf(planOf([delegated("2001:db8:a::/56")], fewer, end.memory))).toEqual([
      "lan2 2001:db8:a:1::/64",
      "lan3 2001:db8:a:2::/64",
    ]);
  });
});

describe("rules that hold for every course of events", () => {
  const texts = [
    "2001:db8:a::/56",
    "2001:db8:a::/60",
    "2001:db8:a:8::/61",
    "2001:db8:b::/62",
    "2001:db8:c::/64",
  ];
  const moments = fc.array(
    fc.record({
      held: fc.subarray(texts),
      there: fc.subarray(LANS),
      minutes: fc.integer({ min: 0, max: 200 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  test("subnets never overlap, deprecated ones included; none outlives what was left or two hours", () => {
    fc.assert(
      fc.property(moments, (course) => {
        let memory = NO_MEMORY;
        let now = NOW;
        for (const { held, there, minutes } of course) {
          const lease = { preferredUntil: millis(now + HOUR), validUntil: millis(now + 5 * HOUR) };
          const plan = planOf(
            held.map((text) => delegated(text, lease)),
            there,
            memory,
            now,
          );
          for (const { subnet, validUntil, preferredUntil, from } of plan.subnets) {
            expect(plan.subnets.filter((other) => overlaps(other.subnet, subnet))).toHaveLength(1);
            expect(validUntil).toBeGreaterThan(now);
            expect(validUntil).toBeLessThanOrEqual(now + (from === undefined ? 2 : 5) * HOUR);
            expect(preferredUntil).toBe(from === undefined ? 0 : now + HOUR);
          }
          expect(plan.subnets.filter(({ downlink }) => downlink === "wan0")).toEqual([]);
          const decoded = decodeDownlinks(encodeDownlinks(plan.memory));
          expect(decoded).toEqual({ ok: true, memory: plan.memory });
          ({ memory } = plan);
          now = millis(now + minutes * 60_000);
        }
      }),
    );
  });
});

describe("client-downlinks.json", () => {
  test("times without end are kept", () => {
    const subnets = [{ downlink: "lan1", subnet: prefix("2001:db8::/64"), until: millis(Infinity) }];
    const memory = { subnets, rests: [prefix("2001:db8::/56")] };
    expect(decodeDownlinks(encodeDownlinks(memory))).toEqual({ ok: true, memory });
  });

  test.each([
    ["not JSON", "{"],
    ["another version", '{"version": 2, "unreachable": [], "subnets": []}'],
    ["no subnets", '{"version": 1, "unreachable": []}'],
    ["a prefix that is none", '{"version": 1, "unreachable": ["x"], "subnets": []}'],
    ["no name", '{"version": 1, "unreachable": [], "subnets": [{"subnet": "2001:db8::/64", "until": 0}]}'],
  ])("%s: not used", (_what, text) => {
    expect(decodeDownlinks(text).ok).toBe(false);
  });
});
