import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid } from "../../shared/brand.js";
import type { Reservation, ReservationSelector } from "../../shared/config/types.js";
import { sameDuid } from "../../shared/duid.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { formatPrefix, overlaps, type Prefix, sameIp6 } from "../../shared/prefix.js";
import { choosePrefixes, type Seeker, type Stock } from "../../server/allocate.js";
import { createLedger, enter, remove } from "../../server/ledger.js";
import { createNetwork, type Link } from "../../server/links.js";
import {
  createReserved,
  findReservation,
  type Identity,
  isOpenTo,
  ownersOf,
  reservedAt,
} from "../../server/reserved.js";
import { createSipHash } from "../../server/siphash.js";
import { duidOf, leaseOf, prefixOf, SEED } from "../lease/model.js";
import { configure, iface, ip, pdClass, prefix } from "./settings.js";

const AT = { line: 1, column: 1 };
const byDuid = (n: number): ReservationSelector => ({ by: "duid", duid: duidOf(n) });
const byLinkLocal = (address: string): ReservationSelector => ({ by: "linkLocal", address: ip(address) });
const byRemoteId = (enterprise: number, ...ids: string[]): ReservationSelector => ({
  by: "remoteId",
  enterprise,
  ids: ids.map(octets),
});

/** A `client` block: `reserve(byDuid(1), "2001:db8::/56", "2001:db8::1")`. */
const reserve = (selector: ReservationSelector, kept?: string, address?: string): Reservation => ({
  selector,
  prefix: kept === undefined ? undefined : prefix(kept),
  address: address === undefined ? undefined : ip(address),
  options: [],
  at: AT,
});

const linkOf = (name: string, ...reservations: Reservation[]) => ({ name, settings: { reservations } });
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const remote = (enterprise: number, id: string) => ({ enterprise, id: octets(id) });

const stranger: Identity = { duid: duidOf(99), remoteIds: [], linkLocal: ip("fe80::99") };
const names = (reservations: readonly Reservation[], all: readonly Reservation[]): readonly number[] =>
  reservations.map((reservation) => all.indexOf(reservation));

describe("reservations: whom they are for", () => {
  const first = reserve(byDuid(1), "2001:db8:1::/56");
  const second = reserve(byRemoteId(9, "line 1", "line one"), "2001:db8:2::/56");
  const third = reserve(byLinkLocal("fe80::3"), "2001:db8:3::/56");
  const again = reserve(byDuid(1), "2001:db8:4::/56");
  const reserved = createReserved([linkOf("eth0", first, second, third, again), linkOf("eth1", again)], []);

  const rows: readonly (readonly [string, string, Partial<Identity>, Reservation | undefined])[] = [
    ["its DUID, the first of two blocks", "eth0", { duid: duidOf(1) }, first],
    ["its DUID, on the other link", "eth1", { duid: duidOf(1) }, again],
    ["its DUID, on a link that is not configured", "eth2", { duid: duidOf(1) }, undefined],
    ["the Remote-ID", "eth0", { remoteIds: [remote(9, "line 1")] }, second],
    ["the second of the block's Remote-IDs", "eth0", { remoteIds: [remote(9, "line one")] }, second],
    [
      "the Remote-ID of the second relay",
      "eth0",
      { remoteIds: [remote(9, "x"), remote(9, "line 1")] },
      second,
    ],
    ["the Remote-ID of another enterprise", "eth0", { remoteIds: [remote(8, "line 1")] }, undefined],
    ["a longer Remote-ID", "eth0", { remoteIds: [remote(9, "line 11")] }, undefined],
    ["its address", "eth0", { linkLocal: ip("fe80::3") }, third],
    ["another address", "eth0", { linkLocal: ip("fe80::4") }, undefined],
    ["address and Remote-ID", "eth0", { linkLocal: ip("fe80::3"), remoteIds: [remote(9, "line 1")] }, second],
    ["address and DUID", "eth0", { linkLocal: ip("fe80::3"), duid: duidOf(1) }, first],
    ["nothing", "eth0", {}, undefined],
  ];
  test.each(rows)("known by %s, on %s", (_how, link, known, expected) => {
    expect(findReservation(reserved, link, { ...stranger, ...known })).toBe(expected);
  });

  test("the first in the file that fits, whatever kinds of selectors there are", () => {
    const selectors = fc.oneof(
      fc.integer({ min: 1, max: 3 }).map(byDuid),
      fc.constantFrom("fe80::1", "fe80::2").map(byLinkLocal),
      fc.subarray(["a", "b", "c"], { minLength: 1 }).map((ids) => byRemoteId(9, ...ids)),
    );
    const clients = fc.record({
      n: fc.integer({ min: 1, max: 3 }),
      from: fc.constantFrom("fe80::1", "fe80::2", "fe80::3"),
      ids: fc.subarray(["a", "b", "c"]),
    });
    fc.assert(
      fc.property(fc.array(selectors, { maxLength: 6 }), clients, (wanted, { n, from, ids }) => {
        const all = wanted.map((selector) => reserve(selector));
        const who = { duid: duidOf(n), linkLocal: ip(from), remoteIds: ids.map((id) => remote(9, id)) };
        const fits = ({ selector }: Reservation): boolean => {
          if (selector.by === "duid") return sameDuid(selector.duid, who.duid);
          if (selector.by === "linkLocal") return sameIp6(selector.address, who.linkLocal);
          return selector.ids.some((id) => ids.includes(new TextDecoder().decode(id)));
        };
        expect(findReservation(createReserved([linkOf("eth0", ...all)], []), "eth0", who)).toBe(
          all.find(fits),
        );
      }),
    );
  });
});

