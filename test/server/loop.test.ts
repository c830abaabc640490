import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import { createClock } from "../../shared/edge/clock.js";
import type { HookEnd } from "../../shared/edge/hooks.js";
import type { HookCall } from "../../shared/hook.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { createMemoryStore, createStoreMemory } from "../../shared/lease/memory-store.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { MESSAGE_CODE } from "../../shared/wire/codes.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import { createOwing } from "../../server/serve-owing.js";
import { createServerLoop, type LoopParts, type ServerLoop } from "../../server/loop.js";
import { readAnswer } from "./answer.js";
import { createClient, createRig, pd, prefixIn, type TestClient } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

/** A loop over a real engine, with whatever store a test wants, and a note of all that leaves it in order. */
function createBench(
  store: LeaseStore,
  settings: Partial<ServerConfig> = {},
  script: () => Promise<void> = () => Promise.resolve(),
): {
  readonly loop: ServerLoop;
  readonly client: (n: number) => TestClient;
  readonly seen: string[];
  readonly answers: Uint8Array[];
  /** "Accepting connections. Next event in N second(s).": the numbers. */
  readonly rests: string[];
  readonly settled: () => Promise<void>;
} {
  const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/48"])])], settings));
  const seen: string[] = [];
  const answers: Uint8Array[] = [];
  const rests: string[] = [];
  const note = (what: string): void => void seen.push(what);
  const run = async ({ action }: HookCall): Promise<HookEnd> => {
    note(`run ${action}`);
    await script();
    return "ended";
  };
  const parts: LoopParts = {
    state: rig.state,
    store,
    hooks: createOwing({ store, hooks: { run }, log: () => undefined }),
    clock: createClock(),
    random: (octets) => new Uint8Array(octets),
    log: (id: LogId, values = {}) => {
      if (id === "SERVER-ACCEPTING") rests.push(fillTemplate("{seconds}", values));
      if (id === "SERVER-COMMIT-FAILED" || id === "SERVER-OVERLOADED") note(id);
    },
    happened: () => undefined,
    socketFor: () => ({
      send: (bytes) => {
        note("send");
        answers.push(bytes);
      },
    }),
  };
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  const loop = createServerLoop(parts);
  return { loop, client: (n) => createClient(rig, n), seen, answers, rests, settled };
}

const given = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : prefixIn(readAnswer(bytes));

