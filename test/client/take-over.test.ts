import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INFINITY } from "../../shared/brand.js";
import { leaseText } from "../../client/binding.js";
import type { Former } from "../../client/take-over.js";
import { DIBBLER_CLIENT, GRANTED, mustDuid, readSample, sample } from "./former.js";

const BOUND = sample("dibbler-101");
const STRANGER = mustDuid("00:01:00:01:32:9e:59:49:0a:9c:28:af:f3:e2");

/** The IAs in lines: `wan0 pd 1: 2001:db8::/56 3000 +0, T1 +1000, T2 +1500`. */
function told({ remembered }: Former): readonly string[] {
  const after = (at: number): string => `+${(at - GRANTED) / 1000}`;
  return [...(remembered?.links ?? [])].flatMap(([name, { ias }]) =>
    ias.map((ia) => {
      const leases = ia.leases.map((it) => `${leaseText(ia, it.prefix)} ${it.valid} ${after(it.since)}`);
      const times = `T1 ${after(ia.renewAt)}, T2 ${after(ia.rebindAt)}`;
      const last = ia.last.map((it) => leaseText(ia, it)).join(" ");
      return `${name} ${ia.kind} ${ia.iaid}: ${leases.join(" ")}, ${times}, last ${last}`;
    }),
  );
}

const ADDRESS = "wan0 na 1: 2001:db8:1::16c 172800 +0, T1 +1000, T2 +1500, last 2001:db8:1::16c";
const PREFIX = "wan0 pd 1: 2001:db8:1007:4c00::/56 3000 +0, T1 +1000, T2 +1500, last 2001:db8:1007:4c00::/56";

describe("client take-over: what Dibbler's client left", () => {
  test("an address and a prefix, each with its times, and the server to renew with", () => {
    const former = readSample(BOUND);
    expect(told(former)).toEqual([ADDRESS, PREFIX]);
    expect(former).toMatchObject({ leases: 2, remarks: [] });
    const [link] = former.remembered?.links.values() ?? [];
    const server = mustDuid("00:01:00:01:32:9e:59:4b:76:ae:82:f3:f7:78");
    expect(link?.ias.map((ia) => ia.server)).toEqual([server, server]);
  });

  test("of a client that had read its own file: its garbage for an address to renew at does not matter", () => {
    const former = readSample(sample("dibbler-101-reloaded"));
    expect(told(former)).toEqual([
      "wan0 na 1: 2001:db8:1::16c 172800 +-998, T1 +2, T2 +502, last 2001:db8:1::16c",
      "wan0 pd 1: 2001:db8:1007:4c00::/56 2000 +3, T1 +1003, T2 +1503, last 2001:db8:1007:4c00::/56",
    ]);
    expect(former.remarks).toEqual([]);
  });

  test.each(["dibbler-101-soliciting", "dibbler-101-stopped"])("nothing of %s, without a word", (name) => {
    expect(readSample(sample(name))).toEqual({ remembered: undefined, leases: 0, remarks: [] });
  });

  test("seconds since boot, as 1.0.2 writes them: the leases begin when the file was written", () => {
    const former = readSample(BOUND.replaceAll(/timestamp="\d+"/g, 'timestamp="1626"'));
    expect(told(former)[1]).toContain("3000 +0");
    expect(former.remarks).toHaveLength(2);
  });

  test("infinite times stay infinite", () => {
    const former = readSample(
      BOUND.replace(/(<AddrPD.*)T1="1000" T2="1500"/, `$1T1="${INFINITY}" T2="${INFINITY}"`),
    );
    expect(told(former)[1]).toContain("T1 +Infinity, T2 +Infinity");
  });

  test.each([
    ["no interface name: the present one of its number", / ifacename="wan0"/g, "", /^wan7 /],
    ["no name, and a number that is none: left out", / ifacename="wan0" iface="2"/g, ' iface="9"', undefined],
    ["no server: asked for again only", / {6}<duid.*\n/g, "", /: , T1 .*last 2001:db8:1007:4c00::\/56$/],
    ["a server that is no DUID: likewise", /( {6}<duid[^>]*>).*</g, "$1zz<", /: , T1 .*last 2001/],
    [
      "T1 of 0: half of the preferred lifetime",
      /T1="1000" T2="1500"/g,
      'T1="0" T2="0"',
      /T1 \+1000, T2 \+1600/,
    ],
  ] as const)("%s", (_what, pattern, instead, expected) => {
    const [, prefix] = told(readSample(BOUND.replaceAll(pattern, instead)));
    if (expected === undefined) expect(prefix).toBeUndefined();
    else expect(prefix).toMatch(expected);
  });

  test("several prefixes of one IA stay together and in their order; the latest tells T1 and T2", () => {
    const line = / {6}<AddrPrefix.*\n/.exec(BOUND)?.[0] ?? "";
    const second = line.replace("2001:db8:1007:4c00::", "2001:db8:2::").replace("148", "158");
    const third = line.replace("2001:db8:1007:4c00::", "2001:db8:3::");
    const [, prefix] = told(readSample(BOUND.replace(line, `${line}${second}${third}`)));
    expect(prefix).toMatch(/2001:db8:2::\/56 3000 \+10 2001:db8:1007:4c00::\/56 3000 \+0 2001:db8:3::\/56/);
    expect(prefix).toContain("T1 +1010");
  });

  test("another client's leases are told as such; ours come first where there are both", () => {
    expect(readSample(BOUND, STRANGER).remembered?.duid).toEqual(DIBBLER_CLIENT);
    const [client = ""] = / {2}<AddrClient>[^]*<\/AddrClient>\n/.exec(BOUND) ?? [];
    const other = client.replace("f3:e1", "f3:e2").replaceAll(":db8:", ":db9:");
    const former = readSample(BOUND.replace(client, `${other}${client}`));
    expect(former.remembered?.duid).toEqual(DIBBLER_CLIENT);
    expect(told(former)).toEqual([ADDRESS, PREFIX]);
  });
});