describe("reservations: what they keep", () => {
  const all = [
    reserve(byDuid(1), "2001:db8:1::/48"),
    reserve(byDuid(2), "2001:db8:1:100::/56"),
    reserve(byDuid(3), "2001:db8:2:1::/64", "2001:db8:2:2::3"),
    reserve(byDuid(4), undefined, "2001:db8:3::4"),
    reserve(byDuid(5)),
  ];
  const reserved = createReserved([linkOf("eth0", ...all)], [56, 60, 128]);

  test.each([
    ["equal to one and inside another", "2001:db8:1:100::/56", [0, 1]],
    ["in one only", "2001:db8:1:200::/56", [0]],
    ["inside two", "2001:db8:1:110::/60", [0, 1]],
    ["around a prefix and an address of one client", "2001:db8:2::/56", [2, 2]],
    ["around an address", "2001:db8:3::/56", [3]],
    ["an address", "2001:db8:3::4/128", [3]],
    ["the address beside it", "2001:db8:3::5/128", []],
    ["free", "2001:db8:4::/56", []],
    ["around all, of a length that no pool has", "2001:db8::/32", [0, 1, 2, 3]],
  ])("%s: %s", (_what, asked, owners) => {
    expect(names(ownersOf(reserved, prefix(asked)), all)).toEqual(owners);
  });

  test("the owners of a prefix are just those whose prefix or address it overlaps", () => {
    const claims = fc
      .tuple(fc.nat(40), fc.constantFrom(48, 56, 58, 64))
      .map(([n, length]) => prefixOf(n * 77, length));
    const asked = fc.tuple(fc.nat(3000), fc.constantFrom(40, 56, 57, 64, 128));
    fc.assert(
      fc.property(fc.array(claims, { maxLength: 12 }), asked, (kept, [n, length]) => {
        const given = kept.map((claim, i) => reserve(byDuid(i), formatPrefix(claim)));
        const wanted = prefixOf(n, length);
        const owners = ownersOf(createReserved([linkOf("eth0", ...given)], [56, 64, 128]), wanted);
        const expected = given.filter(({ prefix: claim }) => claim !== undefined && overlaps(claim, wanted));
        expect(names(owners, given).toSorted()).toEqual(names(expected, given).toSorted());
      }),
    );
  });

  test.each([
    ["its own", "2001:db8:1:200::/56", 0, true],
    ["somebody's, for nobody known", "2001:db8:1:200::/56", undefined, false],
    ["somebody else's", "2001:db8:1:200::/56", 2, false],
    ["its own, with another one's in it", "2001:db8:1:100::/56", 0, false],
    ["its own, in another one's", "2001:db8:1:100::/56", 1, false],
    ["one that holds its prefix and its address", "2001:db8:2::/56", 2, true],
    ["a free one", "2001:db8:4::/56", undefined, true],
  ])("%s -> open or not", (_what, asked, owner, open) => {
    expect(isOpenTo(reserved, prefix(asked), owner === undefined ? undefined : all[owner])).toBe(open);
  });

  test("the same client on two links has the same prefix on both; another client has it on neither", () => {
    const [here, there] = [
      reserve(byRemoteId(9, "a"), "2001:db8::/56"),
      reserve(byRemoteId(9, "a"), "2001:db8::/56"),
    ];
    const other = reserve(byRemoteId(9, "b"), "2001:db8:0:100::/56");
    const both = createReserved([linkOf("eth0", here), linkOf("eth1", there, other)], [56]);
    const open = [here, there, other].map((own) => isOpenTo(both, prefix("2001:db8::/56"), own));
    expect(open).toEqual([true, true, false]);
  });

  test.each([
    ["2001:db8:1:110::/60", "2001:db8:1::/48"],
    ["2001:db8:2::/60", "2001:db8:2:1::/64"],
    ["2001:db8:2:2::3/128", "2001:db8:2:2::3/128"],
  ])("what keeps %s from being given -> %s", (asked, kept) => {
    expect(reservedAt(reserved, prefix(asked))).toEqual(prefix(kept));
  });

  test("ten thousand reservations -> a look at one prefix does not go through them", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => reserve(byDuid(n), formatPrefix(prefixOf(n, 56))));
    let looks = 0;
    const watched = many.map((reservation) => {
      const claim = reservation.prefix;
      return Object.defineProperty({ ...reservation }, "prefix", { get: () => (looks++, claim) });
    });
    const crowd = createReserved([linkOf("eth0", ...watched)], [48, 56]);
    looks = 0;
    expect(isOpenTo(crowd, prefixOf(7, 48), undefined)).toBe(false);
    expect(reservedAt(crowd, prefixOf(9_999, 56))).toEqual(prefixOf(9_999, 56));
    expect(looks).toBeLessThan(5);
  });
});

