import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHookQueue, type Turn } from "../../shared/edge/hook-queue.js";
import type { HookAction, HookCall } from "../../shared/hook.js";

const call = (action: HookAction, order: string, n = 0): HookCall => ({
  action,
  order: order.split("+"),
  variables: { N: String(n) },
});
const text = ({ action, order, variables }: HookCall): string =>
  `${action} ${order.join("+")} ${variables["N"] ?? ""}`;

/** A queue whose calls are written as "add A", and the names of those settled without having run. */
function queueOf(limit: number) {
  const queue = createHookQueue(limit);
  const left: string[] = [];
  let n = 0;
  return {
    queue,
    left,
    add(line: string) {
      const [action = "add", order = ""] = line.split(" ");
      const entry = { call: call(action as HookAction, order, n++), settle: () => undefined };
      const { superseded, dropped } = queue.add(entry);
      left.push(
        ...superseded.map((it) => `superseded ${text(it.call)}`),
        ...dropped.map((it) => `dropped ${text(it.call)}`),
      );
    },
    /** Takes and ends everything, one after the other. */
    runAll() {
      const ran: string[] = [];
      for (let turn = queue.take(); turn !== undefined; turn = queue.take()) {
        ran.push(text(turn.call));
        turn.done();
      }
      return ran;
    },
  };
}

describe("hook queue: order", () => {
  it("calls of one prefix one after the other, those of others beside them", () => {
    const it = queueOf(100);
    const { queue } = it;
    for (const line of ["add A", "update A", "add B"]) it.add(line);
    const first = queue.take();
    const second = queue.take();
    expect([first, second].map((it) => text(it?.call ?? call("add", "")))).toEqual(["add A 0", "add B 2"]);
    expect(queue.take()).toBeUndefined();
    second?.done();
    expect(queue.take()).toBeUndefined();
    first?.done();
    expect(text(queue.take()?.call ?? call("add", ""))).toBe("update A 1");
    expect(queue.waiting()).toBe(0);
  });

  it("a call about two prefixes waits for both, and both wait for it", () => {
    const it = queueOf(100);
    const { queue } = it;
    for (const line of ["delete A", "delete B", "add A+B", "add B"]) it.add(line);
    const [a, b] = [queue.take(), queue.take()];
    a?.done();
    expect(queue.take()).toBeUndefined();
    b?.done();
    const both = queue.take();
    expect(both?.call.order).toEqual(["A", "B"]);
    expect(queue.take()).toBeUndefined();
    both?.done();
    expect(queue.take()?.call.order).toEqual(["B"]);
  });

  it("as long as there is room: nothing lost, calls with a common key in their order", () => {
    const keys = fc.uniqueArray(fc.constantFrom("A", "B", "C", "D"), { minLength: 0, maxLength: 3 });
    const action = fc.constantFrom<HookAction>("add", "update", "delete", "expire");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(keys, action)),
        fc.array(fc.nat(7), { maxLength: 200 }),
        (entries, choices) => {
          const queue = createHookQueue(1000);
          const calls = entries.map(([order, act], n) => ({
            action: act,
            order,
            variables: { N: String(n) },
          }));
          const running: Turn[] = [];
          const ended: HookCall[] = [];
          const endOne = (choice: number): void => {
            const [turn] = running.splice(choice % running.length, 1);
            if (turn === undefined) return;
            ended.push(turn.call);
            turn.done();
          };
          for (const it of calls)
            expect(queue.add({ call: it, settle: () => undefined })).toEqual({ superseded: [], dropped: [] });
          for (const choice of [...choices, ...calls.map(() => 0), ...calls.map(() => 0)]) {
            const next = choice < 5 ? queue.take() : undefined;
            if (next !== undefined) {
              const clash = running.some(({ call: other }) =>
                other.order.some((key) => next.call.order.includes(key)),
              );
              expect(clash).toBe(false);
              running.push(next);
            } else if (running.length > 0) endOne(choice);
          }
          while (running.length > 0) endOne(0);
          expect(ended).toHaveLength(calls.length);
          for (const key of ["A", "B", "C", "D"]) {
            const order = ended.filter((it) => it.order.includes(key)).map((it) => Number(it.variables["N"]));
            expect(order).toEqual(order.toSorted((x, y) => x - y));
          }
        },
      ),
    );
  });
});

