import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid, millis, seconds } from "../../shared/brand.js";
import { formatPrefix, UNSPECIFIED } from "../../shared/prefix.js";
import { createHistory, type History, incidentsOf, note, reachOf } from "../../server/history.js";
import { INCIDENT_IDS, type IncidentId, incidentRow } from "../../server/incidents.js";
import { createSipHash } from "../../server/siphash.js";
import { createClient, createRig, na, pd, type Rig } from "./rig.js";
import { configure, EVERYBODY, iface, ip, OTHER_ID, pdClass, prefix, START } from "./settings.js";

const ALL = 1000;
const sizes = { changes: 4, routine: 3, refusals: 2, drops: 2 };
const create = (of = sizes): History => createHistory(createSipHash(new Uint8Array(16)), of);

/** What the history of a rig says of its n-th client: one line an incident. */
function linesOf(rig: Rig, n: number): readonly string[] {
  const { duid: client } = createClient(rig, n);
  return incidentsOf(rig.state.history, { by: "client", client }, ALL).map((incident) => {
    const { event, reason } = incidentRow(incident.id) as { event: string; reason?: string };
    const what = incident.prefix === undefined ? [] : [formatPrefix(incident.prefix)];
    return [(incident.at - START) / 1000, event, ...(reason === undefined ? [] : [reason]), ...what].join(
      " ",
    );
  });
}

const tiny = iface("eth0", [pdClass(64, ["2001:db8::/63"])]);

describe("history: the ring", () => {
  test("of each kind the newest are kept, in order, whatever happens of the other kinds", () => {
    const numbers = fc.array(fc.tuple(fc.constantFrom(...INCIDENT_IDS), fc.nat(3)), { maxLength: 40 });
    fc.assert(
      fc.property(numbers, (events) => {
        const history = create();
        const told = events.map(([id, n], at) => ({ id, n, at }));
        for (const { id, n, at } of told) noteOf(history, at, id, n);
        const kept = told.filter(({ id, at }) => {
          const { kind } = incidentRow(id);
          return (
            told.filter((later) => incidentRow(later.id).kind === kind && later.at > at).length < sizes[kind]
          );
        });
        for (const n of [0, 1, 2, 3]) {
          const found = incidentsOf(history, { by: "client", client: clientOf(n) }, ALL);
          const wanted = kept.filter((one) => one.n === n);
          expect(found.map(({ id, at }) => [id, at])).toEqual(wanted.map(({ id, at }) => [id, at]));
        }
      }),
    );
  });

  test("an incident comes back as it was noted", () => {
    const history = create();
    noteOf(history, 7, "renewed", 1);
    expect(incidentsOf(history, { by: "client", client: clientOf(1) }, ALL)).toEqual([
      {
        at: 7,
        id: "renewed",
        client: clientOf(1),
        clientOctets: 5,
        ia: { type: "na", iaid: 0xfffffff1 },
        prefix: prefix("2001:db8:1::/48"),
        from: ip("fe80::1"),
        link: "eth0",
      },
    ]);
  });

  test("one that is about no IA and no prefix, of nobody", () => {
    const history = create();
    note(history, millis(1), "SERVER-DROP-UNDECODABLE", {
      duid: new Uint8Array(0),
      clientAddress: ip("fe80::7"),
      interfaceName: "eth1",
    });
    const [found] = incidentsOf(history, { by: "address", address: ip("fe80::7") }, ALL);
    expect(found).toMatchObject({ ia: undefined, prefix: undefined, clientOctets: 0, link: "eth1" });
    expect(incidentsOf(history, { by: "address", address: UNSPECIFIED }, ALL)).toEqual([]);
  });

  test("by prefix: all that touch it, from within and from around", () => {
    const history = create();
    for (const n of [1, 2]) noteOf(history, n, "granted", n);
    const count = (text: string): number =>
      incidentsOf(history, { by: "prefix", prefix: prefix(text) }, ALL).length;
    expect(["2001:db8:1::/48", "2001:db8:1:7::/64", "2001:db8::/32", "2001:db9::/32"].map(count)).toEqual([
      1, 1, 2, 0,
    ]);
  });

  test("long DUIDs are told apart, though not kept whole; limit takes the newest", () => {
    const history = create();
    const long = (last: number): Uint8Array =>
      Uint8Array.from({ length: 130 }, (_, i) => (i < 129 ? 5 : last));
    for (const last of [1, 2, 1]) {
      note(history, millis(last), "granted", {
        duid: long(last),
        clientAddress: ip("::1"),
        interfaceName: "eth0",
      });
    }
    const found = incidentsOf(history, { by: "client", client: long(1) }, ALL);
    expect(found.map(({ clientOctets, client }) => [clientOctets, client.length])).toEqual([
      [130, 28],
      [130, 28],
    ]);
    expect(incidentsOf(history, { by: "client", client: long(1) }, 1)).toHaveLength(1);
    expect(incidentsOf(history, { by: "client", client: long(3) }, ALL)).toEqual([]);
  });

  test("how far it reaches back: to the start, then to the oldest that is left", () => {
    const history = create();
    history.since = millis(5);
    const reach = (): readonly number[] =>
      (["changes", "drops"] as const).map((kind) => reachOf(history, kind));
    for (const at of [10, 11, 12, 13]) noteOf(history, at, "granted", 1);
    expect(reach()).toEqual([5, 5]);
    noteOf(history, 14, "granted", 1);
    expect(reach()).toEqual([11, 5]);
  });
});

