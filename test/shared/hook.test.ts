import { describe, expect, test } from "vitest";
import { hookCall } from "../../shared/hook.js";

describe("hooks: a call", () => {
  test("writes its variables once, when they are looked at", () => {
    let written = 0;
    const call = hookCall("add", ["2001:db8::/56"], () => ({ COUNT: String(++written) }));
    expect(written).toBe(0);
    expect([call.variables, call.variables]).toEqual([{ COUNT: "1" }, { COUNT: "1" }]);
    expect(call).toMatchObject({ action: "add", order: ["2001:db8::/56"] });
  });
});
