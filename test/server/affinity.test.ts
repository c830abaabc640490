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
import { prefix } from "./settings.js";

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
