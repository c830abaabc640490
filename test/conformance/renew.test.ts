import { describe, expect } from "vitest";
import { formatDuid } from "../../shared/duid.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { find } from "../../shared/wire/options.js";
import type { AnsweredLease } from "../server/answer.js";
import { createClient, na, pd, type TestClient } from "../server/rig.js";
import { addressClass, configure, ip, OTHER_ID, pdClass, range, SERVER_ID } from "../server/settings.js";
import { row } from "./row.js";
import {
  ALSO_FREE,
  asks,
  DNS,
  ELSEWHERE,
  eth0,
  expectOddityDropped,
  expectPiece,
  FREE,
  gone,
  leasesOf,
  liveIn,
  OTHER_POOL,
  POOL,
  refusing,
  reserve,
  start,
  boundIn,
  stored,
  whole,
  withPrefixes,
} from "./setup.js";

/** The only prefix of `withPrefixes(1)`. */
const ONLY = "2001:db8:1000::/56";

/** Fails unless the client can still renew this prefix under IAID 1, and nothing else. */
function expectHeld(client: TestClient, prefix: string): void {
  expect(leasesOf(client.renew(pd(1, prefix)))).toEqual([whole(prefix)]);
}

describe("server, Renew: of what is bound", () => {
  row("S-REN-01", () => {
    const rig = start();
    const [client, other] = [createClient(rig, 1), createClient(rig, 2)];
    client.lease(1, FREE);
    rig.wait(1900);
    expect(client.renew(pd(1, FREE))).toMatchObject({
      type: "reply",
      ias: [{ type: "pd", iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] }],
    });
    rig.wait(1999);
    expect(liveIn(other.request(pd(1, FREE))), "the new lifetime counts").not.toContain(FREE);
    rig.wait(2);
    expect(liveIn(other.request(pd(2, FREE))), "and no longer than that").toEqual([FREE]);
  });

  row("S-REN-08", () => {
    for (const wrong of [ALSO_FREE, ELSEWHERE, "2001:db8:1000:780::/57"]) {
      const client = createClient(start(), 1);
      client.lease(1, FREE);
      expect(leasesOf(client.renew(pd(1, FREE, wrong))), wrong).toEqual([whole(FREE), gone(wrong)]);
      expect(leasesOf(client.renew(pd(1, wrong, FREE))), wrong).toEqual([whole(FREE), gone(wrong)]);
    }
  });

  row("S-REN-09", () => {
    for (const wrong of [ALSO_FREE, ELSEWHERE]) {
      const rig = start();
      const client = createClient(rig, 1);
      client.lease(1, FREE);
      expect(leasesOf(client.renew(pd(1, wrong))), wrong).toEqual([whole(FREE), gone(wrong)]);
      expectHeld(client, FREE);
      expect(stored(rig)).toHaveLength(1);
    }
  });

  row("S-REN-12", () => {
    const client = createClient(start(), 1);
    const answer = client.ask("renew", [pd(1, client.lease())], { options: [asks(23)] });
    expect(answer?.type).toBe("reply");
    expect(find(answer?.options ?? [], "dnsServers")).toEqual(DNS.value);
  });

  row("S-REN-13", () => {
    const rig = start();
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    expect(client.renew(pd(1))?.ias).toMatchObject([{ iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] }]);
    expectHeld(client, FREE);
    expect(liveIn(client.renew(pd(2))), "an IA that has nothing yet is given something").toHaveLength(1);
  });

  row("S-REN-14", () => {
    const short = addressClass(["2001:db8:2000::1-2001:db8:2000::1"], { preferred: range(400) });
    const rig = start(configure([eth0({ addressClasses: [short] })]));
    const client = createClient(rig, 1);
    const [address = "", first = "", second = ""] = liveIn(client.request(na(1), pd(1), pd(2)));
    rig.wait(300);
    const answer = client.renew(na(1, address), pd(1, first), pd(2, second));
    expect(answer?.ias).toEqual(
      [
        { type: "na", iaid: 1, leases: [{ ...whole("2001:db8:2000::1/128"), preferred: 400 }] },
        { type: "pd", iaid: 1, leases: [whole(first)] },
        { type: "pd", iaid: 2, leases: [whole(second)] },
      ].map((ia) => ({ ...ia, t1: 200, t2: 320, status: 0 })),
    );
  });

  row("S-REN-15", () => {
    const client = createClient(start(), 1);
    const answer = client.ask("renew", [pd(1, client.lease())], { xid: 0x777777 });
    expect(answer).toMatchObject({
      type: "reply",
      xid: 0x777777,
      clientId: formatDuid(client.duid),
      serverId: formatDuid(SERVER_ID),
      status: undefined,
    });
  });

  row("S-REN-18", () => {
    const lengths = [pdClass(56, [POOL]), pdClass(60, ["2001:db8:1200::/40"])];
    const rig = start(configure([eth0({ pdClasses: lengths })]));
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    for (const hint of ["::/60", "::/48", "::/0"]) {
      expect(leasesOf(client.renew(pd(1, hint))), hint).toEqual([whole(FREE)]);
      expect(leasesOf(client.renew(pd(1, FREE, hint))), hint).toEqual([whole(FREE)]);
    }
    expect(stored(rig)).toHaveLength(1);
  });
});

describe("server, Renew: what is dropped", () => {
  row("S-REN-02", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expectOddityDropped(rig, client, "renew", [pd(1, client.lease())], { serverId: null });
  });

  row("S-REN-03", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expectOddityDropped(rig, client, "renew", [pd(1, client.lease())], { serverId: OTHER_ID });
  });

  row("S-REN-04", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expectOddityDropped(rig, client, "renew", [pd(1, client.lease())], { clientId: null });
  });
});

