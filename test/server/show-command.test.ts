import { describe, expect, test } from "vitest";
import { millis, seconds } from "../../shared/brand.js";
import { option } from "../../shared/wire/options.js";
import { parseDuid } from "../../shared/duid.js";
import { type Report, reportOn } from "../../server/report.js";
import { reportText } from "../../server/report-text.js";
import { decideShow } from "../../server/show-command.js";
import { parseSubject, subjectText } from "../../server/subject.js";
import { createClient, createRig, pd, type Rig } from "./rig.js";
import { behind, configure, iface, ip, OTHER_ID, pdClass, prefix, START, subnet } from "./settings.js";

const FIRST = "00:03:00:01:02:00:00:00:00:01";
/** Instants as seconds since the start of the test. */
const iso = (at: number): string => `+${(at - START) / 1000}`;
const local = (text: string): string => text;

function report(rig: Rig, text: string, isRunning = true): Report {
  const subject = parseSubject(text);
  if (subject === undefined) throw new Error(text);
  const { state, table } = rig;
  return reportOn({ table, state, isRunning, now: rig.now(), iso }, subject);
}

const show = (rig: Rig, subject: string): readonly string[] =>
  reportText(report(rig, subject), local).split("\n");

/** A server from its beginning, so that its history knows since when it is. */
function begin(config: Parameters<typeof createRig>[0]): Rig {
  const rig = createRig(config);
  rig.give({ type: "started" });
  return rig;
}

const links = [iface("eth0", [pdClass(64, ["2001:db8::/64"])])];

describe("show: what it is about", () => {
  test.each([
    ["2001:db8::9/56", "prefix", "2001:db8::/56"],
    ["fe80::1", "address", "fe80::1"],
    ["2001:db8:1:2:3:4:5:6", "address", "2001:db8:1:2:3:4:5:6"],
    [FIRST, "client", FIRST],
    ["0x00030001AABBCCDDEE01", "client", "00:03:00:01:aa:bb:cc:dd:ee:01"],
    ["00:02:00:00:ab:cd:12:34", "client", "00:02:00:00:ab:cd:12:34"],
  ])("%s -> %s", (text, by, shown) => {
    const subject = parseSubject(text);
    expect([subject?.by, subject && subjectText(subject)]).toEqual([by, shown]);
  });

  test.each(["", "all", "eth0", "2001:db8::/129", "fe80::1%eth0", "00"])("%j -> nothing", (text) => {
    expect(parseSubject(text)).toBeUndefined();
  });
});

