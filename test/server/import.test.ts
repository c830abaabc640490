import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import type { LeaseId } from "../../shared/lease/lease.js";
import { changeFor } from "../../shared/lease/changes.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { formatPrefix } from "../../shared/prefix.js";
import { type Imported, importLeases } from "../../server/import.js";
import { importReport } from "../../server/import-report.js";
import { createNetwork } from "../../server/links.js";
import { duidOf, leaseOf } from "../lease/model.js";
import { createClient, createRig, INDEXES, pd } from "./rig.js";
import { configure, iface, pdClass, prefix } from "./settings.js";

const NOW = millis(1_795_549_000_000);
const config = configure([
  iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])]),
  iface("eth1", [pdClass(56, ["2001:db8:2000::/40"])]),
]);
const HEAD = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len";
const row = (address: string, client = 1, expire = 1_795_549_100): string =>
  `${address},${Buffer.from(duidOf(client)).toString("hex")},1000,${expire},1,500,2,1,56`;

const KNOWN = leaseOf(1, {
  prefix: prefix("2001:db8:1000:100::/56"),
  since: millis(NOW - 900_000),
  until: millis(NOW + 100_000),
});

interface Result extends Imported {
  readonly table: LeaseTable;
  readonly held: readonly string[];
  readonly lines: readonly string[];
}

/** Imports a file into a server that has one lease. */
function run(text: string, fallback?: string, ahead = 0): Result {
  const table = createLeaseTable({ seed: new Uint8Array(16) });
  table.put(KNOWN);
  const imported = importLeases({
    file: {
      path: "leases",
      written: NOW,
      read: (push) => {
        push(text);
      },
    },
    table,
    network: createNetwork(config, INDEXES),
    interfaces: INDEXES,
    now: NOW,
    wall: millis(NOW + ahead),
    fallback,
    onProgress: () => undefined,
  });
  const ids = table.idsIn(0, table.idLimit());
  const held = ids.map((id) => {
    const left = (table.untilOf(id) - NOW) / 1000;
    return `${formatPrefix(table.prefixOf(id))} ${table.nameOf(id)} ${String(left)}`;
  });
  return { ...imported, table, held, lines: importReport("leases", imported) };
}

const kept = "2001:db8:1000:100::/56 eth0 100";

describe("import", () => {
  const rows = [
    [
      "a lease goes to the link whose pool has it",
      [row("2001:db8:2000:100::")],
      [kept, "2001:db8:2000:100::/56 eth1 100"],
    ],
    [
      "one that ended is taken too, for the script to hear of its end",
      [row("2001:db8:2000:100::", 1, 1_795_548_000)],
      [kept, "2001:db8:2000:100::/56 eth1 -1000"],
    ],
    ["another client's is left out where one of ours is", [row("2001:db8:1000:100::", 2)], [kept]],
    ["also when it would end later", [row("2001:db8:1000:100::", 2, 1_795_559_000)], [kept]],
    ["also when it only overlaps", [row("2001:db8:1000:177::", 2)], [kept]],
    ["the same lease again changes nothing", [row("2001:db8:1000:100::")], [kept]],
    [
      "the same lease with a later end is extended",
      [row("2001:db8:1000:100::", 1, 1_795_549_200)],
      ["2001:db8:1000:100::/56 eth0 200"],
    ],
    ["outside of all pools it is left out", [row("2001:db8:9000::")], [kept]],
  ] as const;
  test.each(rows)("%s", (_what, lines, held) => {
    const result = run([HEAD, ...lines].join("\n"));
    expect(result.held).toEqual(held);
    expect(result.ids.length > 0).toBe(held.join() !== kept);
  });

  test("outside of all pools it goes to the interface that is named for it", () => {
    expect(run(`${HEAD}\n${row("2001:db8:9000::")}`, "eth1").held).toEqual([
      kept,
      "2001:db8:9000::/56 eth1 100",
    ]);
  });

  test("times are told by the clock that leases run by", () => {
    expect(run(`${HEAD}\n${row("2001:db8:2000:100::")}`, undefined, 30_000).held[1]).toMatch(/ 70$/);
  });

  test("a file of another kind is told apart from one without leases", () => {
    expect(run("hello\n").format).toBeUndefined();
    expect(run(HEAD)).toMatchObject({ format: "kea", ids: [] });
  });

  test("the report says what was taken, and what not, with its line", () => {
    const text = [HEAD, row("2001:db8:2000:100::"), row("2001:db8:1000:100::", 2), "x,y"].join("\n");
    expect(run(text).lines).toEqual([
      "leases:3: 2001:db8:1000:100::/56 of 00:03:00:01:02:00:00:00:00:02: overlaps 2001:db8:1000:100::/56 " +
        "of 00:03:00:01:02:00:00:00:00:01, a lease of this server",
      "leases:4: cannot be read: a lease_type that is not 0, 1 or 2",
      "leases (kea-leases6.csv of Kea):",
      "  taken: 1 prefix(es) of 1 client(s) (1 on eth1)",
      "  of these known before, and extended: 0",
      "  left out: 1; cannot be read: 1",
    ]);
  });

  test("everything of a real dhcpd is taken that has a pool", () => {
    const { taken, server } = run(readFileSync("test/lease/files/isc-44-dhcpd6.leases", "utf8"));
    expect(taken).toMatchObject({ pd: 3, na: 0, declined: 0 });
    expect(server).toHaveLength(14);
  });

  test("the script hears of an imported lease when its client renews: an add, and nothing before", () => {
    const records = new Map<LeaseId, Uint8Array>();
    const { ids, table } = run(`${HEAD}\n${row("2001:db8:1000:200::", 5)}`);
    for (const change of ids.map((id) => changeFor(table, id))) {
      if (change.type === "put") records.set(change.id, change.record);
    }
    const rig = createRig(config, records, NOW);
    rig.give({ type: "started" });
    expect(rig.hooks()).toEqual([]);
    const client = createClient(rig, 5);
    const event = client.event("renew", [pd(1, "2001:db8:1000:200::/56")], { clientId: duidOf(5) });
    expect(rig.give(event)[0]?.ias[0]?.leases).toMatchObject([{ prefix: "2001:db8:1000:200::/56" }]);
    expect(rig.hooks()).toMatchObject([
      { action: "add", variables: { REASON: "moved", REMOTE_ADDR: "fe80::5" } },
    ]);
  });
});
