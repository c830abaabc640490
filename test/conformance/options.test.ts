import { describe, expect, test } from "vitest";
import type { ConfiguredOption, Reservation } from "../../shared/config/types.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { codeOf, type Option, option } from "../../shared/wire/options.js";
import { server } from "../config/given.js";
import { createClient, createRig, pd, type Rig } from "../server/rig.js";
import { configure, iface, ip, pdClass } from "../server/settings.js";
import { wants } from "./lines.js";

const CLASS = "pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }";
const DNS = option("dnsServers", [ip("2001:db8::53")]);
/** A server on eth0 with these options. */
const withOptions = (options: readonly ConfiguredOption[], reservations: readonly Reservation[] = []): Rig =>
  createRig(configure([iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])], { options, reservations })]));

const TYPES = ["solicit", "request", "renew", "rebind"] as const;
/** The options of this code in the answers to each message with an IA_PD and these options. */
const told = (rig: Rig, code: number, ...sent: readonly Option[]): readonly (readonly Option[])[] =>
  TYPES.map((type) => {
    const answer = createClient(rig, 1).ask(type, [pd(1)], { options: sent });
    if (answer === undefined) throw new Error(`no answer to ${type}`);
    return answer.options.filter((each) => codeOf(each) === code);
  });

describe("conformance: options", () => {
  test("S-OPT-01 two domains -> both, as labels without compression", () => {
    const rig = createRig(server(`iface eth0 { ${CLASS} option domain example.com,sub.example.com }`));
    const labels = "\x07example\x03com\x00\x03sub\x07example\x03com\x00";
    for (const type of TYPES) {
      const answer = createClient(rig, 1).ask(type, [pd(1)], { options: [wants(24)] });
      expect(Buffer.from(answer?.bytes ?? []).toString("latin1"), type).toContain(
        `\x00\x18\x00${String.fromCharCode(labels.length)}${labels}`,
      );
    }
  });

  test("S-OPT-02 asked for what is not configured -> left out", () => {
    const rig = withOptions([DNS]);
    for (const type of TYPES) {
      const answer = createClient(rig, 1).ask(type, [pd(1)], {
        options: [wants(21, 22, 27, 31, 56, 59, 64)],
      });
      expect(answer?.codes, type).toEqual([1, 2, 25]);
    }
  });

  test("S-OPT-03 a code that stands several times in the Option Request -> one option", () => {
    expect(told(withOptions([DNS]), 23, wants(23, 24, 23, 23))).toEqual(TYPES.map(() => [DNS]));
  });

  test("S-OPT-04 two Option Requests -> the first one is answered at least, each option once", () => {
    const sntp = option("sntpServers", [ip("2001:db8::123")]);
    const rig = withOptions([DNS, sntp]);
    expect(told(rig, 23, wants(23), wants(31, 23))).toEqual(TYPES.map(() => [DNS]));
    expect(told(rig, 31, wants(31), wants(31))).toEqual(TYPES.map(() => [sntp]));
  });

  test("S-OPT-05 no unicast configured -> no Server Unicast, asked for or not", () => {
    expect(told(withOptions([DNS]), 12, wants(12, 23))).toEqual(TYPES.map(() => []));
    const answer = createClient(withOptions([DNS]), 1).ask("informationRequest", [], {
      options: [wants(12)],
    });
    expect(answer?.codes).toEqual([1, 2]);
    const allowed = createRig(
      configure([iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])], { unicast: ip("::1") })]),
    );
    expect(told(allowed, 12).map((options) => options.length)).toEqual([0, 1, 1, 1]);
  });

  test("S-OPT-06 no Reconfigure Accept from the client -> none in the answer, and no Authentication", () => {
    const config = configure([iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])])], { reconfigure: true });
    for (const code of [20, 11])
      expect(told(createRig(config), code, wants(20, 11))).toEqual(TYPES.map(() => []));
    const willing = createClient(createRig(config), 2);
    const accept = [option("reconfigureAccept", null)];
    expect(willing.ask("request", [pd(1)], { options: accept })?.codes).toEqual([1, 2, 20, 25, 11]);
    // And none from a server that sends no Reconfigures.
    const quiet = createClient(withOptions([]), 2);
    expect(quiet.ask("request", [pd(1)], { options: accept })?.codes).toEqual([1, 2, 25]);
  });

  test("S-OPT-07 options of several vendors -> one instance for each enterprise number", () => {
    const rig = createRig(
      server(`iface eth0 { ${CLASS} option vendor-spec 1234-1-0x00002fedc0,1234-2-0x0102,5678-3-0x0203 }`),
    );
    for (const found of told(rig, 17, wants(17))) {
      const vendors = found.map((each) => (each.name === "vendorOptions" ? each.value.enterprise : 0));
      expect(vendors).toEqual([1234, 5678]);
    }
    const [[first] = []] = told(rig, 17, wants(17));
    expect(first).toMatchObject({
      value: { options: [{ code: 1 }, { code: 2, data: Uint8Array.of(1, 2) }] },
    });
  });

  test("S-OPT-08 an option configured for one client -> its value for that one, the link's for others", () => {
    const own = option("dnsServers", [ip("2001:db8::1:53")]);
    const duid = createClient(withOptions([]), 1).duid;
    const at = { line: 1, column: 1 };
    const block = { selector: { by: "duid", duid }, prefix: undefined, address: undefined, at } as const;
    const rig = withOptions([DNS, option("posixTimezone", octetsOf("UTC0"))], [{ ...block, options: [own] }]);
    expect(told(rig, 23, wants(23))).toEqual(TYPES.map(() => [own]));
    const other = createClient(rig, 2).ask("request", [pd(1)], { options: [wants(23)] });
    expect(other?.options).toContainEqual(DNS);
    expect(other?.options).not.toContainEqual(own);
  });
});