describe("server loop", () => {
  test("Request -> nothing is sent and no script runs before the commit is durable", async () => {
    let release = (): void => undefined;
    const durable = new Promise<void>((resolve) => (release = resolve));
    const store = createMemoryStore();
    const slow: LeaseStore = { ...store, commit: (changes) => durable.then(() => store.commit(changes)) };
    const { loop, client, seen, settled } = createBench(slow);

    expect(loop.waiting()).toBe(0);
    loop.push(client(1).event("request", [pd(1)]));
    await settled();
    expect(seen).toEqual([]);
    // For the watchdog: the disk has let it wait.
    expect(loop.waiting()).toBeGreaterThan(0);
    release();
    await settled();
    expect(seen).toEqual(["send", "run add"]);
    expect(loop.waiting()).toBe(0);
  });

  test("Solicit -> is answered at once, nothing being committed", async () => {
    const { loop, client, seen, settled } = createBench({
      ...createMemoryStore(),
      commit: () => Promise.reject(new Error("no commit was expected")),
    });
    loop.push(client(1).event("solicit", [pd(1)]));
    await settled();
    expect(seen).toEqual(["send"]);
  });

  test("Solicit while a commit is on its way -> is answered before that is durable, the Request after", async () => {
    let release = (): void => undefined;
    const durable = new Promise<void>((resolve) => (release = resolve));
    const store = createMemoryStore();
    const slow: LeaseStore = { ...store, commit: (changes) => durable.then(() => store.commit(changes)) };
    const { loop, client, answers, settled } = createBench(slow);
    const types = (): readonly string[] => answers.map((bytes) => readAnswer(bytes).type);
    loop.push(client(1).event("request", [pd(1)]));
    await settled();
    loop.push(client(2).event("solicit", [pd(1)]));
    loop.push(client(1).event("solicit", [pd(1)]));
    await settled();
    expect(types()).toEqual(["advertise", "advertise"]);
    release();
    await settled();
    expect(types()).toEqual(["advertise", "advertise", "reply"]);
  });

  test("many Requests in one turn -> one commit for all their Replies", async () => {
    const sizes: number[] = [];
    const store = createMemoryStore();
    const counting: LeaseStore = {
      ...store,
      commit: (changes) => {
        sizes.push(changes.length);
        return store.commit(changes);
      },
    };
    const { loop, client, answers, settled } = createBench(counting);
    for (let n = 1; n <= 100; n++) loop.push(client(n).event("request", [pd(1)]));
    await settled();
    expect(sizes).toEqual([100]);
    expect(new Set(answers.map(given)).size).toBe(100);
  });

  test("commit fails -> no Reply, the lease does not exist, the repeated Request gets it", async () => {
    let broken = true;
    const store = createMemoryStore({ fail: () => (broken ? new Error("disk full") : undefined) });
    const { loop, client, seen, answers, settled } = createBench(store);
    const first = client(1);

    loop.push(first.event("request", [pd(1)]));
    await settled();
    expect(seen).toEqual(["SERVER-COMMIT-FAILED"]);
    broken = false;
    loop.push(first.event("request", [pd(1)]));
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(["SERVER-COMMIT-FAILED", "send", "run add"]);
    expect(given(answers[0])).toMatch(/^2001:db8:0:.*\/56$/);
  });

  test("a renewal that cannot be stored -> the lease stays as the store has it", async () => {
    let broken = false;
    const memory = createStoreMemory();
    const store = createMemoryStore({ memory, fail: () => (broken ? new Error("disk full") : undefined) });
    const { loop, client, answers, settled } = createBench(store);
    const holder = client(1);
    loop.push(holder.event("request", [pd(1)]));
    await settled();
    const prefix = given(answers[0]) ?? "";
    broken = true;
    loop.push(holder.event("renew", [pd(1, prefix)]));
    await settled();
    expect(answers).toHaveLength(1);
    expect(memory.records.size).toBe(1);
    broken = false;
    loop.push(holder.event("renew", [pd(1, prefix)]));
    await expect.poll(() => given(answers[1]), { timeout: 5000 }).toBe(prefix);
  });

  test("decided while a commit is on its way that fails -> decided anew, and nothing but the failed is lost", async () => {
    let fail: (error: Error) => void = () => undefined;
    let commits = 0;
    const store = createMemoryStore();
    const breaking: LeaseStore = {
      ...store,
      commit: (changes) => {
        commits++;
        if (commits > 1) return store.commit(changes);
        return new Promise((_resolve, reject) => (fail = reject));
      },
    };
    const { loop, client, answers, settled } = createBench(breaking);
    loop.push(client(1).event("request", [pd(1)]));
    await settled();
    loop.push(client(2).event("request", [pd(1)]));
    await settled();
    fail(new Error("disk full"));
    await expect.poll(() => answers.length, { timeout: 5000 }).toBe(1);
    expect(readAnswer(answers[0] ?? new Uint8Array(0)).clientId).toMatch(/:02$/);
    loop.push(client(1).event("request", [pd(1)]));
    await expect.poll(() => answers.length, { timeout: 5000 }).toBe(2);
    expect(new Set(answers.map(given)).size).toBe(2);
  });

  test("another server has the prefix -> the refused decision is made again", async () => {
    let refusals = 1;
    const store = createMemoryStore({ refuse: () => refusals-- > 0 });
    const { loop, client, seen, answers } = createBench(store);
    loop.push(client(1).event("request", [pd(1)]));
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(["send", "run add"]);
    expect(given(answers[0])).toBeDefined();
  });

  test("more datagrams than the queue holds -> the rest is dropped and counted, all others are answered", async () => {
    const { loop, client, seen, answers, settled } = createBench(createMemoryStore());
    const rebind = client(1).event("rebind", [pd(1, "2001:db8::/64")]);
    for (let n = 0; n < 8192 + 5; n++) loop.push(rebind);
    await expect.poll(() => answers.length, { timeout: 20_000 }).toBe(8192);
    await settled();
    expect(seen.filter((what) => what === "SERVER-OVERLOADED")).toHaveLength(1);
  });

  test("Solicits that wait already give way to a Request that comes last", async () => {
    const { loop, client, answers, settled } = createBench(createMemoryStore());
    for (let n = 2; n < 300; n++) loop.push(client(n).event("solicit", [pd(1)]));
    loop.push(client(1).event("request", [pd(1)]));
    await settled();
    await expect.poll(() => answers.length).toBe(299);
    expect(answers.findIndex(([type]) => type === MESSAGE_CODE.reply)).toBeLessThan(20);
  });

  test("a flood of something else in every turn -> a Solicit among it is answered all the same", async () => {
    const { loop, client, answers } = createBench(createMemoryStore());
    const renew = client(1).event("renew", []);
    if (renew.type !== "datagram") throw new Error("no datagram");
    const garbage = { ...renew, bytes: Uint8Array.of(MESSAGE_CODE.renew) };
    let left = 40;
    const flood = (): void => {
      for (let n = 0; n < 40; n++) loop.push(garbage);
      if (--left > 0) setImmediate(flood);
    };
    flood();
    loop.push(client(2).event("solicit", [pd(1)]));
    await expect.poll(() => answers.length, { interval: 1 }).toBe(1);
    expect(left).toBeGreaterThan(20);
  });

  test("close while nothing can be stored -> ends all the same", async () => {
    const store = createMemoryStore({ fail: () => new Error("disk full") });
    const { loop, client, seen } = createBench(store);
    loop.push(client(1).event("request", [pd(1)]));
    await loop.close();
    expect(seen).toEqual(["SERVER-COMMIT-FAILED"]);
  });

  test("close -> resolves when what was queued has been committed and sent", async () => {
    const { loop, client, seen } = createBench(createMemoryStore());
    loop.push(client(1).event("request", [pd(1)]));
    await loop.close();
    expect(seen).toEqual(["send", "run add"]);
  });

  test("dealt with all that came -> says so at once, then once a second, and until when nothing is due", async () => {
    const { loop, client, rests, settled } = createBench(createMemoryStore());
    loop.push({ type: "started" });
    await settled();
    expect(rests).toEqual(["4294967295"]);
    for (let n = 1; n <= 3; n++) {
      loop.push(client(n).event("solicit", [pd(1)]));
      await settled();
    }
    // The offers end after a minute.
    await expect
      .poll(() => rests, { timeout: 5000 })
      .toEqual(["4294967295", expect.stringMatching(/^(59|60)$/)]);
  });
});