describe("server, Renew: of what is not bound", () => {
  row("S-REN-05", () => {
    const rig = start();
    const known = createClient(rig, 9).lease(1, ALSO_FREE);
    expect(createClient(rig, 1).renew(pd(1, FREE)), "free and fitting: made again").toMatchObject({
      type: "reply",
      ias: [{ iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] }],
    });
    expect(createClient(rig, 2).renew(pd(2, known)), "of another client").toMatchObject({
      type: "reply",
      status: undefined,
      ias: [{ iaid: 2, t1: 0, t2: 0, status: 3, leases: [] }],
    });
    const [ia] = createClient(rig, 3).renew(pd(3))?.ias ?? [];
    expect(ia, "without a prefix: given one").toMatchObject({ iaid: 3, leases: [{ valid: 2000 }] });
    expectPiece(ia?.leases[0]?.prefix, POOL, 56);
    const full = start(withPrefixes(1));
    createClient(full, 1).lease();
    expect(createClient(full, 2).renew(pd(4))?.ias, "nothing left").toMatchObject([
      { iaid: 4, status: 6, leases: [] },
    ]);
  });

  row("S-REN-06", () => {
    const rig = start();
    for (const named of [ELSEWHERE, "2001:db8:1000:700::/60", "2001:db8:1000::/40", "fe80::/56"]) {
      const answer = createClient(rig, 1).renew(pd(1, named));
      expect(answer?.ias, named).toMatchObject([{ iaid: 1, status: 3, leases: [] }]);
    }
    expect(stored(rig)).toEqual([]);
  });

  row("S-REN-07", () => {
    const client = createClient(start(), 1);
    client.lease(1, FREE);
    expect(client.renew(pd(1, FREE), pd(2, ELSEWHERE))?.ias).toMatchObject([
      { iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] },
      { iaid: 2, status: 3, leases: [] },
    ]);
    expect(client.renew(pd(2, ALSO_FREE), pd(1, FREE))?.ias, "or made again").toMatchObject([
      { iaid: 2, t1: 500, t2: 800, leases: [whole(ALSO_FREE)] },
      { iaid: 1, t1: 500, t2: 800, leases: [whole(FREE)] },
    ]);
  });

  row("S-REN-10", () => {
    const rig = start();
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.lease(1, FREE);
    const before = stored(rig);
    expect(b.renew(pd(1, FREE))?.ias).toMatchObject([{ iaid: 1, status: 3, leases: [] }]);
    expect(stored(rig)).toEqual(before);
    expectHeld(a, FREE);
  });

  row("S-REN-11", () => {
    const rig = start();
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    const before = stored(rig);
    expect(client.renew(pd(77, FREE))?.ias).toMatchObject([{ iaid: 77, status: 3, leases: [] }]);
    expect(stored(rig)).toEqual(before);
    expectHeld(client, FREE);
  });

  row("S-REN-19", () => {
    const rig = start(withPrefixes(1));
    const [old, heir] = [createClient(rig, 1), createClient(rig, 2)];
    const prefix = old.lease();
    rig.wait(2001);
    expect(heir.lease()).toBe(prefix);
    expect(old.renew(pd(1, prefix))?.ias).toMatchObject([{ iaid: 1, status: 3, leases: [] }]);
    expectHeld(heir, prefix);
  });
});

describe("server, Renew: after the configuration has changed", () => {
  const moved = configure([eth0({ pdClasses: [pdClass(56, [OTHER_POOL])] })]);

  row("S-REN-16", () => {
    const before = start();
    createClient(before, 1).lease(1, FREE);
    const rig = before.restart(moved);
    const answer = createClient(rig, 1).renew(pd(1, FREE));
    const [replacement = ""] = liveIn(answer);
    expectPiece(replacement, OTHER_POOL, 56);
    expect(answer?.ias).toMatchObject([
      { iaid: 1, t1: 500, t2: 800, leases: [whole(replacement), gone(FREE)] },
    ]);
    expectHeld(createClient(rig, 1), replacement);
    expect(boundIn(rig)).toEqual([replacement]);
  });

  row("S-REN-17", () => {
    const { duid } = createClient(start(), 2);
    const refusal = refusing({ by: "address", first: ip("fe80::1"), last: ip("fe80::1") });
    const cases: readonly (readonly [string, ServerConfig, AnsweredLease])[] = [
      ["no pool left", configure([eth0({ pdClasses: [] })]), gone(ONLY)],
      ["another length", configure([eth0({ pdClasses: [pdClass(60, [ONLY])] })]), gone(ONLY)],
      ["reserved for another", withPrefixes(1, { reservations: [reserve(duid, ONLY)] }), gone(ONLY)],
      ["nothing new for this client", withPrefixes(1, { clientMaxLease: 1 }), whole(ONLY)],
      [
        "class for others",
        configure([eth0({ pdClasses: [pdClass(56, [ONLY], { access: refusal })] })]),
        whole(ONLY),
      ],
    ];
    for (const [why, config, expected] of cases) {
      const before = start(withPrefixes(1));
      createClient(before, 1).lease();
      before.wait(700);
      const answer = createClient(before.restart(config), 1).renew(pd(1, ONLY));
      expect(leasesOf(answer), why).toContainEqual(expected);
      expect(
        leasesOf(answer).filter(({ prefix }) => prefix === ONLY),
        why,
      ).toHaveLength(1);
    }
  });
});
