import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { parseDomainName } from "../../shared/wire/domain-name.js";
import { type Option, option } from "../../shared/wire/options.js";
import { needsFile } from "../../client/option-files.js";
import { receivedOptions } from "../../client/options.js";
import { decodeState, encodeState } from "../../client/remembered.js";
import { advertise, bind, CLIENT, createBench, GRANT, ip, lastOf, reply } from "./workbench.js";

const dns = (...addresses: readonly string[]): Option => option("dnsServers", addresses.map(ip));
const domains = (...names: readonly string[]): Option =>
  option(
    "domainList",
    names.map((text) => {
      const name = parseDomainName(text);
      if (name === undefined) throw new Error(text);
      return name;
    }),
  );
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const SETUP = { requestedOptions: [23, 24] };
const HAVE = [dns("2001:db8::53"), domains("example.org")];
const WRITTEN = { "dns-servers": ["2001:db8::53"], domains: ["example.org"] };

describe("client: what a Reply says for the files", () => {
  test.each<[string, Option, number, unknown]>([
    [
      "name servers",
      dns("2001:db8::53", "2001:db8::54", "2001:db8::53"),
      23,
      { "dns-servers": ["2001:db8::53", "2001:db8::54"] },
    ],
    ["domains", domains("example.org.", "a.example"), 24, { domains: ["example.org", "a.example"] }],
    ["SNTP servers", option("sntpServers", [ip("2001:db8::123")]), 31, { "ntp-servers": ["2001:db8::123"] }],
    ["time zone", option("tzdbTimezone", text("Europe/Berlin")), 42, { timezone: ["Europe/Berlin"] }],
    ["a time zone of several lines", option("tzdbTimezone", text("x\nnameserver ::1")), 42, {}],
    ["SIP servers", option("sipServers", [ip("2001:db8::5")]), 22, { "sip-servers": ["2001:db8::5"] }],
    ["NIS servers", option("nisServers", [ip("2001:db8::6")]), 27, { "nis-servers": ["2001:db8::6"] }],
    [
      "NIS+ servers",
      option("nisPlusServers", [ip("2001:db8::7")]),
      28,
      { "nisplus-servers": ["2001:db8::7"] },
    ],
    ["an empty list", dns(), 23, {}],
    ["what was not asked for", dns("2001:db8::53"), 24, {}],
    ["what has no file", option("solMaxRt", seconds(60)), 82, {}],
  ])("%s", (_what, sent, requested, expected) => {
    expect(receivedOptions([sent], [requested])).toEqual(expected);
  });

  test.each([
    [[23], true],
    [[64, 24], true],
    [[64, 17, 82], false],
    [[], false],
  ])("is any of %j kept in a file: %s", (codes, expected) => {
    expect(needsFile(codes)).toBe(expected);
  });
});

describe("client: when options hold", () => {
  test("from the Reply on, before the hook; a Renew replaces them; the same again changes nothing", () => {
    const bench = createBench(SETUP);
    bench.start();
    bench.receive(advertise(bench.nextSent(), { extra: [option("preference", 255), ...HAVE] }));
    expect(bench.options).toEqual([]);
    bench.receive(reply(lastOf(bench), { extra: HAVE }));
    bench.receive(reply(bench.nextSent("renew"), { extra: HAVE }));
    bench.receive(reply(bench.nextSent("renew"), { extra: [dns("2001:db8::54")] }));
    expect(bench.options).toEqual([WRITTEN, { "dns-servers": ["2001:db8::54"] }]);
  });

  test("rapid commit", () => {
    const bench = createBench({ ...SETUP, rapidCommit: true });
    bench.start();
    bench.receive(reply(bench.nextSent(), { extra: [option("rapidCommit", null), ...HAVE] }));
    expect(bench.options).toEqual([WRITTEN]);
  });

  test("a Reply that grants nothing says nothing", () => {
    const bench = createBench(SETUP);
    bench.start();
    bench.receive(advertise(bench.nextSent(), { extra: [option("preference", 255)] }));
    bench.receive(reply(lastOf(bench), { ias: [{ status: "noPrefixAvail" }], extra: HAVE }));
    expect(bench.options).toEqual([]);
  });

  test.each<[string, (bench: ReturnType<typeof createBench>) => void]>([
    [
      "told to stop",
      (bench) => {
        bench.stop();
      },
    ],
    [
      "expired",
      (bench) => {
        bench.wait(4_000_000);
      },
    ],
  ])("%s: they are removed", (_what, end) => {
    const bench = createBench(SETUP);
    bind(bench, [GRANT], HAVE);
    end(bench);
    expect(bench.options).toEqual([{}]);
    expect(bench.saved()?.options).toBeUndefined();
  });

  test("options alone: until the client is told to stop, whatever the refresh time", () => {
    const bench = createBench({ ...SETUP, wanted: [], stateless: true });
    bench.start();
    bench.receive(reply(bench.nextSent(), { ias: [], extra: HAVE }));
    bench.wait(200_000_000);
    expect(bench.options).toEqual([WRITTEN]);
    bench.stop();
    expect(bench.options).toEqual([WRITTEN, {}]);
  });

  test("a client that asks for none never says a word", () => {
    const bench = createBench();
    bind(bench, [GRANT], HAVE);
    bench.stop();
    expect(bench.options).toEqual([]);
  });
});

describe("client: options after a restart", () => {
  const SAVED = { solMaxRt: seconds(3600), ias: [], options: WRITTEN };

  test("they are in the state file, in plain words", () => {
    const bench = createBench(SETUP);
    bench.start();
    bench.receive(advertise(bench.nextSent(), { extra: [option("preference", 255)] }));
    bench.receive(reply(lastOf(bench), { extra: HAVE }));
    const saved = bench.saved();
    const file = encodeState({ duid: CLIENT, links: new Map([["wan0", saved ?? SAVED]]) });
    expect(file).toContain('"dns-servers"');
    expect(decodeState(file)).toMatchObject({ ok: true, remembered: { links: new Map([["wan0", saved]]) } });
  });

  test.each([
    ["a file somewhere else", { "../../etc/passwd": ["x"] }],
    ["two lines", { domains: ["a\nnameserver ::1"] }],
    ["no list", { domains: "a" }],
  ])("a state file with %s is broken", (_what, options) => {
    const file = encodeState({ duid: CLIENT, links: new Map([["wan0", SAVED]]) });
    expect(decodeState(file).ok).toBe(true);
    expect(
      decodeState(file.replace(/"options": \{[^}]*\}/, `"options": ${JSON.stringify(options)}`)).ok,
    ).toBe(false);
  });

  test.each<[string, readonly number[], boolean, unknown]>([
    ["leases hold: kept", [23, 24], true, WRITTEN],
    ["leases hold, one is not asked for any more", [24], true, { domains: ["example.org"] }],
    ["leases are over: removed", [23, 24], false, {}],
    ["none is asked for any more: removed", [], true, {}],
  ])("%s", (_what, requestedOptions, live, expected) => {
    const before = createBench(SETUP);
    bind(before, [GRANT], HAVE);
    before.receive(reply(before.nextSent("renew"), { extra: HAVE }));
    const after = createBench(
      { requestedOptions },
      undefined,
      1_800_000_000_000 + (live ? 1_100_000 : 9_000_000),
    );
    after.start(before.saved());
    expect(after.options).toEqual([expected]);
  });
});
