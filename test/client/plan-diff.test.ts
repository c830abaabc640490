import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Millis, millis } from "../../shared/brand.js";
import { applyChanges, diffSettings, leftovers, type Setting } from "../../client/plan-diff.js";
import { at, prefix } from "./workbench.js";

const NOW = at(0);
const FOREVER = millis(Infinity);

const address = (text: string, preferred: Millis, valid: Millis, device = "lan1"): Setting => ({
  kind: "address",
  device,
  prefix: prefix(text),
  preferredUntil: preferred,
  validUntil: valid,
});
const route = (text: string, valid: Millis, device = "lan1"): Setting => ({
  kind: "route",
  device,
  prefix: prefix(text),
  preferredUntil: valid,
  validUntil: valid,
});
const unreachable = (text: string, valid: Millis): Setting => ({
  ...route(text, valid, "lo"),
  kind: "unreachable",
});

const linesOf = (had: readonly Setting[], wanted: readonly Setting[]): string[] =>
  diffSettings(had, wanted, NOW).map(({ line }) => line);

describe("commands for ip", () => {
  const all = [
    address("2001:db8::1/64", at(50_999), at(100_000)),
    route("2001:db8::/64", at(100_000)),
    unreachable("2001:db8::/56", at(100_000)),
  ];

  test("set with what is left in whole seconds, never more; with our protocol and metrics", () => {
    expect(linesOf([], all)).toEqual([
      "address replace 2001:db8::1/64 dev lan1 valid_lft 100 preferred_lft 50 noprefixroute",
      "route replace 2001:db8::/64 dev lan1 proto 146 metric 546 expires 100",
      "route replace unreachable 2001:db8::/56 dev lo proto 146 metric 2147483546",
    ]);
  });

  test("for ever", () => {
    const lasting = [address("2001:db8::1/64", FOREVER, FOREVER), route("2001:db8::/64", FOREVER)];
    expect(linesOf([], lasting)).toEqual([
      "address replace 2001:db8::1/64 dev lan1 valid_lft forever preferred_lft forever noprefixroute",
      "route replace 2001:db8::/64 dev lan1 proto 146 metric 546",
    ]);
  });

  test("nothing new, nothing to do; a renewal brings the lifetimes up to date", () => {
    expect(linesOf(all, all)).toEqual([]);
    const renewed = [
      address("2001:db8::1/64", at(60_000), at(200_000)),
      route("2001:db8::/64", at(200_000)),
      unreachable("2001:db8::/56", at(200_000)),
    ];
    expect(linesOf(all, renewed)).toEqual([
      "address replace 2001:db8::1/64 dev lan1 valid_lft 200 preferred_lft 60 noprefixroute",
      "route replace 2001:db8::/64 dev lan1 proto 146 metric 546 expires 200",
    ]);
  });

  test("deprecated: preferred 0", () => {
    const [line] = linesOf(all, [address("2001:db8::1/64", millis(0), at(90_000))]).slice(-1);
    expect(line).toBe("address replace 2001:db8::1/64 dev lan1 valid_lft 90 preferred_lft 0 noprefixroute");
  });

  test("removed, also what would end within the second", () => {
    const gone = [
      "address delete 2001:db8::1/64 dev lan1",
      "route delete 2001:db8::/64 dev lan1 proto 146 metric 546",
      "route delete unreachable 2001:db8::/56 dev lo proto 146 metric 2147483546",
    ];
    expect(linesOf(all, [])).toEqual(gone);
    expect(linesOf(all, [route("2001:db8::/64", at(999))])).toEqual(gone);
  });

  test("a subnet that changes sides leaves the one before it comes to the other", () => {
    expect(linesOf([route("2001:db8::/64", FOREVER)], [route("2001:db8::/64", FOREVER, "lan2")])).toEqual([
      "route delete 2001:db8::/64 dev lan1 proto 146 metric 546",
      "route replace 2001:db8::/64 dev lan2 proto 146 metric 546",
    ]);
  });

  test("what failed is tried again, what worked is not", () => {
    const changes = diffSettings([], all, NOW);
    const after = applyChanges([], changes, changes.slice(1, 2));
    expect(diffSettings(after, all, NOW).map(({ line }) => line)).toEqual([
      "route replace 2001:db8::/64 dev lan1 proto 146 metric 546 expires 100",
    ]);
  });

  test("from any state to any other, in one step, whatever fails in the end is done by the next", () => {
    const some = fc.subarray([
      ...all,
      address("2001:db8::1/64", at(70_000), at(300_000)),
      address("2001:db8:0:1::1/64", FOREVER, FOREVER, "lan2"),
      route("2001:db8:0:1::/64", at(400_000), "lan2"),
    ]);
    const nameOf = ({ kind, device, prefix: { length } }: Setting): string => `${kind} ${device} ${length}`;
    fc.assert(
      fc.property(some, some, fc.nat(7), (had, target, failing) => {
        const wanted = [...new Map(target.map((one) => [nameOf(one), one])).values()];
        const before = [...new Map(had.map((one) => [nameOf(one), one])).values()];
        const changes = diffSettings(before, wanted, NOW);
        const after = applyChanges(before, changes, changes.slice(failing, failing + 1));
        const end = applyChanges(after, diffSettings(after, wanted, NOW), []);
        expect(diffSettings(end, wanted, NOW)).toEqual([]);
        expect(end.map(nameOf).sort()).toEqual(wanted.map(nameOf).sort());
      }),
    );
  });
});