describe("server loop: script-wait", () => {
  /** Scripts of a test: each ends when it is told to. */
  function createScripts(): { readonly run: () => Promise<void>; readonly end: () => void } {
    const running: (() => void)[] = [];
    return {
      run: () => new Promise((resolve) => running.push(resolve)),
      end: () => running.shift()?.(),
    };
  }

  test("the Reply is sent when the script has ended; others are answered meanwhile", async () => {
    const scripts = createScripts();
    const bench = createBench(createMemoryStore(), { scriptWait: true }, scripts.run);
    bench.loop.push(bench.client(1).event("request", [pd(1)]));
    bench.loop.push(bench.client(2).event("solicit", [pd(1)]));
    await bench.settled();
    expect(bench.seen).toEqual(["send", "run add"]);
    expect(readAnswer(bench.answers[0] ?? expect.fail()).type).toBe("advertise");
    scripts.end();
    await bench.settled();
    expect(bench.seen).toEqual(["send", "run add", "send"]);
    expect(readAnswer(bench.answers[1] ?? expect.fail()).type).toBe("reply");
  });

  test("a script that does not end -> the Reply is sent after script-timeout", async () => {
    const never = createScripts();
    const settings = { scriptWait: true, scriptTimeout: seconds(1) };
    const bench = createBench(createMemoryStore(), settings, never.run);
    bench.loop.push(bench.client(1).event("request", [pd(1)]));
    await bench.settled();
    expect(bench.seen).toEqual(["run add"]);
    await expect.poll(() => bench.seen, { timeout: 5000 }).toEqual(["run add", "send"]);
  });

  test("the server stops -> what waits is sent at once", async () => {
    const never = createScripts();
    const bench = createBench(createMemoryStore(), { scriptWait: true }, never.run);
    bench.loop.push(bench.client(1).event("request", [pd(1)]));
    await bench.settled();
    bench.loop.push(bench.client(2).event("request", [pd(1)]));
    await bench.loop.close();
    expect(bench.seen.toSorted()).toEqual(["run add", "run add", "send", "send"]);
  });

  test("nothing to tell the script -> no waiting", async () => {
    const never = createScripts();
    const bench = createBench(createMemoryStore(), { scriptWait: true }, never.run);
    bench.loop.push(bench.client(1).event("renew", [pd(1, "2001:db8:f::/56")]));
    await bench.settled();
    expect(bench.seen).toEqual(["send"]);
  });
});
