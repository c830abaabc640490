import { describe, expect, test } from "vitest";
import type { Reservation, ReservationSelector } from "../../shared/config/types.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { option } from "../../shared/wire/options.js";
import { type Answer } from "./answer.js";
import { createClient, createRig, na, pd, prefixIn } from "./rig.js";
import { addressClass, behind, configure, iface, ip, pdClass, prefix, range, subnet } from "./settings.js";

const INSIDE = "2001:db8:0:700::/56";
const OUTSIDE = "2001:db8:ffff::/48";
const { duid: FIRST } = createClient(createRig(configure([iface("eth0", [])])), 1);
const byDuid: ReservationSelector = { by: "duid", duid: FIRST };

/** A `client` block for client 1, unless another one is meant. */
const reserve = (given: Partial<Reservation>): Reservation => ({
  selector: byDuid,
  prefix: undefined,
  address: undefined,
  options: [],
  at: { line: 1, column: 1 },
  ...given,
});

const lan = (...reservations: readonly Reservation[]) =>
  configure([
    iface("eth0", [pdClass(56, ["2001:db8::/40"])], {
      addressClasses: [addressClass(["2001:db8:1::1-2001:db8:1::9"])],
      reservations,
      preferred: range(300),
      valid: range(600),
    }),
  ]);
const status = (answer: Answer | undefined, n = 0): number | undefined => answer?.ias[n]?.status;

describe("server: a prefix reserved for a client", () => {
  test("inside the pool -> it gets it, by Solicit and Request, with the times of the class; never another one", () => {
    const rig = createRig(lan(reserve({ prefix: prefix(INSIDE) })));
    const client = createClient(rig, 1);
    expect(prefixIn(client.solicit(pd(1)))).toBe(INSIDE);
    const answer = client.request(pd(1));
    expect(answer?.ias[0]?.leases).toEqual([{ prefix: INSIDE, preferred: 1000, valid: 2000 }]);
    for (let n = 2; n < 40; n++) expect(createClient(rig, n).lease(1, INSIDE)).not.toBe(INSIDE);
  });

  test("outside of it -> as long as written, with the times of the interface; renewed and kept over a restart", () => {
    const rig = createRig(lan(reserve({ prefix: prefix(OUTSIDE) })));
    const answer = createClient(rig, 1).request(pd(1));
    expect(answer?.ias[0]?.leases).toEqual([{ prefix: OUTSIDE, preferred: 300, valid: 600 }]);
    expect(prefixIn(createClient(rig, 1).renew(pd(1, OUTSIDE)))).toBe(OUTSIDE);
    const after = createClient(rig.restart(), 1);
    expect(after.rebind(pd(1, OUTSIDE))?.ias[0]?.leases).toMatchObject([{ prefix: OUTSIDE, valid: 600 }]);
  });

  test("whatever it hints at and however many others lease -> it is kept for it", () => {
    const tiny = configure([
      iface("eth0", [pdClass(56, ["2001:db8::/54"])], {
        reservations: [reserve({ prefix: prefix("2001:db8:0:100::/56") })],
      }),
    ]);
    const rig = createRig(tiny);
    const given = [2, 3, 4].map((n) => createClient(rig, n).lease());
    expect(given.toSorted()).toEqual(["2001:db8:0:200::/56", "2001:db8:0:300::/56", "2001:db8::/56"]);
    expect(status(createClient(rig, 5).request(pd(1)))).toBe(6);
    expect(createClient(rig, 1).lease(1, "2001:db8:0:200::/56")).toBe("2001:db8:0:100::/56");
  });

  test("a second IA_PD of the client -> a prefix of the pool (Dibbler gave it the same one again)", () => {
    const rig = createRig(lan(reserve({ prefix: prefix(INSIDE) })));
    const answer = createClient(rig, 1).request(pd(1), pd(2));
    expect(prefixIn(answer, 0)).toBe(INSIDE);
    expect(prefixIn(answer, 1)).toMatch(/^2001:db8.*\/56$/);
    expect(prefixIn(answer, 1)).not.toBe(INSIDE);
  });

  test("longer or shorter than the pieces of the pool -> no piece that touches it goes to others", () => {
    const config = (text: string) =>
      configure([
        iface("eth0", [pdClass(56, ["2001:db8::/54"])], {
          reservations: [reserve({ prefix: prefix(text) })],
        }),
      ]);
    const others = (text: string): readonly (number | undefined)[] => {
      const rig = createRig(config(text));
      return [2, 3, 4, 5].map((n) => status(createClient(rig, n).request(pd(1))));
    };
    expect(others("2001:db8:0:180::/60")).toEqual([0, 0, 0, 6]);
    expect(others("2001:db8::/55")).toEqual([0, 0, 6, 6]);
  });

  test("made while another client has it -> that one is moved at its Renew, the owner moves in at its end", () => {
    const rig = createRig(lan());
    const [owner, other] = [createClient(rig, 1), createClient(rig, 2)];
    const contested = other.lease();
    const old = owner.lease();
    const after = rig.restart(lan(reserve({ prefix: prefix(contested) })));
    const [ownerNow, otherNow] = [createClient(after, 1), createClient(after, 2)];
    expect(prefixIn(ownerNow.renew(pd(1, old)))).toBe(old);
    expect(otherNow.renew(pd(1, contested))?.ias[0]?.leases).toMatchObject([
      { valid: 2000 },
      { prefix: contested, preferred: 0, valid: 0 },
    ]);
    after.wait(1500);
    expect(prefixIn(ownerNow.renew(pd(1, old)))).toBe(old);
    after.wait(501);
    expect(ownerNow.renew(pd(1, old))?.ias[0]?.leases).toMatchObject([
      { prefix: contested, valid: 2000 },
      { prefix: old, preferred: 0, valid: 0 },
    ]);
  });

  test("taken out of the file -> lifetimes 0 at the Renew, and one of the pool beside it", () => {
    const rig = createRig(lan(reserve({ prefix: prefix(OUTSIDE) })));
    createClient(rig, 1).request(pd(1));
    const answer = createClient(rig.restart(lan()), 1).renew(pd(1, OUTSIDE));
    expect(answer?.ias[0]?.leases).toMatchObject([{ valid: 2000 }, { prefix: OUTSIDE, valid: 0 }]);
  });

  test("beyond client-max-lease -> given all the same", () => {
    const config = lan(reserve({ prefix: prefix(INSIDE) }));
    const rig = createRig(configure(config.interfaces.map((it) => ({ ...it, clientMaxLease: 0 }))));
    expect(prefixIn(createClient(rig, 1).request(pd(1)))).toBe(INSIDE);
    expect(status(createClient(rig, 2).request(pd(1)))).toBe(6);
    expect(rig.logs()).toContain("SERVER-CLIENT-LIMIT");
  });
});

