import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { parseDomainName } from "../../shared/wire/domain-name.js";
import { option, rawOption } from "../../shared/wire/options.js";
import { INFINITY } from "../../shared/brand.js";
import { advertise, createBench, GRANT, ip, lastOf, pd, reply, type Shape } from "./workbench.js";

/** The variables of the first hook call after a Reply of that shape. */
function firstAdd(shape: Shape, wanted = [pd(1)]): Readonly<Record<string, string>> {
  const bench = createBench({ wanted, requestedOptions: [23, 24] });
  bench.start();
  const extra = [option("preference", 255)];
  bench.receive(advertise(bench.nextSent("solicit"), { ...shape, extra }));
  bench.receive(reply(lastOf(bench), shape), ip("fe80::ab"));
  const [first] = bench.hooks;
  if (first?.call.action !== "add") throw new Error("no add");
  return first.call.variables;
}

function name(text: string): NonNullable<ReturnType<typeof parseDomainName>> {
  const parsed = parseDomainName(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

describe("client: environment of the hook", () => {
  test("add after a Request: every variable, none else", () => {
    const extra = [
      option("dnsServers", [ip("2001:db8:0:0:0:0:0:53"), ip("2001:db8::54")]),
      option("domainList", [name("example.org"), name("example.net")]),
      option("preference", 7),
      rawOption(64_000, Uint8Array.of(1)),
    ];
    expect(firstAdd({ ias: [GRANT], extra })).toEqual({
      PREFIX1: "2001:db8:1::",
      PREFIX1LEN: "64",
      PREFIX1PREF: "3000",
      PREFIX1VALID: "4000",
      PREFIX1IAID: "1",
      IFACE: "wan0",
      IFINDEX: "2",
      REMOTE_ADDR: "fe80::ab",
      CLNT_MESSAGE: "REQUEST",
      SRV_MESSAGE: "REPLY",
      REASON: "granted",
      CLNT_DUID: "00:02:00:00:22:b8:ea:13:9d:cd",
      DOWNLINK_PREFIX_IFACES: "[none]",
      DOWNLINK_PREFIXES: "",
      SRV_OPTION1: "00:02:00:00:22:b8:ea:13:9d:cd",
      SRV_OPTION2: "00:03:00:01:02:00:00:00:00:0a",
      SRV_OPTION7: "7",
      SRV_OPTION23: "2001:db8::53 2001:db8::54 ",
      SRV_OPTION24: "example.org example.net ",
      SRV_OPTION64000: "[generic]",
    });
  });

  test("infinity is 4294967295, as with Dibbler", () => {
    const prefixes = [["2001:db8:1::/48", INFINITY, INFINITY]] as const;
    expect(firstAdd({ ias: [{ prefixes }] })).toMatchObject({
      PREFIX1LEN: "48",
      PREFIX1PREF: "4294967295",
      PREFIX1VALID: "4294967295",
    });
  });

  test("several IAs: numbered through the Reply in its order, with their IAIDs", () => {
    const second = { ...GRANT, iaid: 2, prefixes: [["2001:db8:2::/64", 3000, 4000]] } as const;
    expect(firstAdd({ ias: [second, GRANT] }, [pd(1), pd(2)])).toMatchObject({
      PREFIX1: "2001:db8:2::",
      PREFIX1IAID: "2",
      PREFIX2: "2001:db8:1::",
      PREFIX2IAID: "1",
    });
  });

  test("no variable is longer than the kernel lets a program have", () => {
    const addresses = Array.from({ length: 4000 }, (_, n) =>
      ip(`2001:db8:ffff:ffff:ffff:ffff:ffff:${n.toString(16)}`),
    );
    const variables = firstAdd({ ias: [GRANT], extra: [option("dnsServers", addresses)] });
    expect(variables["SRV_OPTION23"]).toHaveLength(32_768);
  });

  test("what a server sends is told in characters that harm no script", () => {
    const evil = name("$(reboot).`id`.a;b.x\\\"'y");
    const variables = firstAdd({ ias: [GRANT], extra: [option("domainList", [evil])] });
    expect(variables["SRV_OPTION24"]).toBe("__reboot_._id_.a_b.x__y ");
  });

  test("a lifetime of 0 preferred is a usable prefix", () => {
    const prefixes = [["2001:db8:1::/64", 0, 4000]] as const;
    expect(firstAdd({ ias: [{ prefixes }] })).toMatchObject({ PREFIX1PREF: "0", PREFIX1VALID: "4000" });
  });

  test("all calls of a client wait for each other", () => {
    const bench = createBench();
    bench.start();
    bench.receive(advertise(bench.nextSent(), { extra: [option("preference", 255)] }));
    bench.receive(reply(lastOf(bench), { extra: [option("solMaxRt", seconds(60))] }));
    bench.stop();
    expect(bench.hooks.map(({ call }) => [call.action, call.order])).toEqual([
      ["add", ["client"]],
      ["delete", ["client"]],
    ]);
  });
});
