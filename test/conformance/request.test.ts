import { describe, expect } from "vitest";
import { formatDuid } from "../../shared/duid.js";
import { overlaps } from "../../shared/prefix.js";
import { find } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, na, pd, prefixIn } from "../server/rig.js";
import { addressClass, configure, OTHER_ID, prefix, range, SERVER_ID } from "../server/settings.js";
import { row } from "./row.js";
import {
  asks,
  DNS,
  ELSEWHERE,
  eth0,
  expectOddityDropped,
  expectPiece,
  FREE,
  leasesOf,
  liveIn,
  OTHER_ADDRESS,
  POOL,
  reserve,
  start,
  stored,
  TWO_LINKS,
  whole,
  withPrefixes,
} from "./setup.js";

/** The only prefix of `withPrefixes(1)`. */
const ONLY = "2001:db8:1000::/56";

describe("server, Request: the Reply", () => {
  row("S-REQ-01", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const offered = prefixIn(client.solicit(pd(1))) ?? "";
    expect(stored(rig), "after the Advertise").toEqual([]);
    expect(client.request(pd(1, offered))).toMatchObject({
      type: "reply",
      status: undefined,
      ias: [{ type: "pd", iaid: 1, t1: 500, t2: 800, status: 0, leases: [whole(offered)] }],
    });
    expect(stored(rig), "after the Reply").toHaveLength(1);
    const restarted = createClient(rig.restart(), 1);
    expect(leasesOf(restarted.renew(pd(1, offered))), "after a restart").toEqual([whole(offered)]);
  });

  row("S-REQ-02", () => {
    const client = createClient(start(), 1);
    expect(client.ask("request", [pd(1)], { xid: 0xfedcba })).toMatchObject({
      type: "reply",
      xid: 0xfedcba,
      clientId: formatDuid(client.duid),
      serverId: formatDuid(SERVER_ID),
    });
  });

  row("S-REQ-03", () => {
    const rig = start();
    for (const n of [1, 2, 3]) {
      const client = createClient(rig, n);
      const offered = prefixIn(client.solicit(pd(1))) ?? "";
      expect(liveIn(client.request(pd(1, offered)))).toEqual([offered]);
    }
    expect(liveIn(createClient(rig, 4).request(pd(1, FREE))), "advertised by a server before us").toEqual([
      FREE,
    ]);
  });

  row("S-REQ-04", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const first = client.ask("request", [pd(1, FREE)], { xid: 1 });
    rig.wait(100);
    const second = client.ask("request", [pd(1, FREE)], { xid: 2 });
    expect(second?.xid).toBe(2);
    expect(second?.ias).toEqual(first?.ias);
    expect(liveIn(second)).toEqual([FREE]);
    expect(stored(rig)).toHaveLength(1);
  });

  row("S-REQ-05", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const event = client.event("request", [pd(1)], { xid: 7 });
    const [lost] = rig.give(event);
    rig.wait(900);
    const [again] = rig.give(event);
    expect(again?.bytes).toEqual(lost?.bytes);
    expect(liveIn(again)).toHaveLength(1);
    rig.wait(1999);
    const other = createClient(rig, 2).request(pd(1, prefixIn(again) ?? ""));
    expect(liveIn(other), "lifetimes count from the second Reply").not.toEqual(liveIn(again));
    expect(stored(rig)).toHaveLength(2);
  });

  row("S-REQ-09", () => {
    const answer = createClient(start(), 1).request(pd(1));
    expect(answer).toMatchObject({ type: "reply", ias: [{ iaid: 1, status: 0 }] });
    expectPiece(prefixIn(answer), POOL, 56);
  });

  row("S-REQ-15", () => {
    const answer = createClient(start(), 1).ask("request", [pd(1)], { options: [asks(23)] });
    expect(answer?.type).toBe("reply");
    expect(find(answer?.options ?? [], "dnsServers")).toEqual(DNS.value);
  });
});

