import { expect, test } from "vitest";
import { createHookWatch } from "./hook-watch.js";
import { createWorld } from "./world.js";

/** What is held against a server whose script is called so, with a crash before the call of that number. */
function complaint(actions: readonly string[], crashBefore: number): string | undefined {
  const world = createWorld(1);
  const watch = createHookWatch(world, "server1");
  for (const [index, action] of actions.entries()) {
    if (index === crashBefore) watch.onCrash();
    const variables = { CLNT_DUID: "00:01", PREFIX1: "2001:db8::", PREFIX1LEN: "56", PREFIX1VALID: "9" };
    const run = { script: "/script", action, variables, timeoutMs: 1000 };
    watch.starts(run);
    watch.ends(run);
  }
  return world.failure();
}

test("hook watch: delete, add, delete waited when the server was killed -> both deletes are made, and no more", () => {
  expect(complaint(["add", "delete", "add", "delete"], -1)).toBeUndefined();
  expect(complaint(["add", "delete", "delete"], 1)).toBeUndefined();
  const unasked = "server1: delete of 2001:db8::/56, which is not there";
  expect(complaint(["add", "delete", "delete"], -1)).toBe(unasked);
  expect(complaint(["add", "add", "delete", "delete"], 1)).toBe(unasked);
});
