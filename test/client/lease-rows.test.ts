import { describe, expect, test } from "vitest";
import { INFINITY, type Millis, millis } from "../../shared/brand.js";
import { createTable } from "../../shared/text-table.js";
import {
  type ClientLeaseRow,
  leaseColumns,
  leaseRows,
  linkRows,
  tallyText,
} from "../../client/lease-rows.js";
import type { Remembered } from "../../client/remembered.js";
import { GRANTED, readSample, sample } from "./former.js";

const iso = (at: Millis): string => new Date(at).toISOString();

/** An address and a prefix that were granted at the same time: T1 1000, T2 1500, the prefix for 3000 s. */
const { remembered } = readSample(sample("dibbler-101"));

/** The rows so many seconds later. */
function rows(later: number, from: Remembered | undefined = remembered): readonly ClientLeaseRow[] {
  return from === undefined ? [] : leaseRows(from, millis(GRANTED + later * 1000), iso);
}

describe("client leases for programs", () => {
  test("everything that is known of a prefix", () => {
    expect(rows(60)[1]).toEqual({
      prefix: "2001:db8:1007:4c00::/56",
      type: "pd",
      state: "bound",
      iaid: 1,
      interface: "wan0",
      server: "00:01:00:01:32:9e:59:4b:76:ae:82:f3:f7:78",
      since: "2026-11-29T03:32:28.000Z",
      preferred: 2000,
      valid: 3000,
      preferredLeft: 1940,
      validLeft: 2940,
      renewIn: 940,
      rebindIn: 1440,
      ends: "2026-11-29T04:22:28.000Z",
    });
  });

  test.each([
    [999, "bound", { renewIn: 1 }],
    [1000, "renewing", { renewIn: 0, rebindIn: 500 }],
    [1500, "rebinding", { rebindIn: 0, preferredLeft: 500 }],
    [3000, "expired", { validLeft: 0 }],
  ] as const)("%d s after it was granted: %s", (later, state, more) => {
    expect(rows(later)[1]).toMatchObject({ state, ...more });
  });

  test("without end, never to renew, of a server that is not known", () => {
    const [[name, link] = ["", undefined]] = remembered?.links ?? [];
    const [ia] = link?.ias ?? [];
    const [lease] = ia?.leases ?? [];
    if (remembered === undefined || link === undefined || ia === undefined || lease === undefined) return;
    const never = millis(Infinity);
    const endless = { ...lease, preferred: INFINITY, valid: INFINITY, until: never };
    const ias = [{ ...ia, server: undefined, renewAt: never, rebindAt: never, leases: [endless] }];
    const state = { ...remembered, links: new Map([[name, { ...link, ias }]]) };
    expect(rows(60, state)).toMatchObject([
      {
        server: null,
        preferredLeft: INFINITY,
        validLeft: INFINITY,
        renewIn: null,
        rebindIn: null,
        ends: null,
      },
    ]);
    const table = createTable(
      leaseColumns((it) => it),
      rows(60, state),
      Infinity,
    );
    expect(table.line(rows(60, state)[0] ?? rowless())).toMatch(
      /bound +never +ever +never +never +wan0 +1 +\?/,
    );
  });
});

const rowless = (): never => {
  throw new Error("no row");
};

describe("client leases for people", () => {
  test("a table; an address stands without its length", () => {
    const table = createTable(
      leaseColumns((it) => it),
      rows(60),
      Infinity,
    );
    expect([table.header, ...rows(60).map(table.line)].map((line) => line.slice(0, 86))).toEqual([
      "LEASE                    STATE  ENDS        PREFERRED  RENEW       REBIND      INTERFA",
      "2001:db8:1::16c          bound  in 1d 23h   23h 59m    in 15m 40s  in 24m 00s  wan0   ",
      "2001:db8:1007:4c00::/56  bound  in 49m 00s  32m 20s    in 15m 40s  in 24m 00s  wan0   ",
    ]);
  });

  test.each([
    [[], "no lease"],
    [["pd"], "1 prefix"],
    [["na", "pd", "pd"], "2 prefixes, 1 address"],
    [["na", "na"], "2 addresses"],
  ] as const)("%j -> %s", (types, text) => {
    const [row] = rows(0);
    expect(tallyText(types.flatMap((type) => (row === undefined ? [] : [{ ...row, type }])))).toBe(text);
  });
});

describe("client interfaces", () => {
  test.each([
    [0, true, "bound"],
    [1200, true, "renewing"],
    [1600, true, "rebinding"],
    [1_000_000, true, "asking"],
    [0, false, null],
  ] as const)("%d s after, running %s: %s", (later, isRunning, phase) => {
    expect(linkRows(["wan0"], rows(later), isRunning)).toMatchObject([{ name: "wan0", phase }]);
  });

  test("those of the configuration first, also without a lease, then others that have some", () => {
    expect(linkRows(["wan9"], rows(0), true)).toMatchObject([
      { name: "wan9", phase: "asking", leases: [] },
      { name: "wan0", phase: "bound" },
    ]);
  });
});
