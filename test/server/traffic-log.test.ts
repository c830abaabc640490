import { describe, expect, test } from "vitest";
import { TRAFFIC_LEVEL } from "../../server/traffic-log.js";
import { CATALOGUE, type LogId } from "../../shared/catalogue.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import type { ServerEvent } from "../../server/engine.js";
import { createClient, createRig, pd, type Rig } from "./rig.js";
import { configure, iface, ip, pdClass } from "./settings.js";

const IDS: readonly LogId[] = ["SERVER-RECEIVED", "SERVER-SENDING"];

const link = (over?: string): ServerConfig["interfaces"][number] =>
  over === undefined
    ? iface("eth0", [pdClass(64, ["2001:db8::/48"])])
    : iface("olt", [pdClass(64, ["2001:db8:1::/48"])], {
        relay: { over: { name: over }, named: undefined },
        subnets: [{ first: ip("2001:db8:2::"), last: ip("2001:db8:2::ff") }],
      });

const server = (level: number, ...interfaces: ServerConfig["interfaces"]): Rig =>
  createRig(configure(interfaces, { log: { level, mode: "full", name: "Server", colors: false } }));

/** What it logs of the traffic at an event, as it stands in the log. */
const told = (rig: Rig, event: ServerEvent): readonly string[] =>
  rig.watch(event).flatMap((action) => {
    if (action.type !== "log" || !IDS.includes(action.id)) return [];
    return [fillTemplate(CATALOGUE[action.id].text, action.values)];
  });

describe("what a server logs of each message: Dibbler's lines, for tools that count them", () => {
  test("a client's Solicit", () => {
    const rig = server(TRAFFIC_LEVEL, link());
    expect(told(rig, createClient(rig, 1).event("solicit", [pd(1)], { xid: 0xa0b01 }))).toEqual([
      "Received SOLICIT on eth0/2, trans-id=0xa0b01, 2 opts: 1 25 (non-relayed)",
      "Sending ADVERTISE on eth0/2,transID=0xa0b01, opts: 1 2 25, 0 relay(s).",
    ]);
  });

  test("a relayed Request: the interface that it came by, the link it belongs to", () => {
    const rig = server(8, link("eth1"));
    const client = createClient(rig, 1, { interfaceName: "eth1", hops: [{ link: "2001:db8:2::1" }] });
    const [received, sending] = told(rig, client.event("request", [pd(1)], { xid: 1 }));
    expect(received).toBe("Received REQUEST on eth1/3, trans-id=0x1, 3 opts: 1 2 25 (olt/1024, 1 relay(s))");
    expect(sending).toMatch(/^Sending REPLY on eth1\/3,transID=0x1, opts: [\d ]+, 1 relay\(s\)\.$/);
  });

  test("a message that gets no answer is told of all the same", () => {
    const rig = server(8, link());
    const foreign = createClient(rig, 1).event("request", [pd(1)], { xid: 1, serverId: null });
    expect(told(rig, foreign)).toEqual([
      "Received REQUEST on eth0/2, trans-id=0x1, 2 opts: 1 25 (non-relayed)",
    ]);
  });

  test("with a log-level below theirs: nothing, not even the values", () => {
    const rig = server(TRAFFIC_LEVEL - 1, link());
    expect(told(rig, createClient(rig, 1).event("solicit", [pd(1)]))).toEqual([]);
  });

  test("that level is the one of the rows", () => {
    expect(IDS.map((id) => CATALOGUE[id].level)).toEqual([TRAFFIC_LEVEL, TRAFFIC_LEVEL]);
  });
});
