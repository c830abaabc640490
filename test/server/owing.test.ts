import { describe, expect, test } from "vitest";
import { CATALOGUE, type LogId, type LogValues } from "../../shared/catalogue.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { createClock } from "../../shared/edge/clock.js";
import type { HookEnd } from "../../shared/edge/hooks.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import type { HookCall } from "../../shared/hook.js";
import { leaseId, type LeaseId } from "../../shared/lease/lease.js";
import { decodeOwed, type OwedChange } from "../../shared/lease/owed.js";
import {
  createMemoryStore,
  createStoreMemory,
  type MemoryStoreOptions,
  type StoreMemory,
} from "../../shared/lease/memory-store.js";
import { createServerLoop } from "../../server/loop.js";
import { createOwing } from "../../server/serve-owing.js";
import { readAnswer } from "./answer.js";
import { createClient, createRig, pd, prefixIn } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

const WHERE = [iface("eth0", [pdClass(56, ["2001:db8::/48"])])];

/** A call that was begun, and how to end it. */
interface Begun {
  readonly call: HookCall;
  readonly end: (how?: HookEnd) => void;
}

/** A server over this memory, as it runs until it is killed: then nobody asks for it any more. */
function createServer(
  memory: StoreMemory,
  settings: Partial<ServerConfig> = {},
  options: MemoryStoreOptions = {},
) {
  const records = new Map<LeaseId, Uint8Array>();
  const store = createMemoryStore({ ...options, memory });
  store.load((id, octets, from, to) => records.set(id, octets.slice(from, to)));
  const rig = createRig(configure(WHERE, settings), records);
  const begun: Begun[] = [];
  const given: string[] = [];
  const logged: { readonly id: LogId; readonly text: string }[] = [];
  const notes: OwedChange[][] = [];
  const log = (id: LogId, values: LogValues = {}): void => {
    logged.push({ id, text: fillTemplate(CATALOGUE[id].text, values) });
  };
  const hooks = {
    run: (call: HookCall) =>
      new Promise<HookEnd>((resolve) => {
        begun.push({
          call,
          end: (how = "ended") => {
            resolve(how);
          },
        });
      }),
  };
  const owing = createOwing({ store, hooks, log });
  const loop = createServerLoop({
    state: rig.state,
    store: {
      ...store,
      commit: (changes, owed = []) => {
        notes.push([...owed]);
        return store.commit(changes, owed);
      },
    },
    hooks: owing,
    clock: createClock(),
    random: (octets) => new Uint8Array(octets),
    log,
    happened: () => undefined,
    socketFor: () => ({ send: (bytes) => given.push(prefixIn(readAnswer(bytes)) ?? "none") }),
  });
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  return {
    loop,
    owing,
    begun,
    notes,
    logged,
    settled,
    calls: () =>
      begun.map(({ call }) => `${call.action} ${call.variables["REASON"] ?? ""} ${call.order.join("+")}`),
    async lease(n: number) {
      loop.push(createClient(rig, n).event("request", [pd(1)]));
      await settled();
      return given.at(-1) ?? "none";
    },
    async release(n: number, prefix: string) {
      loop.push(createClient(rig, n).event("release", [pd(1, prefix)]));
      await settled();
    },
  };
}

const owedIn = ({ owed }: StoreMemory): string[] =>
  [...owed.values()].map((octets) => {
    const call = decodeOwed(octets);
    return `${call?.action ?? "unreadable"} ${call?.order.join("+") ?? ""}`;
  });

