import { describe, expect, test } from "vitest";
import type { ServerConfig } from "../../shared/config/types.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { codeOf, type Option, option, rawOption } from "../../shared/wire/options.js";
import { createClient, createRig, type Hop, pd, prefixIn, type Rig, type TestClient } from "./rig.js";
import { behind, configure, iface, ip, pdClass, subnet } from "./settings.js";

const id = (text: string): Uint8Array => octetsOf(text);
const LINES = [
  behind(
    "eth0",
    iface("line1", [pdClass(56, ["2001:db8:1100::/40"])], { subnets: [subnet("2001:db8:a::/48")] }),
  ),
];
const CONFIG = configure(LINES);
const LINE1: readonly Hop[] = [{ link: "2001:db8:a::1" }];

const relayed = (rig: Rig, n: number, hops: readonly Hop[] = LINE1): TestClient =>
  createClient(rig, n, { hops });

describe("server, relayed: RSOO (RFC 6422)", () => {
  const domain = rawOption(65, Uint8Array.of(1, 97, 0));
  const supplied = (...options: readonly Option[]): Option => option("rsoo", { options });
  const codes = (config: ServerConfig, hops: readonly Hop[]): readonly number[] | undefined =>
    relayed(createRig(config), 1, hops)
      .solicit(pd(1))
      ?.codes.filter((code) => code > 25);

  test("an option that relays may supply -> reaches the client; another one -> does not", () => {
    const options = [supplied(domain, rawOption(60_000, id("x")), option("dnsServers", [ip("::1")]))];
    expect(codes(CONFIG, [{ ...LINE1[0], options }])).toEqual([65]);
    const more = configure(LINES, { relaySuppliedOptions: [65, 60_000] });
    expect(codes(more, [{ ...LINE1[0], options }])).toEqual([65, 60_000]);
  });

  test("the server's own value goes before", () => {
    const config = configure(
      LINES.map((line) => ({ ...line, options: [rawOption(60_000, id("ours"))] })),
      { relaySuppliedOptions: [60_000] },
    );
    const hops = [{ ...LINE1[0], options: [supplied(rawOption(60_000, id("theirs")))] }];
    const answer = relayed(createRig(config), 1, hops).ask("solicit", [pd(1)], {
      options: [option("optionRequest", [60_000])],
    });
    expect(answer?.options.filter((each) => codeOf(each) === 60_000)).toEqual([
      rawOption(60_000, id("ours")),
    ]);
  });

  test("of two relays the one closest to the client counts", () => {
    const near = rawOption(65, Uint8Array.of(1, 98, 0));
    const hops = [{ ...LINE1[0], options: [supplied(near)] }, { options: [supplied(domain)] }];
    const answer = relayed(createRig(CONFIG), 1, hops).solicit(pd(1));
    expect(answer?.options.filter((each) => codeOf(each) === 65)).toHaveLength(1);
    expect(answer?.options.some((each) => each.name === "erpLocalDomain" && each.value.length === 1)).toBe(
      true,
    );
  });
});

describe("server, relayed: hook calls", () => {
  const mac = option("clientLinkLayerAddress", { hardwareType: 1, address: Uint8Array.of(2, 0, 0, 0, 0, 9) });
  const hops = [{ link: "2001:db8:a::1", options: [mac] }, { peer: "2001:db8:f::9" }];

  test("add -> the relay that talks to us as next hop, all relays from the client's on, the client apart", () => {
    const rig = createRig(CONFIG);
    createClient(rig, 1, { hops, relay: "2001:db8:f::2" }).request(pd(1));
    expect(rig.hooks()[0]?.variables).toMatchObject({
      RELAYS: "2",
      RELAY1_PEER: "fe80::1",
      RELAY1_LINK: "2001:db8:a::1",
      RELAY2_PEER: "2001:db8:f::9",
      RELAY2_LINK: "::",
      IFACE: "line1",
      IFINDEX: "1024",
      REMOTE_ADDR: "2001:db8:f::2",
      ARRIVAL_IFACE: "eth0",
      CLNT_ADDR: "fe80::1",
      CLNT_MAC: "02:00:00:00:00:09",
    });
  });

  test("expiry and start of the server -> the same, out of the store", () => {
    const rig = createRig(CONFIG);
    createClient(rig, 1, { hops, relay: "2001:db8:f::2" }).request(pd(1));
    const [first] = rig.hooks();
    const after = rig.restart();
    after.wait(1);
    after.wait(5000);
    const told = after.hooks();
    expect(told.map(({ action, variables }) => [action, variables["REASON"]])).toEqual([
      ["add", "start"],
      ["delete", "expire"],
    ]);
    for (const { variables } of told) {
      for (const name of [
        "RELAYS",
        "RELAY1_PEER",
        "RELAY2_LINK",
        "IFACE",
        "IFINDEX",
        "REMOTE_ADDR",
        "ARRIVAL_IFACE",
        "CLNT_ADDR",
      ]) {
        expect(variables[name], name).toBe(first?.variables[name]);
      }
    }
  });

  test("the client comes by another relay -> delete with the old next hop, add with the new one", () => {
    const rig = createRig(CONFIG);
    const held = prefixIn(createClient(rig, 1, { hops: LINE1, relay: "fe80::a" }).request(pd(1))) ?? "";
    rig.hooks();
    createClient(rig, 1, { hops: LINE1, relay: "fe80::b" }).renew(pd(1, held));
    expect(rig.hooks().map(({ action, variables }) => [action, variables["REMOTE_ADDR"]])).toEqual([
      ["delete", "fe80::a"],
      ["add", "fe80::b"],
    ]);
  });
});
