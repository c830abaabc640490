import { describe, expect, test } from "vitest";
import { millis, seconds } from "../../shared/brand.js";
import type { LogId, LogValues } from "../../shared/catalogue.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { duid } from "../../shared/duid.js";
import { textOf } from "../../shared/edge/log-line.js";
import { renderAddrMgr } from "../../shared/lease/addrmgr-view.js";
import type { Lease } from "../../shared/lease/lease.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { formatPrefix } from "../../shared/prefix.js";
import { option } from "../../shared/wire/options.js";
import { createNetwork } from "../../server/links.js";
import { type TakeOver, takeOverFile } from "../../server/take-over.js";
import { clientXml, fileXml, SAMPLE_READ, SAMPLE_WRITTEN } from "../lease/addrmgr.js";
import { leaseOf } from "../lease/model.js";
import { createClient, createRig, INDEXES, pd, prefixIn, type Rig } from "./rig.js";
import { addressClass, behind, configure, iface, ip, pdClass, prefix } from "./settings.js";

const POOL = "2001:db8:1000::/40";
const config = configure([iface("eth0", [pdClass(56, [POOL])])], { reconfigure: true });
const second = { duid: "00:03:00:01:02:00:00:00:00:02" };

/** What came of a file: the outcome, the lines of the log, and a server that goes on with it. */
interface Taken {
  readonly outcome: TakeOver;
  readonly log: readonly string[];
  readonly ids: readonly LogId[];
  readonly rig: Rig;
}

/** Takes over a file and starts a server on what the store was told; `known` is in the store before. */
function take(text: string, of: ServerConfig = config, known: readonly Lease[] = []): Taken {
  const log: string[] = [];
  const ids: LogId[] = [];
  const table = createLeaseTable({ seed: new Uint8Array(16) });
  const records = new Map(known.map((lease) => table.put(lease)).map((id) => [id, table.recordOf(id)]));
  const outcome = takeOverFile({
    file: {
      path: "AddrMgr.xml",
      written: SAMPLE_WRITTEN,
      read: (push) => {
        push(text);
      },
    },
    table,
    network: createNetwork(of, INDEXES),
    interfaces: INDEXES,
    now: SAMPLE_READ,
    wall: SAMPLE_READ,
    log: (id: LogId, values: LogValues) => {
      ids.push(id);
      log.push(Object.values(values).map(textOf).join(" "));
    },
  });
  for (const change of outcome.ok ? outcome.changes : []) {
    if (change.type === "put") records.set(change.id, change.record);
    else records.delete(change.id);
  }
  const rig = createRig(of, records, SAMPLE_READ);
  rig.give({ type: "started" });
  return { outcome, log, ids, rig };
}

const held = ({ table }: Rig): readonly string[] =>
  table.idsIn(0, table.idLimit()).map((id) => `${formatPrefix(table.prefixOf(id))} ${table.nameOf(id)}`);

