import { describe, expect, test } from "vitest";
import { createGroupCommit, type Load } from "../../shared/edge/group-commit.js";

/** Commits that end when the test says so, and what was written in each. */
interface Commits {
  readonly groups: readonly (readonly string[])[];
  /** How much each has been told to hold. */
  readonly loads: readonly Load[];
  readonly add: (what: string) => Promise<void>;
  readonly end: (error?: Error) => Promise<void>;
  readonly idle: () => Promise<void>;
}

function createCommits(): Commits {
  const groups: string[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  let current: string[] = [];
  const loads: Load[] = [];
  const group = createGroupCommit((writes, load) => {
    current = [];
    loads.push(load);
    groups.push(current);
    writes();
    return new Promise<void>((resolve, reject) => {
      ends.push((error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  });
  return {
    groups,
    loads,
    add: (what) =>
      group.add(
        () => {
          current.push(what);
        },
        { values: 1, octets: what.length, grows: () => what === "d" },
      ),
    async end(error) {
      ends.shift()?.(error);
      await new Promise(setImmediate);
    },
    idle: () => group.idle(),
  };
}

describe("group commit", () => {
  test("what arrives during a commit -> all of it in the next one, in order", async () => {
    const { groups, loads, add, end } = createCommits();
    const first = add("a");
    const others = [add("b"), add("cc"), add("d")];
    expect(groups).toEqual([["a"]]);
    await end();
    await first;
    expect(groups).toEqual([["a"], ["b", "cc", "d"]]);
    expect(loads.map((load) => ({ ...load, grows: load.grows() }))).toEqual([
      { values: 1, octets: 1, grows: false },
      { values: 3, octets: 4, grows: true },
    ]);
    await end();
    await Promise.all(others);
    expect(groups.length).toBe(2);
  });

  test("a commit fails -> everything in it is rejected, what came later is committed", async () => {
    const { groups, add, end } = createCommits();
    const failed = Promise.allSettled([add("a")]);
    const later = add("b");
    const error = new Error("full");
    await end(error);
    expect(await failed).toEqual([{ status: "rejected", reason: error }]);
    await end();
    await later;
    expect(groups).toEqual([["a"], ["b"]]);
  });

  test("idle -> resolves once the last commit has ended, at once when there is none", async () => {
    const { add, end, idle } = createCommits();
    await idle();
    const done = [add("a"), add("b")];
    let idled = false;
    const waiting = idle().then(() => {
      idled = true;
    });
    await end();
    expect(idled).toBe(false);
    await end();
    await waiting;
    await Promise.all(done);
    await idle();
  });
});