/** A stock with one link, whose pools and reservations these are. */
function createBench(
  length: number,
  pool: string,
  ...reservations: Reservation[]
): Stock & { readonly link: Link } {
  const config = configure([iface("eth0", [pdClass(length, [pool])], { reservations })]);
  const network = createNetwork(config, new Map([["eth0", 2]]));
  const link = network.links.get("eth0");
  if (link === undefined) throw new Error("eth0 has no link");
  const ledger = createLedger(createLeaseTable({ seed: SEED }), network);
  return {
    link,
    ledger,
    hash: createSipHash(new Uint8Array(16)),
    reserved: createReserved([link], [length]),
  };
}

function choose(
  stock: ReturnType<typeof createBench>,
  n: number,
  wish: Partial<Seeker> = {},
): Prefix | undefined {
  const seeker = {
    client: duidOf(n),
    iaType: "pd",
    iaid: iaid(1),
    hints: [],
    length: undefined,
    reservation: undefined,
  } as const;
  return choosePrefixes(stock, stock.link.classes[seeker.iaType], { ...seeker, ...wish })[0]?.prefix;
}

/** Leases to new clients until one gets nothing, or for so many. */
function drain(stock: ReturnType<typeof createBench>, most: number): Prefix[] {
  const given: Prefix[] = [];
  for (let n = 0; n < most; n++) {
    const chosen = choose(stock, n);
    if (chosen === undefined) return given;
    enter(stock.ledger, leaseOf(n, { prefix: chosen }));
    given.push(chosen);
  }
  return given;
}

describe("reservations: what others get", () => {
  test.each([
    ["a piece", "2001:db8:0:100::/56", 255],
    ["two pieces", "2001:db8:0:100::/55", 254],
    ["a part of a piece", "2001:db8:0:142::/64", 255],
    ["the whole pool", "2001:db8::/40", 0],
    ["nothing of the pool", "2001:db9::/56", 256],
  ])("%s is reserved -> the pool is drained of the others, %s untouched", (_what, kept, count) => {
    const given = drain(createBench(56, "2001:db8::/48", reserve(byDuid(999), kept)), 300);
    expect(given).toHaveLength(count);
    expect(given.filter((lease) => overlaps(lease, prefix(kept)))).toEqual([]);
  });

  test("in a pool too large for a bitmap: a large part is passed in one step", () => {
    const kept = [prefix("2001:db8::/33"), prefix("2001:db8:8000::/34"), prefix("2001:db8:c000::/35")];
    const free = prefix("2001:db8:e000::/35");
    const blocks = kept.map((block, n) => reserve(byDuid(1000 + n), formatPrefix(block)));
    const given = drain(createBench(64, "2001:db8::/32", ...blocks), 100);
    expect(given).toHaveLength(100);
    expect(given.filter((lease) => !overlaps(lease, free))).toEqual([]);
    const all = createBench(64, "2001:db8::/32", ...blocks, reserve(byDuid(1), formatPrefix(free)));
    expect(drain(all, 1)).toEqual([]);
  });

  test("a lease in it has ended -> it is still kept", () => {
    const stock = createBench(56, "2001:db8::/55", reserve(byDuid(9), "2001:db8::/56"));
    expect(drain(stock, 5).map(formatPrefix)).toEqual(["2001:db8:0:100::/56"]);
    remove(stock.ledger, enter(stock.ledger, leaseOf(9, { prefix: prefix("2001:db8::/56") })));
    expect(choose(stock, 7)).toBeUndefined();
  });

  test("a hint leads to a reserved prefix its own client only", () => {
    const own = reserve(byDuid(9), "2001:db8:0:700::/56");
    const stock = createBench(56, "2001:db8::/48", own);
    const hints = [prefix("2001:db8:0:700::/56")];
    expect(choose(stock, 9, { hints, reservation: own })).toEqual(hints[0]);
    expect(choose(stock, 1, { hints })).not.toEqual(hints[0]);
  });
});