describe("server, Request: what is dropped", () => {
  row("S-REQ-06", () => {
    const rig = start();
    expectOddityDropped(rig, createClient(rig, 1), "request", [pd(1)], { serverId: null });
  });

  row("S-REQ-07", () => {
    const rig = start();
    expectOddityDropped(rig, createClient(rig, 1), "request", [pd(1)], { serverId: OTHER_ID });
  });

  row("S-REQ-08", () => {
    const rig = start();
    expectOddityDropped(rig, createClient(rig, 1), "request", [pd(1)], { clientId: null });
  });
});

describe("server, Request: which lease", () => {
  row("S-REQ-12", () => {
    const rig = start();
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.lease(1, FREE);
    const answer = b.request(pd(1, FREE));
    expect(liveIn(answer)).toHaveLength(1);
    expect(overlaps(prefix(prefixIn(answer) ?? ""), prefix(FREE))).toBe(false);
    expect(leasesOf(a.renew(pd(1, FREE)))).toEqual([whole(FREE)]);

    const full = start(withPrefixes(1));
    createClient(full, 1).lease();
    expect(createClient(full, 2).request(pd(1, ONLY))?.ias).toMatchObject([{ status: 6, leases: [] }]);
    expect(leasesOf(createClient(full, 1).renew(pd(1, ONLY)))).toEqual([whole(ONLY)]);
  });

  row("S-REQ-13", () => {
    const rig = start(TWO_LINKS);
    for (const [i, hint] of [ELSEWHERE, "2001:db8:1100:700::/56", "fe80::/56", "ff02::/56"].entries()) {
      const answer = createClient(rig, i + 1).request(pd(1, hint));
      expect(leasesOf(answer), hint).toHaveLength(1);
      expectPiece(prefixIn(answer), POOL, 56);
    }
    const full = start(withPrefixes(1));
    createClient(full, 1).lease();
    expect(createClient(full, 2).request(pd(1, ELSEWHERE))?.ias).toMatchObject([{ status: 6, leases: [] }]);
  });

  row("S-REQ-14", () => {
    const rig = start();
    for (const [i, length] of [40, 48, 55, 57, 64, 128].entries()) {
      const answer = createClient(rig, i + 1).request(pd(1, `2001:db8:1000::/${length}`));
      expect(leasesOf(answer), `/${length}`).toHaveLength(1);
      expectPiece(prefixIn(answer), POOL, 56);
    }
  });

  row("S-REQ-16", () => {
    const { duid } = createClient(start(), 1);
    for (const kept of [FREE, ELSEWHERE]) {
      const rig = start(configure([eth0({ reservations: [reserve(duid, kept)] })]));
      expect(liveIn(createClient(rig, 1).request(pd(1))), "without a hint").toEqual([kept]);
      const asking = start(configure([eth0({ reservations: [reserve(duid, kept)] })]));
      const answer = createClient(asking, 1).request(pd(1, "2001:db8:1000:900::/56"));
      expect(liveIn(answer), "with another hint").toEqual([kept]);
    }
  });

  row("S-REQ-17", () => {
    const { duid } = createClient(start(), 1);
    const rig = start(configure([eth0({ reservations: [reserve(duid, FREE)] })]));
    const answer = createClient(rig, 2).request(pd(1, FREE));
    expect(liveIn(answer)).toHaveLength(1);
    expect(liveIn(answer)).not.toContain(FREE);

    const alone = start(withPrefixes(1, { reservations: [reserve(duid, ONLY)] }));
    expect(createClient(alone, 2).request(pd(1))?.ias).toMatchObject([{ status: 6, leases: [] }]);
    expect(liveIn(createClient(alone, 1).request(pd(1)))).toEqual([ONLY]);
  });

  row("S-REQ-18", () => {
    const rig = start();
    const held = [1, 2].map((n) => createClient(rig, n).lease(9));
    expect(new Set(held).size).toBe(2);
    held.forEach((one, i) => {
      expect(leasesOf(createClient(rig, i + 1).renew(pd(9, one)))).toEqual([whole(one)]);
    });
  });

  row("S-REQ-19", () => {
    const client = createClient(start(), 1);
    const [first, second] = [client.lease(1), client.lease(2)];
    expect(first).not.toBe(second);
    const answer = client.renew(pd(1, first), pd(2, second));
    expect(answer?.ias.map(({ leases }) => leases)).toEqual([[whole(first)], [whole(second)]]);
  });
});

