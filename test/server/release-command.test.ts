import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { option } from "../../shared/wire/options.js";
import { createControlService } from "../../server/control.js";
import type { ServerEvent } from "../../server/engine.js";
import { decideRelease, RELEASE_LIMIT, releaseRequest, toConfirm } from "../../server/release-command.js";
import { createClient, createRig, na, pd, prefixIn, type Rig } from "./rig.js";
import { addressClass, configure, iface, pdClass, prefix } from "./settings.js";

const FIRST = "00:03:00:01:02:00:00:00:00:01";
const accepting = { options: [option("reconfigureAccept", null)] };
const link = iface("eth0", [pdClass(56, ["2001:db8::/32"])], { clientMaxLease: 100_000 });

/** A server whose first client has so many leases, and whose second has one. */
function serve(count: number, config = configure([link])): Rig {
  const rig = createRig(config);
  for (let n = 1; n <= count; n++) createClient(rig, 1).request(pd(n));
  createClient(rig, 2).request(pd(1));
  return rig;
}

const decide = (rig: Rig, subject: unknown, expected?: number) =>
  decideRelease(
    rig.state,
    { command: "release", subject, ...(expected === undefined ? {} : { expected }) },
    { now: rig.now(), iso: String, local: String },
  );

/** Carries out a command as the server would; gives the sentence. */
function carryOut(rig: Rig, subject: string, expected?: number): string {
  const { answer, event } = decide(rig, subject, expected);
  if (event !== undefined) rig.give(event);
  return answer.ok ? answer.message : answer.error;
}

describe("release: what it comes to", () => {
  test("one lease -> it ends: free at once, the script is told, and the log, and the store", () => {
    const rig = serve(1);
    const held = createClient(rig, 1).lease();
    rig.logs();
    rig.hooks();
    expect(carryOut(rig, FIRST)).toBe(
      `1 lease ends now:\n  ${held} of ${FIRST}, bound, ends in 33m 20s\nA client is not told: it uses ` +
        "its lease until it renews, and then has it again if it is free by then.",
    );
    expect(rig.logs()).toEqual(["SERVER-LEASE-ENDED"]);
    const [call, ...others] = rig.hooks();
    expect(others).toEqual([]);
    expect(call).toMatchObject({ action: "delete", variables: { REASON: "operator", CLNT_DUID: FIRST } });
    expect([rig.table.holder(prefix(held)), rig.records.size]).toEqual([undefined, 1]);
  });

  test("several -> told, with nothing changed; confirmed -> ended; another number by then -> nothing", () => {
    const rig = serve(3);
    const { answer, event } = decide(rig, FIRST);
    expect(event).toBeUndefined();
    expect(answer.ok && answer.message.split("\n")[0]).toBe("3 leases would end:");
    expect(answer.ok && toConfirm(answer.data)).toBe(3);
    expect(carryOut(rig, FIRST, 2)).toBe("now there are 3 such leases, not 2; nothing was ended");
    expect(rig.table.size).toBe(4);
    expect(carryOut(rig, FIRST, 3).split("\n")).toHaveLength(4);
    expect([rig.table.size, rig.records.size]).toEqual([1, 1]);
  });

  test("very many -> twenty are shown; too many -> refused", () => {
    expect(carryOut(serve(25), "2001:db8::/32").split("\n").slice(20, 22)).toEqual([
      expect.stringContaining(" of 00:03") as string,
      "  and 6 more",
    ]);
    const { answer } = decide(serve(RELEASE_LIMIT + 1), FIRST);
    expect(answer).toEqual({ ok: false, error: "that would end 10001 leases; 10000 at a time are allowed" });
  });

  test("what is in quarantine, and declined addresses: free at once, and no call for them", () => {
    const addresses = {
      addressClasses: [addressClass(["2001:db8::1-2001:db8::9"])],
      quarantine: seconds(900),
    };
    const rig = createRig(configure([{ ...link, ...addresses }]));
    const client = createClient(rig, 1);
    client.release(pd(1, client.lease()));
    const address = prefixIn(client.request(na(2))) ?? "";
    client.ask("decline", [na(2, address)]);
    expect(rig.table.size).toBe(2);
    rig.hooks();
    carryOut(rig, FIRST, 2);
    expect([rig.table.size, rig.records.size, rig.hooks()]).toEqual([0, 0, []]);
  });

  test("a client that can be asked with Reconfigure -> how", () => {
    const rig = createRig(configure([link], { reconfigure: true }));
    createClient(rig, 1).ask("request", [pd(1)], accepting);
    expect(carryOut(rig, FIRST)).toContain(`"dibbler-server reconfigure ${FIRST}" lets it renew at once.`);
  });

  test("a lease that has changed hands since it was chosen stays", () => {
    const rig = serve(1);
    const { event } = decide(rig, FIRST);
    const client = createClient(rig, 1);
    client.release(pd(1, client.lease()));
    createClient(rig, 9).request(pd(1));
    if (event !== undefined) rig.give(event);
    expect(rig.table.size).toBe(2);
  });

  test("a commit that fails -> the lease is there again, and the event works again", () => {
    const rig = serve(1);
    const { event } = decide(rig, FIRST);
    if (event === undefined) throw new Error("nothing to do");
    rig.giveInVain(event);
    expect(rig.table.size).toBe(2);
    rig.give(event);
    expect(rig.table.size).toBe(1);
  });

  const offering = createRig(configure([link]));
  const offered = prefixIn(createClient(offering, 1).solicit(pd(1))) ?? "";
  const leasing = serve(1);
  const leased = createClient(leasing, 1).lease();
  test.each<readonly [string, Rig, unknown, string]>([
    ["a client without lease", serve(0), FIRST, `client ${FIRST} has no lease`],
    ["a prefix that is free", serve(0), "2001:db9::/56", "2001:db9::/56 is not leased"],
    ["an offer", offering, offered, `${offered} is only offered: that is over in a minute at most`],
    [
      "a part of a lease",
      leasing,
      leased.replace("/56", "/64"),
      `is a part of the lease ${leased}; name that one`,
    ],
    [
      "an address in one",
      leasing,
      leased.replace("/56", "1"),
      `is a part of the lease ${leased}; name that one`,
    ],
    ["no subject", leasing, undefined, "the subject is neither a prefix"],
    ["junk", leasing, "all", '"all" is neither a prefix'],
  ])("%s -> refused, no event", (_what, rig, subject, sentence) => {
    const { answer, event } = decide(rig, subject);
    expect(answer).toEqual({ ok: false, error: expect.stringContaining(sentence) as string });
    expect(event).toBeUndefined();
  });
});

