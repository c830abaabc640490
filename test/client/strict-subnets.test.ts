import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import { formatPrefix } from "../../shared/prefix.js";
import { type DownlinkPlan, makePlan, NO_MEMORY, planNothing } from "../../client/plan.js";
import { diffSettings, settingsOf } from "../../client/plan-diff.js";
import { at, prefix } from "./workbench.js";

const NOW = at(0);
const LANS = [3, 4, 260].map((index, position) => ({
  name: `lan${position + 1}`,
  position,
  index,
  up: true,
}));

/** Of the first `count` downlinks. */
function planOf(delegated: string, count: number): DownlinkPlan {
  const downlinks = LANS.slice(0, count);
  const forever = millis(Infinity);
  const lifetimes = { exclude: undefined, preferredUntil: forever, validUntil: forever };
  const delegations = [{ uplink: "wan0", prefix: prefix(delegated), ...lifetimes }];
  const facts = { delegations, chosen: { downlinks, missing: [] }, interfaces: LANS, memory: NO_MEMORY };
  return makePlan({ ...facts, strict: true }, NOW);
}

const subnetsOf = ({ subnets }: DownlinkPlan): string[] =>
  subnets.map(({ downlink, subnet }) => `${downlink} ${formatPrefix(subnet)}`);

describe('compatibility "strict": divided as Dibbler 1.0.1 was seen to do (C-DL-5, C-DL-7)', () => {
  test.each([
    [48, "2001:db8:1000:300::/56", "2001:db8:1000:400::/56"],
    [52, "2001:db8:1000:30::/60", "2001:db8:1000:40::/60"],
    [56, "2001:db8:1000:3::/64", "2001:db8:1000:4::/64"],
    [60, "2001:db8:1000:0:3000::/68", "2001:db8:1000:0:4000::/68"],
    [63, "2001:db8:1000:0:600::/71", "2001:db8:1000:0:800::/71"],
    [64, "2001:db8:1000:0:300::/72", "2001:db8:1000:0:400::/72"],
    [120, "2001:db8:1000::3/128", "2001:db8:1000::4/128"],
  ])("a /%i: eight bits more with the number of the interface", (length, lan1, lan2) => {
    expect(subnetsOf(planOf(`2001:db8:1000::/${length}`, 2))).toEqual([`lan1 ${lan1}`, `lan2 ${lan2}`]);
  });

  test.each([48, 56, 64, 72])("a /%i and a single downlink: all of it", (length) => {
    const plan = planOf(`2001:db8:1000::/${length}`, 1);
    expect(subnetsOf(plan)).toEqual([`lan1 2001:db8:1000::/${length}`]);
  });

  test("no room, or numbers alike in their last eight bits: left out", () => {
    expect(planOf("2001:db8::/121", 2).problems).toMatchObject([{ downlinks: ["lan1", "lan2"] }]);
    const plan = planOf("2001:db8:1000::/56", 3);
    expect(subnetsOf(plan)).toEqual(["lan1 2001:db8:1000:3::/64", "lan2 2001:db8:1000:4::/64"]);
    expect(plan.problems).toMatchObject([{ kind: "left-out", downlinks: ["lan3"] }]);
  });

  test("nothing but routes, gone with the prefix", () => {
    const plan = planOf("2001:db8:1000::/56", 2);
    expect(diffSettings([], settingsOf(plan), NOW).map(({ line }) => line)).toEqual([
      "route replace 2001:db8:1000:3::/64 dev lan1 proto 146 metric 546",
      "route replace 2001:db8:1000:4::/64 dev lan2 proto 146 metric 546",
    ]);
    const facts = { delegations: [], chosen: { downlinks: LANS, missing: [] }, interfaces: LANS };
    expect(makePlan({ ...facts, memory: plan.memory, strict: true }, NOW).subnets).toEqual([]);
    expect(planNothing(plan.memory).subnets).toEqual([]);
  });
});
