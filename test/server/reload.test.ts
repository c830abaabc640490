import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import type { PdClass, Reservation, ServerConfig, ServerInterface } from "../../shared/config/types.js";
import type { Duid } from "../../shared/duid.js";
import { formatPrefix } from "../../shared/prefix.js";
import { option } from "../../shared/wire/options.js";
import { pieceAt } from "../../server/pool.js";
import { createClient, createRig, INDEXES, pd, prefixIn, type Rig } from "./rig.js";
import { configure, iface, pdClass, prefix } from "./settings.js";

const accepting = { options: [option("reconfigureAccept", null)] };

/** The server is told of another configuration, with all interfaces of the tests there. */
const reload = (rig: Rig, config: ServerConfig): void => {
  rig.give({ type: "configured", config, interfaces: INDEXES });
};

/** A server of /56s on eth0. */
const poolOf = (pool: string, settings: Partial<ServerConfig> = {}, more: Partial<ServerInterface> = {}) =>
  configure([iface("eth0", [pdClass(56, [pool])], more)], settings);

/** A reservation of a prefix for a client. */
const reserve = (client: Duid | undefined, kept: string): Reservation => ({
  selector: { by: "duid", duid: client ?? expect.fail() },
  prefix: prefix(kept),
  address: undefined,
  options: [],
  at: { line: 1, column: 1 },
});

