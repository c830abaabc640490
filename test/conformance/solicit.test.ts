import { describe, expect } from "vitest";
import { type Duid, duid, formatDuid } from "../../shared/duid.js";
import { overlaps } from "../../shared/prefix.js";
import { find, findAll, option } from "../../shared/wire/options.js";
import { createClient, na, pd, prefixIn, ta } from "../server/rig.js";
import { addressClass, configure, iface, ip, pdClass, prefix, range, SERVER_ID } from "../server/settings.js";
import { row } from "./row.js";
import {
  ELSEWHERE,
  eth0,
  expectPiece,
  FREE,
  leasesOf,
  liveIn,
  POOL,
  refusing,
  start,
  stored,
  whole,
  withPrefixes,
} from "./setup.js";

const CLIENT_ID = 1;
const SERVER_ID_CODE = 2;
const IA_TA = 4;
const PREFERENCE = 7;
const RAPID_COMMIT = 14;

/** Octets 1, 2, 3 and so on behind a DUID type. */
const duidOf = (type: number, octets: number): Duid =>
  duid(Uint8Array.from({ length: octets }, (_, i) => (i < 2 ? (type >>> (8 * (1 - i))) & 0xff : i)));
const DUIDS: readonly (readonly [string, Duid])[] = [
  ["LLT", duid(Uint8Array.of(0, 1, 0, 1, 1, 2, 3, 4, 2, 0, 0, 0, 0, 1))],
  ["EN", duidOf(2, 9)],
  ["LL", duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1))],
  ["UUID", duidOf(4, 18)],
  ["type 0xabcd", duidOf(0xabcd, 3)],
  ["LL of an unknown kind of hardware", duid(Uint8Array.of(0, 3, 0xff, 0xff, 1))],
];

/** The octets as 0 and 1. */
const bitsOf = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => octet.toString(2).padStart(8, "0")).join("");

describe("server, Solicit: the Advertise", () => {
  row("S-SOL-01", () => {
    const rig = start();
    const answer = createClient(rig, 1).solicit(pd(1));
    expect(answer).toMatchObject({ type: "advertise", status: undefined, ias: [{ iaid: 1, status: 0 }] });
    expect(stored(rig)).toEqual([]);
  });

  row("S-SOL-02", () => {
    const client = createClient(start(), 1);
    for (const xid of [0x123456, 0xabcdef, 1]) {
      expect(client.ask("solicit", [pd(1)], { xid })?.xid).toBe(xid);
    }
  });

  row("S-SOL-03", () => {
    for (const [kind, clientId] of DUIDS) {
      const answer = createClient(start(), 1).ask("solicit", [pd(1)], { clientId });
      expect(findAll(answer?.options ?? [], "clientId").map(formatDuid), kind).toEqual([
        formatDuid(clientId),
      ]);
    }
  });

  row("S-SOL-04", () => {
    const answer = createClient(start(), 1).solicit(pd(1));
    expect(answer?.codes.filter((code) => code === SERVER_ID_CODE)).toHaveLength(1);
    const serverId = find(answer?.options ?? [], "serverId") ?? new Uint8Array();
    expect(formatDuid(serverId)).toBe(formatDuid(SERVER_ID));
    expect(serverId.length >= 3 && serverId.length <= 130).toBe(true);
  });

  row("S-SOL-05", () => {
    for (const id of [0, 77, 0xfffffffe]) {
      const answer = createClient(start(), 1).solicit(pd(id));
      expect(answer?.ias.map(({ type, iaid: n, leases }) => [type, n, leases.length])).toEqual([
        ["pd", id, 1],
      ]);
      expectPiece(prefixIn(answer), POOL, 56);
    }
  });

  row("S-SOL-06", () => {
    const times = { t1: range(300), t2: range(700) };
    const rig = start(configure([eth0({ pdClasses: [pdClass(56, [POOL], times)] })]));
    expect(createClient(rig, 1).solicit(pd(1))?.ias).toMatchObject([{ t1: 300, t2: 700 }]);
  });

  row("S-SOL-07", () => {
    const times = { preferred: range(1234), valid: range(4321) };
    const rig = start(configure([eth0({ pdClasses: [pdClass(56, [POOL], times)] })]));
    expect(leasesOf(createClient(rig, 1).solicit(pd(1)))).toMatchObject([{ preferred: 1234, valid: 4321 }]);
  });

  row("S-SOL-08", () => {
    for (const length of [41, 47, 56, 61]) {
      const rig = start(configure([eth0({ pdClasses: [pdClass(length, [POOL])] })]));
      for (const hints of [[], ["2001:db8:10ff:ffff:ffff:ffff:ffff:ffff/56"]]) {
        const answer = createClient(rig, length).solicit(pd(hints.length, ...hints));
        const [ia] = findAll(answer?.options ?? [], "iaPd");
        const addresses = findAll(ia?.options ?? [], "iaPrefix").map((lease) => lease.prefix.address);
        expect(addresses).toHaveLength(1);
        for (const address of addresses) expect(bitsOf(address).slice(length)).toMatch(/^0+$/);
      }
    }
  });

  row("S-SOL-09", () => {
    const client = createClient(start(), 0x2345, { from: ip("fe80::2345") });
    expect(client.solicit(pd(1))?.to).toBe("fe80::2345 port 546 over eth0");
  });

  row("S-SOL-26", () => {
    const client = createClient(start(), 1);
    for (const port of [1, 547, 40_000]) {
      expect(client.ask("solicit", [pd(1)], { port })?.to).toBe("fe80::1 port 546 over eth0");
    }
  });

  row("S-SOL-20", () => {
    const answer = createClient(start(), 1).solicit(pd(1));
    expect(answer?.type).toBe("advertise");
    expect(answer?.codes).not.toContain(PREFERENCE);
  });

  row("S-SOL-21", () => {
    const rig = start();
    const answer = createClient(rig, 1).ask("solicit", [pd(1)], { options: [option("rapidCommit", null)] });
    expect(answer).toMatchObject({ type: "advertise", ias: [{ status: 0 }] });
    expect(answer?.codes).not.toContain(RAPID_COMMIT);
    expect(stored(rig)).toEqual([]);
  });
});

