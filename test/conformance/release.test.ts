import { describe, expect } from "vitest";
import { formatDuid } from "../../shared/duid.js";
import { findAll } from "../../shared/wire/options.js";
import { createClient, pd } from "../server/rig.js";
import { configure, OTHER_ID, pdClass, SERVER_ID } from "../server/settings.js";
import { row } from "./row.js";
import {
  ALSO_FREE,
  ELSEWHERE,
  eth0,
  expectOddityDropped,
  FREE,
  leasesOf,
  liveIn,
  start,
  stored,
  whole,
  withPrefixes,
} from "./setup.js";

const STATUS_CODE = 13;
const SUCCESS = 0;
const NO_BINDING = 3;

describe("server, Release: of what is bound", () => {
  row("S-REL-01", () => {
    const rig = start(withPrefixes(1));
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    const held = a.lease();
    expect(liveIn(b.request(pd(1))), "before").toEqual([]);
    a.release(pd(1, held));
    expect(liveIn(b.request(pd(1))), "after").toEqual([held]);
  });

  row("S-REL-03", () => {
    const client = createClient(start(), 1);
    const answer = client.ask("release", [pd(1, client.lease())], { xid: 0x31313 });
    expect(answer).toMatchObject({
      type: "reply",
      xid: 0x31313,
      clientId: formatDuid(client.duid),
      serverId: formatDuid(SERVER_ID),
    });
    expect(answer?.status ?? SUCCESS).toBe(SUCCESS);
    expect(answer?.ias.filter(({ status = SUCCESS }) => status !== SUCCESS)).toEqual([]);
    expect(liveIn(answer)).toEqual([]);
  });

  row("S-REL-04", () => {
    const client = createClient(start(), 1);
    const answer = client.release(pd(1, client.lease()));
    expect(answer?.codes.filter((code) => code === STATUS_CODE)).toHaveLength(1);
    expect(answer?.status).toBe(SUCCESS);
  });

  row("S-REL-11", () => {
    const rig = start();
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    client.lease(2, ALSO_FREE);
    client.release(pd(1, FREE));
    expect(leasesOf(client.renew(pd(2, ALSO_FREE)))).toEqual([whole(ALSO_FREE)]);
    expect(liveIn(createClient(rig, 2).request(pd(1, FREE))), "the released one is free").toEqual([FREE]);
  });

  row("S-REL-12", () => {
    const rig = start();
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    const before = stored(rig);
    for (const other of [ALSO_FREE, ELSEWHERE, FREE.replace("/56", "/60")]) {
      expect(client.release(pd(1, other)), other).toMatchObject({ type: "reply", status: SUCCESS });
      expect(stored(rig), other).toEqual(before);
    }
    expect(client.release(pd(1)), "naming none").toMatchObject({ type: "reply", status: SUCCESS });
    expect(stored(rig), "naming none").toEqual(before);
    expect(leasesOf(client.renew(pd(1, FREE)))).toEqual([whole(FREE)]);
  });

  row("S-REL-15", () => {
    const pools = ["2001:db8:1000::/48", "2001:db8:1001::/48", "2001:db8:1002::/48"];
    const rig = start(configure([eth0({ pdClasses: [pdClass(56, pools)] })]));
    const client = createClient(rig, 1);
    const [first = "", second = "", third = ""] = liveIn(client.request(pd(1)));
    expect(stored(rig)).toHaveLength(3);
    expect(client.release(pd(1, second))).toMatchObject({ status: SUCCESS, ias: [] });
    expect(leasesOf(client.renew(pd(1, first, third)))).toEqual([whole(first), whole(third)]);
    expect(liveIn(createClient(rig, 2).request(pd(1, second))), "the released one is free").toContain(second);
  });
});

describe("server, Release: what is dropped", () => {
  row("S-REL-07", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expectOddityDropped(rig, client, "release", [pd(1, client.lease())], { serverId: null });
  });

  row("S-REL-08", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expectOddityDropped(rig, client, "release", [pd(1, client.lease())], { serverId: OTHER_ID });
  });

  row("S-REL-09", () => {
    const rig = start();
    const client = createClient(rig, 1);
    expectOddityDropped(rig, client, "release", [pd(1, client.lease())], { clientId: null });
  });
});

describe("server, Release: of what is not bound", () => {
  row("S-REL-02", () => {
    const rig = start();
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.lease(1, FREE);
    b.lease(1, ALSO_FREE);
    const before = stored(rig);
    b.release(pd(1, FREE));
    createClient(rig, 3).release(pd(1, FREE));
    expect(stored(rig)).toEqual(before);
    expect(leasesOf(a.renew(pd(1, FREE)))).toEqual([whole(FREE)]);
  });

  row("S-REL-05", () => {
    const rig = start();
    const client = createClient(rig, 1);
    client.lease(1, FREE);
    const answer = client.release({ ...pd(9, FREE), t1: 7, t2: 9 });
    const ias = findAll(answer?.options ?? [], "iaPd");
    expect(ias).toMatchObject([{ iaid: 9, t1: 0, t2: 0, options: [{ value: { status: NO_BINDING } }] }]);
    expect(ias[0]?.options.map(({ name }) => name)).toEqual(["statusCode"]);
    expect(leasesOf(client.renew(pd(1, FREE))), "its own stays").toEqual([whole(FREE)]);
  });

  row("S-REL-06", () => {
    const rig = start();
    expect(createClient(rig, 1).release(pd(1, FREE))).toMatchObject({
      type: "reply",
      ias: [{ type: "pd", iaid: 1, status: NO_BINDING, leases: [] }],
    });
    expect(stored(rig)).toEqual([]);
  });

  row("S-REL-10", () => {
    const client = createClient(start(), 1);
    const event = [pd(1, client.lease())] as const;
    expect(client.ask("release", event, { xid: 5 })).toMatchObject({ status: SUCCESS, ias: [] });
    expect(client.ask("release", event, { xid: 5 })).toMatchObject({
      type: "reply",
      ias: [{ iaid: 1, status: NO_BINDING, leases: [] }],
    });
  });

  row("S-REL-13", () => {
    const rig = start(withPrefixes(1));
    const [client, other] = [createClient(rig, 1), createClient(rig, 2)];
    const held = client.lease();
    client.release(pd(1, held));
    expect(client.renew(pd(1, held))?.ias, "free: a fresh lease").toMatchObject([{ leases: [whole(held)] }]);
    client.release(pd(1, held));
    other.lease();
    expect(client.renew(pd(1, held))?.ias, "gone to another").toMatchObject([
      { status: NO_BINDING, leases: [] },
    ]);
  });

  row("S-REL-14", () => {
    const rig = start();
    const client = createClient(rig, 1);
    const answer = client.release(pd(1, client.lease()), pd(2, ELSEWHERE));
    expect(answer).toMatchObject({ type: "reply", status: SUCCESS });
    expect(answer?.ias).toMatchObject([{ iaid: 2, status: NO_BINDING, leases: [] }]);
    expect(stored(rig)).toEqual([]);
  });
});