describe("leftovers of a run that was killed", () => {
  const subnets = [{ downlink: "lan1", subnet: prefix("2001:db8:0:1::/64"), until: at(1000) }];
  const prefixes = [prefix("2001:db8::/56")];

  test("routes of our protocol in prefixes we know", () => {
    const routes = [
      { dst: "2001:db8:0:1::/64", dev: "lan1", protocol: "146", metric: 546, expires: 30 },
      { dst: "2001:db8:0:7::/64", dev: "lan2", metric: 546 },
      { type: "unreachable", dst: "2001:db8::/56", dev: "lo" },
      { type: "unreachable", dst: "2001:db8::5", dev: "lo" },
      { dst: "2001:db8:9::/64", dev: "lan3", metric: 546 },
      { dst: "default", dev: "lan3" },
    ];
    expect(linesOf(leftovers(routes, [], subnets, prefixes), [])).toEqual([
      "route delete 2001:db8:0:1::/64 dev lan1 proto 146 metric 546",
      "route delete 2001:db8:0:7::/64 dev lan2 proto 146 metric 546",
      "route delete unreachable 2001:db8::/56 dev lo proto 146 metric 2147483546",
      "route delete unreachable 2001:db8::5/128 dev lo proto 146 metric 2147483546",
    ]);
  });

  test("of the addresses only our own in the subnet that this downlink had", () => {
    const row = (local: string, more: object = { noprefixroute: true }): object => ({ local, ...more });
    const addresses = [
      { ifname: "lan1", addr_info: [row("2001:db8:0:1::1"), row("2001:db8:0:1::7"), row("2001:db8:0:2::1")] },
      { ifname: "lan1", addr_info: [row("2001:db8:0:1::1", {}), row("fe80::1")] },
      { ifname: "lan2", addr_info: [row("2001:db8:0:1::1")] },
      { ifname: "lan3" },
      {},
    ];
    expect(linesOf(leftovers([], addresses, subnets, prefixes), [])).toEqual([
      "address delete 2001:db8:0:1::1/64 dev lan1",
    ]);
  });

  test.each([[undefined], [{}], [[null, 5, {}]]])("nonsense %j is nothing", (nonsense) => {
    expect(leftovers(nonsense, nonsense, subnets, prefixes)).toEqual([]);
  });
});
