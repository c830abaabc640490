import { describe, expect } from "vitest";
import { iaid, seconds } from "../../shared/brand.js";
import { findAll, type Option, option, rawOption } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, pd, prefixIn } from "../server/rig.js";
import { configure, pdClass, prefix, range } from "../server/settings.js";
import { row } from "./row.js";
import {
  asks,
  DNS,
  DOMAINS,
  ELSEWHERE,
  eth0,
  expectPiece,
  FREE,
  leasesOf,
  liveIn,
  POOL,
  start,
} from "./setup.js";

const SOL_MAX_RT = 82;

/** What a client is offered by a fresh server on eth0, byte for byte, when it sends these options as well. */
const bytesFor = (...options: readonly Option[]): Uint8Array | undefined =>
  createClient(start(), 1).ask("solicit", [pd(1)], { options })?.bytes;
const solicitWith = (...options: readonly Option[]): Answer | undefined =>
  createClient(start(), 1).ask("solicit", [pd(1)], { options });

describe("server, Solicit: hints", () => {
  row("S-SOL-14", () => {
    const answer = createClient(start(), 1).solicit(pd(1, ELSEWHERE));
    expect(leasesOf(answer)).toHaveLength(1);
    expectPiece(prefixIn(answer), POOL, 56);
  });

  row("S-SOL-15", () => {
    const rig = start();
    const hints = [FREE, "2001:db8:1000::/56", "2001:db8:10ff:ff00::/56"];
    hints.forEach((hint, i) => {
      expect(liveIn(createClient(rig, i + 1).solicit(pd(1, hint)))).toEqual([hint]);
    });
  });

  row("S-SOL-16", () => {
    const lengths = [60, 56, 52].map((length, i) => pdClass(length, [`2001:db8:100${i}::/48`]));
    for (const pdClasses of [lengths, [pdClass(56, [POOL])]]) {
      const client = createClient(start(configure([eth0({ pdClasses })])), 1);
      expectPiece(prefixIn(client.solicit(pd(1, "::/56"))), POOL, 56);
    }
  });

  row("S-SOL-17", () => {
    expectPiece(prefixIn(createClient(start(), 1).solicit(pd(1, "::/64"))), POOL, 56);
  });

  row("S-SOL-18", () => {
    expectPiece(prefixIn(createClient(start(), 1).solicit(pd(1, "::/48"))), POOL, 56);
  });

  row("S-SOL-19", () => {
    const without = createClient(start(), 1).solicit(pd(1))?.bytes;
    expect(createClient(start(), 1).solicit(pd(1, "::/0"))?.bytes).toEqual(without);
    const lengths = [60, 56].map((length, i) => pdClass(length, [`2001:db8:100${i}::/48`]));
    const both = createClient(start(configure([eth0({ pdClasses: lengths })])), 1);
    expectPiece(prefixIn(both.solicit(pd(1, "::/0"))), "2001:db8:1000::/48", 60);
  });

  row("S-SOL-40", () => {
    const pdClasses = [104, 88, 96].map((length) => pdClass(length, [`2001:db8:1000:${length}::/72`]));
    const cases = { 80: 88, 88: 88, 89: 88, 95: 88, 96: 96, 97: 96, 103: 96, 104: 104, 120: 104 };
    for (const [hint, length] of Object.entries(cases)) {
      const answer = createClient(start(configure([eth0({ pdClasses })])), 1).solicit(pd(1, `::/${hint}`));
      expectPiece(prefixIn(answer), `2001:db8:1000:${length}::/72`, length);
    }
  });

  row("S-SOL-22", () => {
    const wish = { ...pd(1, ["::/56", 3333, 4444]), t1: 1111, t2: 2222 };
    expect(createClient(start(), 1).solicit(wish)?.ias).toMatchObject([
      { t1: 500, t2: 800, leases: [{ preferred: 1000, valid: 2000 }] },
    ]);
    const times = { preferred: range(100, 4000), valid: range(200, 8000) };
    const client = createClient(start(configure([eth0({ pdClasses: [pdClass(56, [POOL], times)] })])), 1);
    const wishes = [
      { asked: [3300, 4400], preferred: 3300, valid: 4400, t1: 1650, t2: 2640 },
      { asked: [1, 2], preferred: 100, valid: 200, t1: 50, t2: 80 },
      { asked: [9000, 9000], preferred: 4000, valid: 8000, t1: 2000, t2: 3200 },
      { asked: [0, 0], preferred: 4000, valid: 8000, t1: 2000, t2: 3200 },
    ] as const;
    wishes.forEach(({ asked, preferred, valid, t1, t2 }, i) => {
      const answer = client.solicit({ ...pd(i, ["::/56", ...asked]), t1: 7, t2: 9 });
      expect(answer?.ias, asked.join("/")).toMatchObject([{ t1, t2, leases: [{ preferred, valid }] }]);
    });
  });
});