describe("show: a client", () => {
  test("with a lease, and its whole life", () => {
    const rig = begin(configure(links));
    const client = createClient(rig, 1);
    client.solicit(pd(1));
    client.request(pd(1));
    rig.sleep(10);
    client.renew(pd(1));
    expect(show(rig, FIRST)).toEqual([
      `Client ${FIRST}: 1 lease`,
      "",
      "2001:db8::/64",
      "  state        bound since +10, ends in 33m 20s (+2010)",
      "  lifetimes    preferred 1000 s, valid 2000 s, T1 500 s, T2 800 s",
      `  client       ${FIRST}, IA_PD 1`,
      "  heard at     fe80::1 on eth0",
      "  from         pool 2001:db8::/64 of eth0, in prefixes of /64",
      "  reconfigure  not possible, the client was given no key",
      "",
      "Limits",
      "  eth0: 1 of 10 leases (client-max-lease)",
      "",
      "History",
      "  +0  IA_PD 1 2001:db8::/64: offered with an Advertise (eth0)",
      "  +0  IA_PD 1 2001:db8::/64: granted (eth0)",
      "  +10  IA_PD 1 2001:db8::/64: renewed (eth0)",
      "  Everything since the start of the server at +0.",
    ]);
  });

  test("that got nothing -> why", () => {
    const rig = begin(configure(links));
    createClient(rig, 2).lease();
    createClient(rig, 1).solicit(pd(7));
    expect(show(rig, FIRST).slice(0, 2)).toEqual([
      `Client ${FIRST}: no lease`,
      "Last, at +0: IA_PD 7: nothing: every pool that it may use is full; add a pd-pool",
    ]);
  });

  test("that got something afterwards -> no more of that", () => {
    const rig = begin(configure(links));
    const other = createClient(rig, 2);
    const held = other.lease();
    createClient(rig, 1).solicit(pd(7));
    other.release(pd(1, held));
    createClient(rig, 1).request(pd(7));
    expect(show(rig, FIRST)[1]).toBe("");
  });

  test("that nobody knows, and one that speaks to another server", () => {
    const rig = begin(configure(links));
    expect(show(rig, FIRST)).toEqual([
      `Client ${FIRST}: no lease`,
      "",
      "History",
      "  nothing",
      "  Everything since the start of the server at +0.",
    ]);
    createClient(rig, 1).ask("request", [pd(1)], { serverId: OTHER_ID });
    expect(show(rig, FIRST)[1]).toBe("Last, at +0: no answer: it speaks to another server");
  });

  test("behind relays, with a reservation, limits and a key", () => {
    const duid = parseDuid(FIRST);
    if (duid === undefined) throw new Error("no DUID");
    const reservation = {
      selector: { by: "duid", duid } as const,
      prefix: prefix("2001:db9::/48"),
      address: undefined,
      options: [],
      at: { line: 7, column: 1 },
    };
    const settings = {
      reservations: [reservation],
      subnets: [subnet("2001:db8:ffff::/64")],
      quarantine: seconds(60),
      limits: { source: { leases: 5, per: seconds(60) }, relay: undefined, remoteId: undefined },
    };
    const olt = behind("eth1", iface("olt", [pdClass(64, ["2001:db8::/64"])], settings));
    const rig = begin(configure([iface("eth0", []), olt], { reconfigure: true }));
    const hops = [
      {
        link: "2001:db8:ffff::1",
        options: [
          option("interfaceId", Uint8Array.of(0x70, 0x31)),
          option("remoteId", { enterprise: 9, id: Uint8Array.of(0, 255) }),
          option("subscriberId", Uint8Array.of(0x73, 0x22)),
          option("clientLinkLayerAddress", { hardwareType: 1, address: Uint8Array.of(2, 0, 0, 0, 0, 1) }),
        ],
      },
      { peer: "fe80::aa" },
    ];
    const client = createClient(rig, 1, { hops, interfaceName: "eth1", relay: "fe80::bb" });
    client.ask("request", [pd(1)], { options: [option("reconfigureAccept", null)] });
    expect(show(rig, FIRST).slice(2, 21)).toEqual([
      "2001:db9::/48",
      "  state        bound since +0, ends in 33m 20s (+2000)",
      "  lifetimes    preferred 1000 s, valid 2000 s, T1 500 s, T2 800 s",
      `  client       ${FIRST}, IA_PD 1`,
      "  heard at     fe80::1 on olt",
      '  relay        hears it at fe80::1, link-address 2001:db8:ffff::1, interface-id "p1", ' +
        "remote-id 9-0x00ff, subscriber-id 0x7322, link-layer address 02:00:00:00:00:01",
      "  relay        hears it at fe80::aa",
      "  last relay   fe80::bb on eth1",
      "  from         a reservation outside of the pools of olt",
      `  reconfigure  possible: dibbler-server reconfigure ${FIRST}`,
      "",
      "Reservations",
      `  2001:db9::/48 for duid ${FIRST} on olt (line 7)`,
      "",
      "Limits",
      "  olt: 1 of 10 leases (client-max-lease), source-lease-rate 5 in 60 s, quarantine 60 s",
      "",
      "History",
      "  +0  IA_PD 1 2001:db9::/48: granted (olt)",
    ]);
    const told = JSON.stringify(report(rig, FIRST));
    const id = rig.table.holder(prefix("2001:db9::/48"));
    const key = id === undefined ? undefined : rig.table.keyOf(id);
    expect(told).not.toContain(Buffer.from(key ?? []).toString("hex"));
    expect(key).toHaveLength(16);
  });

  test("ever so many leases -> the first hundred, and how many there are", () => {
    const big = { clientMaxLease: 1000 };
    const rig = begin(configure([iface("eth0", [pdClass(64, ["2001:db8::/32"])], big)]));
    for (let n = 0; n < 103; n++) createClient(rig, 1).request(pd(n));
    const { leases, leaseCount } = report(rig, FIRST);
    expect([leases.length, leaseCount]).toEqual([100, 103]);
    expect(show(rig, FIRST)).toContain("and 3 more leases; see leases --prefix");
  });
});

