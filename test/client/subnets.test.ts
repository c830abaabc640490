import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { containsPrefix, formatPrefix, ip6, masked, overlaps, type Prefix } from "../../shared/prefix.js";
import { type Choice, divide, without } from "../../client/subnets.js";
import { prefix } from "./workbench.js";

const seatsOf = (...names: string[]): { name: string; position: number }[] =>
  names.map((name, position) => ({ name, position }));

const asText = (choices: readonly Choice[]): string[] =>
  choices.map(({ downlink, subnet }) => `${downlink} ${formatPrefix(subnet)}`);

function divided(
  delegated: string,
  names: string[],
  exclude?: string,
  earlier: readonly Choice[] = [],
): object {
  const dividable = {
    prefix: prefix(delegated),
    exclude: exclude === undefined ? undefined : prefix(exclude),
  };
  const { choices, leftOut } = divide(dividable, seatsOf(...names), earlier);
  return { choices: asText(choices), leftOut };
}

describe("a delegated prefix of any length: consecutive /64s in the order of the downlinks", () => {
  test.each([
    ["/48", "2001:db8:1000::/48", ["2001:db8:1000::/64", "2001:db8:1000:1::/64", "2001:db8:1000:2::/64"]],
    ["/56", "2001:db8:0:1000::/56", ["2001:db8:0:1000::/64", "2001:db8:0:1001::/64", "2001:db8:0:1002::/64"]],
    ["/60", "2001:db8:0:10::/60", ["2001:db8:0:10::/64", "2001:db8:0:11::/64", "2001:db8:0:12::/64"]],
    ["/62", "2001:db8:0:fffc::/62", ["2001:db8:0:fffc::/64", "2001:db8:0:fffd::/64", "2001:db8:0:fffe::/64"]],
  ])("%s over three", (_length, delegated, [one, two, three]) => {
    expect(divided(delegated, ["lan1", "lan2", "lan3"])).toEqual({
      choices: [`lan1 ${one}`, `lan2 ${two}`, `lan3 ${three}`],
      leftOut: [],
    });
  });

  test.each([
    ["/64 over one: that /64", "2001:db8:0:7::/64", ["lan1"], ["lan1 2001:db8:0:7::/64"], []],
    ["/64 over two: the first", "2001:db8:0:7::/64", ["a", "b"], ["a 2001:db8:0:7::/64"], ["b"]],
    [
      "/63 over three: the first two",
      "2001:db8:0:6::/63",
      ["a", "b", "c"],
      ["a 2001:db8:0:6::/64", "b 2001:db8:0:7::/64"],
      ["c"],
    ],
    ["/65: nothing is split", "2001:db8:0:7::/65", ["a"], [], ["a"]],
    ["/56 over nobody", "2001:db8::/56", [], [], []],
  ])("%s", (_case, delegated, names, choices, leftOut) => {
    expect(divided(delegated, names)).toEqual({ choices, leftOut });
  });

  test.each([
    ["the first /64", "2001:db8::/64", ["a 2001:db8:0:1::/64", "b 2001:db8:0:2::/64"], []],
    ["its lower half", "2001:db8::/57", ["a 2001:db8:0:80::/64", "b 2001:db8:0:81::/64"], []],
    ["a part of a /64", "2001:db8:0:0:8000::/65", ["a 2001:db8:0:1::/64", "b 2001:db8:0:2::/64"], []],
    ["what lies elsewhere", "2001:db9::/64", ["a 2001:db8::/64", "b 2001:db8:0:1::/64"], []],
    ["all of it", "2001:db8::/56", [], ["a", "b"]],
  ])("without %s, which is excluded (RFC 6603)", (_case, exclude, choices, leftOut) => {
    expect(divided("2001:db8::/56", ["a", "b"], exclude)).toEqual({ choices, leftOut });
  });
});