describe("server, Solicit: options", () => {
  row("S-SOL-13", () => {
    const answer = solicitWith(asks(23, 24));
    expect(answer?.type).toBe("advertise");
    expect(answer?.options.filter(({ name }) => name === DNS.name || name === DOMAINS.name)).toEqual([
      DNS,
      DOMAINS,
    ]);
  });

  row("S-SOL-33", () => {
    const answer = createClient(start(), 1).ask("solicit", [], { options: [asks(23, 24)] });
    expect(answer?.type).toBe("advertise");
    expect(answer?.options.slice(2)).toEqual([DNS, DOMAINS]);
  });

  row("S-SOL-23", () => {
    expect(solicitWith(asks(SOL_MAX_RT))?.codes).not.toContain(SOL_MAX_RT);
    const rig = start(configure([eth0({ options: [option("solMaxRt", seconds(120))] })]));
    const answer = createClient(rig, 1).ask("solicit", [pd(1)], { options: [asks(SOL_MAX_RT)] });
    expect(findAll(answer?.options ?? [], "solMaxRt")).toEqual([120]);
  });

  row("S-SOL-24", () => {
    const unknown = rawOption(4711, Uint8Array.of(1, 2, 3));
    const times = { preferred: seconds(0), valid: seconds(0) };
    const hint = option("iaPrefix", { prefix: prefix(FREE), ...times, options: [unknown] });
    const ia = { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [unknown, hint, unknown] };
    const client = createClient(start(), 1);
    const answer = client.ask("solicit", [], { options: [unknown, option("iaPd", ia), unknown] });
    expect(answer?.bytes).toEqual(createClient(start(), 1).solicit(pd(1, FREE))?.bytes);
    expect(liveIn(answer)).toEqual([FREE]);
  });

  row("S-SOL-25", () => {
    const client = createClient(start(), 1);
    const ia = option("iaPd", { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [] });
    const options = [asks(23), ia, option("elapsedTime", 0), option("clientId", client.duid)];
    const answer = client.ask("solicit", [], { clientId: null, options });
    expect(answer?.bytes).toEqual(bytesFor(asks(23)));
    expect(liveIn(answer)).toHaveLength(1);
  });

  row("S-SOL-27", () => {
    const missing = bytesFor();
    expect(missing).toBeDefined();
    for (const time of [0, 1, 0xffff])
      expect(bytesFor(option("elapsedTime", time)), `${time}`).toEqual(missing);
  });

  row("S-SOL-28", () => {
    const classes = [Uint8Array.of(1, 2), new Uint8Array()];
    const vendor = { enterprise: 9, options: [{ code: 1, data: Uint8Array.of(2) }] };
    const options = [
      option("userClass", classes),
      option("vendorClass", { enterprise: 9, classes }),
      option("vendorOptions", vendor),
    ];
    const without = bytesFor();
    expect(without).toBeDefined();
    for (const one of options) expect(bytesFor(one), one.name).toEqual(without);
    expect(bytesFor(...options), "all three").toEqual(without);
  });

  // The kernel tells the server which address a datagram was for, not which frame it came in; so the address
  // is all that an answer can depend on.
  row("S-SOL-29", () => {
    const client = createClient(start(), 1);
    expect(client.ask("solicit", [pd(1)], { unicast: false })?.type).toBe("advertise");
    expect(client.ask("solicit", [pd(1)], { unicast: true })).toBeUndefined();
  });
});