describe("take-over of Dibbler's leases", () => {
  test("its client renews and keeps its prefix; the script hears of it at the start, then an update", () => {
    const { rig, ids } = take(fileXml(clientXml()));
    expect(ids).toEqual(["SERVER-STATE-TAKEN-OVER"]);
    expect(rig.hooks()).toMatchObject([
      { action: "add", variables: { REASON: "start", REMOTE_ADDR: "fe80::2" } },
    ]);
    const client = createClient(rig, 1, { from: ip("fe80::2") });
    const answer = client.renew(pd(1, "2001:db8:1000:100::/56"));
    expect(answer?.ias[0]?.leases).toMatchObject([{ prefix: "2001:db8:1000:100::/56", valid: 2000 }]);
    expect(rig.hooks()).toMatchObject([{ action: "update", variables: { REASON: "renewed" } }]);
  });

  test("what ended while no server ran ends at the first step, and the script hears of that", () => {
    const { rig } = take(fileXml(clientXml({ timestamp: "1795545000" })));
    expect(held(rig)).toEqual([]);
    expect(rig.hooks()).toMatchObject([{ action: "delete", variables: { REASON: "expire", IAID: "1" } }]);
  });

  test("a client with a key can be reconfigured", () => {
    const key = `<ReconfigureKey length="16">${"0a:".repeat(15)}0a</ReconfigureKey>`;
    const { rig } = take(fileXml(clientXml({ key, prefix: "2001:db8:9999::" })));
    expect(rig.sent().map(({ answer }) => [answer.type, answer.to])).toEqual([
      ["reconfigure", "fe80::2 port 546 over eth0"],
    ]);
  });

  test("an address that was declined is nobody's for the rest of its two hours", () => {
    const [declined, pool] = ["2001:db8:5::1", "2001:db8:5::1-2001:db8:5::2"];
    const text = fileXml(`<AddrClient><duid length="1">58</duid>
      <AddrIA unicast="::" T1="0" T2="0" IAID="0" state="NOTCONFIGURED" ifacename="eth0" iface="2">
      <AddrAddr timestamp="1795545540" pref="7200" valid="7200" prefix="128">${declined}</AddrAddr></AddrIA>
      </AddrClient>`);
    const { rig } = take(text, configure([iface("eth0", [], { addressClasses: [addressClass([pool])] })]));
    const na = { type: "na", iaid: 1, prefixes: [`${declined}/128`] } as const;
    expect(prefixIn(createClient(rig, 1).request(na))).toBe("2001:db8:5::2/128");
    rig.wait(7200);
    expect(prefixIn(createClient(rig, 2).request(na))).toBe(`${declined}/128`);
    expect(rig.hooks().filter(({ variables }) => variables["REASON"] === "expire")).toHaveLength(1);
  });

  test("a prefix of no pool any more stays its client's until that renews, then it gets another", () => {
    const { rig } = take(fileXml(clientXml({ prefix: "2001:db8:9999::" })));
    const answer = createClient(rig, 1).renew(pd(1, "2001:db8:9999::/56"));
    const leases = answer?.ias[0]?.leases.map(({ prefix, valid }) => [
      prefix.startsWith("2001:db8:10"),
      valid,
    ]);
    expect(leases).toEqual([
      [true, 2000],
      [false, 0],
    ]);
  });
});

describe("take-over: interfaces", () => {
  const relayed = configure([
    iface("eth0", [pdClass(56, [POOL])]),
    behind("eth0", iface("relay1", [pdClass(56, ["2001:db8:2000::/40"])], { interfaceId: Uint8Array.of(7) })),
  ]);
  const rows = [
    ["the name counts, not the number", { iface: ' iface="77"' }, "eth0", []],
    ["without a name the number counts", { name: "", iface: ' iface="2"' }, "eth0", []],
    ["a link behind relays by name", { name: ' ifacename="relay1"', iface: ' iface="9"' }, "relay1", []],
    ["a link behind relays by number", { name: "", iface: ' iface="1024"' }, "relay1", []],
    ["neither known: the pool tells", { name: "", iface: ' iface="77"' }, "eth0", []],
    ["an unknown name is kept", { name: ' ifacename="old0"' }, "old0", ["SERVER-STATE-PARKED"]],
    [
      "no name, an unknown number and no pool",
      { name: "", iface: ' iface="77"', prefix: "2001:db8:9::" },
      "interface 77",
      ["SERVER-STATE-PARKED"],
    ],
  ] as const;

  test.each(rows)("%s", (_what, change, name, lines) => {
    const { rig, ids } = take(fileXml(clientXml(change)), relayed);
    expect(held(rig).map((it) => it.slice(it.indexOf(" ") + 1))).toEqual([name]);
    expect(ids).toEqual([...lines, "SERVER-STATE-TAKEN-OVER"]);
  });

  test("what is on an unknown interface is not given to anybody else, and the client can have it elsewhere", () => {
    const one = configure([iface("eth0", [pdClass(56, ["2001:db8:1000:100::/56"])])]);
    const { rig } = take(fileXml(clientXml({ name: ' ifacename="old0"' })), one);
    expect(prefixIn(createClient(rig, 2).request(pd(1)))).toBeUndefined();
    expect(prefixIn(createClient(rig, 1).renew(pd(1)))).toBe("2001:db8:1000:100::/56");
  });

  test("a relayed client: the script has the relay's address; renewed by that relay, nothing has moved", () => {
    const text = fileXml(
      clientXml({
        name: ' ifacename="relay1"',
        unicast: ' unicast="fe80::ee"',
        prefix: "2001:db8:2000:100::",
      }),
    );
    const { rig } = take(text, relayed);
    const [atStart] = rig.hooks();
    expect(atStart?.variables).toMatchObject({
      IFACE: "relay1",
      IFINDEX: "1024",
      REMOTE_ADDR: "fe80::ee",
      RELAYS: "1",
    });
    expect(atStart?.variables).not.toHaveProperty("CLNT_ADDR");
    const hops = [{ options: [option("interfaceId", Uint8Array.of(7))] }];
    const client = createClient(rig, 1, { hops, relay: "fe80::ee" });
    client.renew(pd(1, "2001:db8:2000:100::/56"));
    expect(rig.hooks()).toMatchObject([{ action: "update", variables: { CLNT_ADDR: "fe80::1" } }]);
  });

  test("whoever cannot be reached is not sent a Reconfigure", () => {
    const key = `<ReconfigureKey length="16">${"0a:".repeat(15)}0a</ReconfigureKey>`;
    const outdated = { key, prefix: "2001:db8:9999::" };
    const text = fileXml(
      clientXml({ ...outdated, unicast: "" }),
      clientXml({ ...outdated, ...second, prefix: "2001:db8:9998::", name: ' ifacename="relay1"' }),
    );
    expect(take(text, { ...relayed, reconfigure: true }).rig.sent()).toEqual([]);
  });
});