describe("deletes that are owed", () => {
  test("a Release -> its delete is noted with the end of the lease; what ends nothing notes nothing", async () => {
    const memory = createStoreMemory();
    const server = createServer(memory);
    const prefix = await server.lease(1);
    expect(server.notes).toEqual([[]]);
    await server.release(1, prefix);
    expect(server.calls()).toEqual([`add new ${prefix}`, `delete released ${prefix}`]);
    expect(memory.records.size).toBe(0);
    expect(owedIn(memory)).toEqual([`delete ${prefix}`]);
    expect(server.owing.count()).toBe(1);
  });

  test("killed before the delete has ended -> the next server makes it, first, with the same variables", async () => {
    const memory = createStoreMemory();
    const first = createServer(memory);
    const [kept, ended] = [await first.lease(1), await first.lease(2)];
    await first.release(2, ended);
    const again = createServer(memory);
    const owed = again.owing.resume();
    again.loop.push({ type: "started", owed });
    await again.settled();
    expect(again.calls()).toEqual([`delete released ${ended}`, `add start ${kept}`]);
    expect(again.begun[0]?.call.variables).toEqual(first.begun.at(-1)?.call.variables);
    expect(again.logged[0]).toEqual({
      id: "SERVER-CALLS-OWED",
      text: "1 calls of the script were due when the server ended and are made now; 0 cannot be read.",
    });
    // Killed again: still owed.
    expect([...createServer(memory).owing.resume()]).toEqual([ended]);
  });

  test("several -> in the order in which their leases ended", async () => {
    const memory = createStoreMemory();
    const first = createServer(memory);
    const prefixes = [await first.lease(1), await first.lease(2), await first.lease(3)];
    for (const n of [3, 1, 2]) await first.release(n, prefixes[n - 1] ?? "");
    const again = createServer(memory);
    again.owing.resume();
    expect(again.begun.map(({ call }) => call.order[0])).toEqual([prefixes[2], prefixes[0], prefixes[1]]);
  });

  test.each([
    ["with the next commit", (server: ReturnType<typeof createServer>) => server.lease(9)],
    ["at the stop", (server: ReturnType<typeof createServer>) => server.owing.close()],
  ])("its end is noted %s -> the next server does not make it again", async (_when, record) => {
    const memory = createStoreMemory();
    const server = createServer(memory);
    await server.release(1, await server.lease(1));
    server.begun.at(-1)?.end();
    await server.settled();
    expect(server.owing.count()).toBe(1);
    await record(server);
    expect(server.owing.count()).toBe(0);
    expect(owedIn(memory)).toEqual([]);
    const again = createServer(memory);
    expect([...again.owing.resume()]).toEqual([]);
    expect(again.calls()).toEqual([]);
  });

  test("dropped, or given up at the stop -> still owed", async () => {
    const memory = createStoreMemory();
    const server = createServer(memory);
    const prefix = await server.lease(1);
    await server.release(1, prefix);
    server.begun.at(-1)?.end("lost");
    await server.owing.close();
    expect(owedIn(memory)).toEqual([`delete ${prefix}`]);
  });

  test("the commit fails -> nothing is owed, and later the delete is owed once", async () => {
    const memory = createStoreMemory();
    let broken = false;
    const options = { fail: () => (broken ? new Error("disk full") : undefined) };
    const server = createServer(memory, {}, options);
    const prefix = await server.lease(1);
    broken = true;
    await server.release(1, prefix);
    expect([owedIn(memory), server.owing.count()]).toEqual([[], 0]);
    broken = false;
    await server.release(1, prefix);
    await expect.poll(() => owedIn(memory), { timeout: 5000 }).toEqual([`delete ${prefix}`]);
    expect(server.owing.count()).toBe(1);
  });

  test("what is settled with a commit that fails -> is settled with the next one", async () => {
    const memory = createStoreMemory();
    let broken = false;
    const server = createServer(memory, {}, { fail: () => (broken ? new Error("disk full") : undefined) });
    await server.release(1, await server.lease(1));
    server.begun.at(-1)?.end();
    await server.settled();
    broken = true;
    await server.owing.close();
    broken = false;
    expect(owedIn(memory)).toHaveLength(1);
    await server.owing.close();
    expect(owedIn(memory)).toEqual([]);
  });

  test("another server won -> the delete of what was refused is not owed", async () => {
    const memory = createStoreMemory();
    let refuses = 0;
    const server = createServer(memory, {}, { refuse: ({ type }) => type === "remove" && refuses-- > 0 });
    const prefix = await server.lease(1);
    refuses = 1;
    await server.release(1, prefix);
    await server.settled();
    // Decided again, and then it holds.
    expect(server.calls().filter((call) => call.startsWith("delete"))).toHaveLength(1);
    await server.owing.close();
    expect(server.owing.count()).toBe(1);
    expect(owedIn(memory)).toEqual([`delete ${prefix}`]);
  });

  test("script-replay 0, the prefix has a new holder -> its add comes after the delete, no other add", async () => {
    const memory = createStoreMemory();
    const first = createServer(memory, { scriptReplay: false });
    const [, ended] = [await first.lease(1), await first.lease(2)];
    await first.release(2, ended);
    expect(await first.lease(2)).toBe(ended);
    const again = createServer(memory, { scriptReplay: false });
    again.loop.push({ type: "started", owed: again.owing.resume() });
    await again.settled();
    expect(again.calls()).toEqual([`delete released ${ended}`, `add start ${ended}`]);
  });

  test("a note that cannot be read -> said, and forgotten", async () => {
    const memory = createStoreMemory();
    memory.owed.set(7, Uint8Array.of(1, 2, 3));
    const server = createServer(memory);
    server.owing.resume();
    expect(server.logged[0]?.text).toMatch(/^0 calls .* 1 cannot be read\.$/);
    await server.owing.close();
    expect(memory.owed.size).toBe(0);
    expect(memory.records.has(leaseId(0))).toBe(false);
  });
});