describe("release: the request", () => {
  test.each([
    [FIRST, undefined, { command: "release", subject: FIRST }],
    ["2001:db8::/56", 3, { command: "release", subject: "2001:db8::/56", expected: 3 }],
  ])("%s", (subject, expected, request) => {
    expect(releaseRequest(subject, expected)).toEqual(request);
  });

  test("junk -> a sentence; data of another kind -> nothing to confirm", () => {
    expect(releaseRequest("all")).toContain('"all" is neither');
    expect([undefined, null, 3, {}, { confirm: "3" }].map(toConfirm)).toEqual([0, 0, 0, 0, 0]);
  });

  test("only the one that does something is logged", () => {
    const rig = serve(2);
    const [events, logs]: [ServerEvent[], unknown[]] = [[], []];
    const { handle } = createControlService({
      state: rig.state,
      push: (event) => events.push(event),
      log: (id) => logs.push(id),
      context: () => ({ now: rig.now(), iso: String, local: String }),
      reload: () => Promise.resolve({ ok: true, message: "" }),
      routes: () => ({ wanted: false, waiting: 0, failed: 0 }),
      events: () => undefined,
      hooks: () => ({ waiting: 0, running: 0, owed: 0 }),
    });
    void handle({ command: "release", subject: FIRST });
    void handle({ command: "show", subject: FIRST });
    expect([events, logs]).toEqual([[], []]);
    void handle({ command: "release", subject: FIRST, expected: 2 });
    expect([events.length, logs]).toEqual([1, ["SERVER-COMMAND"]]);
  });
});