describe("server: another configuration while it runs", () => {
  test("the same pool -> every lease is renewed as it is", () => {
    const rig = createRig(poolOf("2001:db8::/48"));
    const clients = [1, 2, 3].map((n) => createClient(rig, n));
    const held = clients.map((client) => client.lease());
    reload(rig, poolOf("2001:db8::/48", { script: "/other" }));
    expect(clients.map((client) => prefixIn(client.renew(pd(1))))).toEqual(held);
    expect(rig.table.size).toBe(3);
  });

  test("what is leased stays taken, in the pool before and in a larger one around it", () => {
    const rig = createRig(poolOf("2001:db8::/54"));
    const held = [1, 2, 3].map((n) => createClient(rig, n).lease());
    reload(rig, poolOf("2001:db8::/53"));
    const more = [4, 5, 6, 7, 8].map((n) => createClient(rig, n).lease());
    expect(new Set([...held, ...more]).size).toBe(8);
    expect(createClient(rig, 9).request(pd(1))?.ias[0]?.status).toBe(6);
  });

  test("another pool -> Renew withdraws the prefix and delegates one of the new pool", () => {
    const rig = createRig(poolOf("2001:db8::/48"));
    const client = createClient(rig, 1);
    const held = client.lease();
    reload(rig, poolOf("2001:db9::/48"));
    const leases = client.renew(pd(1, held))?.ias[0]?.leases ?? [];
    expect(leases.map(({ prefix, valid }) => [prefix.slice(0, 8), valid > 0])).toEqual([
      ["2001:db9", true],
      ["2001:db8", false],
    ]);
  });

  test("another pool -> the Reply to a Request withdraws the prefix, an Advertise says nothing of it", () => {
    const rig = createRig(poolOf("2001:db8::/48"));
    const client = createClient(rig, 1);
    client.lease();
    reload(rig, poolOf("2001:db9::/48"));
    const seen = (answer: ReturnType<typeof client.request>) =>
      (answer?.ias[0]?.leases ?? []).map(({ prefix, valid }) => [prefix.slice(0, 8), valid > 0]);
    expect(seen(client.solicit(pd(1)))).toEqual([["2001:db9", true]]);
    expect(seen(client.request(pd(1)))).toEqual([
      ["2001:db9", true],
      ["2001:db8", false],
    ]);
  });

  describe("the only prefix is reserved for another while it is leased", () => {
    const ONE = "2001:db8::/56";
    /** Its client has renewed a minute after it got it, and was told that it is over. */
    const withdrawn = () => {
      const free = poolOf(ONE);
      const owner = createClient(createRig(free), 9).duid;
      const reserved = poolOf(ONE, {}, { reservations: [reserve(owner, ONE)] });
      const rig = createRig(free);
      const client = createClient(rig, 1);
      client.lease();
      rig.wait(60);
      reload(rig, reserved);
      const leases = client.renew(pd(1, ONE))?.ias[0]?.leases;
      return { rig, client, leases, reserved };
    };
    const owner = (rig: Rig): string | undefined => prefixIn(createClient(rig, 9).request(pd(1)));

    test("it is withdrawn, and nobody's until the end that its client was told before, over a restart too", () => {
      const { rig, leases, reserved } = withdrawn();
      expect(leases).toMatchObject([{ prefix: ONE, valid: 0 }]);
      expect(rig.hooks().map(({ action }) => action)).toEqual(["add", "delete"]);
      expect(owner(rig)).toBeUndefined();
      const after = rig.restart(reserved, 1930);
      expect(owner(after)).toBeUndefined();
      after.wait(11);
      expect(owner(after)).toBe(ONE);
    });

    test.each(["renew", "rebind", "request"] as const)(
      "its client has not heard of it and sends another %s -> still nobody's",
      (ask) => {
        const { rig, client } = withdrawn();
        client[ask](pd(1, ONE));
        expect(owner(rig)).toBeUndefined();
      },
    );

    test("its client begins anew with a Solicit -> it is free", () => {
      const { rig, client } = withdrawn();
      client.solicit(pd(1, ONE));
      expect(owner(rig)).toBe(ONE);
    });

    test("reserved no more -> its client has it again", () => {
      const { rig, client } = withdrawn();
      reload(rig, poolOf(ONE));
      expect(prefixIn(client.renew(pd(1, ONE)))).toBe(ONE);
    });
  });

  test("an offer made before is kept for its client", () => {
    const rig = createRig(poolOf("2001:db8::/48"));
    const [one, other] = [createClient(rig, 1), createClient(rig, 2)];
    const offered = prefixIn(one.solicit(pd(1))) ?? "";
    reload(rig, poolOf("2001:db8::/48", {}, { preference: 1 }));
    expect(prefixIn(other.request(pd(1, offered)))).not.toBe(offered);
    expect(prefixIn(one.request(pd(1, offered)))).toBe(offered);
  });

  test("an interface more -> it is served; one less -> it is not, and its leases stay", () => {
    const both = configure([
      iface("eth0", [pdClass(56, ["2001:db8::/48"])]),
      iface("eth1", [pdClass(56, ["2001:db8:1::/48"])]),
    ]);
    const rig = createRig(poolOf("2001:db8::/48"));
    const far = createClient(rig, 2, { interfaceName: "eth1" });
    expect(far.request(pd(1))).toBeUndefined();
    reload(rig, both);
    const held = far.lease();
    reload(rig, poolOf("2001:db8::/48"));
    expect(far.renew(pd(1))).toBeUndefined();
    expect(rig.table.size).toBe(1);
    reload(rig, both);
    expect(prefixIn(far.renew(pd(1)))).toBe(held);
  });

  test("a pool that goes and comes again knows what is taken of it", () => {
    const rig = createRig(poolOf("2001:db8::/55"));
    const first = createClient(rig, 1).lease();
    reload(rig, poolOf("2001:db9::/55"));
    reload(rig, poolOf("2001:db8::/55"));
    const second = createClient(rig, 2).lease();
    expect([first, second].toSorted()).toEqual(["2001:db8:0:100::/56", "2001:db8::/56"]);
    expect(createClient(rig, 3).request(pd(1))?.ias[0]?.status).toBe(6);
  });

  test("a reservation that is gone -> its prefix is for everybody again, those that are leased stay so", () => {
    const [first, second] = [1, 9].map((n) => createClient(createRig(poolOf("2001:db8::/55")), n).duid);
    const reservations = [reserve(first, "2001:db8::/56"), reserve(second, "2001:db8:0:100::/56")];
    const rig = createRig(poolOf("2001:db8::/55", {}, { reservations }));
    expect(createClient(rig, 1).lease()).toBe("2001:db8::/56");
    expect(createClient(rig, 2).request(pd(1))?.ias[0]?.status).toBe(6);
    reload(rig, poolOf("2001:db8::/55"));
    expect(createClient(rig, 2).lease()).toBe("2001:db8:0:100::/56");
    expect(createClient(rig, 3).request(pd(1))?.ias[0]?.status).toBe(6);
  });

  test("a reservation -> its prefix goes to nobody else from then on", () => {
    const rig = createRig(poolOf("2001:db8::/55"));
    const owner = createClient(rig, 7);
    const reservation = reserve(owner.duid, "2001:db8:0:100::/56");
    reload(rig, poolOf("2001:db8::/55", {}, { reservations: [reservation] }));
    expect(createClient(rig, 1).lease()).toBe("2001:db8::/56");
    expect(createClient(rig, 2).request(pd(1))?.ias[0]?.status).toBe(6);
    expect(owner.lease()).toBe("2001:db8:0:100::/56");
  });

  test("another script -> it hears of every lease; the same one -> of none", () => {
    const rig = createRig(poolOf("2001:db8::/48"));
    const held = createClient(rig, 1).lease();
    rig.hooks();
    reload(rig, poolOf("2001:db8::/48"));
    rig.wait(1);
    expect(rig.hooks()).toEqual([]);
    reload(rig, poolOf("2001:db8::/48", { script: "/other" }));
    rig.wait(1);
    expect(rig.hooks().map(({ action, order }) => [action, order])).toEqual([["add", [held]]]);
    reload(rig, poolOf("2001:db8::/48", { script: undefined }));
    createClient(rig, 2).lease();
    expect(rig.hooks()).toEqual([]);
  });

  test("reconfigure-enabled: clients whose leases do not fit any more are asked to renew", () => {
    const rig = createRig(poolOf("2001:db8::/48", { reconfigure: true }));
    const client = createClient(rig, 1);
    client.ask("request", [pd(1)], accepting);
    rig.sent();
    reload(rig, poolOf("2001:db8::/48", { reconfigure: true }));
    rig.wait(1);
    expect(rig.sent()).toEqual([]);
    reload(rig, poolOf("2001:db9::/48", { reconfigure: true }));
    rig.wait(1);
    expect(rig.sent().map(({ answer }) => answer.type)).toEqual(["reconfigure"]);
  });

  test("a limit that has not changed goes on counting, another one begins anew", () => {
    const limited = (leases: number, clientMaxLease = 10) =>
      poolOf(
        "2001:db8::/48",
        {},
        {
          clientMaxLease,
          limits: { source: { leases, per: seconds(3600) }, relay: undefined, remoteId: undefined },
        },
      );
    const rig = createRig(limited(1));
    const from = createClient(rig, 1);
    from.lease(1);
    const isRefused = (iaid: number): boolean => from.request(pd(iaid))?.ias[0]?.status === 6;
    expect(isRefused(2)).toBe(true);
    reload(rig, limited(1, 20));
    expect(isRefused(2)).toBe(true);
    reload(rig, limited(2));
    expect(isRefused(2)).toBe(false);
  });

  test("what is remembered of clients goes on, the newest when there is less room", () => {
    const rig = createRig(poolOf("2001:db8::/48", { affinity: 10 }));
    const clients = [1, 2, 3].map((n) => createClient(rig, n));
    const hinted = ["2001:db8:0:100::/56", "2001:db8:0:200::/56", "2001:db8:0:300::/56"];
    clients.forEach((client, i) => {
      client.lease(1, hinted[i] ?? "");
      client.release(pd(1, hinted[i] ?? ""));
    });
    reload(rig, poolOf("2001:db8::/48", { affinity: 2 }));
    const again = clients.map((client) => client.lease());
    expect(again.slice(1)).toEqual(hinted.slice(1));
    expect(again[0]).not.toBe(hinted[0]);
  });

  const configs: readonly (readonly PdClass[])[] = [
    [pdClass(56, ["2001:db8::/52"])],
    [pdClass(60, ["2001:db8::/52"])],
    [pdClass(56, ["2001:db8::/51"]), pdClass(64, ["2001:db9::/60"])],
    [pdClass(54, ["2001:db8::/50"])],
  ];
  const happening = fc.record({
    client: fc.nat(40),
    does: fc.constantFrom("request", "renew", "release", "reload", "wait"),
    which: fc.nat(configs.length - 1),
  });

  test("whatever is reloaded in between, no address is delegated twice", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
        const rig = createRig(configure([iface("eth0", configs[0] ?? [])]));
        for (const { client, does, which } of happenings) {
          const one = createClient(rig, client);
          if (does === "reload") reload(rig, configure([iface("eth0", configs[which] ?? [])]));
          else if (does === "wait") rig.wait(300);
          else one.ask(does, [pd(1, ...held(rig, one.duid))]);
          expectNoOverlap(rig);
          expectMarks(rig);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** What the table says that a client has. */
const held = ({ table }: Rig, client: Duid): readonly string[] =>
  [...table.ofClient(client)].map((id) => formatPrefix(table.prefixOf(id)));

/** Of each pool the places are marked that a lease or an offer lies in, and no others. */
function expectMarks({ state, table }: Rig): void {
  for (const pool of state.network.pools) {
    const isTaken = (i: number): boolean => table.holder(pieceAt(pool, i)) !== undefined;
    const marked = Array.from({ length: pool.count }, (_, i) => pool.taken?.nextFree(i) !== i);
    expect(marked).toEqual(marked.map((_, i) => isTaken(i)));
  }
}

function expectNoOverlap(rig: Rig): void {
  rig.table.forEach((id) => {
    expect([...rig.table.holders(rig.table.prefixOf(id))]).toEqual([id]);
  });
}
