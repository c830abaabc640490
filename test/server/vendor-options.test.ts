import { describe, expect, test } from "vitest";
import { octetsOf } from "../../shared/wire/kinds.js";
import { option, type Option } from "../../shared/wire/options.js";
import { createClient, createRig, pd } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

describe("server: options of vendors (RFC 8415 21.17)", () => {
  const of = (enterprise: number): Option =>
    option("vendorOptions", { enterprise, options: [{ code: 1, data: octetsOf("x") }] });
  const config = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], { options: [of(4491), of(9)] })]);
  const enterprises = (...sent: readonly Option[]): readonly number[] =>
    createClient(createRig(config), 1)
      .ask("solicit", [pd(1)], { options: sent })
      ?.options.flatMap((each) => (each.name === "vendorOptions" ? [each.value.enterprise] : [])) ?? [];
  const request = option("optionRequest", [17]);
  const cable = option("vendorClass", { enterprise: 4491, classes: [octetsOf("docsis")] });
  const unknown = option("vendorClass", { enterprise: 77, classes: [octetsOf("x")] });

  test.each<readonly [string, readonly Option[], readonly number[]]>([
    ["not asked for", [], []],
    ["asked for", [request], [4491, 9]],
    ["asked for by a class of one vendor", [request, cable], [4491]],
    ["asked for by a class of a vendor without options here", [request, unknown], [4491, 9]],
    ["asked for with options of one vendor", [request, of(9)], [9]],
    ["sent, not asked for", [of(9)], []],
  ])("%s", (_what, sent, expected) => {
    expect(enterprises(...sent)).toEqual(expected);
  });
});