describe("server: whom a reservation is for", () => {
  const line = (id: string, enterprise = 9) => option("remoteId", { enterprise, id: octetsOf(id) });
  const relayed = (reservation: Reservation, hops: Parameters<typeof createClient>[2]) => {
    const block = iface("line1", [pdClass(56, ["2001:db8::/40"])], {
      subnets: [subnet("2001:db8:a::/48")],
      reservations: [reservation],
    });
    return prefixIn(createClient(createRig(configure([behind("eth0", block)])), 5, hops).request(pd(1)));
  };
  const wanted = { prefix: prefix(INSIDE) };

  test("link-local: the client's own address, behind relays as well", () => {
    const selector: ReservationSelector = { by: "linkLocal", address: ip("fe80::5") };
    expect(createClient(createRig(lan(reserve({ selector, ...wanted }))), 5).lease()).toBe(INSIDE);
    const hops = [{ link: "2001:db8:a::1" }, {}];
    expect(relayed(reserve({ selector, ...wanted }), { hops })).toBe(INSIDE);
    expect(createClient(createRig(lan(reserve({ selector, ...wanted }))), 6).lease()).not.toBe(INSIDE);
  });

  test.each([
    ["the same enterprise and octets", [line("port1")], true],
    ["another enterprise", [line("port1", 10)], false],
    ["other octets", [line("port2")], false],
    ["none", [], false],
  ])("remote-id: %s -> %s", (_what, options, isMeant) => {
    const selector: ReservationSelector = { by: "remoteId", enterprise: 9, ids: [octetsOf("port1")] };
    const given = relayed(reserve({ selector, ...wanted }), { hops: [{ link: "2001:db8:a::1", options }] });
    expect(given === INSIDE).toBe(isMeant);
  });

  test("several fit -> the first in the file", () => {
    const second = reserve({
      selector: { by: "linkLocal", address: ip("fe80::1") },
      prefix: prefix(OUTSIDE),
    });
    expect(createClient(createRig(lan(reserve(wanted), second)), 1).lease()).toBe(INSIDE);
    expect(createClient(createRig(lan(second, reserve(wanted))), 1).lease()).toBe(OUTSIDE);
  });
});

describe("server: what else a reservation has", () => {
  test("an address -> in IA_NA, inside and outside of the pool; prefixes come from the pool", () => {
    for (const address of ["2001:db8:1::5", "2001:db8:9::9"]) {
      const rig = createRig(lan(reserve({ address: ip(address) })));
      const answer = createClient(rig, 1).request(na(1), pd(1));
      expect(prefixIn(answer, 0)).toBe(`${address}/128`);
      expect(prefixIn(answer, 1)).toMatch(/\/56$/);
      expect(prefixIn(createClient(rig, 1).renew(na(1, `${address}/128`)))).toBe(`${address}/128`);
      expect(prefixIn(createClient(rig, 2).request(na(1, `${address}/128`)))).not.toBe(`${address}/128`);
    }
  });

  test("an address outside of the subnets of the link -> requested, renewed, confirmed all the same", () => {
    const reserved = "2001:db8:9::9/128";
    const { interfaces } = lan(reserve({ address: prefix(reserved).address }));
    const rig = createRig(
      configure(interfaces.map((it) => ({ ...it, subnets: [subnet("2001:db8:1::/64")] }))),
    );
    const [owner, other] = [createClient(rig, 1), createClient(rig, 2)];
    const offered = prefixIn(owner.solicit(na(1))) ?? "";
    expect(prefixIn(owner.request(na(1, offered)))).toBe(reserved);
    expect(prefixIn(owner.renew(na(1, reserved)))).toBe(reserved);
    expect(owner.ask("confirm", [na(1, reserved)])?.status).toBe(0);
    expect([status(other.request(na(1, reserved))), other.ask("confirm", [na(1, reserved)])?.status]).toEqual(
      [4, 4],
    );
  });

  test("options -> instead of all those of the link; without any the link's hold", () => {
    const own = option("dnsServers", [ip("2001:db8::1")]);
    const common = [option("dnsServers", [ip("2001:db8::2")]), option("sntpServers", [ip("2001:db8::3")])];
    const config = configure([
      iface("eth0", [pdClass(56, ["2001:db8::/40"])], {
        options: common,
        reservations: [reserve({ options: [own] })],
      }),
    ]);
    const asked = (n: number) => {
      const asking = { options: [option("optionRequest", [23, 31])] };
      return createClient(createRig(config), n)
        .ask("request", [pd(1)], asking)
        ?.options.slice(3);
    };
    expect([asked(1), asked(2)]).toEqual([[own], common]);
  });
});
