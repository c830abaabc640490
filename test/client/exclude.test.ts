import { describe, expect, test } from "vitest";
import { decodeState, encodeState } from "../../client/remembered.js";
import { formatPrefix } from "../../shared/prefix.js";
import { type Option, option, rawOption } from "../../shared/wire/options.js";
import { encodeExclude } from "../../shared/wire/prefix-exclude.js";
import {
  advertise,
  bind,
  type Bench,
  CLIENT,
  createBench,
  type IaText,
  lastOf,
  prefix,
  reply,
  requestedOf,
} from "./workbench.js";

const DELEGATED = "2001:db8:1::/56";
const EXCLUDED = "2001:db8:1:ff::/64";

const excluding = (text: string): Option =>
  option("pdExclude", encodeExclude(prefix(DELEGATED), prefix(text)));

const granted = (...options: readonly Option[]): IaText => ({
  t1: 1000,
  t2: 2000,
  prefixes: [[DELEGATED, 3000, 4000, options]],
});

/** What is left out of the only lease. */
function excludedOf(bench: Bench): string | undefined {
  const exclude = bench.state().bindings[0]?.leases[0]?.exclude;
  return exclude && formatPrefix(exclude);
}

describe("client: PD Exclude (RFC 6603)", () => {
  test("asked for in every message that asks for something", () => {
    const bench = createBench({ requestedOptions: [67] });
    bench.start();
    const solicit = bench.nextSent("solicit");
    expect(requestedOf(solicit.message)).toContain(67);
    bench.receive(advertise(solicit, { extra: [option("preference", 255)] }));
    expect(requestedOf(lastOf(bench).message)).toContain(67);
    bench.receive(reply(lastOf(bench)));
    expect(requestedOf(bench.nextSent("renew").message)).toContain(67);
    bench.wait(1_000_000);
    expect(requestedOf(lastOf(bench).message)).toContain(67);
    expect(lastOf(bench).message.type).toBe("rebind");
  });

  test("kept with the lease, told to the script, remembered", () => {
    const bench = createBench();
    bind(bench, [granted(excluding(EXCLUDED))]);
    expect(excludedOf(bench)).toBe(EXCLUDED);
    const renew = bench.nextSent("renew");
    bench.receive(reply(renew, { ias: [granted(excluding(EXCLUDED))] }));
    expect(bench.hooks.at(-1)?.call.variables).toMatchObject({
      PREFIX1: "2001:db8:1::",
      PREFIX1LEN: "56",
      PREFIX1EXCLUDE: EXCLUDED,
    });
    const remembered = bench.saved();
    if (remembered === undefined) throw new Error("nothing was saved");
    const text = encodeState({ duid: CLIENT, links: new Map([["wan0", remembered]]) });
    const decoded = decodeState(text);
    const again = createBench({}, () => 0.5, 1_800_000_001_000);
    again.start(decoded.ok ? decoded.remembered.links.get("wan0") : undefined);
    expect(excludedOf(again)).toBe(EXCLUDED);
  });

  test("follows what the server says with each Reply", () => {
    const bench = createBench();
    bind(bench, [granted(excluding(EXCLUDED))]);
    bench.receive(reply(bench.nextSent("renew"), { ias: [granted(excluding("2001:db8:1:1::/64"))] }));
    expect(excludedOf(bench)).toBe("2001:db8:1:1::/64");
    bench.receive(reply(bench.nextSent("renew"), { ias: [granted()] }));
    expect(excludedOf(bench)).toBeUndefined();
    expect(bench.hooks.at(-1)?.call.variables).not.toHaveProperty("PREFIX1EXCLUDE");
  });

  test.each([
    ["shorter than the prefix", rawOption(67, Uint8Array.of(48, 0))],
    ["with too many octets", rawOption(67, Uint8Array.of(64, 0xff, 0, 0))],
    ["empty", rawOption(67, new Uint8Array())],
  ])("%s: the option is left aside with a word in the log, the prefix is used", (_what, broken) => {
    const bench = createBench();
    bench.start();
    const solicit = bench.nextSent("solicit");
    bench.receive(advertise(solicit, { ias: [granted(broken)], extra: [option("preference", 255)] }));
    bench.receive(reply(lastOf(bench), { ias: [granted(broken)] }));
    expect([bench.phase(), excludedOf(bench)]).toEqual(["bound", undefined]);
    const fault = `IA_PD 1: ${DELEGATED} has a PD Exclude that does not fit it`;
    expect(bench.logged).toContainEqual(
      expect.objectContaining({ id: "CLIENT-ANSWER-FAULT", values: { interface: "wan0", fault } }),
    );
  });
});
