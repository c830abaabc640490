import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HookAction } from "../../shared/hook.js";
import { decodeOwed, encodeOwed } from "../../shared/lease/owed.js";

describe("calls that are owed", () => {
  test("any call -> the same one when it is read back", () => {
    const anyCall = fc.record({
      action: fc.constantFrom<HookAction>("add", "update", "delete", "expire"),
      order: fc.array(fc.string()),
      variables: fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), {
        noNullPrototype: true,
      }),
    });
    fc.assert(
      fc.property(anyCall, (call) => {
        expect(decodeOwed(encodeOwed(call))).toEqual(call);
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["no JSON", '{"action":"delete"'],
    ["null", "null"],
    ["an action that nobody knows", '{"action":"burn","order":[],"variables":{}}'],
    ["no order", '{"action":"delete","variables":{}}'],
    ["no variables", '{"action":"delete","order":[]}'],
  ])("%s -> cannot be read", (_what, text) => {
    expect(decodeOwed(new TextEncoder().encode(text))).toBeUndefined();
  });
});
