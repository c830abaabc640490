import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid, millis, seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { renderAddrMgr } from "../../shared/lease/addrmgr-view.js";
import type { ForeignLease } from "../../shared/lease/foreign.js";
import type { Lease } from "../../shared/lease/lease.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { formatPrefix, ip6, maskIp6, UNSPECIFIED } from "../../shared/prefix.js";
import { fileXml, readAddrMgr, SAMPLE_WRITTEN } from "./addrmgr.js";
import { leaseOf, prefixOf } from "./model.js";

const seed = new Uint8Array(16);

/** The lease that was read, as a server keeps it. */
const kept = ({ nextHop, interfaceName, interfaceIndex, line, ...lease }: ForeignLease): Lease => ({
  ...lease,
  interfaceName: interfaceName ?? `${interfaceIndex ?? line}`,
  clientAddress: nextHop ?? UNSPECIFIED,
  trail: undefined,
});

/**
 * The text of a view of these leases, on interfaces of which those with a name that begins with x are
 * unknown.
 */
function render(leases: readonly Lease[], cacheSize = 0, ahead = 0): string {
  const table = createLeaseTable({ seed });
  for (const lease of leases) table.put(lease);
  const indexOf = (name: string): number | undefined => (name.startsWith("x") ? undefined : 2);
  const facts = { timestamp: SAMPLE_WRITTEN / 1000, ahead, indexOf, cacheSize };
  return [...renderAddrMgr(table, facts)].join("");
}

describe("the view of leases", () => {
  test("is to the letter what Debian's dibbler-server 1.0.1 writes of the same leases", () => {
    const sample = readFileSync("test/lease/files/dibbler-101.xml", "utf8");
    expect(render(readAddrMgr(sample).leases.map(kept), 2)).toBe(sample);
  });

  test("of no lease, too", () => {
    expect(render([])).toBe(fileXml());
  });

  const base = leaseOf(1);
  const rows = [
    ["an offer", { state: "offered" }],
    ["what rests for its client", { state: "resting" }],
    ["what is on an interface that is not configured", { interfaceName: "x0" }],
  ] as const;
  test.each(rows)("does not show %s", (_what, change) => {
    expect(render([{ ...base, ...change }])).toBe(fileXml());
  });

  test("shows the relay of a relayed client", () => {
    const relay = ip6(Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0xfd : i)));
    const trail = { relay, port: 547, arrival: "eth0", message: new Uint8Array(0) };
    expect(render([{ ...base, trail }])).toContain('unicast="fd01:203:405:607:809:a0b:c0d:e0f"');
  });

  test("tells the time of the machine, whatever time leases run by", () => {
    expect(render([{ ...base, since: millis(1_795_545_000_400) }], 0, 60_000)).toContain(
      'timestamp="1795545060"',
    );
  });

  test("a time out of such a file is the same again, although clocks differ by some milliseconds", () => {
    for (const ahead of [-400, -1, 0, 1, 400]) {
      const since = millis(1_795_545_000_000 - ahead);
      expect(render([{ ...base, since }], 0, ahead + 2)).toContain('timestamp="1795545000"');
    }
  });

  test("read again it gives the same leases, whoever they are of", () => {
    const octets = (least: number, most: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: least, maxLength: most });
    const times = fc.tuple(fc.integer({ min: 1, max: 0xffffffff }), fc.integer({ min: 0, max: 0xffffffff }));
    const anyLease = fc
      .record({
        iaType: fc.constantFrom("pd", "na", "ta"),
        client: octets(3, 130),
        id: fc.integer({ min: 0, max: 0xffffffff }),
        address: octets(16, 16).map((it) => it.with(0, 0x80)),
        length: fc.integer({ min: 1, max: 128 }),
        times,
        since: fc.integer({ min: 1_000_000_000, max: SAMPLE_WRITTEN / 1000 }),
        name: fc
          .string({ minLength: 1, maxLength: 15 })
          .filter((it) => it.trim() === it && !it.startsWith("x")),
        hop: octets(16, 16),
        key: fc.option(octets(16, 16), { nil: undefined }),
      })
      .map(
        ({
          iaType,
          client,
          id,
          address,
          length,
          times: [valid, preferred],
          since,
          name,
          hop,
          key,
        }): Lease => {
          const bits = iaType === "pd" ? length : 128;
          return {
            iaType,
            duid: duid(client),
            iaid: iaid(id),
            prefix: { address: maskIp6(ip6(address), bits), length: bits },
            state: "bound",
            preferred: seconds(Math.min(preferred, valid)),
            valid: seconds(valid),
            t1: seconds(iaType === "ta" ? 0xffffffff : 100),
            t2: seconds(iaType === "ta" ? 0xffffffff : 200),
            since: millis(since * 1000),
            until: millis(valid === 0xffffffff ? Infinity : (since + valid) * 1000),
            interfaceName: name,
            clientAddress: ip6(hop),
            trail: undefined,
            key,
          };
        },
      );
    // One lease a client: one key and one interface for all of a client's is the format's own limit.
    const anyLeases = fc.uniqueArray(anyLease, { selector: (it) => it.duid.join(), maxLength: 8 });
    fc.assert(
      fc.property(anyLeases, (leases) => {
        const { leases: read, passages } = readAddrMgr(render(leases));
        expect(passages).toEqual([]);
        expect(read.map(kept)).toEqual(leases);
      }),
    );
  });

  test("several leases of a client stand together, IA by IA", () => {
    const of = (id: number, text: number): Lease => ({
      ...base,
      iaid: iaid(id),
      prefix: prefixOf(text, 56),
    });
    const other = { ...of(9, 9), duid: duid(Uint8Array.of(0, 3, 7)) };
    const { leases } = readAddrMgr(render([of(1, 1), other, of(2, 2), of(1, 3)]));
    expect(leases.map((it) => `${it.iaid} ${formatPrefix(it.prefix)}`)).toEqual([
      "1 2001:db8:0:100::/56",
      "1 2001:db8:0:300::/56",
      "2 2001:db8:0:200::/56",
      "9 2001:db8:0:900::/56",
    ]);
  });
});