describe("client take-over: damaged files", () => {
  test.each([
    ["empty", "", ["there is no <AddrMgr>: not a file of Dibbler"]],
    [
      "something else",
      "#!/bin/sh\n",
      ["line 1: this does not belong here", "there is no <AddrMgr>: not a file of Dibbler"],
    ],
  ])("%s: nothing, and why", (_what, text, remarks) => {
    expect(readSample(text)).toEqual({ remembered: undefined, leases: 0, remarks });
  });

  test("cut off at any place: never more than what is there, and no exception", () => {
    for (let end = 0; end < BOUND.length; end += 7) {
      const lines = told(readSample(BOUND.slice(0, end)));
      expect([ADDRESS, PREFIX]).toEqual(expect.arrayContaining([...lines]));
    }
  });

  test("with anything in place of any part: no exception, and few remarks", () => {
    const place = fc.integer({ min: 0, max: BOUND.length });
    fc.assert(
      fc.property(place, place, fc.string(), (from, to, text) => {
        const former = readSample(BOUND.slice(0, from) + text + BOUND.slice(Math.max(from, to)));
        expect(former.remarks.length).toBeLessThan(10);
      }),
    );
  });

  test("a file that is wrong all over gets few lines", () => {
    const bad = `<AddrClient><duid>${"00".repeat(4)}</duid><AddrPD><AddrPrefix>x</AddrPrefix></AddrPD></AddrClient>`;
    const { remarks } = readSample(`<AddrMgr>${`${bad}\n`.repeat(50)}</AddrMgr>`);
    expect(remarks).toHaveLength(9);
    expect(remarks[0]).toBe("line 1: a lease without an IPv6 address");
    expect(remarks[8]).toBe("42 more like these");
  });
});