describe("server, Request: several IAs", () => {
  row("S-REQ-10", () => {
    const short = addressClass(["2001:db8:2000::1-2001:db8:2000::9"], { preferred: range(400) });
    const rig = start(configure([eth0({ addressClasses: [short] })]));
    const answer = createClient(rig, 1).request(pd(1), pd(2), na(1));
    expect(answer?.ias.map(({ type, iaid, leases }) => [type, iaid, leases.length])).toEqual([
      ["pd", 1, 1],
      ["pd", 2, 1],
      ["na", 1, 1],
    ]);
    expect(new Set(liveIn(answer)).size).toBe(3);
    // Half and four fifths of the shortest preferred lifetime of them all.
    expect(answer?.ias.map(({ t1, t2 }) => [t1, t2])).toEqual([
      [200, 320],
      [200, 320],
      [200, 320],
    ]);
  });

  row("S-REQ-11", () => {
    const answer = createClient(start(TWO_LINKS), 1).request(na(3, OTHER_ADDRESS), pd(1));
    expect(answer).toMatchObject({
      status: undefined,
      ias: [
        { type: "na", iaid: 3, status: 4, leases: [] },
        { type: "pd", iaid: 1, status: 0, leases: [{ valid: 2000 }] },
      ],
    });
  });

  row("S-REQ-20", () => {
    const answer = createClient(start(withPrefixes(2)), 1).request(pd(1), pd(2), pd(3));
    expect(answer?.ias.map(({ iaid, status, leases }) => [iaid, status, leases.length])).toEqual([
      [1, 0, 1],
      [2, 0, 1],
      [3, 6, 0],
    ]);
    expect(liveIn(answer).toSorted()).toEqual(["2001:db8:1000:100::/56", "2001:db8:1000::/56"]);
  });

  row("S-REQ-21", () => {
    const rig = start(withPrefixes(1));
    createClient(rig, 1).lease();
    const before = stored(rig);
    expect(createClient(rig, 2).request(pd(1))).toMatchObject({
      type: "reply",
      status: undefined,
      ias: [{ type: "pd", iaid: 1, status: 6, leases: [] }],
    });
    expect(stored(rig)).toEqual(before);
  });

  row("S-REQ-22", () => {
    const rig = start(withPrefixes(1));
    createClient(rig, 1).lease();
    const answer = createClient(rig, 2).request(pd(1), na(2));
    expect(answer?.ias).toMatchObject([
      { type: "pd", iaid: 1, status: 6, leases: [] },
      { type: "na", iaid: 2, status: 0, leases: [{ preferred: 1000, valid: 2000 }] },
    ]);
  });

  row("S-REQ-23", () => {
    const rig = start(withPrefixes(2));
    const client = createClient(rig, 1);
    const seen = [
      client.request(pd(1), pd(2), pd(3), na(1, "2001:db8:2100::1/128"), na(2)),
      client.request(pd(2), pd(3), na(2)),
      client.renew(pd(1), pd(4, ELSEWHERE), na(2), na(9, "2001:db8:2100::1/128")),
      client.release(pd(1, "2001:db8:1000::/56"), pd(8)),
      createClient(rig, 2).request(pd(1), pd(2), na(1)),
    ].flatMap(outcomes);
    expect(seen.filter(({ agrees }) => !agrees)).toEqual([]);
    expect(new Set(seen.map(({ status }) => status)), "good and bad ones were seen").toEqual(
      new Set([0, 3, 4, 6]),
    );
  });
});

/** Of each IA, whether it has leases exactly when its status is no failure. */
const outcomes = (answer: Answer | undefined) =>
  (answer?.ias ?? []).map(({ type, iaid, status, leases }) => {
    const isLive = leases.some(({ valid }) => valid > 0);
    return { type, iaid, status, agrees: isLive === (status === undefined || status === 0) };
  });
