import { systemTiming, type Timer, type Timing } from "../shared/edge/clock.js";
import type { HookEnd, HookRunner } from "../shared/edge/hooks.js";
import { fitted } from "../shared/edge/hook-size.js";
import type { Log } from "../shared/edge/log.js";
import { type HookCall, isRemoval } from "../shared/hook.js";
import { decodeOwed, encodeOwed, type OwedChange } from "../shared/lease/owed.js";
import type { LeaseStore } from "../shared/lease/store.js";

/** What calls are noted with, and who runs them. */
export interface OwingParts {
  readonly store: Pick<LeaseStore, "commit" | "owed">;
  readonly hooks: Pick<HookRunner, "run">;
  readonly log: Log;
  readonly timing?: Timing;
}

/**
 * Runs calls and sees to it that no `delete` is lost when the server is killed: a note in the store says that
 * one is owed, from the commit that ends its lease until it has ended itself. After a crash it may be run
 * twice, never not at all.
 */
export interface Owing {
  /** Notes for those of these calls that need one, for the commit that they tell of. */
  readonly owe: (calls: readonly HookCall[]) => readonly OwedChange[];
  /** What is settled, for any commit; it takes one of its own when there is none. */
  readonly takeSettled: () => readonly OwedChange[];
  /** The commit with these notes has failed. */
  readonly failed: (notes: readonly OwedChange[]) => void;
  /** These calls, owed by a commit, will not be made: they told of what was refused. */
  readonly dismiss: (calls: readonly HookCall[]) => void;
  readonly run: HookRunner["run"];
  /** Runs what an earlier server has left, in order; gives what those calls are about. */
  readonly resume: () => ReadonlySet<string>;
  /** Calls that would be made if the server were killed now. */
  readonly count: () => number;
  /** Resolves when the store knows what is settled. */
  readonly close: () => Promise<void>;
}

/** For so long what is settled waits for a commit to go with, in milliseconds. */
const FLUSH_MS = 1000;

/** Reads at once what is owed from before. */
export function createOwing({ store, hooks, log, timing = systemTiming }: OwingParts): Owing {
  const numbers = new Map<HookCall, number>();
  const former = readFormer(store);
  let settled: OwedChange[] = [];
  let next = former.next;
  let timer: Timer | undefined;
  for (const number of former.unreadable) settle(number);

  function settle(number: number): void {
    settled.push({ type: "settle", number });
    timer ??= timing.after(FLUSH_MS, () => void flush());
  }

  function takeSettled(): readonly OwedChange[] {
    if (settled.length === 0) return settled;
    const taken = settled;
    settled = [];
    timing.cancel(timer);
    timer = undefined;
    return taken;
  }

  async function flush(): Promise<void> {
    const notes = takeSettled();
    if (notes.length === 0) return;
    await store.commit([], notes).catch(() => {
      // The commits of leases tell the log what the store suffers from.
      failed(notes);
    });
  }

  function failed(notes: readonly OwedChange[]): void {
    const gone = new Set(notes.filter(({ type }) => type === "owe").map(({ number }) => number));
    if (gone.size > 0) for (const [call, number] of numbers) if (gone.has(number)) numbers.delete(call);
    for (const { type, number } of notes) if (type === "settle") settle(number);
  }

  function dismiss(calls: readonly HookCall[]): void {
    for (const call of calls) {
      const number = numbers.get(call);
      if (number === undefined) continue;
      numbers.delete(call);
      settle(number);
    }
  }

  async function run(call: HookCall): Promise<HookEnd> {
    const end = await hooks.run(call);
    if (end === "ended") dismiss([call]);
    return end;
  }

  return {
    owe: (calls) =>
      calls.filter(isRemoval).map((call) => {
        const number = next++;
        numbers.set(call, number);
        const { variables } = fitted(call.variables);
        return { type: "owe", number, call: encodeOwed({ ...call, variables }) };
      }),
    takeSettled,
    failed,
    dismiss,
    run,
    resume() {
      const { calls, unreadable } = former;
      if (calls.size + unreadable.length > 0) {
        log("SERVER-CALLS-OWED", { count: calls.size, unreadable: unreadable.length });
      }
      for (const [number, call] of calls) {
        numbers.set(call, number);
        void run(call);
      }
      const keys = new Set([...calls.values()].flatMap(({ order }) => order));
      calls.clear();
      return keys;
    },
    count: () => numbers.size + former.calls.size + settled.length,
    close: flush,
  };
}

/** What is owed from before, in order, and the first number that is free. */
function readFormer(store: Pick<LeaseStore, "owed">): {
  readonly calls: Map<number, HookCall>;
  readonly unreadable: readonly number[];
  readonly next: number;
} {
  const calls = new Map<number, HookCall>();
  const unreadable: number[] = [];
  let next = 1;
  store.owed((number, octets) => {
    const call = decodeOwed(octets);
    if (call === undefined) unreadable.push(number);
    else calls.set(number, call);
    next = number + 1;
  });
  return { calls, unreadable, next };
}
