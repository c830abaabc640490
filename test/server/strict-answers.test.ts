import { describe, expect, test } from "vitest";
import { type ServerInterface } from "../../shared/config/types.js";
import { option } from "../../shared/wire/options.js";
import { type Answer } from "./answer.js";
import { createClient, type IaSpec, na, pd, type Rig } from "./rig.js";
import { addressClass, iface, ip, OTHER_ID, pdClass, range, subnet } from "./settings.js";
import { both, FREE, LAN, owner, POOL, rigFor, texts } from "./strict-rig.js";

/** What `compatibility "strict"` changes about answers, each beside what holds without it. */

describe("strict: status texts are Dibbler's", () => {
  const client = (rig: Rig) => createClient(rig, 1);
  const reserving = (text: string): ServerInterface => ({
    ...LAN,
    reservations: [{ ...owner(1), prefix: { address: ip(text), length: 56 } }],
  });
  const rows: readonly (readonly [string, ServerInterface, (rig: Rig) => Answer | undefined, string])[] = [
    ["a new lease", LAN, (rig) => client(rig).request(pd(1)), "Assigned 1 prefix(es)."],
    [
      "the lease that exists",
      LAN,
      (rig) => {
        client(rig).lease();
        return client(rig).solicit(pd(1));
      },
      "Here's your existing lease: 1 prefix(es).",
    ],
    [
      "what is reserved in a pool",
      reserving("2001:db8:1012:3400::"),
      (rig) => client(rig).request(pd(1)),
      "Assigned fixed in-pool prefix.",
    ],
    [
      "what is reserved elsewhere",
      reserving("2001:db8:9::"),
      (rig) => client(rig).request(pd(1)),
      "Assigned fixed out-of-pool address.",
    ],
    ["a Renew", LAN, (rig) => client(rig).renew(pd(1, client(rig).lease())), "Prefix(es) renewed."],
    [
      "no pd-class",
      iface("eth0", []),
      (rig) => client(rig).request(pd(1)),
      "Server support for prefix delegation is not enabled. Sorry buddy.",
    ],
    [
      "no prefix",
      iface("eth0", [pdClass(56, ["2001:db8::/56"])]),
      (rig) => {
        createClient(rig, 2).lease();
        return client(rig).request(pd(1));
      },
      "Unable to provide any prefixes. Sorry.",
    ],
    [
      "client-max-lease",
      iface("eth0", [pdClass(56, [POOL])], { clientMaxLease: 1 }),
      (rig) => {
        client(rig).lease(1);
        return client(rig).request(pd(2));
      },
      "Sorry. You already have 1 lease(es) and you can't have more.",
    ],
    ["Renew, unknown client", LAN, (rig) => client(rig).renew(pd(1, FREE)), "Who are you? Do I know you?"],
    [
      "Renew, unknown IAID",
      LAN,
      (rig) => {
        client(rig).lease(1);
        return client(rig).renew(pd(2, FREE));
      },
      "I see this IAID first time.",
    ],
    ["Rebind", LAN, (rig) => client(rig).rebind(pd(1, client(rig).lease())), ""],
  ];

  test.each(rows)("%s", (_what, block, ask, text) => {
    expect(texts(ask(rigFor("strict", block)))).toEqual([text]);
  });
});

describe("strict: the options of an answer, in Dibbler's order", () => {
  const DNS = option("dnsServers", [ip("2001:db8::53")]);
  const VENDOR = option("vendorOptions", { enterprise: 1, options: [{ code: 1, data: Uint8Array.of(1) }] });
  const REFRESH = option("informationRefreshTime", range(600).min);
  const FULL = iface("eth0", [pdClass(56, [POOL])], {
    unicast: ip("2001:db8::1"),
    options: [DNS, REFRESH, VENDOR],
    rapidCommit: true,
  });
  const asking = (...more: Parameters<typeof option>[]) => ({
    options: [option("optionRequest", [23, 32, 17]), ...more.map(([name, value]) => option(name, value))],
  });
  const held = (rig: Rig): IaSpec => pd(1, createClient(rig, 1).lease());

  test.each<readonly [string, (rig: Rig) => Answer | undefined, readonly number[]]>([
    [
      "Advertise",
      (rig) => createClient(rig, 1).ask("solicit", [pd(1)], asking()),
      [25, 2, 1, 7, 12, 17, 23, 32],
    ],
    [
      "Reply to Rapid Commit",
      (rig) => createClient(rig, 1).ask("solicit", [pd(1)], asking(["rapidCommit", null])),
      [25, 14, 2, 1, 7, 12, 17, 23, 32],
    ],
    [
      "Reply to Request",
      (rig) => createClient(rig, 1).ask("request", [pd(1)], asking()),
      [25, 2, 1, 7, 12, 17, 23, 32],
    ],
    [
      "Reply to Information-request without Client Identifier",
      (rig) => createClient(rig, 1).ask("informationRequest", [], { ...asking(), clientId: null }),
      [2, 7, 12, 17, 23, 32],
    ],
    [
      "Reply to Release",
      (rig) => createClient(rig, 1).ask("release", [held(rig)], asking()),
      [2, 1, 7, 12, 13],
    ],
    [
      "Reply to Confirm",
      (rig) => createClient(rig, 1).ask("confirm", [held(rig)], asking()),
      [13, 2, 1, 7, 12],
    ],
  ])("%s", (_what, ask, codes) => {
    expect(ask(rigFor("strict", FULL))?.codes).toEqual(codes);
  });

  test("Reconfigure: the key comes last, without Reconfigure Accept", () => {
    const rig = rigFor("strict", LAN, { reconfigure: true });
    const answer = createClient(rig, 1).ask("request", [pd(1)], {
      options: [option("reconfigureAccept", null)],
    });
    expect(answer?.codes).toEqual([25, 2, 1, 7, 11]);
  });

  test("Information-request for nothing that is configured -> silence", () => {
    const seen = both(LAN, (rig) => createClient(rig, 1).ask("informationRequest", []) !== undefined);
    expect(seen).toEqual({ strict: false, fixed: true });
  });

  test("an IA_NA that gets nothing -> its status is the Advertise's as well", () => {
    const seen = both(LAN, (rig) => createClient(rig, 1).solicit(na(1), pd(2))?.status);
    expect(seen).toEqual({ strict: 2, fixed: undefined });
  });
});

