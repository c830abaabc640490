import { describe, expect, test } from "vitest";
import { mayUse } from "../../server/classify.js";
import { xid } from "../../shared/brand.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { clientServerMessage } from "../../shared/wire/message.js";
import { type Option, option } from "../../shared/wire/options.js";
import { pdClass } from "../config/given.js";
import { ip, OTHER_ID } from "./settings.js";

const vendorClass = option("vendorClass", {
  enterprise: 4491,
  classes: [octetsOf("docsis"), octetsOf("3.1")],
});
const vendorSpec = option("vendorOptions", {
  enterprise: 9,
  options: [
    { code: 1, data: octetsOf("BIZ") },
    { code: 2, data: octetsOf("-7\0hidden") },
  ],
});

/** Whether a client that sends these options may use a class that is for those who meet the condition. */
function isLetIn(condition: string, options: readonly Option[]): boolean {
  const { access } = pdClass(
    `client-class cc { match-if ${condition} }
     iface s0 { pd-class { allow cc pd-pool 2001:db8::/40 pd-length 56 } }`,
  );
  const message = clientServerMessage("solicit", xid(1), options);
  return mayUse(access, { client: OTHER_ID, from: ip("fe80::1"), message });
}

describe("client-class: what a condition is true of", () => {
  test.each([
    ["(client.vendor-class.en == 4491)", true],
    ['(client.vendor-class.en == "4491")', true],
    ["(client.vendor-class.en == 118bh)", true],
    ["(4491 == client.vendor-class.en)", true],
    ["(client.vendor-class.en == 449)", false],
    ['(client.vendor-class.data == "docsis3.1")', true],
    ['(client.vendor-class.data contain "sis3")', true],
    ['("sis3" contain client.vendor-class.data)', false],
    ['(client.vendor-class.data contain "DOCSIS")', false],
    ["(client.vendor-spec.en == 9)", true],
    ['(client.vendor-spec.data == "BIZ-7")', true],
    ['(client.vendor-spec.data contain "hidden")', false],
    ['(substring(client.vendor-spec.data, 0, 3) == "BIZ")', true],
    ['(substring(client.vendor-spec.data, 4, 99) == "7")', true],
    ['(substring(client.vendor-spec.data, 99, 1) == "")', true],
    ["((client.vendor-spec.en == 9) and (client.vendor-class.en == 4491))", true],
    ["((client.vendor-spec.en == 9) and (client.vendor-class.en == 9))", false],
    ["((client.vendor-spec.en == 1) or (client.vendor-class.en == 4491))", true],
    ["((client.vendor-spec.en == 1) or (client.vendor-class.en == 1))", false],
  ])("%s is %s of a client that sends both", (condition, expected) => {
    expect(isLetIn(condition, [vendorClass, vendorSpec])).toBe(expected);
  });

  test.each(["vendor-class.en", "vendor-class.data", "vendor-spec.en", "vendor-spec.data"])(
    "client.%s of a client that sends neither is an empty text",
    (field) => {
      expect(isLetIn(`(client.${field} == "")`, [])).toBe(true);
      expect(isLetIn(`(client.${field} contain "1")`, [])).toBe(false);
    },
  );
});
