import { describe, expect, test } from "vitest";
import { iaid } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import type { IaType } from "../../shared/lease/lease.js";
import { formatPrefix } from "../../shared/prefix.js";
import {
  type Affinity,
  createAffinity,
  recall,
  remember,
  REMEMBERED_PREFIXES,
} from "../../server/affinity.js";
import { duidOf, leaseOf, prefixOf, SEED } from "../lease/model.js";
import { createClient, createRig, pd, prefixIn } from "./rig.js";
import { configure, iface, pdClass, prefix } from "./settings.js";

const affinityOf = (limit: number): Affinity => createAffinity({ limit, seed: SEED });

function end(affinity: Affinity, client: number, kept: string, id = 1, iaType: IaType = "pd"): void {
  remember(affinity, leaseOf(client, { prefix: prefix(kept), iaid: iaid(id), iaType }));
}

const known = (affinity: Affinity, client: number, id = 1, iaType: IaType = "pd"): readonly string[] =>
  recall(affinity, duidOf(client), iaType, iaid(id)).map(formatPrefix);

describe("affinity", () => {
  test("a binding gets what it had, another one of the client the last of all, another client nothing", () => {
    const affinity = affinityOf(10);
    end(affinity, 1, "2001:db8:1::/56");
    end(affinity, 1, "2001:db8:2::/56", 2);
    end(affinity, 1, "2001:db8::1/128", 1, "na");
    end(affinity, 1, "2001:db8::2/128", 1, "ta");
    expect(known(affinity, 1)).toEqual(["2001:db8:1::/56"]);
    expect(known(affinity, 1, 2)).toEqual(["2001:db8:2::/56"]);
    expect(known(affinity, 1, 1, "na")).toEqual(["2001:db8::1/128"]);
    expect(known(affinity, 1, 1, "ta")).toEqual(["2001:db8::2/128"]);
    expect(known(affinity, 1, 3)).toEqual(["2001:db8:2::/56"]);
    expect(known(affinity, 1, 3, "na")).toEqual(["2001:db8::1/128"]);
    expect(known(affinity, 2)).toEqual([]);
  });

  test("several prefixes: all of them, newest first, each once; recalling uses nothing up", () => {
    const affinity = affinityOf(10);
    for (const n of [1, 2, 3, 1]) end(affinity, 1, `2001:db8:${n}::/56`);
    const expected = ["2001:db8:1::/56", "2001:db8:3::/56", "2001:db8:2::/56"];
    expect([known(affinity, 1), known(affinity, 1)]).toEqual([expected, expected]);
  });

  test("a binding that has had ever so many prefixes -> the newest of them", () => {
    const affinity = affinityOf(10);
    for (let n = 0; n < 100; n++) remember(affinity, leaseOf(1, { prefix: prefixOf(n) }));
    const all = recall(affinity, duidOf(1), "pd", iaid(1));
    expect(all).toEqual(Array.from({ length: REMEMBERED_PREFIXES }, (_, i) => prefixOf(99 - i)));
  });

  test("more bindings than the configuration has room for -> the oldest go, those asked for stay", () => {
    const affinity = affinityOf(2);
    for (const n of [1, 2]) end(affinity, n, `2001:db8:${n}::/56`);
    expect(known(affinity, 1)).toHaveLength(1);
    end(affinity, 3, "2001:db8:3::/56");
    expect([1, 2, 3].map((n) => known(affinity, n).length)).toEqual([1, 0, 1]);
  });

  test("room for none -> nothing is remembered", () => {
    const affinity = affinityOf(0);
    end(affinity, 1, "2001:db8:1::/56");
    expect(known(affinity, 1)).toEqual([]);
  });

  test("DUIDs that differ only in what a key could confuse are different", () => {
    const affinity = affinityOf(10);
    const [short, long] = [duid(Uint8Array.of(0, 1, 2)), duid(Uint8Array.of(0, 1, 2, 0))];
    remember(affinity, leaseOf(1, { duid: short }));
    expect(recall(affinity, long, "pd", iaid(1))).toEqual([]);
    expect(recall(affinity, short, "pd", iaid(1))).toEqual([prefixOf(1)]);
  });
});

const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])]);

describe("server: what a client had before", () => {
  test("a client that had its prefix by a hint comes without one -> gets it again if it is free", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const usual = prefixIn(client.solicit(pd(1)));
    const hinted = client.lease(1, "2001:db8:0:4200::/56");
    expect(hinted).toBe("2001:db8:0:4200::/56");
    expect(hinted).not.toBe(usual);
    client.release(pd(1, hinted));
    expect(client.lease()).toBe(hinted);
    client.release(pd(1, hinted));
    createClient(rig, 2).lease(1, hinted);
    expect(client.lease()).not.toBe(hinted);
  });

  test("each IAID gets what it had, an unknown one what the client had last, if that is free", () => {
    const client = createClient(createRig(LAN), 1);
    const [first, second] = ["2001:db8:0:4200::/56", "2001:db8:0:4300::/56"];
    for (const [id, held] of [
      [2, second],
      [1, first],
    ] as const)
      client.release(pd(id, client.lease(id, held)));
    expect([client.lease(2), client.lease(1)]).toEqual([second, first]);
    client.release(pd(1, first));
    expect(client.lease(3)).toBe(first);
    expect([first, second]).not.toContain(client.lease(1));
  });

  test("none kept with cache-size 0", () => {
    const client = createClient(createRig(configure(LAN.interfaces, { affinity: 0 })), 1);
    client.release(pd(1, client.lease(1, "2001:db8:0:4200::/56")));
    for (const id of [1, 2]) expect(client.lease(id)).not.toBe("2001:db8:0:4200::/56");
  });
});
