import { describe, expect } from "vitest";
import { formatDuid } from "../../shared/duid.js";
import { createClient, na, pd, ta } from "../server/rig.js";
import { configure, iface, OTHER_ID, pdClass, SERVER_ID } from "../server/settings.js";
import { row } from "./row.js";
import {
  ADDRESS,
  expectDropped,
  expectOddityDropped,
  FREE,
  liveIn,
  OTHER_ADDRESS,
  POOL,
  start,
  stored,
  TWO_LINKS,
} from "./setup.js";

const SUCCESS = 0;
const NOT_ON_LINK = 4;
/** An address of eth0 that the server did not give: that it is on the link is all that counts. */
const OWN_ADDRESS = "2001:db8:2000::abcd/128";

describe("server, Confirm", () => {
  row("S-CNF-01", () => {
    const client = createClient(start(), 1);
    const asked = [[na(1, ADDRESS)], [na(1, ADDRESS, OWN_ADDRESS), na(2, ADDRESS)], [ta(1, OWN_ADDRESS)]];
    for (const ias of asked) {
      expect(client.ask("confirm", ias, { xid: 0x90909 })).toMatchObject({
        type: "reply",
        xid: 0x90909,
        clientId: formatDuid(client.duid),
        serverId: formatDuid(SERVER_ID),
        status: SUCCESS,
        ias: [],
      });
    }
  });

  row("S-CNF-02", () => {
    const client = createClient(start(TWO_LINKS), 1);
    for (const wrong of [OTHER_ADDRESS, "2001:db8:dead::1/128", "fe80::1/128", "ff02::1/128"]) {
      expect(client.ask("confirm", [na(1, wrong)]), wrong).toMatchObject({
        type: "reply",
        status: NOT_ON_LINK,
        ias: [],
      });
    }
  });

  row("S-CNF-03", () => {
    const rig = start();
    const client = createClient(rig, 1);
    for (const ias of [[], [na(1)], [na(1), na(2), ta(3)]]) expectDropped(rig, client, "confirm", ias, {});
    expect(client.ask("confirm", [na(1), na(2, ADDRESS)])?.status, "one is enough").toBe(SUCCESS);
  });

  row("S-CNF-04", () => {
    const rig = start();
    expectOddityDropped(rig, createClient(rig, 1), "confirm", [na(1, ADDRESS)], { clientId: null });
  });

  row("S-CNF-05", () => {
    const rig = start();
    const client = createClient(rig, 1);
    for (const serverId of [SERVER_ID, OTHER_ID]) {
      expectOddityDropped(rig, client, "confirm", [na(1, ADDRESS)], { serverId });
    }
  });

  row("S-CNF-06", () => {
    const rig = start();
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    for (const named of [FREE, "2001:db8:1100:700::/56", "fe80::/64", "2001:db8:2000::/64"]) {
      expectDropped(rig, client, "confirm", [pd(1, named)], {});
    }
  });

  row("S-CNF-07", () => {
    const client = createClient(start(TWO_LINKS), 1);
    const cases = [
      [na(1, ADDRESS, OTHER_ADDRESS)],
      [na(1, OTHER_ADDRESS, ADDRESS)],
      [na(1, ADDRESS), na(2, OTHER_ADDRESS)],
      [na(1, ADDRESS), ta(1, OTHER_ADDRESS)],
    ];
    for (const ias of cases) {
      expect(client.ask("confirm", ias)).toMatchObject({ type: "reply", status: NOT_ON_LINK, ias: [] });
    }
  });

  row("S-CNF-08", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const [address = "", delegated = ""] = liveIn(client.request(na(1), pd(1)));
    const before = stored(rig);
    const answer = client.ask("confirm", [na(1, address), pd(1, delegated)]);
    expect(answer).toMatchObject({ type: "reply", status: SUCCESS, ias: [] });
    expect(stored(rig), "nothing is extended").toEqual(before);
  });

  row("S-CNF-09", () => {
    const rig = start(configure([iface("eth0", [pdClass(56, [POOL])])]));
    const client = createClient(rig, 1);
    for (const address of [ADDRESS, "2001:db8:dead::1/128"]) {
      expectDropped(rig, client, "confirm", [na(1, address)], {});
    }
  });
});