describe("show: a prefix or an address", () => {
  test("that is leased: by whom, from inside and from around", () => {
    const rig = begin(configure(links));
    createClient(rig, 1).lease();
    for (const subject of ["2001:db8::/64", "2001:db8::/80", "2001:db8::5", "2001::/16"]) {
      expect(report(rig, subject).leases.map(({ client }) => client)).toEqual([FIRST]);
    }
  });

  test("that nobody has any more: who had it last, and until when", () => {
    const rig = begin(configure(links));
    createClient(rig, 1).lease();
    rig.wait(3000);
    expect(show(rig, "2001:db8::/64")).toEqual([
      "Prefix 2001:db8::/64: nobody has it; it lies in a pool",
      `Last, until +2000: 2001:db8::/64 of client ${FIRST}, expired: neither Renew nor Rebind came in time`,
      "",
      "Pools",
      "  pool 2001:db8::/64 of eth0, in prefixes of /64",
      "",
      "History",
      `  +0  ${FIRST}  IA_PD 1 2001:db8::/64: granted (eth0)`,
      `  +2000  ${FIRST}  IA_PD 1 2001:db8::/64: expired: neither Renew nor Rebind came in time (eth0)`,
      "  Everything since the start of the server at +0.",
    ]);
  });

  test("that no pool has; that is reserved; that a pool lies in", () => {
    const reservation = {
      selector: { by: "linkLocal", address: ip("fe80::5") } as const,
      prefix: undefined,
      address: ip("2001:db9::5"),
      options: [],
      at: { line: 3, column: 1 },
    };
    const rig = begin(
      configure([iface("eth0", [pdClass(64, ["2001:db8::/48"])], { reservations: [reservation] })]),
    );
    expect(show(rig, "2001:dba::/32")[0]).toBe("Prefix 2001:dba::/32: nobody has it; it lies in no pool");
    expect(show(rig, "2001:db9::5").slice(0, 4)).toEqual([
      "Address 2001:db9::5: nobody has it; it is reserved",
      "",
      "Reservations",
      "  2001:db9::5 for link-local fe80::5 on eth0 (line 3)",
    ]);
    expect(show(rig, "2001:db8::/32")[0]).toBe("Prefix 2001:db8::/32: nobody has it; it lies in a pool");
  });

  test("a client's own address: what came from there", () => {
    const rig = begin(configure(links));
    createClient(rig, 1).lease();
    createClient(rig, 2).solicit(pd(1));
    expect(show(rig, "fe80::2").slice(2, 5)).toEqual([
      "History",
      "  +0  00:03:00:01:02:00:00:00:00:02  IA_PD 1: nothing: every pool that it may use is full; add a " +
        "pd-pool (eth0)",
      "  Everything since the start of the server at +0.",
    ]);
  });

  test("a lease that no longer fits, and one without end", () => {
    const endless = pdClass(64, ["2001:db8::/64"], {
      preferred: { min: seconds(0xffffffff), max: seconds(0xffffffff) },
      valid: { min: seconds(0xffffffff), max: seconds(0xffffffff) },
    });
    const rig = begin(configure([iface("eth0", [endless])]));
    createClient(rig, 1).lease();
    expect(show(rig, "2001:db8::/64").slice(3, 5)).toEqual([
      "  state        bound since +0, never ends",
      "  lifetimes    preferred without end, valid without end, T1 without end, T2 without end",
    ]);
    const after = rig.restart(configure([iface("eth0", [pdClass(64, ["2001:db9::/64"])])]));
    expect(show(after, "2001:db8::/64")).toContain(
      "  from         nothing in the configuration any more: it will be replaced when its client renews",
    );
  });

  test("a lease that was withdrawn rests until its client's end", () => {
    const rig = begin(configure(links));
    createClient(rig, 1).lease();
    const after = rig.restart(configure([iface("eth0", [pdClass(64, ["2001:db9::/64"])])]), 50);
    createClient(after, 1).renew(pd(1, "2001:db8::/64"));
    const shown = show(after, "2001:db8::/64");
    expect(shown[3]).toBe("  state        resting since +50, ends in 32m 30s (+2000)");
    expect(shown).toContain("  from         nothing in the configuration any more");
  });
});

describe("show: without a server, and over the channel", () => {
  test("no history, and without a configuration no pools", () => {
    const rig = begin(configure(links));
    createClient(rig, 1).lease();
    const stored = reportText(report(rig, FIRST, false), local).split("\n");
    expect(stored.slice(-2)).toEqual(["History", "  only a running server has one, in its memory"]);
    const subject = parseSubject("2001:db9::/64");
    if (subject === undefined) throw new Error("no subject");
    const bare = { table: rig.table, state: undefined, isRunning: false, now: rig.now(), iso };
    expect(reportText(reportOn(bare, subject), local).split("\n")[0]).toBe(
      "Prefix 2001:db9::/64: nobody has it",
    );
  });

  test("when something was forgotten, what is known since when", () => {
    const rig = begin(configure(links));
    const { routine } = rig.state.history.rings;
    rig.sleep(5);
    for (let n = 0; n <= routine.size; n++) createClient(rig, 1).solicit(pd(1));
    expect(show(rig, FIRST).at(-1)).toBe(
      "  Changes of leases since +0, offers and renewals since +5, refusals since +0, messages without " +
        "answer since +0.",
    );
  });

  test("the answer has both, and is quiet; junk is refused", () => {
    const rig = begin(configure(links));
    const context = { now: millis(START), iso, local };
    const { answer, isQuiet } = decideShow(rig.state, { command: "show", subject: FIRST }, context);
    expect(isQuiet).toBe(true);
    expect(answer).toMatchObject({ ok: true, data: { subject: { kind: "client", value: FIRST } } });
    for (const subject of [undefined, 5, "x"]) {
      const refused = decideShow(rig.state, { command: "show", subject }, context).answer;
      expect(refused).toMatchObject({
        ok: false,
        error: expect.stringContaining("neither a prefix") as string,
      });
    }
  });
});
