import { describe, expect } from "vitest";
import { formatDuid } from "../../shared/duid.js";
import { createClient, na, pd } from "../server/rig.js";
import { addressClass, configure, OTHER_ID, SERVER_ID } from "../server/settings.js";
import { row } from "./row.js";
import { ADDRESS, eth0, expectOddityDropped, FREE, leasesOf, liveIn, start, stored, whole } from "./setup.js";

describe("server, Decline", () => {
  row("S-DEC-01", () => {
    const rig = start(
      configure([eth0({ addressClasses: [addressClass(["2001:db8:2000::100-2001:db8:2000::100"])] })]),
    );
    const [client, other] = [createClient(rig, 1), createClient(rig, 2)];
    expect(liveIn(client.request(na(1)))).toEqual([ADDRESS]);
    expect(client.ask("decline", [na(1, ADDRESS)])).toMatchObject({
      type: "reply",
      clientId: formatDuid(client.duid),
      serverId: formatDuid(SERVER_ID),
      status: 0,
      ias: [],
    });
    for (const [asker, n] of [
      [client, 1],
      [client, 2],
      [other, 1],
    ] as const) {
      expect(liveIn(asker.solicit(na(n))), "not offered").toEqual([]);
      expect(asker.request(na(n, ADDRESS))?.ias, "not given").toMatchObject([{ status: 2, leases: [] }]);
      expect(liveIn(asker.renew(na(n, ADDRESS))), "not extended").toEqual([]);
    }
    rig.wait(7100);
    expect(liveIn(rig.restart().give(other.event("request", [na(1)]))[0]), "nor after a restart").toEqual([]);
    rig.wait(200);
    expect(liveIn(other.request(na(1))), "two hours later").toEqual([ADDRESS]);
  });

  row("S-DEC-02", () => {
    const rig = start();
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    const [address = ""] = liveIn(client.request(na(1)));
    const before = stored(rig);
    const answer = client.ask("decline", [pd(1, FREE)]);
    expect(liveIn(answer)).toEqual([]);
    expect(stored(rig)).toEqual(before);
    client.ask("decline", [pd(1, FREE), na(1, address)]);
    expect(leasesOf(client.renew(pd(1, FREE))), "beside an address").toEqual([whole(FREE)]);
    expect(liveIn(createClient(rig, 2).request(pd(1, FREE)))).not.toContain(FREE);
  });

  row("S-DEC-03", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const [address = ""] = liveIn(client.request(na(1)));
    expectOddityDropped(rig, client, "decline", [na(1, address)], { serverId: null });
  });

  row("S-DEC-04", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const [address = ""] = liveIn(client.request(na(1)));
    expectOddityDropped(rig, client, "decline", [na(1, address)], { serverId: OTHER_ID });
  });

  row("S-DEC-05", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const [address = ""] = liveIn(client.request(na(1)));
    expectOddityDropped(rig, client, "decline", [na(1, address)], { clientId: null });
  });

  row("S-DEC-06", () => {
    const rig = start();
    const holder = createClient(rig, 2);
    const [address = ""] = liveIn(holder.request(na(1)));
    expect(createClient(rig, 1).ask("decline", [na(4, address)])).toMatchObject({
      type: "reply",
      ias: [{ type: "na", iaid: 4, status: 3, leases: [] }],
    });
    expect(leasesOf(holder.renew(na(1, address))), "its holder keeps it").toEqual([whole(address)]);
  });
});
