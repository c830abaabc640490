import { describe, expect, test } from "vitest";
import { undo } from "../../server/engine.js";
import { createClient, createRig, pd, prefixIn, type Rig } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

const ONE = configure([iface("eth0", [pdClass(56, ["2001:db8::/56"])])]);
const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8::/48"])])]);
const P = "2001:db8::/56";

/** What the table says of every lease. */
function leasesOf({ table }: Rig): unknown[] {
  const leases: unknown[] = [];
  table.forEach((id) => leases.push([id, table.read(id)]));
  return leases;
}

describe("server: a commit that fails", () => {
  test("of a new lease -> the prefix is free again, and the same message can be given once more", () => {
    const rig = createRig(ONE);
    const event = createClient(rig, 1).event("request", [pd(1)]);
    rig.giveInVain(event);
    expect(rig.table.size).toBe(0);
    expect(prefixIn(rig.give(event)[0])).toBe(P);
    expect(rig.records.size).toBe(1);
  });

  test("of an offer turned into a lease -> free for others", () => {
    const rig = createRig(ONE);
    const client = createClient(rig, 1);
    client.solicit(pd(1));
    rig.giveInVain(client.event("request", [pd(1)]));
    expect(createClient(rig, 2).lease()).toBe(P);
    expect(rig.state.ledger.offers.size()).toBe(0);
  });

  test("of a Renew -> the lease ends when it would have ended", () => {
    const rig = createRig(ONE);
    const client = createClient(rig, 1);
    client.lease();
    const before = leasesOf(rig);
    rig.wait(1000);
    rig.giveInVain(client.event("renew", [pd(1, P)]));
    expect(leasesOf(rig)).toEqual(before);
    rig.wait(1000);
    expect(rig.table.size).toBe(0);
  });

  test("of a Release -> the lease stands, and nobody else gets the prefix", () => {
    const rig = createRig(ONE);
    const client = createClient(rig, 1);
    client.lease();
    const before = leasesOf(rig);
    rig.giveInVain(client.event("release", [pd(1, P)]));
    expect(leasesOf(rig)).toEqual(before);
    expect(createClient(rig, 2).request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
    expect(client.renew(pd(1, P))?.ias).toMatchObject([{ status: 0 }]);
  });

  test("of an expiry -> due again, and told once in the end", () => {
    const rig = createRig(ONE);
    createClient(rig, 1).lease();
    rig.hooks();
    rig.sleep(2000);
    rig.giveInVain({ type: "timer" });
    expect(rig.table.size).toBe(1);
    rig.wait(0);
    expect([rig.table.size, rig.hooks().length]).toEqual([0, 1]);
  });

  test("of an expiry, and the prefix is on offer to somebody else -> due again, the offer ends, one delete", () => {
    const rig = createRig(LAN);
    createClient(rig, 1).lease(1, P);
    rig.sleep(10);
    // With so many the number of a lease that has gone is not used again at once.
    for (let n = 2; n <= 20; n++) createClient(rig, n).lease();
    const before = leasesOf(rig);
    rig.hooks();
    rig.sleep(1990);
    const next = createClient(rig, 21);
    rig.giveInVain({ type: "timer" }, next.event("solicit", [pd(1, P)]));
    expect([leasesOf(rig), rig.state.ledger.offers.size()]).toEqual([before, 0]);
    rig.wait(0);
    expect([rig.records.size, rig.hooks().map(({ action }) => action)]).toEqual([19, ["delete"]]);
    expect(next.lease(1, P)).toBe(P);
  });

  test("of several steps at once: a Release and the next Request for its prefix -> the first holder has it", () => {
    const rig = createRig(ONE);
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.lease();
    const before = leasesOf(rig);
    rig.giveInVain(a.event("release", [pd(1, P)]), b.event("request", [pd(1)]), b.event("renew", [pd(1, P)]));
    expect(leasesOf(rig)).toEqual(before);
    expect(b.request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
  });

  test("of a Release, while the next holder's commit behind it succeeds -> the next holder has it, in the store too", () => {
    const rig = createRig(ONE);
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.lease();
    const failed = rig.decide(a.event("release", [pd(1, P)]));
    expect(b.lease()).toBe(P);
    undo(rig.state, failed, (id) => rig.records.get(id));
    b.renew(pd(1, P));
    expect([rig.table.size, rig.records.size]).toEqual([1, 1]);
    expect(rig.restart().table.ofClient(b.duid)).toHaveLength(1);
  });
});
