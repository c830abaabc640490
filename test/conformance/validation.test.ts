import { describe, expect, test } from "vitest";
import { xid } from "../../shared/brand.js";
import { MESSAGE_CODE, messageTypeOf } from "../../shared/wire/codes.js";
import { encodeMessage } from "../../shared/wire/message.js";
import { option, rawOption } from "../../shared/wire/options.js";
import { createClient, createRig, na, pd, type Rig } from "../server/rig.js";
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
import { LINES, relayed, wants } from "./lines.js";

const eth0 = iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])], {
  subnets: [subnet("2001:db8:2000::/64")],
  addressClasses: [addressClass(["2001:db8:2000::100-2001:db8:2000::1ff"])],
  options: [option("dnsServers", [ip("2001:db8::53")])],
});
const LAN = configure([eth0]);
const stored = ({ records }: Rig): readonly string[] =>
  Array.from(records, ([id, record]) => `${id} ${Buffer.from(record).toString("hex")}`);

describe("conformance: validation", () => {
  test("S-VAL-01 Solicit without Client Identifier -> dropped", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    expect(client.ask("solicit", [pd(1)], { clientId: null })).toBeUndefined();
    expect(rig.logs()).toEqual(["SERVER-DROP-NO-CLIENT-ID"]);
    expect([rig.table.size, client.solicit(pd(1))?.type]).toEqual([0, "advertise"]);
  });

  test.each([
    ["this server", SERVER_ID],
    ["another one", OTHER_ID],
  ])("S-VAL-02 Solicit with the Server Identifier of %s -> dropped", (_whose, serverId) => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    expect(client.ask("solicit", [pd(1)], { serverId })).toBeUndefined();
    expect(rig.logs()).toEqual(["SERVER-DROP-UNEXPECTED-SERVER-ID"]);
    expect([rig.table.size, client.solicit(pd(1))?.type]).toEqual([0, "advertise"]);
  });

  test("S-VAL-03 Advertise, Reply, Reconfigure, Relay-reply -> dropped", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    for (const type of ["advertise", "reply", "reconfigure"] as const) {
      for (const serverId of [SERVER_ID, OTHER_ID]) {
        expect(client.ask(type, [pd(1)], { serverId }), type).toBeUndefined();
        expect(rig.logs(), type).toEqual(["SERVER-DROP-NOT-FOR-SERVERS"]);
      }
    }
    const event = relayed(createRig(LINES), 1).event("solicit", [pd(1)]);
    if (event.type !== "datagram") throw new Error("no datagram");
    const lines = createRig(LINES);
    expect(
      lines.give({ ...event, bytes: Uint8Array.of(MESSAGE_CODE.relayReply, ...event.bytes.subarray(1)) }),
    ).toEqual([]);
    expect(lines.logs()).toEqual(["SERVER-DROP-NOT-FOR-SERVERS"]);
    expect(lines.give(event)).toHaveLength(1);
    expect([rig.table.size, rig.hooks()]).toEqual([0, []]);
  });

  test("S-VAL-04 every type that is not assigned -> dropped, also behind a relay", () => {
    const unknown = Array.from({ length: 256 }, (_, code) => code).filter(
      (code) => messageTypeOf(code) === undefined,
    );
    expect(unknown.length).toBeGreaterThan(200);
    for (const code of unknown) {
      for (const make of [createClient, relayed]) {
        const rig = createRig(LINES);
        const client = make(rig, 1);
        const event = client.event("solicit", [pd(1)]);
        if (event.type !== "datagram") throw new Error("no datagram");
        const bytes = event.bytes.slice();
        // Direct: the first octet; relayed: behind 34 octets of header and 4 of Relay Message.
        bytes[make === relayed ? 38 : 0] = code;
        expect(rig.give({ ...event, bytes }), `${code}`).toEqual([]);
        expect(rig.logs()).toEqual(["SERVER-DROP-UNKNOWN-TYPE"]);
      }
    }
  });

  test("S-VAL-05 Solicit, Confirm, Rebind, Information-request by unicast -> dropped, allowed or not", () => {
    for (const config of [
      LAN,
      configure([{ ...eth0, unicast: ip("2001:db8::547") }]),
      configure([eth0], { dropUnicast: true }),
    ]) {
      const rig = createRig(config);
      const client = createClient(rig, 1);
      const held = client.lease();
      rig.logs();
      const rows = [
        ["solicit", [pd(1)]],
        ["confirm", [na(1, "2001:db8:2000::100/128")]],
        ["rebind", [pd(1, held)]],
        ["informationRequest", []],
      ] as const;
      for (const [type, ias] of rows) {
        const before = stored(rig);
        expect(client.ask(type, ias, { unicast: true }), type).toBeUndefined();
        expect([rig.logs(), stored(rig)], type).toEqual([["SERVER-DROP-UNICAST"], before]);
        expect(client.ask(type, ias)?.type, type).toBe(type === "solicit" ? "advertise" : "reply");
        rig.logs();
      }
    }
  });

  test("S-VAL-06 Request, Renew, Release, Decline by unicast without leave -> dropped, or UseMulticast if so configured; nothing changes", () => {
    for (const dropUnicast of [false, true]) {
      const rig = createRig(configure([eth0], { dropUnicast }));
      const client = createClient(rig, 1);
      client.request(pd(1), na(1));
      const [held, address] = rig.table.ofClient(client.duid).map((id) => rig.table.prefixOf(id));
      expect([held, address]).not.toContain(undefined);
      rig.hooks();
      rig.logs();
      const before = stored(rig);
      for (const type of ["request", "renew", "release", "decline"] as const) {
        rig.sleep(60);
        const answer = client.ask(type, [pd(1), pd(2), na(1)], { unicast: true, xid: 77 });
        if (dropUnicast)
          expect(answer).toMatchObject({ type: "reply", xid: 77, status: 5, codes: [1, 2, 13] });
        else expect(answer, type).toBeUndefined();
        expect(rig.logs(), type).toEqual([dropUnicast ? "SERVER-USE-MULTICAST" : "SERVER-DROP-UNICAST"]);
        expect([stored(rig), rig.table.size, rig.hooks()]).toEqual([before, 2, []]);
      }
    }
  });

  test("S-VAL-07 Relay-forward by unicast -> served", () => {
    const rig = createRig(LINES);
    const client = relayed(rig, 1);
    expect(client.ask("solicit", [pd(1)], { unicast: true })?.type).toBe("advertise");
    expect(client.ask("request", [pd(1)], { unicast: true })?.ias).toMatchObject([
      { leases: [{ valid: 2000 }] },
    ]);
    expect(rig.records.size).toBe(1);
  });

  test("S-VAL-08 an invalid message of each type -> no packet, no lease, and a good one is served", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    for (const type of ["request", "renew", "release", "decline"] as const) {
      for (const oddity of [{ serverId: null }, { serverId: OTHER_ID }, { clientId: null }]) {
        expect(client.ask(type, [pd(1), na(1)], oddity), type).toBeUndefined();
      }
    }
    for (const type of ["solicit", "confirm", "rebind"] as const) {
      for (const oddity of [{ serverId: SERVER_ID }, { clientId: null }]) {
        expect(client.ask(type, [pd(1), na(1, "2001:db8:2000::100/128")], oddity), type).toBeUndefined();
      }
    }
    expect([rig.table.size, rig.records.size, rig.hooks()]).toEqual([0, 0, []]);
    expect(client.request(pd(1))?.ias).toMatchObject([{ status: 0 }]);
  });

  test("S-VAL-09 options that do not belong in a client's message -> ignored, none of them sent back", () => {
    const strange = [
      option("preference", 255),
      option("unicast", ip("2001:db8::bad")),
      option("statusCode", { status: 1, text: new Uint8Array(0) }),
      rawOption(9, Uint8Array.of(1, 0, 0, 9)),
      option("interfaceId", Uint8Array.of(1, 2, 3)),
      option("reconfigureMessage", 5),
      rawOption(
        26,
        Uint8Array.from({ length: 25 }, (_, i) => (i === 8 ? 56 : 0x20)),
      ),
      rawOption(5, new Uint8Array(24).fill(0x20)),
      rawOption(32, Uint8Array.of(0, 0, 7, 8)),
      rawOption(82, Uint8Array.of(0, 0, 7, 8)),
    ];
    for (const odd of strange) {
      const rig = createRig(LAN);
      const client = createClient(rig, 1);
      const plain = client.ask("request", [pd(1)], { options: [wants(23)], xid: 5 });
      const answer = client.ask("request", [pd(1)], { options: [wants(23), odd], xid: 5 });
      expect(answer?.bytes, `option ${odd.name}`).toEqual(plain?.bytes);
      expect(plain?.codes).toEqual([1, 2, 25, 23]);
    }
    const bare = encodeMessage({ form: "message", type: "solicit", code: 1, xid: xid(1), options: strange });
    const event = createClient(createRig(LAN), 1).event("solicit", []);
    if (event.type !== "datagram") throw new Error("no datagram");
    expect(createRig(LAN).give({ ...event, bytes: bare })).toEqual([]);
  });
});
