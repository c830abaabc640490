import { describe, expect, test } from "vitest";
import { option } from "../../shared/wire/options.js";
import { createClient, type Hop, na, pd, type TestClient } from "./rig.js";
import { behind, iface, ip } from "./settings.js";
import {
  address,
  ASKED,
  ASKING,
  calls,
  CLASS,
  CLIENT,
  COMMON,
  DIRECT,
  DNS,
  FROM,
  holder,
  messages,
  NO_PREFIX,
  strict,
  told,
} from "./strict-captures.js";

/**
 * The environments that Dibbler 1.0.1 gave a script, captured from it. Prefixes are those of this server,
 * DUIDs those of these clients; everything else is as captured, order included.
 */

describe("strict hooks: calls as captured from Dibbler 1.0.1", () => {
  test("Request -> add, the delegated prefix and then the client's", () => {
    const rig = strict();
    createClient(rig, 1).ask("request", [pd(1, [NO_PREFIX, 1000, 2000])], { options: [ASKING] });
    expect(calls(rig)).toEqual([
      [
        "add",
        ...DIRECT,
        ...messages("REQUEST"),
        ...told(1, NO_PREFIX, 1000, 2000),
        ...COMMON,
        ...ASKED,
        ...FROM,
        ...told(2, NO_PREFIX, 1000, 2000),
        "CLNT_OPTION6=[generic]",
      ],
    ]);
  });

  test("Renew -> update, the prefix twice", () => {
    const rig = strict();
    const { client, held } = holder(rig);
    client.ask("renew", [pd(1, [held, 1000, 2000])], { options: [ASKING] });
    expect(calls(rig)).toEqual([
      [
        "update",
        ...DIRECT,
        ...messages("RENEW"),
        ...told(1, held, 1000, 2000),
        ...COMMON,
        ...ASKED,
        ...FROM,
        ...told(2, held, 1000, 2000),
        "CLNT_OPTION6=[generic]",
      ],
    ]);
  });

  test("Renew of an unknown IAID -> update, with the client's prefix only", () => {
    const rig = strict();
    const { client } = holder(rig);
    expect(client.renew(pd(9, NO_PREFIX))?.ias).toMatchObject([{ status: 3, leases: [] }]);
    expect(calls(rig)).toEqual([
      ["update", ...DIRECT, ...messages("RENEW"), ...COMMON, ...FROM, ...told(1, NO_PREFIX, 0, 0)],
    ]);
  });

  test("Rebind -> update; unlike Dibbler's it has the delegated prefix in it", () => {
    const rig = strict();
    const { client, held } = holder(rig);
    client.ask("rebind", [pd(1, [held, 1000, 2000])], { options: [ASKING] });
    expect(calls(rig)).toEqual([
      [
        "update",
        ...DIRECT,
        ...messages("REBIND"),
        ...told(1, held, 1000, 2000),
        ...COMMON,
        ...ASKED,
        `CLNT_OPTION1=${CLIENT}`,
        ...told(2, held, 1000, 2000),
        "CLNT_OPTION6=[generic]",
      ],
    ]);
  });

  test("Release -> delete, the removed prefix first of all, then the client's", () => {
    const rig = strict();
    const { client, held } = holder(rig);
    client.release(pd(1, held));
    expect(calls(rig)).toEqual([
      [
        "delete",
        ...told(1, held, 0, 0),
        ...DIRECT,
        ...messages("RELEASE"),
        ...COMMON,
        "SRV_OPTION13=[generic]",
        ...FROM,
        ...told(2, held, 0, 0),
      ],
    ]);
  });

  test("Release of what is not bound, by a known client -> delete all the same", () => {
    const rig = strict();
    const { client } = holder(rig);
    client.release(pd(9, NO_PREFIX));
    expect(calls(rig)).toEqual([
      [
        "delete",
        ...DIRECT,
        ...messages("RELEASE"),
        ...COMMON,
        "SRV_OPTION13=[generic]",
        ...FROM,
        ...told(1, NO_PREFIX, 0, 0),
      ],
    ]);
  });

  test("end of the valid lifetime -> expire, once", () => {
    const rig = strict();
    const { held } = holder(rig);
    rig.wait(3000);
    expect(calls(rig)).toEqual([
      [
        "expire",
        "IFINDEX=2",
        "IFACE=eth0",
        "REMOTE_ADDR=fe80::1",
        ...told(1, held, 0, 0),
        "IAID=1",
        `SRV_OPTION1=${CLIENT}`,
      ],
    ]);
  });

  test("the same of a relayed client -> expire without IFACE, with Dibbler's number for the link", () => {
    const block = behind("eth0", iface("relay1", [CLASS], { interfaceId: Uint8Array.of(7) }));
    const rig = strict(block);
    const hops: readonly Hop[] = [{ options: [option("interfaceId", Uint8Array.of(7))] }];
    const held = createClient(rig, 1, { hops, relay: "fe80::4" }).lease();
    expect(rig.hooks()).toMatchObject([{ action: "add", variables: { RELAYS: "1", IFACE: "relay1" } }]);
    rig.wait(3000);
    expect(calls(rig)).toEqual([
      [
        "expire",
        "IFINDEX=1024",
        "REMOTE_ADDR=fe80::4",
        ...told(1, held, 0, 0),
        "IAID=1",
        `SRV_OPTION1=${CLIENT}`,
      ],
    ]);
  });

  test("two IA_PDs without hints -> both prefixes, in the order of the answer", () => {
    const rig = strict();
    createClient(rig, 1).request(pd(1), pd(2));
    const [call] = rig.hooks();
    const numbers = Object.keys(call?.variables ?? {}).filter((key) => /^PREFIX\d+$/.test(key));
    expect([call?.action, call?.order.length, numbers]).toEqual(["add", 2, ["PREFIX1", "PREFIX2"]]);
    expect(call?.variables).toMatchObject({ PREFIX1VALID: "2000", PREFIX2VALID: "2000" });
  });

  test("one IA_PD with two hints -> PREFIX1 delegated, PREFIX2 and PREFIX3 the hints", () => {
    const rig = strict();
    createClient(rig, 1).request(pd(1, NO_PREFIX, "2001:db8:10ff:fe00::/56"));
    expect(rig.hooks()).toMatchObject([
      {
        variables: {
          PREFIX1: address(NO_PREFIX),
          PREFIX2: address(NO_PREFIX),
          PREFIX2VALID: "0",
          PREFIX3: "2001:db8:10ff:fe00::",
          PREFIX3VALID: "0",
        },
      },
    ]);
  });

  test("six IA_PDs and a limit of four -> what is refused leaves no trace", () => {
    const rig = strict(iface("eth0", [CLASS], { clientMaxLease: 4 }));
    createClient(rig, 1).request(...[1, 2, 3, 4, 5, 6].map((n) => pd(n)));
    const [call] = rig.hooks();
    const numbers = Object.keys(call?.variables ?? {}).filter((key) => /^PREFIX\d+$/.test(key));
    expect([call?.action, numbers]).toEqual(["add", ["PREFIX1", "PREFIX2", "PREFIX3", "PREFIX4"]]);
  });

  test("restart with live leases -> no call; expired meanwhile -> expire, once", () => {
    const rig = strict();
    const { held } = holder(rig);
    const again = rig.restart(undefined, 10);
    expect(calls(again)).toEqual([]);
    const late = again.restart(undefined, 3000);
    expect(late.hooks()).toMatchObject([{ action: "expire", order: [held] }]);
    late.wait(10);
    expect(calls(late)).toEqual([]);
  });

  test("an address counts apart from prefixes", () => {
    const rig = strict();
    createClient(rig, 1).request(na(1, "2001:db8:1::1/128"), pd(1));
    expect(rig.hooks()).toMatchObject([{ variables: { ADDR1: "2001:db8:1::1", PREFIX1VALID: "2000" } }]);
  });
});