describe("downlinks come and go", () => {
  const delegated = "2001:db8::/62";
  const earlier = [
    { downlink: "a", subnet: prefix("2001:db8:0:2::/64") },
    { downlink: "gone", subnet: prefix("2001:db8::/64") },
  ];

  test("one keeps what it had; what an absent one had stays free for it", () => {
    expect(divided(delegated, ["a", "b"], undefined, earlier)).toEqual({
      choices: ["a 2001:db8:0:2::/64", "b 2001:db8:0:1::/64"],
      leftOut: [],
    });
  });

  test("when nothing else is left, a present one gets what an absent one had", () => {
    expect(divided(delegated, ["a", "b", "c", "d"], undefined, earlier)).toEqual({
      choices: ["a 2001:db8:0:2::/64", "b 2001:db8:0:1::/64", "c 2001:db8:0:3::/64", "d 2001:db8::/64"],
      leftOut: [],
    });
  });
});

describe("rules that hold for every prefix, exclusion and set of downlinks", () => {
  const anyPrefix = (least: number, most: number): fc.Arbitrary<Prefix> =>
    fc
      .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.integer({ min: least, max: most }))
      .map(([octets, length]) => masked({ address: ip6(octets), length }));
  const within = (outer: Prefix): fc.Arbitrary<Prefix> =>
    anyPrefix(outer.length + 1, 128).map(({ address, length }) => {
      const octets = address.map((octet, i) => {
        const kept = Math.min(8, Math.max(0, outer.length - 8 * i));
        const mask = (0xff00 >> kept) & 0xff;
        return ((outer.address[i] ?? 0) & mask) | (octet & ~mask);
      });
      return masked({ address: ip6(octets), length });
    });
  const letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
  const cases = anyPrefix(20, 64).chain((whole) =>
    fc.record({
      whole: fc.constant(whole),
      exclude: fc.option(within(whole), { nil: undefined }),
      names: fc.uniqueArray(fc.constantFrom(...letters), { maxLength: 10 }),
      others: fc.uniqueArray(fc.constantFrom(...letters), { maxLength: 10 }),
    }),
  );

  test("exactly /64, inside, never overlapping, never excluded, and nobody is left out while one is free", () => {
    fc.assert(
      fc.property(cases, ({ whole, exclude, names }) => {
        const { choices, leftOut } = divide({ prefix: whole, exclude }, seatsOf(...names), []);
        const subnets = choices.map(({ subnet }) => subnet);
        for (const subnet of subnets) {
          expect(subnet.length).toBe(64);
          expect(containsPrefix(whole, subnet)).toBe(true);
          expect(subnets.filter((other) => overlaps(other, subnet))).toEqual([subnet]);
          if (exclude !== undefined) expect(overlaps(exclude, subnet)).toBe(false);
        }
        expect([...choices.map(({ downlink }) => downlink), ...leftOut].sort()).toEqual([...names].sort());
        const room = 2 ** Math.min(10, 64 - whole.length);
        if (exclude === undefined) expect(choices).toHaveLength(Math.min(names.length, room));
      }),
    );
  });

  test("whoever comes or goes, those who stay keep their subnets", () => {
    fc.assert(
      fc.property(cases, ({ whole, exclude, names, others }) => {
        const first = divide({ prefix: whole, exclude }, seatsOf(...names), []).choices;
        const second = divide({ prefix: whole, exclude }, seatsOf(...others), first).choices;
        const stayed = first.filter(({ downlink }) => others.includes(downlink));
        expect(asText(second)).toEqual(expect.arrayContaining(asText(stayed)));
      }),
    );
  });

  test("what is left without a part does not overlap it and is complete", () => {
    const pairs = anyPrefix(20, 100).chain((whole) => fc.tuple(fc.constant(whole), within(whole)));
    fc.assert(
      fc.property(pairs, ([whole, part]) => {
        const rest = without(whole, part);
        for (const one of rest) {
          expect(containsPrefix(whole, one)).toBe(true);
          expect([part, ...rest].filter((other) => overlaps(other, one))).toEqual([one]);
        }
        const size = ({ length }: Prefix): bigint => 1n << BigInt(128 - length);
        expect(rest.reduce((sum, one) => sum + size(one), size(part))).toBe(size(whole));
      }),
    );
  });
});
