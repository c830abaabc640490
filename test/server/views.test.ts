import { describe, expect, test } from "vitest";
import { createAffinity, recall, remember, rememberClient } from "../../server/affinity.js";
import { recallCache, viewsOf } from "../../server/views.js";
import { iaid, millis } from "../../shared/brand.js";
import { parseCache } from "../../shared/lease/cache-xml.js";
import { duidOf, leaseOf, prefixOf } from "../lease/model.js";
import { createClient, createRig, pd, prefixIn, type Rig } from "./rig.js";
import { configure, iface, pdClass, START } from "./settings.js";

const config = configure([iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])])]);

function view(rig: Rig, file: string): string {
  const facts = { workDir: "/var/lib/dibbler", now: rig.now, wall: rig.now };
  const found = viewsOf(rig.state, facts).find((it) => it.file === file);
  return [...(found?.render() ?? [])].join("");
}

describe("views of the server's state", () => {
  test("a lease shows with the number of its interface, counts in the cache's place, and in its class", () => {
    const rig = createRig(config);
    const prefix = createClient(rig, 1).lease().replace("/56", "");
    createClient(rig, 2).solicit(pd(1));
    expect(view(rig, "server-AddrMgr.xml").match(/<AddrPrefix .*/g)).toEqual([
      `<AddrPrefix timestamp="${START / 1000}" pref="1000" valid="2000" length="56">${prefix}</AddrPrefix>`,
    ]);
    expect(view(rig, "server-AddrMgr.xml")).toContain('ifacename="eth0" iface="2"');
    expect(view(rig, "server-CfgMgr.xml")).toContain("prefixes assigned: 1 ");
    expect(view(rig, "server-cache.xml")).toBe('<cache size="0">\n</cache>\n');
  });

  test("what was released is in the cache, oldest first, and counted in the file of leases", () => {
    const rig = createRig(config);
    const prefixes = [1, 2].map((n) => {
      const client = createClient(rig, n);
      const prefix = client.lease();
      client.release(pd(1, prefix));
      return prefix.replace("/56", "");
    });
    expect(view(rig, "server-cache.xml")).toBe(`<cache size="2">
  <entry type="prefix" duid="00:03:00:01:02:00:00:00:00:01">${prefixes[0] ?? ""}</entry>
  <entry type="prefix" duid="00:03:00:01:02:00:00:00:00:02">${prefixes[1] ?? ""}</entry>
</cache>
`);
    expect(view(rig, "server-AddrMgr.xml")).toContain('<cache size="2"/>');
  });
});

test("of what is remembered temporary addresses do not show: they are for once", () => {
  const rig = createRig(config);
  for (const iaType of ["pd", "na", "ta"] as const) remember(rig.state.affinity, leaseOf(1, { iaType }));
  expect(view(rig, "server-cache.xml").match(/type="\w+"/g)).toEqual(['type="prefix"', 'type="addr"']);
});

describe("what clients had before, from a server-cache.xml", () => {
  const DUID = "00:03:00:01:02:00:00:00:00:01";
  const had = "2001:db8:1000:ab00::";
  const cache = `<cache size="1">\n  <entry type="prefix" duid="${DUID}">${had}</entry>\n</cache>\n`;

  test("a client without a hint gets again what Dibbler gave it, whatever its IAID", () => {
    const rig = createRig(config);
    expect(recallCache(rig.state, cache)).toBe(0);
    expect(prefixIn(createClient(rig, 1).request(pd(77)))).toBe(`${had}/56`);
  });

  test("of its own run the server knows better", () => {
    const affinity = createAffinity({ limit: 10, seed: new Uint8Array(16) });
    remember(affinity, leaseOf(1));
    rememberClient(affinity, duidOf(1), "pd", prefixOf(9));
    expect(recall(affinity, duidOf(1), "pd", iaid(1))).toEqual([prefixOf(1)]);
    expect(recall(affinity, duidOf(1), "pd", iaid(2))).toEqual([prefixOf(1)]);
    expect(recall(affinity, duidOf(1), "na", iaid(1))).toEqual([]);
  });

  test("written and read over and over it stays the same", () => {
    let rig = createRig(config);
    createClient(rig, 1).release(pd(1, createClient(rig, 1).lease()));
    const text = view(rig, "server-cache.xml");
    for (let n = 0; n < 3; n++) {
      rig = createRig(config, new Map(), millis(START + n));
      recallCache(rig.state, view(rig, "server-cache.xml") + text);
      expect(view(rig, "server-cache.xml")).toBe(text);
    }
  });

  const rows = [
    ["no type is an address", `<entry duid="${DUID}">2001:db8::1</entry>`, 1, 0],
    ["a type of another kind", `<entry type="route" duid="${DUID}">2001:db8::1</entry>`, 0, 1],
    ["no DUID", '<entry type="addr">2001:db8::1</entry>', 0, 1],
    ["no address", `<entry type="addr" duid="${DUID}"></entry>`, 0, 1],
    ["cut off", cache.slice(0, 50), 0, 0],
    ["nothing", "", 0, 0],
    ["junk", "\u0000\u0001<<<>>>", 0, 0],
  ] as const;
  test.each(rows)("%s", (_what, text, good, wrong) => {
    const { entries, bad } = parseCache(text);
    expect([entries.length, bad]).toEqual([good, wrong]);
  });
});
