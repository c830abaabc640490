import { describe, expect, test } from "vitest";
import { type Option, option } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, pd, prefixIn, type TestClient } from "../server/rig.js";
import { configure, iface, ip, pdClass, SERVER_ID } from "../server/settings.js";
import { givenIn, LINES, relayed, RELAY2, wants } from "./lines.js";

const DNS = option("dnsServers", [ip("2001:db8::53")]);
const eth0 = iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])], { rapidCommit: true, options: [DNS] });
const RAPID = configure([eth0]);
const hurry = (client: TestClient, ...options: readonly Option[]): Answer | undefined =>
  client.ask("solicit", [pd(1)], { options: [option("rapidCommit", null), ...options] });

describe("conformance: Rapid Commit and Preference", () => {
  test("S-RC-01 Solicit with Rapid Commit -> Reply with it and a prefix that is bound: Renew extends it", () => {
    const rig = createRig(RAPID);
    const client = createClient(rig, 1);
    const answer = hurry(client);
    expect(answer).toMatchObject({ type: "reply", codes: [1, 2, 14, 25], ias: [{ iaid: 1, status: 0 }] });
    expect(rig.records.size).toBe(1);
    const held = prefixIn(answer) ?? "";
    rig.wait(600);
    expect(client.renew(pd(1, held))?.ias[0]?.leases).toEqual([
      { prefix: held, preferred: 1000, valid: 2000 },
    ]);
    expect(createClient(rig.restart(), 1).renew(pd(1))?.ias[0]?.leases).toMatchObject([{ prefix: held }]);
  });

  test("S-RC-02 Rapid Commit allowed, Solicit without it -> Advertise, nothing bound", () => {
    const rig = createRig(RAPID);
    expect(createClient(rig, 1).solicit(pd(1))).toMatchObject({ type: "advertise", codes: [1, 2, 25] });
    expect(rig.records.size).toBe(0);
  });

  test("S-RC-03 preference 255 -> in the Advertise, not in a Reply", () => {
    const rig = createRig(configure([{ ...eth0, preference: 255 }]));
    const client = createClient(rig, 1);
    expect(client.solicit(pd(1))?.options).toContainEqual(option("preference", 255));
    expect(client.request(pd(1))?.codes).toEqual([1, 2, 25]);
  });

  test("S-RC-04 relayed, Solicit with Rapid Commit -> Relay-reply with a Reply that has it; bound", () => {
    const rig = createRig(LINES);
    const answer = hurry(relayed(rig, 1, RELAY2));
    expect(answer).toMatchObject({ type: "reply", to: "fe80::ee port 547 over eth0", codes: [1, 2, 14, 25] });
    expect(answer?.path).toHaveLength(1);
    expect(givenIn(answer)).toHaveLength(1);
    expect(rig.records.size).toBe(1);
  });

  test("S-RC-05 with an Option Request -> the Reply has both identifiers and what is asked", () => {
    const answer = hurry(createClient(createRig(RAPID), 1), wants(23));
    expect(answer).toMatchObject({ type: "reply", codes: [1, 2, 14, 25, 23] });
    expect(answer?.options[1]).toEqual(option("serverId", SERVER_ID));
    expect(answer?.options[4]).toEqual(DNS);
  });

  test("S-RC-06 the pool is used up -> NoPrefixAvail, nothing bound", () => {
    const rig = createRig(configure([{ ...eth0, pdClasses: [pdClass(56, ["2001:db8:1000::/56"])] }]));
    createClient(rig, 1).lease();
    const answer = hurry(createClient(rig, 2));
    expect(["advertise", "reply"]).toContain(answer?.type);
    expect(answer?.ias).toMatchObject([{ iaid: 1, status: 6, leases: [] }]);
    expect([rig.table.size, rig.records.size]).toEqual([1, 1]);
  });

  test("S-RC-07 allowed on one of two links -> Reply there, Advertise on the other", () => {
    const eth1 = iface("eth1", [pdClass(56, ["2001:db8:2000::/40"])]);
    const rig = createRig(configure([eth0, eth1]));
    const [one, other] = ["eth0", "eth1"].map((interfaceName, n) =>
      hurry(createClient(rig, n, { interfaceName })),
    );
    expect(one).toMatchObject({ type: "reply", to: "fe80:: port 546 over eth0", codes: [1, 2, 14, 25] });
    expect(other).toMatchObject({ type: "advertise", to: "fe80::1 port 546 over eth1", codes: [1, 2, 25] });
    expect(rig.records.size).toBe(1);
  });
});