describe("strict hooks: when Dibbler calls", () => {
  interface Row {
    readonly what: string;
    readonly ask: (client: TestClient) => unknown;
    readonly expected: readonly (readonly [action: string, message: string])[];
  }
  const EMPTY = iface("eth0", [], { options: [DNS] });
  const options = { options: [ASKING] };
  const rows: readonly Row[] = [
    { what: "Solicit", ask: (c) => c.solicit(pd(1)), expected: [] },
    { what: "Request with nothing to give", ask: (c) => c.request(pd(1)), expected: [["add", "REQUEST"]] },
    { what: "Request without IA", ask: (c) => c.request(), expected: [["add", "REQUEST"]] },
    { what: "Renew, NoBinding", ask: (c) => c.renew(pd(1, NO_PREFIX)), expected: [["update", "RENEW"]] },
    {
      what: "Information-request",
      ask: (c) => c.ask("informationRequest", [], options),
      expected: [["update", "INF-REQUEST"]],
    },
    {
      what: "Information-request for nothing that is configured",
      ask: (c) => c.ask("informationRequest", []),
      expected: [],
    },
    { what: "Release of an unknown client", ask: (c) => c.release(pd(1, NO_PREFIX)), expected: [] },
    { what: "Decline", ask: (c) => c.ask("decline", [na(1)]), expected: [] },
  ];

  test.each(rows.map((row) => [row.what, row] as const))("%s, where there is no class", (_what, row) => {
    const rig = strict(EMPTY);
    row.ask(createClient(rig, 1));
    expect(rig.hooks().map(({ action, variables }) => [action, variables["CLNT_MESSAGE"]])).toEqual(
      row.expected,
    );
  });

  test("Confirm that is answered -> add", () => {
    const rig = strict();
    createClient(rig, 1).ask("confirm", [pd(1, NO_PREFIX)]);
    expect(calls(rig)).toMatchObject(
      [["add", ...DIRECT, ...messages("CONFIRM"), ...told(1, NO_PREFIX, 0, 0), "SRV_OPTION13=[generic]"]].map(
        (expected) => expect.arrayContaining(expected) as unknown,
      ),
    );
  });

  test("a repeated Request, and one from another address -> add, and nothing else", () => {
    const rig = strict();
    const { client, held } = holder(rig);
    client.request(pd(1, held));
    createClient(rig, 1, { from: ip("fe80::77") }).request(pd(1, held));
    expect(rig.hooks()).toMatchObject([
      { action: "add", order: [held], variables: { REMOTE_ADDR: "fe80::1" } },
      { action: "add", order: [held], variables: { REMOTE_ADDR: "fe80::77" } },
    ]);
  });

  test("Solicit with Rapid Commit -> add, as in Dibbler 1.0.2", () => {
    const rig = strict(iface("eth0", [CLASS], { rapidCommit: true }));
    createClient(rig, 1).ask("solicit", [pd(1)], { options: [option("rapidCommit", null)] });
    expect(rig.hooks()).toMatchObject([{ action: "add", variables: { CLNT_MESSAGE: "SOLICIT" } }]);
  });
});