describe("history: what the engine notes", () => {
  test("the life of a lease", () => {
    const rig = createRig(configure([iface("eth0", [pdClass(64, ["2001:db8::/64"])])]));
    const client = createClient(rig, 1);
    client.solicit(pd(1));
    client.request(pd(1));
    client.request(pd(1));
    rig.wait(100);
    client.renew(pd(1));
    client.rebind(pd(1));
    createClient(rig, 1, { from: ip("fe80::99") }).renew(pd(1));
    client.release(pd(1, "2001:db8::/64"));
    client.request(pd(1));
    rig.wait(3000);
    const p = "2001:db8::/64";
    expect(linesOf(rig, 1)).toEqual([
      `0 offered ${p}`,
      `0 granted ${p}`,
      `0 requested ${p}`,
      `100 renewed ${p}`,
      `100 rebound ${p}`,
      `100 moved ${p}`,
      `100 released ${p}`,
      `100 granted ${p}`,
      `2100 expired ${p}`,
    ]);
  });

  test.each<readonly [string, Rig, string]>([
    ["the pool is full", fill(createRig(configure([tiny]))), "pool-full"],
    ["the link has no class", createRig(configure([iface("eth0", [])])), "no-class"],
    [
      "one lease too many",
      fill(createRig(configure([{ ...tiny, clientMaxLease: 0 }])), 0),
      "client-max-lease",
    ],
    ["too fast", createRig(configure([{ ...tiny, limits: rate(0) }])), "rate-limit"],
    [
      "PD Exclude",
      createRig(configure([iface("eth0", [pdClass(63, ["2001:db8::/62"], { exclude: prefix("::/64") })])])),
      "pd-exclude",
    ],
  ])("an IA that gets nothing: %s", (_what, rig, reason) => {
    createClient(rig, 9).solicit(pd(1));
    expect(linesOf(rig, 9)).toEqual([`0 refused ${reason}`]);
  });

  test("two classes, one of them for others, the other full -> pool-full; only for others -> turned away", () => {
    const others = { ...EVERYBODY, acceptOnly: [{ by: "duid", first: OTHER_ID, last: OTHER_ID } as const] };
    const closed = pdClass(64, ["2001:db9::/63"], { access: others });
    const rig = fill(createRig(configure([iface("eth0", [closed, pdClass(64, ["2001:db8::/63"])])])));
    createClient(rig, 9).solicit(pd(1));
    expect(linesOf(rig, 9)).toEqual(["0 refused pool-full"]);

    const shut = createRig(configure([iface("eth0", [closed])]));
    createClient(shut, 9).solicit(pd(1));
    expect(linesOf(shut, 9)).toEqual(["0 dropped class-not-allowed"]);
  });

  test("a class for addresses only, open to all, and prefixes for others -> class-not-allowed", () => {
    const others = { ...EVERYBODY, acceptOnly: [{ by: "duid", first: OTHER_ID, last: OTHER_ID } as const] };
    const addressClasses = [{ ...pdClass(128, []), ranges: [], share: 1 }];
    const link = iface("eth0", [pdClass(64, ["2001:db9::/63"], { access: others })], { addressClasses });
    const rig = createRig(configure([link]));
    createClient(rig, 9).solicit(pd(1), na(2));
    expect(linesOf(rig, 9)).toEqual(["0 refused class-not-allowed", "0 refused pool-full"]);
  });

  test("addresses where none are given are no news; NoBinding names what was named", () => {
    const rig = createRig(configure([tiny]));
    const client = createClient(rig, 1);
    client.solicit(na(1));
    client.renew(pd(1, "2001:db9::/64"));
    client.rebind(pd(1, "2001:db9::/64"));
    expect(linesOf(rig, 1)).toEqual(["0 refused no-binding 2001:db9::/64", "0 dropped nothing-to-say"]);
  });

  test("a message that gets no answer: of whom it is, also behind a relay", () => {
    const rig = createRig(configure([tiny]));
    createClient(rig, 1).ask("request", [pd(1)], { serverId: OTHER_ID });
    createClient(rig, 2, { hops: [{ link: "2001:db8:ffff::1" }] }).solicit(pd(1));
    expect([linesOf(rig, 1), linesOf(rig, 2)]).toEqual([
      ["0 dropped other-server"],
      ["0 dropped unknown-link"],
    ]);
  });

  test("a commit that fails -> what was decided, and that it does not count", () => {
    const rig = createRig(configure([tiny]));
    const client = createClient(rig, 1);
    rig.giveInVain(client.event("request", [pd(1)]));
    expect(linesOf(rig, 1).map((line) => line.split(" ")[1])).toEqual(["granted", "undone"]);
  });
});

const rate = (leases: number) => ({
  source: { leases, per: seconds(60) },
  relay: undefined,
  remoteId: undefined,
});

/** Leases to clients 100, 101, … until the pool of two prefixes is full. */
function fill(rig: Rig, count = 2): Rig {
  for (let n = 0; n < count; n++) createClient(rig, 100 + n).lease();
  return rig;
}

const clientOf = (n: number): Uint8Array => Uint8Array.of(0, 3, 0, 1, n);

function noteOf(history: History, at: number, id: IncidentId, n: number): void {
  note(history, millis(at), id, {
    duid: clientOf(n),
    iaType: "na",
    iaid: iaid(0xfffffff0 + n),
    prefix: prefix(`2001:db8:${n}::/48`),
    clientAddress: ip(`fe80::${n}`),
    interfaceName: "eth0",
  });
}
