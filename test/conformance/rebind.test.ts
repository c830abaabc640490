import { describe, expect } from "vitest";
import { formatDuid } from "../../shared/duid.js";
import { find } from "../../shared/wire/options.js";
import { createClient, pd, prefixIn } from "../server/rig.js";
import { configure, OTHER_ID, pdClass, SERVER_ID } from "../server/settings.js";
import { row } from "./row.js";
import {
  ALSO_FREE,
  asks,
  DNS,
  DOMAINS,
  ELSEWHERE,
  eth0,
  expectDropped,
  expectOddityDropped,
  expectPiece,
  FREE,
  gone,
  LAN,
  leasesOf,
  liveIn,
  OTHER_POOL,
  POOL,
  start,
  boundIn,
  stored,
  TWO_LINKS,
  whole,
} from "./setup.js";

describe("server, Rebind: of what is bound", () => {
  row("S-REB-01", () => {
    const rig = start();
    const [client, other] = [createClient(rig, 1), createClient(rig, 2)];
    client.lease(1, FREE);
    rig.wait(1900);
    expect(client.ask("rebind", [pd(1, FREE)], { xid: 0x424242 })).toMatchObject({
      type: "reply",
      xid: 0x424242,
      clientId: formatDuid(client.duid),
      serverId: formatDuid(SERVER_ID),
      status: undefined,
      ias: [{ type: "pd", iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] }],
    });
    rig.wait(1999);
    expect(liveIn(other.request(pd(1, FREE))), "the new lifetime counts").not.toContain(FREE);
  });

  row("S-REB-06", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const [first, second] = [client.lease(1), client.lease(2)];
    rig.wait(900);
    const answer = client.ask("rebind", [pd(1, first), pd(2, second)], { options: [asks(23, 24)] });
    expect(answer?.ias).toMatchObject([
      { iaid: 1, t1: 500, t2: 800, leases: [whole(first)] },
      { iaid: 2, t1: 500, t2: 800, leases: [whole(second)] },
    ]);
    const options = answer?.options ?? [];
    expect([find(options, "dnsServers"), find(options, "domainList")]).toEqual([DNS.value, DOMAINS.value]);
  });

  row("S-REB-07", () => {
    const cases = [
      [ELSEWHERE, [whole(FREE)]],
      [ALSO_FREE, [whole(FREE), gone(ALSO_FREE)]],
      ["2001:db8:1100:700::/56", [whole(FREE), gone("2001:db8:1100:700::/56")]],
    ] as const;
    for (const [named, leases] of cases) {
      const rig = start(TWO_LINKS);
      const client = createClient(rig, 1);
      client.lease(1, FREE);
      expect(leasesOf(client.rebind(pd(1, named))), named).toEqual(leases);
      expect(leasesOf(client.renew(pd(1, FREE))), "binding unharmed").toEqual([whole(FREE)]);
      expect(stored(rig)).toHaveLength(1);
    }
  });
});

describe("server, Rebind: what is dropped", () => {
  row("S-REB-02", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const held = client.lease();
    for (const serverId of [SERVER_ID, OTHER_ID]) {
      expectOddityDropped(rig, client, "rebind", [pd(1, held)], { serverId });
    }
  });

  row("S-REB-03", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expectOddityDropped(rig, client, "rebind", [pd(1, client.lease())], { clientId: null });
  });
});

describe("server, Rebind: of what is not bound", () => {
  row("S-REB-04", () => {
    const rig = start(TWO_LINKS);
    const client = createClient(rig, 1);
    expectDropped(rig, client, "rebind", [pd(1, ELSEWHERE)], {});
    for (const wrong of ["2001:db8:1100:700::/56", "2001:db8:1000:700::/60", "fe80::/56"]) {
      const answer = client.rebind(pd(1, wrong));
      expect(
        answer?.ias.map(({ leases }) => leases),
        "what our pools prove wrong",
      ).toEqual([[gone(wrong)]]);
    }
    const answer = client.rebind(pd(1, ELSEWHERE), pd(2, "2001:db8:1100:700::/56"));
    expect(liveIn(answer)).toEqual([]);
    expect(stored(rig)).toEqual([]);
  });

  row("S-REB-05", () => {
    const rig = start();
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.lease(1, FREE);
    const before = stored(rig);
    expect(leasesOf(b.rebind(pd(1, FREE)))).toEqual([gone(FREE)]);
    expect(stored(rig)).toEqual(before);
    expect(leasesOf(a.renew(pd(1, FREE)))).toEqual([whole(FREE)]);
  });

  row("S-REB-08", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expect(client.rebind(pd(1, FREE)), "free and fitting: made again").toMatchObject({
      type: "reply",
      ias: [{ iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] }],
    });
    expect(leasesOf(createClient(rig.restart(), 1).renew(pd(1, FREE))), "and bound").toEqual([whole(FREE)]);
    expectDropped(rig, client, "rebind", [pd(2)], {});
  });
});

describe("server, Rebind: after the configuration has changed", () => {
  const two = configure([eth0({ pdClasses: [pdClass(56, [POOL]), pdClass(60, ["2001:db8:1200::/40"])] })]);

  row("S-REB-09", () => {
    const before = start();
    createClient(before, 1).lease(1, FREE);
    const other = before.restart(configure([eth0({ pdClasses: [pdClass(56, [OTHER_POOL])] })]));
    const answer = createClient(other, 1).rebind(pd(1, FREE));
    const [replacement = ""] = liveIn(answer);
    expectPiece(replacement, OTHER_POOL, 56);
    expect(leasesOf(answer)).toEqual([whole(replacement), gone(FREE)]);

    const again = start();
    createClient(again, 1).lease(1, FREE);
    const none = again.restart(configure([eth0({ pdClasses: [] })]));
    expect(leasesOf(createClient(none, 1).rebind(pd(1, FREE))), "nothing in its place").toEqual([gone(FREE)]);
    expect(boundIn(none)).toEqual([]);
  });

  row("S-REB-10", () => {
    const before = start(two);
    const client = createClient(before, 1);
    client.lease(1, FREE);
    const bad = prefixIn(client.request(pd(2, "::/60"))) ?? "";
    expectPiece(bad, "2001:db8:1200::/40", 60);
    const answer = createClient(before.restart(LAN), 1).rebind(pd(1, FREE), pd(2, bad));
    expect(answer?.ias[0]).toMatchObject({ iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] });
    expect(answer?.ias[1]?.iaid).toBe(2);
    expect(answer?.ias[1]?.leases).toContainEqual(gone(bad));
  });
});
