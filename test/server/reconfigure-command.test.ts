import { describe, expect, test } from "vitest";
import type { LogId, LogValues } from "../../shared/catalogue.js";
import { option } from "../../shared/wire/options.js";
import { createControlService } from "../../server/control.js";
import type { ServerEvent } from "../../server/engine.js";
import { decideReconfigure, reconfigureRequest } from "../../server/reconfigure-command.js";
import { createClient, createRig, pd, type Rig } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

const accepting = { options: [option("reconfigureAccept", null)] };
const links = [iface("eth0", [pdClass(56, ["2001:db8::/32"])])];
const ON = configure(links, { reconfigure: true });
const OFF = configure(links);
const FIRST = "00:03:00:01:02:00:00:00:00:01";

/** A server with so many clients that have a key, and one that has none. */
function serve(count: number, config = ON): Rig {
  const rig = createRig(config);
  createClient(rig, 0).ask("request", [pd(1)], {});
  for (let n = 1; n <= count; n++) createClient(rig, n).ask("request", [pd(1), pd(2)], accepting);
  return rig;
}

const decide = (rig: Rig, client: unknown, asks: unknown = "renew") =>
  decideReconfigure(rig.state, { command: "reconfigure", client, asks });

describe("reconfigure command: words", () => {
  test.each([
    ["", "all", "renew"],
    ["all", "all", "renew"],
    ["ALL Rebind", "all", "rebind"],
    ["rebind", "all", "rebind"],
    ["information-request all", "all", "information-request"],
    [FIRST, FIRST, "renew"],
    [`${FIRST} rebind`, FIRST, "rebind"],
    ["0x00030001020000000001", "0x00030001020000000001", "renew"],
  ])("%j", (line, client, asks) => {
    const words = line === "" ? [] : line.split(" ");
    expect(reconfigureRequest(words)).toEqual({ command: "reconfigure", client, asks });
  });

  test.each([
    ["everybody", '"everybody" is neither "all" nor a DUID'],
    ["00", '"00" is neither "all" nor a DUID'],
    ["all request", "one client and one message at a time"],
    ["renew rebind", "one client and one message at a time"],
    [`${FIRST} all`, "one client and one message at a time"],
  ])("%j -> a sentence", (line, words) => {
    expect(reconfigureRequest(line.split(" "))).toContain(words);
  });
});

describe("reconfigure command: what it comes to", () => {
  test.each([
    [1, "1 client is asked to send RENEW"],
    [3, "3 clients are asked to send RENEW"],
    [1001, "at least 1000 clients are asked to send RENEW"],
  ])("all, with %i clients that have a key for both their leases", (count, message) => {
    expect(decide(serve(count), "all")).toEqual({
      answer: { ok: true, message },
      event: { type: "reconfigure", client: undefined, asks: "renew" },
    });
  });

  test.each([
    ["rebind", "rebind", "REBIND"],
    ["information-request", "informationRequest", "INFORMATION-REQUEST"],
  ])("one client for %s", (asks, type, label) => {
    const rig = serve(2);
    expect(decide(rig, FIRST, asks)).toEqual({
      answer: { ok: true, message: `1 client is asked to send ${label}` },
      event: { type: "reconfigure", client: createClient(rig, 1).duid, asks: type },
    });
  });

  test.each([
    ["no client has a key", serve(0), "all", "renew", "no client has a lease with a Reconfigure key"],
    [
      "a client without key",
      serve(1),
      FIRST.replace(/1$/, "0"),
      "renew",
      "known for 00:03:00:01:02:00:00:00:00:00;",
    ],
    ["a stranger", serve(1), "00:03:00:07", "renew", "known for 00:03:00:07; see reconfigure-enabled"],
    ["no client named", serve(1), undefined, "renew", "the client is neither"],
    ["junk for a client", serve(1), "x".repeat(999), "renew", 'xxx..." is neither'],
    ["another message", serve(1), "all", "solicit", "renew, rebind, information-request only"],
    ["a message that is no text", serve(1), "all", 5, "renew, rebind, information-request only"],
    ["not switched on", serve(1, OFF), "all", "renew", "reconfigure-enabled is not set"],
    ["switched off since", serve(1).restart(OFF), FIRST, "renew", "reconfigure-enabled is not set"],
  ])("%s -> refused, no event", (_what, rig, client, asks, words) => {
    const { answer, event } = decide(rig, client, asks);
    expect(answer).toEqual({ ok: false, error: expect.stringContaining(words) as string });
    expect(event).toBeUndefined();
  });

  test("while a client is being asked: the same again is fine, another message is not", () => {
    const rig = serve(1);
    const { event } = decide(rig, FIRST, "rebind");
    if (event !== undefined) rig.give(event);
    expect(decide(rig, FIRST, "rebind").answer.ok).toBe(true);
    expect(decide(rig, FIRST, "renew").answer).toEqual({
      ok: false,
      error: `${FIRST} is still being asked to send REBIND`,
    });
  });
});

describe("control service", () => {
  const start = (rig: Rig) => {
    const [events, logs]: [ServerEvent[], [LogId, LogValues][]] = [[], []];
    const push = (event: ServerEvent): number => events.push(event);
    const service = createControlService({
      state: rig.state,
      push,
      log: (...line) => logs.push(line),
      context: () => ({ now: rig.now(), iso: String, local: String }),
      reload: () => Promise.resolve({ ok: true, message: "reloaded" }),
      routes: () => ({ wanted: false, waiting: 0, failed: 0 }),
      events: () => undefined,
      hooks: () => ({ waiting: 3, running: 8, owed: 1 }),
    });
    return { ...service, events, logs };
  };

  test("status -> the numbers of calls, not logged", () => {
    const { handle, events, logs } = start(serve(1));
    expect(handle({ command: "status" })).toEqual({
      ok: true,
      message: "calls of the script: 3 waiting, 8 running, 1 owed",
      data: { hooks: { waiting: 3, running: 8, owed: 1 } },
    });
    expect([events, logs]).toEqual([[], []]);
  });

  test("a good command -> answered, logged, and its event pushed", () => {
    const { handle, events, logs } = start(serve(1));
    const answer = handle({ command: "reconfigure", client: "all", asks: "renew" });
    expect(answer).toEqual({ ok: true, message: "1 client is asked to send RENEW" });
    expect(events).toEqual([{ type: "reconfigure", client: undefined, asks: "renew" }]);
    expect(logs).toEqual([
      ["SERVER-COMMAND", { command: "reconfigure", answer: "1 client is asked to send RENEW" }],
    ]);
  });

  test("one that is refused -> logged too, nothing pushed", () => {
    const { handle, events, logs } = start(serve(0));
    expect(handle({ command: "reconfigure", client: "all", asks: "renew" })).toMatchObject({ ok: false });
    expect([events, logs.map(([id]) => id)]).toEqual([[], ["SERVER-COMMAND"]]);
  });

  test("reload -> whatever comes of it", async () => {
    const { handle } = start(serve(0));
    expect(await handle({ command: "reload" })).toEqual({ ok: true, message: "reloaded" });
  });

  test.each(["", "constructor", "Reconfigure"])("%j is no command -> refused", (command) => {
    const { handle, events, logs } = start(serve(1));
    expect(handle({ command })).toEqual({ ok: false, error: "the server does not know this command" });
    expect([events, logs]).toEqual([[], []]);
  });

  test("trouble of the channel -> logged", () => {
    const { onTrouble, logs } = start(serve(0));
    onTrouble("in the way");
    expect(logs).toEqual([["SERVER-CONTROL-TROUBLE", { sentence: "in the way" }]]);
  });
});