describe("server, Solicit: several IAs", () => {
  row("S-SOL-10", () => {
    const answer = createClient(start(withPrefixes(2)), 1).solicit(pd(1), pd(2));
    expect(answer?.ias.map(({ iaid: id, status }) => [id, status])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    const [a = "", b = ""] = [prefixIn(answer, 0), prefixIn(answer, 1)];
    for (const one of [a, b]) expectPiece(one, "2001:db8:1000::/55", 56);
    expect(overlaps(prefix(a), prefix(b))).toBe(false);
  });

  row("S-SOL-11", () => {
    const answer = createClient(start(), 1).solicit(na(1), pd(2));
    expect(answer?.ias).toMatchObject([
      { type: "na", iaid: 1, status: 0, leases: [{ valid: 2000 }] },
      { type: "pd", iaid: 2, status: 0, leases: [{ valid: 2000 }] },
    ]);
    expectPiece(prefixIn(answer, 0), "2001:db8:2000::100/120", 128);
    expectPiece(prefixIn(answer, 1), POOL, 56);
  });

  row("S-SOL-12", () => {
    const client = createClient(start(), 1);
    const offered = client.solicit(na(7), pd(7));
    expect(offered?.ias.map(({ type, iaid: id, status }) => [type, id, status])).toEqual([
      ["na", 7, 0],
      ["pd", 7, 0],
    ]);
    const [address = "", delegated = ""] = liveIn(client.request(na(7), pd(7)));
    expect(client.release(na(7, address))?.ias).toEqual([]);
    expect(client.renew(pd(7, delegated))?.ias).toMatchObject([{ type: "pd", leases: [whole(delegated)] }]);
  });

  row("S-SOL-35", () => {
    const answer = createClient(start(), 1).solicit(ta(1), pd(1));
    expect(answer?.codes).not.toContain(IA_TA);
    expect(answer?.ias).toMatchObject([{ type: "pd", status: 0, leases: [{ valid: 2000 }] }]);
    const configured = eth0({ temporaryClasses: [addressClass(["2001:db8:2000::200-2001:db8:2000::2ff"])] });
    const both = createClient(start(configure([configured])), 1).solicit(ta(1), pd(1));
    expect(
      both?.ias.map(({ type, leases }) => [type, leases.length]),
      "configured",
    ).toEqual([
      ["ta", 1],
      ["pd", 1],
    ]);
  });
});

describe("server, Solicit: whom it serves", () => {
  row("S-SOL-30", () => {
    const rig = start();
    const offered = DUIDS.map(([, clientId]) => {
      return prefixIn(createClient(rig, 1).ask("solicit", [pd(1)], { clientId }));
    });
    for (const one of offered) expectPiece(one, POOL, 56);
    expect(new Set(offered).size, "each of them is a client of its own").toBe(DUIDS.length);
  });

  row("S-SOL-31", () => {
    const [clientId, other] = [duidOf(0xfffe, 130), duidOf(0xfffe, 129)];
    const rig = start();
    const answer = createClient(rig, 1).ask("solicit", [pd(1)], { clientId });
    expect(answer?.codes).toContain(CLIENT_ID);
    expect(answer?.clientId).toBe(formatDuid(clientId));
    const held = prefixIn(createClient(rig, 1).ask("request", [pd(1)], { clientId }));
    expect(held).toBe(prefixIn(answer));
    expect(prefixIn(createClient(rig, 1).ask("request", [pd(1)], { clientId: other }))).not.toBe(held);
  });

  row("S-SOL-32", () => {
    const access = refusing({ by: "address", first: ip("fe80::10"), last: ip("fe80::1f") });
    const rig = start(configure([iface("eth0", [pdClass(56, [POOL], { access })])]));
    const offersTo = (from: string): readonly string[] =>
      liveIn(createClient(rig, 1, { from: ip(from) }).solicit(pd(1)));
    for (const from of ["fe80::10", "fe80::17", "fe80::1f"]) expect(offersTo(from), from).toEqual([]);
    for (const from of ["fe80::f", "fe80::20"]) expect(offersTo(from), from).toHaveLength(1);
  });

  row("S-SOL-37", () => {
    const [first, last] = [createClient(start(), 5).duid, createClient(start(), 7).duid];
    const access = refusing({ by: "duid", first, last });
    const rig = start(configure([iface("eth0", [pdClass(56, [POOL], { access })])]));
    const offersTo = (n: number): readonly string[] => liveIn(createClient(rig, n).solicit(pd(1)));
    for (const n of [5, 6, 7]) expect(offersTo(n), `client ${n}`).toEqual([]);
    for (const n of [4, 8]) expect(offersTo(n), `client ${n}`).toHaveLength(1);
  });

  row("S-SOL-34", () => {
    const rig = start(withPrefixes(1));
    const [a, b, c] = [createClient(rig, 1), createClient(rig, 2), createClient(rig, 3)];
    expect(liveIn(a.solicit(pd(1)))).toEqual(["2001:db8:1000::/56"]);
    rig.wait(9);
    expect(b.request(pd(1))?.ias, "9 s").toMatchObject([{ status: 6, leases: [] }]);
    rig.wait(50);
    expect(c.solicit(pd(1))?.ias, "59 s").toMatchObject([{ status: 6, leases: [] }]);
    expect(liveIn(b.request(pd(1))), "59 s").toEqual(["2001:db8:1000::/56"]);
    expect(a.request(pd(1))?.ias).toMatchObject([{ status: 6, leases: [] }]);

    const later = start(withPrefixes(1));
    createClient(later, 1).solicit(pd(1));
    later.wait(61);
    expect(liveIn(createClient(later, 2).solicit(pd(1))), "61 s").toEqual(["2001:db8:1000::/56"]);
  });

  row("S-SOL-36", () => {
    const rig = start(withPrefixes(1));
    createClient(rig, 1).lease();
    const answer = createClient(rig, 2).solicit(pd(5), na(6));
    expect(answer).toMatchObject({
      type: "advertise",
      status: undefined,
      ias: [
        { type: "pd", iaid: 5, status: 6, leases: [], t1: 0, t2: 0 },
        { type: "na", iaid: 6, status: 0, leases: [{ valid: 2000 }] },
      ],
    });
  });

  row("S-SOL-38", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const held = client.lease(1, FREE);
    const before = stored(rig);
    rig.wait(1500);
    expect(liveIn(client.solicit(pd(1))), "without a hint").toEqual([FREE]);
    expect(liveIn(client.solicit(pd(1, ELSEWHERE))), "with another hint").toEqual([held]);
    expect(stored(rig)).toEqual(before);
  });
});
