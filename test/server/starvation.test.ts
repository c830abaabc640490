import { describe, expect, test } from "vitest";
import { LIMITER_KEYS } from "../../server/limits.js";
import { createClient, pd, type Rig } from "./rig.js";
import {
  type Attack,
  attackOnce,
  createRouter,
  ispRig,
  type Line,
  pieceOf,
  type Router,
  takenIn,
  whereabouts,
  wished,
} from "./starvation.js";

/** What one source or line gets at most (see the example): 20, 12 hours of 20, what rests, and offers. */
const ONE_HOST = 260 + 20 + 40;
/** What all that a relay may say gets in a day: 10,000 and 10,000 again, and as many offers. */
const ONE_RELAY = 20_000 + 20_000;
const POOL = 65_536;

const pools: Readonly<Record<Line, string>> = {
  vlan100: "2001:db8:4000::/40",
  "olt-east": "2001:db8:a000::/40",
  "olt-west": "2001:db8:a100::/40",
};

/** Unknown names, one place: what the network, and not the host, says of it. */
const oneHost: readonly (readonly [string, Line, Attack["where"]])[] = [
  ["on an interface of the server, one address", "vlan100", () => whereabouts("vlan100", 0xbad)],
  [
    "behind a relay that tells its line: any address, any MAC",
    "olt-east",
    (n) => whereabouts("olt-east", n, { line: "evil", mac: n }),
  ],
  [
    "behind a relay that tells its MAC: any address",
    "olt-west",
    (n) => whereabouts("olt-west", n, { mac: 0xbad }),
  ],
];

/** Half a minute of computing each: several times as long where other work goes on. */
const PATIENTLY = { timeout: 600_000 };

describe("starvation, as the ISP example is configured: a day of one hostile host", PATIENTLY, () => {
  test.each(oneHost)("%s: some hundred prefixes, and its neighbour never notices", (_what, link, where) => {
    const rig = ispRig();
    const attack = { where, piece: pieceOf(pools[link]) };
    // IDs from one up to 24 bits are the attacker's, so that routers have others.
    let n = attackOnce(rig, attack, 1, 500);
    const router = createRouter(rig, 0xf00001, whereabouts(link, 1, { line: "good", mac: 1 }), 2);
    const complaints: string[] = [...router.boot()];
    let most = 0;
    for (let minute = 0; minute < 1440; minute += 10) {
      rig.wait(600);
      n = attackOnce(rig, attack, n, 3);
      most = Math.max(most, takenIn(rig, link));
      if (minute % 60 === 30) complaints.push(...router.renew());
      // Ten reboots within the hour, half of them in good order.
      if (minute >= 600 && minute < 650) {
        router.shutDown();
        complaints.push(...router.boot());
        complaints.push(...router.boot());
      }
      // Another router is put in its place.
      if (minute === 900) {
        const other = createRouter(rig, 0xf00002, whereabouts(link, 1, { line: "good", mac: 1 }), 2);
        complaints.push(...other.boot(), ...other.renew());
      }
    }
    expect(complaints.slice(0, 3)).toEqual([]);
    // It got all that it may have, so the day was a hard one.
    expect(most).toBeGreaterThan(200);
    expect(most).toBeLessThan(ONE_HOST);
  });
});

describe("starvation, as the ISP example is configured: Solicits that nothing follows", PATIENTLY, () => {
  test.each(oneHost)(
    "%s: 5,000 in a minute, and its neighbour is offered what it wants",
    (_what, link, where) => {
      const rig = ispRig();
      for (let n = 0; n < 5000; n++) createClient(rig, n, where(n)).ask("solicit", [pd(1), pd(2)], wished);
      expect(takenIn(rig, link)).toBeLessThan(ONE_HOST);
      const router = createRouter(rig, 0xf00001, whereabouts(link, 1, { line: "good", mac: 1 }), 2);
      expect(router.boot()).toEqual([]);
    },
  );
});

/** All that it says is invented; and whom it takes nothing from at all. */
const anything: readonly (readonly [string, Line, Attack["where"], Line])[] = [
  [
    "a relay",
    "olt-east",
    (n) => whereabouts("olt-east", n, { line: `line ${n}`, mac: n, relay: "2001:db8:c0::bad" }),
    "olt-east",
  ],
  [
    "a host on an interface of the server, any address",
    "vlan100",
    (n) => whereabouts("vlan100", n + 0x10000),
    "olt-west",
  ],
];

describe("starvation, as the ISP example is configured: whom nothing tells apart", PATIENTLY, () => {
  test.each(anything)("%s: not the pool, and what is leased stays", (_what, link, where, elsewhere) => {
    const rig = ispRig();
    const attack = { where, piece: pieceOf(pools[link]) };
    const router = createRouter(rig, 0xf00001, whereabouts(link, 1, { line: "good", mac: 1 }), 2);
    const complaints = [...router.boot()];
    let n = attackOnce(rig, attack, 1, 1300);
    let most = takenIn(rig, link);
    for (let hour = 0; hour < 24; hour += 6) {
      rig.wait(21_600);
      n = attackOnce(rig, attack, n, 200);
      most = Math.max(most, takenIn(rig, link));
      complaints.push(...router.renew());
      if (hour % 12 === 0) complaints.push(...router.boot());
    }
    const there = whereabouts(elsewhere, 2, { line: "new", mac: 2 });
    complaints.push(...createRouter(rig, 0xf00002, there, 4).boot());
    expect(complaints.slice(0, 3)).toEqual([]);
    expect(most).toBeGreaterThan(10_000);
    expect(most).toBeLessThan(ONE_RELAY);
    expect(ONE_RELAY).toBeLessThan(POOL);
    for (const limiter of Object.values(rig.state.limiters.get(link) ?? {})) {
      expect(limiter?.leases.buckets.size).toBeLessThan(LIMITER_KEYS / 2);
      expect(limiter?.offers.buckets.size).toBeLessThan(LIMITER_KEYS / 2);
    }
  });
});

describe("starvation, as the ISP example is configured: after a power cut", PATIENTLY, () => {
  const crowd = (rig: Rig, link: Line): readonly Router[] =>
    Array.from({ length: 5000 }, (_, i) =>
      createRouter(rig, i + 1, whereabouts(link, i + 1, { line: `line ${i}`, mac: i }), 2),
    );
  test.each<Line>(["vlan100", "olt-east"])(
    "%s: 5,000 routers that nobody has heard of come up at once, some twice: all are served",
    (link) => {
      const rig = ispRig();
      const routers = crowd(rig, link);
      const once = routers.flatMap((router) => router.boot());
      const again = routers.slice(0, 1000).flatMap((router) => router.boot());
      expect([...once, ...again].slice(0, 3)).toEqual([]);
      expect(takenIn(rig, link)).toBe(10_000);
    },
  );
});
