import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import type { ClientConfig } from "../../shared/config/types.js";
import { formatPrefix } from "../../shared/prefix.js";
import type { Candidate } from "../../client/downlinks.js";
import { type Delegation, NO_MEMORY } from "../../client/plan.js";
import { exampleDelegations, planText, type PlanView, viewOf } from "../../client/plan-view.js";
import { planFor } from "../../client/planning.js";
import { at, ip, prefix } from "./workbench.js";

const NOW = at(0);

function configOf(text: string): ClientConfig {
  const { config } = parseClientConfig(text);
  if (config === undefined) throw new Error(`not a configuration: ${text}`);
  return config;
}

const link = (name: string, index: number, up = true): Candidate => ({
  name,
  index,
  up,
  running: up,
  multicast: true,
  mac: Uint8Array.of(2, 0, 0, 0, 0, index),
  addresses: [{ address: ip(`fe80::${index}`), linkLocal: true }],
});

const LISTED = "downlink-prefix-ifaces lan1, lan2 iface wan0 { pd }";

function look(text: string, held: readonly Delegation[], interfaces: readonly Candidate[]): PlanView {
  const config = configOf(text);
  const delegations = held.length === 0 ? exampleDelegations(config) : held;
  const plan = planFor(config, interfaces, delegations, NO_MEMORY, NOW);
  return viewOf(plan, delegations, held.length === 0, (name) => name === "lan1", NOW);
}

describe("dibbler-client plan", () => {
  const held: Delegation = {
    uplink: "wan0",
    prefix: prefix("2001:db8:a::/62"),
    exclude: prefix("2001:db8:a::/64"),
    preferredUntil: at(3_600_000),
    validUntil: at(7_265_000),
  };
  const view = look(LISTED, [held], [link("wan0", 2), link("lan1", 3), link("lan2", 4, false)]);

  test("as data: what is delegated, who has what, how long, whether it is set, and the commands", () => {
    expect(view.delegated).toEqual([
      {
        uplink: "wan0",
        prefix: "2001:db8:a::/62",
        excluded: "2001:db8:a::/64",
        preferred: 3600,
        valid: 7265,
      },
    ]);
    expect(view.subnets).toMatchObject([
      { downlink: "lan1", subnet: "2001:db8:a:1::/64", address: "2001:db8:a:1::1", state: "set" },
      { downlink: "lan2", subnet: "2001:db8:a:2::/64", from: "2001:db8:a::/62", state: "down" },
    ]);
    expect(view.commands).toEqual([
      "ip -6 address replace 2001:db8:a:1::1/64 dev lan1 valid_lft 7265 preferred_lft 3600 noprefixroute",
      "ip -6 route replace 2001:db8:a:1::/64 dev lan1 proto 146 metric 546 expires 7265",
      "ip -6 route replace unreachable 2001:db8:a:2::/63 dev lo proto 146 metric 2147483546",
      "ip -6 route replace unreachable 2001:db8:a:1::/64 dev lo proto 146 metric 2147483546",
    ]);
  });

  test("as text", () => {
    expect(planText(view)).toBe(
      [
        "2001:db8:a::/62 from wan0, valid 2h 01m, without 2001:db8:a::/64",
        "",
        "DOWNLINK  SUBNET             OUR ADDRESS      PREFERRED  VALID   STATE",
        "lan1      2001:db8:a:1::/64  2001:db8:a:1::1  1h 00m     2h 01m  set",
        "lan2      2001:db8:a:2::/64  2001:db8:a:2::1  1h 00m     2h 01m  down",
        "",
        "unreachable where no downlink has it: 2001:db8:a:2::/63, 2001:db8:a:1::/64",
      ].join("\n"),
    );
  });

  test.each([
    ["a length: of that length", "iface wan0 { pd { prefix ::/60 } }", ["2001:db8::/60"]],
    ["a prefix: that one", "iface wan0 { pd { prefix 2001:db8:77::/48 } }", ["2001:db8:77::/48"]],
    ["nothing: what is usual", "iface wan0 { pd }", ["2001:db8::/56"]],
    ["twice", "iface wan0 { pd pd }", ["2001:db8::/56", "2001:db8:1::/56"]],
  ])("without a lease, asking for %s", (_case, text, prefixes) => {
    expect(exampleDelegations(configOf(text)).map((one) => formatPrefix(one.prefix))).toEqual(prefixes);
    const example = look(text, [], [link("wan0", 2), link("lan1", 3)]);
    expect(example.example).toBe(true);
    expect(planText(example)).toContain(`${prefixes[0] ?? ""} from wan0, for example`);
    expect(example.subnets).toHaveLength(prefixes.length);
  });

  test("a subnet whose prefix is gone is deprecated", () => {
    const memory = { subnets: [{ downlink: "lan1", subnet: prefix("2001:db8:b::/64"), until: at(9000) }] };
    const config = configOf(LISTED);
    const plan = planFor(config, [link("lan1", 3)], [], { ...memory, rests: [] }, NOW);
    expect(viewOf(plan, [], false, () => true, NOW).subnets).toEqual([
      {
        downlink: "lan1",
        subnet: "2001:db8:b::/64",
        address: "2001:db8:b::1",
        from: null,
        preferred: 0,
        valid: 9,
        state: "deprecated",
      },
    ]);
    expect(viewOf(plan, [], false, () => true, millis(NOW + 10_000)).commands).toEqual([]);
  });
});