describe("take-over: prefixes that cannot stay as they are", () => {
  const later = { timestamp: "1795545539" };
  const rows = [
    [
      "host bits go",
      [{ prefix: "2001:db8:1000:177::5" }],
      ["2001:db8:1000:100::/56"],
      "bits beyond its length",
    ],
    [
      "of equal ones the later stays",
      [{}, { ...second, ...later }],
      ["2001:db8:1000:100::/56"],
      "extended later",
    ],
    [
      "of equal ones the later stays, also when it is first",
      [later, second],
      ["2001:db8:1000:100::/56"],
      "line 13",
    ],
    [
      "host bits that hide an overlap",
      [{ prefix: "2001:db8:1000:177::5" }, { ...second, ...later }],
      ["2001:db8:1000:100::/56"],
      "extended later",
    ],
    [
      "a longer one inside that is older goes",
      [{ length: ' length="60"' }, { ...second, ...later }],
      ["2001:db8:1000:100::/56"],
      "extended later",
    ],
    ["the same lease twice is one", [{}, later], ["2001:db8:1000:100::/56"], undefined],
  ] as const;

  test.each(rows)("%s", (_what, clients, prefixes, words) => {
    const { rig, log, ids } = take(fileXml(...clients.map(clientXml)));
    expect(held(rig)).toEqual(prefixes.map((it) => `${it} eth0`));
    expect(ids.includes("SERVER-STATE-NOTE")).toBe(words !== undefined);
    if (words !== undefined) expect(log.join("\n")).toContain(words);
  });

  test("a client that Dibbler gave host bits renews them as it knows them, and goes on with the same prefix", () => {
    const { rig } = take(fileXml(clientXml({ prefix: "2001:db8:1000:177::5" })));
    const answer = createClient(rig, 1).renew(pd(1, "2001:db8:1000:177::5/56"));
    expect(answer?.ias[0]?.leases).toMatchObject([{ prefix: "2001:db8:1000:100::/56", valid: 2000 }]);
  });

  test("the client whose prefix went to another is told to ask anew, and gets one of its own", () => {
    const { rig } = take(fileXml(clientXml(), clientXml({ ...second, ...later })));
    const client = createClient(rig, 1);
    expect(client.renew(pd(1, "2001:db8:1000:100::/56"))?.ias[0]).toMatchObject({ status: 3 });
    const anew = prefixIn(client.request(pd(1, "2001:db8:1000:100::/56")));
    expect(anew).toMatch(/^2001:db8:10/);
    expect(anew).not.toBe("2001:db8:1000:100::/56");
  });
});