describe("strict: what is answered", () => {
  test.each(["solicit", "rebind"] as const)("%s with another's Server Identifier -> answered", (type) => {
    const seen = both(LAN, (rig) => {
      const client = createClient(rig, 1);
      return client.ask(type, [pd(1, client.lease())], { serverId: OTHER_ID }) !== undefined;
    });
    expect(seen).toEqual({ strict: true, fixed: false });
  });

  test("Information-request with another's Server Identifier and an IA -> answered", () => {
    const block = iface("eth0", [], { options: [option("dnsServers", [ip("2001:db8::53")])] });
    const oddity = { serverId: OTHER_ID, options: [option("optionRequest", [23])] };
    const seen = both(block, (rig) => createClient(rig, 1).ask("informationRequest", [pd(1)], oddity)?.codes);
    expect(seen).toEqual({ strict: [2, 1, 7, 23], fixed: undefined });
  });

  test.each(["request", "renew", "release"] as const)(
    "%s with another's Server Identifier -> silence",
    (type) => {
      const client = createClient(rigFor("strict"), 1);
      expect(client.ask(type, [pd(1, client.lease())], { serverId: OTHER_ID })).toBeUndefined();
    },
  );

  test("unicast without `unicast` -> answered; with drop-unicast UseMulticast, or silence for a Solicit", () => {
    const request = (rig: Rig) => createClient(rig, 1).ask("request", [pd(1)], { unicast: true });
    const solicit = (rig: Rig) => createClient(rig, 1).ask("solicit", [pd(1)], { unicast: true });
    expect(both(LAN, (rig) => request(rig)?.ias[0]?.status)).toEqual({ strict: 0, fixed: undefined });
    expect(both(LAN, (rig) => solicit(rig)?.type)).toEqual({ strict: "advertise", fixed: undefined });
    const settings = { dropUnicast: true };
    expect(both(LAN, (rig) => request(rig)?.status, settings)).toEqual({ strict: 5, fixed: 5 });
    expect(both(LAN, (rig) => solicit(rig)?.type, settings)).toEqual({ strict: undefined, fixed: undefined });
  });

  test("Rapid Commit with nothing to give -> a Reply", () => {
    const block = iface("eth0", [], { rapidCommit: true });
    const oddity = { options: [option("rapidCommit", null)] };
    const seen = both(block, (rig) => createClient(rig, 1).ask("solicit", [pd(1)], oddity)?.type);
    expect(seen).toEqual({ strict: "reply", fixed: "advertise" });
  });
});

describe("strict: Confirm is about prefixes, too", () => {
  const OTHER_POOL = "2001:db8:2000::/40";
  const TWO = iface("eth0", [pdClass(56, [POOL]), pdClass(56, [OTHER_POOL])]);
  const ON = iface("eth0", [pdClass(56, [POOL])], { subnets: [subnet("2001:db8:1000::/36")] });
  const confirm = (block: ServerInterface, ...ias: IaSpec[]): number | undefined =>
    createClient(rigFor("strict", block), 1).ask("confirm", ias)?.status;

  test.each([
    ["in the pool", LAN, [pd(1, FREE)], 0],
    ["in no pool", LAN, [pd(1, "2001:db8:ff00::/56")], undefined],
    ["in one of two pools", TWO, [pd(1, FREE)], undefined],
    ["on a subnet", ON, [pd(1, FREE)], 0],
    ["off all subnets", ON, [pd(1, "2001:db9::/56")], 4],
    ["one on and one off", ON, [pd(1, FREE), pd(2, "2001:db9::/56")], 4],
    ["nothing", LAN, [pd(1)], undefined],
    [
      "an address in the class",
      iface("eth0", [], { addressClasses: [addressClass(["2001:db8:7::1-2001:db8:7::ff"])] }),
      [na(1, "2001:db8:7::7/128")],
      0,
    ],
  ] as const)("%s -> status %s", (_what, block, ias, status) => {
    expect(confirm(block, ...ias)).toBe(status);
  });

  test("without strict mode a prefix alone -> silence (RFC 8415 18.3.3)", () => {
    expect(createClient(rigFor("fixed"), 1).ask("confirm", [pd(1, FREE)])).toBeUndefined();
  });
});
