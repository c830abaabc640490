import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inspectDatabase } from "../../shared/edge/lmdb-file.js";
import { LEASE_DATABASE, openLeaseStore } from "../../shared/edge/lmdb-store.js";
import type { LeaseChange } from "../../shared/lease/changes.js";
import type { LeaseId } from "../../shared/lease/lease.js";
import type { ServerConfig } from "../../shared/config/types.js";
import type { ServerAction } from "../../server/engine.js";
import { createClient, createRig, na, pd, prefixIn, type Rig, type TestClient } from "../server/rig.js";
import { addressClass, configure, iface, pdClass, subnet } from "../server/settings.js";
import { givenIn, LINES, relayed, withLeases } from "./lines.js";

/** A server with so many prefixes, a power of two. */
const withPrefixes = (count: number): ServerConfig =>
  configure([
    iface("eth0", [pdClass(56, [`2001:db8:1000::/${56 - Math.log2(count)}`])], {
      subnets: [subnet("2001:db8:2000::/64")],
      addressClasses: [addressClass(["2001:db8:2000::100-2001:db8:2000::1ff"])],
    }),
  ]);
const kinds = (actions: readonly ServerAction[]): readonly string[] =>
  actions.map(({ type }) => type).filter((type) => type === "commit" || type === "send");

/** Starts again from a copy of what the store holds now: what a program leaves behind that is killed. */
const killed = (rig: Rig, config: ServerConfig): Rig =>
  createRig(config, new Map(rig.records), rig.now()).restart();

describe("conformance: persistence", () => {
  test("S-PST-01 an orderly restart -> Renew of every lease extends it: prefixes, addresses, behind relays", () => {
    const lan = createRig(withPrefixes(16));
    const before = createClient(lan, 1).request(pd(1), pd(2), na(1));
    expect(givenIn(before)).toHaveLength(3);
    const after = createClient(lan.restart(undefined, 900), 1).renew(pd(1), pd(2), na(1));
    expect(after?.ias).toMatchObject(before?.ias.map(({ leases }) => ({ status: 0, leases })) ?? []);

    const lines = createRig(LINES);
    const held = prefixIn(relayed(lines, 1).request(pd(1)));
    expect(prefixIn(relayed(lines.restart(), 1).renew(pd(1)))).toBe(held);
  });

  test("S-PST-02 a restart -> the same Server Identifier; a Renew for it is taken", () => {
    const rig = createRig(withPrefixes(16));
    const held = createClient(rig, 1).lease();
    const serverId = createClient(rig, 2).solicit(pd(1))?.serverId;
    const after = rig.restart();
    expect(createClient(after, 2).solicit(pd(1))?.serverId).toBe(serverId);
    expect(createClient(after, 1).renew(pd(1, held))).toMatchObject({ type: "reply", serverId });
  });

  test("S-PST-03 leases out, restart -> nobody else gets one of them, asked for by name or not", () => {
    const { rig, held } = withLeases(withPrefixes(8), 7);
    const after = rig.restart();
    const other = createClient(after, 20);
    for (const hint of held) expect(held).not.toContain(prefixIn(other.solicit(pd(1, hint))));
    expect(held).not.toContain(prefixIn(other.request(pd(1, held[0] ?? ""))));
    expect(createClient(after, 21).request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
    expect(givenIn(createClient(after, 22).rebind(pd(1, held[1] ?? "")))).toEqual([]);
  });

  test("S-PST-04 killed right after a Reply -> the binding is there, for the commit came first", () => {
    const config = withPrefixes(16);
    const rig = createRig(config);
    const client = createClient(rig, 1);
    expect(kinds(rig.watch(client.event("request", [pd(1)])))).toEqual(["commit", "send"]);
    expect(kinds(rig.watch(client.event("renew", [pd(1)])))).toEqual(["commit", "send"]);
    const [id] = rig.table.ofClient(client.duid);
    expect(id !== undefined && killed(rig, config).table.read(id)).toMatchObject({ iaid: 1, state: "bound" });

    // Killed before the commit ended, there was no Reply, and the prefix is free.
    rig.giveInVain(createClient(rig, 2).event("request", [pd(1)]));
    expect(killed(rig, config).table.size).toBe(1);
  });

  test("S-PST-05 killed right after a Release was answered -> the binding does not come back", () => {
    const config = withPrefixes(1);
    const rig = createRig(config);
    const client: TestClient = createClient(rig, 1);
    const held = client.lease();
    expect(kinds(rig.watch(client.event("release", [pd(1, held)])))).toEqual(["commit", "send"]);
    const after = killed(rig, config);
    expect(after.table.size).toBe(0);
    expect(createClient(after, 1).release(pd(1, held))?.ias).toMatchObject([{ status: 3 }]);
    expect(createClient(after, 2).lease()).toBe(held);
  });

  test("S-PST-06 a state file that is cut or garbage -> the start fails and says so; whole, all leases are there", async () => {
    const config = withPrefixes(256);
    const { rig, held } = withLeases(config, 200);
    const puts = Array.from(rig.records, ([id, record]): LeaseChange => ({ type: "put", id, record }));
    const directory = mkdtempSync(join(tmpdir(), "conformance-"));
    const database = join(directory, LEASE_DATABASE);
    try {
      const store = await openLeaseStore(directory);
      await store.commit(puts);
      await store.close();
      const again = await openLeaseStore(directory);
      const records = new Map<LeaseId, Uint8Array>();
      again.load((id, octets, from, to) => records.set(id, octets.slice(from, to)));
      await again.close();
      const restored = createRig(config, records);
      expect(held.map((_, n) => prefixIn(createClient(restored, n + 1).renew(pd(1))))).toEqual(held);

      // Without what is behind the database and holds nothing.
      const { wanted: size } = inspectDatabase(database);
      for (const octets of [Math.floor(size / 2), 8192, 100]) {
        truncateSync(database, octets);
        await expect(openLeaseStore(directory)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
      }
      writeFileSync(database, Buffer.alloc(size, "garbage "));
      await expect(openLeaseStore(directory)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