describe("take-over from a Dibbler that served after us", () => {
  const ours = (client: number, since: number): Lease =>
    leaseOf(client, {
      duid: duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, client)),
      prefix: prefix("2001:db8:1000:100::/56"),
      since: millis(SAMPLE_READ + since * 1000),
      until: millis(SAMPLE_READ + since * 1000 + 2_000_000),
      valid: seconds(2000),
    });
  const [older, newer] = [-1500, -30];
  const rows = [
    ["what it has given to another meanwhile is that one's", ours(2, older), clientXml(), ["1"]],
    ["what it extended is extended", ours(1, older), clientXml({ valid: "4000" }), ["1"]],
    [
      "what it knew only from us stays as it is with us",
      ours(1, older),
      clientXml({ timestamp: "1795544100" }),
      ["1"],
    ],
    [
      "what is later with us is ours",
      ours(2, newer),
      clientXml({ timestamp: "1795545000", valid: "4000" }),
      ["2"],
    ],
    ["what it had no more stays its client's until it ends", ours(2, older), "", ["2"]],
  ] as const;
  test.each(rows)("%s", (_what, lease, client, owners) => {
    const { outcome, rig } = take(fileXml(client), config, [lease]);
    expect(outcome).toMatchObject({ ok: true });
    const { table } = rig;
    const ids = table.idsIn(0, table.idLimit());
    expect(ids.map((id) => String(table.duidOf(id).at(-1)))).toEqual(owners);
  });

  test("a file that cannot be read keeps nobody from starting who has leases", () => {
    const { outcome, ids, rig } = take("", config, [ours(2, older)]);
    expect(outcome).toEqual({ ok: true, changes: [] });
    expect(ids).toContain("SERVER-STATE-UNREADABLE");
    expect(held(rig)).toHaveLength(1);
  });

  test("our own view, read once more, changes nothing and is nothing to speak of", () => {
    const { rig } = take(fileXml(clientXml(), clientXml({ ...second, prefix: "2001:db8:1000:200::" })));
    const { table } = rig;
    const known = table.idsIn(0, table.idLimit()).map((id) => table.read(id));
    const facts = { timestamp: SAMPLE_READ / 1000, ahead: 0, indexOf: () => 2, cacheSize: 0 };
    const again = take([...renderAddrMgr(table, facts)].join(""), config, known);
    expect(again.outcome).toEqual({ ok: true, changes: [] });
    expect(again.ids).toEqual(["SERVER-STATE-TAKEN-OVER"]);
  });
});

describe("take-over: files that cannot be read", () => {
  const rows = [
    ["nothing in it", ""],
    ["junk", "\u0000\u0001\u0002"],
    ["no client before its end", "<AddrMgr>\n  <timestamp>1795545540</timestamp>\n  <AddrCli"],
    ["only clients that are damaged", fileXml(clientXml({ duid: "zz" }))],
  ] as const;
  test.each(rows)("%s: the server does not start, and says what to do", (_what, text) => {
    const { outcome, ids } = take(text);
    expect(outcome).toMatchObject({ ok: false });
    expect(outcome.ok ? "" : outcome.sentence).toMatch(/AddrMgr\.xml.*move it away/);
    expect(ids).toContain("SERVER-STATE-UNREADABLE");
  });

  test("a Dibbler that never delegated anything is taken over as it is", () => {
    expect(take(fileXml()).outcome).toEqual({ ok: true, changes: [] });
  });

  test("leases that Dibbler itself would drop keep no server from starting", () => {
    expect(take(fileXml(clientXml({ valid: "0" }))).outcome).toEqual({ ok: true, changes: [] });
  });

  test("a file that breaks off: what is whole is taken over, and the loss told", () => {
    const text = fileXml(clientXml(), clientXml({ ...second, prefix: "2001:db8:1000:200::" }));
    const { rig, ids } = take(text.slice(0, text.lastIndexOf("2001:")));
    expect(held(rig)).toEqual(["2001:db8:1000:100::/56 eth0"]);
    expect(ids).toEqual(["SERVER-STATE-UNREADABLE", "SERVER-STATE-UNREADABLE", "SERVER-STATE-TAKEN-OVER"]);
  });

  test("a file that is broken all through does not fill the log", () => {
    const clients = Array.from({ length: 1000 }, (_, n) => clientXml({ prefix: `x${n}`, valid: "0" }));
    const different = Array.from({ length: 1000 }, (_, n) =>
      clientXml({ duid: `00:03:00:01:${n.toString(16).padStart(4, "0")}` }),
    );
    const { log, ids } = take(fileXml(...clients, ...different));
    expect(ids.length).toBeLessThan(250);
    expect(ids).toContain("SERVER-STATE-MORE");
    expect(log[0]).toContain("1000 times");
  });
});
