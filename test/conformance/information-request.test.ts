import { describe, expect, test } from "vitest";
import { octetsOf } from "../../shared/wire/kinds.js";
import { codeOf, type Option, option, rawOption } from "../../shared/wire/options.js";
import { server } from "../config/given.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, na, type Oddity, pd, type Rig, ta } from "../server/rig.js";
import {
  addressClass,
  configure,
  iface,
  ip,
  OTHER_ID,
  pdClass,
  SERVER_ID,
  subnet,
} from "../server/settings.js";
import { wants } from "./lines.js";

const DNS = option("dnsServers", [ip("2001:db8::53"), ip("2001:db8::54")]);
const DOMAINS = rawOption(24, octetsOf("\x07example\x03org\x00"));
const LAN = configure([
  iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])], {
    subnets: [subnet("2001:db8:2000::/64")],
    addressClasses: [addressClass(["2001:db8:2000::100-2001:db8:2000::1ff"])],
    temporaryClasses: [addressClass(["2001:db8:2000::200-2001:db8:2000::2ff"])],
    options: [DNS, DOMAINS],
  }),
]);
const CLASS = "pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }";

/** What an Information-request with these options is answered. */
const ask = (rig: Rig, oddity: Oddity = {}): Answer | undefined =>
  createClient(rig, 1).ask("informationRequest", [], { options: [wants(23, 24)], ...oddity });
const withCode = (answer: Answer | undefined, code: number): readonly Option[] | undefined =>
  answer?.options.filter((each) => codeOf(each) === code);

describe("conformance: Information-request", () => {
  test("S-INF-01 asks for DNS servers and domains -> Reply with these and both identifiers", () => {
    const answer = ask(createRig(LAN), { xid: 0x123456 });
    expect(answer).toMatchObject({ type: "reply", xid: 0x123456, codes: [1, 2, 23, 24] });
    expect(answer?.options[0]).toEqual(option("clientId", createClient(createRig(LAN), 1).duid));
    expect(answer?.options[1]).toEqual(option("serverId", SERVER_ID));
    expect(answer?.options[2]).toEqual(DNS);
    expect(answer?.options[3]).toMatchObject({ name: "domainList" });
    expect(answer?.to).toBe("fe80::1 port 546 over eth0");
  });

  test("S-INF-02 without Client Identifier -> Reply without one, with the options", () => {
    expect(ask(createRig(LAN), { clientId: null })).toMatchObject({ type: "reply", codes: [2, 23, 24] });
  });

  test("S-INF-03 with the DUID of this server -> Reply", () => {
    expect(ask(createRig(LAN), { serverId: SERVER_ID })).toMatchObject({
      type: "reply",
      codes: [1, 2, 23, 24],
    });
  });

  test("S-INF-04 with the DUID of another server -> dropped", () => {
    const rig = createRig(LAN);
    expect(ask(rig, { serverId: OTHER_ID })).toBeUndefined();
    expect(rig.logs()).toEqual(["SERVER-DROP-FOREIGN-SERVER-ID"]);
  });

  test.each([
    ["IA_PD", pd(1)],
    ["IA_NA", na(1)],
    ["IA_TA", ta(1)],
  ])("S-INF-05 with an %s -> dropped, nothing bound", (_what, ia) => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    expect(client.ask("informationRequest", [ia], { options: [wants(23)] })).toBeUndefined();
    expect([rig.logs(), rig.table.size]).toEqual([["SERVER-DROP-UNEXPECTED-IA"], 0]);
    expect(client.ask("informationRequest", [], { options: [wants(23)] })?.type).toBe("reply");
  });

  test("S-INF-06 of a client that has leases and asks for IAs by number -> no IA in the Reply", () => {
    const rig = createRig(LAN);
    createClient(rig, 1).request(pd(1), na(1), ta(1));
    expect(rig.table.size).toBe(3);
    expect(ask(rig, { options: [wants(3, 4, 25, 26, 23)] })).toMatchObject({ ias: [], codes: [1, 2, 23] });
    expect(rig.table.size).toBe(3);
  });

  test("S-INF-07 asks for the refresh time -> the configured one, and no less than 600 s", () => {
    const told = [1800, 600, 599, 5].map((time) => {
      const rig = createRig(server(`iface eth0 { ${CLASS} option lifetime ${time} }`));
      return withCode(ask(rig, { options: [wants(32)] }), 32);
    });
    const times = [1800, 600, 600, 600].map((value) => [{ name: "informationRefreshTime", value }]);
    expect(told).toEqual(times);
  });

  test("S-INF-08 Solicit and Request -> never a refresh time, asked for or not", () => {
    const rig = createRig(
      server(`iface eth0 { ${CLASS} option lifetime 1800 option dns-server 2001:db8::53 }`),
    );
    const client = createClient(rig, 1);
    const codes = (["solicit", "request", "renew", "rebind"] as const).flatMap((type) =>
      [wants(23), wants(23, 32)].map((options) => client.ask(type, [pd(1)], { options: [options] })?.codes),
    );
    expect(codes).toEqual(codes.map(() => [1, 2, 25, 23]));
  });

  test("S-INF-09 nothing of what is asked is configured -> Reply with the identifiers all the same", () => {
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])])]));
    expect(ask(rig, { options: [wants(23, 24, 31, 64)] })).toMatchObject({ type: "reply", codes: [1, 2] });
    expect(ask(rig, { options: [] })).toMatchObject({ type: "reply", codes: [1, 2] });
  });

  test("S-INF-10 asks for INF_MAX_RT -> the configured one, which is from 60 to 86400", () => {
    for (const value of [60, 7200, 86_400]) {
      const rig = createRig(server(`iface eth0 { ${CLASS} option inf-max-rt ${value} }`));
      expect(withCode(ask(rig, { options: [wants(83)] }), 83)).toEqual([{ name: "infMaxRt", value }]);
      expect(ask(rig)?.codes).toEqual([1, 2]);
    }
    for (const value of [59, 86_401]) {
      expect(() => server(`iface eth0 { ${CLASS} option inf-max-rt ${value} }`)).toThrow();
    }
  });
});