describe("hook queue: full", () => {
  const cases: readonly (readonly [string, string[], string[], string[]])[] = [
    [
      "an update takes the place of the one before it",
      ["update A", "update A"],
      ["superseded update A 0"],
      ["update A 1"],
    ],
    [
      "an update after an add that waits is void",
      ["add A", "update A"],
      ["superseded update A 1"],
      ["add A 0"],
    ],
    [
      "a delete undoes an add that has not run",
      ["add A", "delete A"],
      ["superseded add A 0"],
      ["delete A 1"],
    ],
    [
      "an expire undoes an update that has not run",
      ["update A", "expire A"],
      ["superseded update A 0"],
      ["expire A 1"],
    ],
    [
      "delete, add, delete -> the first does for all, as the add never ran",
      ["delete A", "add A", "delete A"],
      ["dropped add A 1", "superseded delete A 2"],
      ["delete A 0"],
    ],
    ["an add of another prefix is dropped", ["add A", "add B"], ["dropped add B 1"], ["add A 0"]],
    ["a delete of another prefix still has room", ["add A", "delete B"], [], ["add A 0", "delete B 1"]],
    [
      "at twice the limit even a delete is dropped",
      ["add A", "delete B", "delete C"],
      ["dropped delete C 2"],
      ["add A 0", "delete B 1"],
    ],
    [
      "calls that share only some prefixes are both kept or dropped, never merged",
      ["add A+B", "delete A"],
      [],
      ["add A+B 0", "delete A 1"],
    ],
  ];
  it.each(cases)("%s", (_name, lines, left, ran) => {
    const it = queueOf(1);
    for (const line of lines) it.add(line);
    expect(it.left).toEqual(left);
    expect(it.runAll()).toEqual(ran);
    expect(it.queue.waiting()).toBe(0);
  });

  it("delete, add, delete with room for two -> the first delete is enough", () => {
    const it = queueOf(2);
    for (const line of ["delete A", "add A", "delete A"]) it.add(line);
    expect(it.left).toEqual(["superseded add A 1", "superseded delete A 2"]);
    it.add("add A");
    expect(it.runAll()).toEqual(["delete A 0", "add A 3"]);
  });

  it("a call that runs is never superseded", () => {
    const it = queueOf(1);
    it.add("add A");
    const running = it.queue.take();
    it.add("add B");
    it.add("delete A");
    expect(it.left).toEqual([]);
    running?.done();
    expect(it.runAll()).toEqual(["add B 1", "delete A 2"]);
  });

  it("a prefix that comes and goes for ever -> bounded, and the route ends as the last call wants it", () => {
    const action = fc.constantFrom<HookAction>("add", "update", "delete");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(action, fc.constantFrom("A", "B")), { maxLength: 60 }),
        fc.nat(3),
        (entries, taken) => {
          const it = queueOf(3);
          const wanted = new Map<string, boolean>();
          const actual = new Map<string, boolean>();
          const apply = (routes: Map<string, boolean>, { action: what, order }: HookCall): void => {
            // A route script: `update` changes lifetimes only.
            if (what !== "update") routes.set(order[0] ?? "", what === "add");
          };
          let dropped = 0;
          for (const [n, [what, key]] of entries.entries()) {
            // The engine makes a call only when something changes: no delete of what is not there.
            if (what !== "add" && wanted.get(key) !== true) continue;
            apply(wanted, call(what, key));
            dropped += it.queue.add({ call: call(what, key, n), settle: () => undefined }).dropped.length;
            expect(it.queue.waiting()).toBeLessThanOrEqual(6);
            if (n % 7 < taken) {
              const turn = it.queue.take();
              if (turn !== undefined) apply(actual, turn.call);
              turn?.done();
            }
          }
          for (let turn = it.queue.take(); turn !== undefined; turn = it.queue.take()) {
            apply(actual, turn.call);
            turn.done();
          }
          if (dropped === 0) for (const [key, route] of wanted) expect(actual.get(key) ?? false).toBe(route);
        },
      ),
    );
  });

  it("100,000 calls about 100 prefixes -> few wait, none dropped, routes as if all had run, in order", () => {
    const prefixes = Array.from({ length: 100 }, (_, n) => `P${n}`);
    const thinFrom = 1000;
    fc.assert(
      fc.property(fc.nat(0xffffff), fc.integer({ min: 0, max: 40 }), (seed, slowness) => {
        let chance = seed;
        const next = (): number => (chance = (Math.imul(chance, 1_103_515_245) + 12_345) & 0x7fffffff) >> 8;
        const queue = createHookQueue(100_000, thinFrom);
        const wanted = new Map<string, string>();
        const actual = new Map<string, string>();
        const last = new Map<string, number>();
        const running: Turn[] = [];
        let most = 0;
        let dropped = 0;
        const begin = (): boolean => {
          const turn = running.length < 8 ? queue.take() : undefined;
          if (turn !== undefined) running.push(turn);
          return turn !== undefined;
        };
        const endOne = (): void => {
          const [turn] = running.splice(next() % running.length, 1);
          if (turn === undefined) return;
          const { action, order, variables } = turn.call;
          const [key = ""] = order;
          const n = Number(variables["N"]);
          if (n < (last.get(key) ?? -1)) throw new Error(`${key}: call ${n} after a later one`);
          last.set(key, n);
          // A script that installs a route again when it is updated, as the guide's does.
          if (action === "delete") actual.delete(key);
          else actual.set(key, variables["V"] ?? "");
          turn.done();
        };
        for (let n = 0; n < 100_000; n++) {
          const key = prefixes[next() % prefixes.length] ?? "";
          const isThere = wanted.has(key);
          const action = !isThere ? "add" : next() % 3 === 0 ? "delete" : "update";
          const value = action === "update" ? (wanted.get(key) ?? "") : String(n);
          if (action === "delete") wanted.delete(key);
          else wanted.set(key, value);
          const variables = { N: String(n), V: value };
          const entry = { call: { action, order: [key], variables }, settle: () => undefined } as const;
          dropped += queue.add(entry).dropped.length;
          most = Math.max(most, queue.waiting());
          begin();
          if (running.length > 0 && next() % 40 < slowness) endOne();
        }
        while (begin() || running.length > 0) if (running.length === 8 || !begin()) endOne();
        expect({ dropped, waiting: queue.waiting() }).toEqual({ dropped: 0, waiting: 0 });
        expect(most).toBeLessThanOrEqual(thinFrom + 2 * prefixes.length);
        expect(new Map([...actual].sort())).toEqual(new Map([...wanted].sort()));
      }),
      { numRuns: 5 },
    );
  });

  it("however thin: what runs keeps its order, and each route ends as if everything had run", () => {
    const action = fc.constantFrom<HookAction>("add", "update", "delete");
    fc.assert(
      fc.property(fc.array(fc.tuple(action, fc.constantFrom("A", "B", "A+B"), fc.nat(3))), (entries) => {
        const it = queueOf(10_000);
        const thin = createHookQueue(10_000, 0);
        const ran: string[] = [];
        for (const [n, [what, order, taken]] of entries.entries()) {
          it.add(`${what} ${order}`);
          thin.add({ call: call(what, order, n), settle: () => undefined });
          const turn = taken === 0 ? thin.take() : undefined;
          if (turn === undefined) continue;
          ran.push(text(turn.call));
          turn.done();
        }
        for (let turn = thin.take(); turn !== undefined; turn = thin.take()) {
          ran.push(text(turn.call));
          turn.done();
        }
        const all = it.runAll();
        for (const key of ["A", "B"]) {
          const ofKey = (lines: readonly string[]): string[] =>
            lines.filter((line) => line.split(" ")[1]?.split("+").includes(key));
          // What ran is part of what would have run, in the same order ...
          const expected = ofKey(all).filter((line) => ran.includes(line));
          expect(ofKey(ran)).toEqual(expected);
          // ... and neither is an add that has run left without its delete, nor one lost behind a delete.
          const isAdd = (line: string): boolean => line.startsWith("add");
          const route = (lines: readonly string[]): boolean | undefined => {
            const end = ofKey(lines).findLast((line) => isAdd(line) || line.startsWith("delete"));
            return end === undefined ? undefined : isAdd(end);
          };
          expect(route(ran)).toBe(route(all));
        }
      }),
    );
  });

  it("clear takes out what waits and lets running ones end", () => {
    const it = queueOf(10);
    for (const line of ["add A", "update A", "add B"]) it.add(line);
    const running = it.queue.take();
    expect(it.queue.clear().map((entry) => text(entry.call))).toEqual(["update A 1", "add B 2"]);
    expect(it.queue.waiting()).toBe(0);
    running?.done();
    expect(it.queue.take()).toBeUndefined();
  });
});
