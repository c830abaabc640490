import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { WITHOUT_HELPERS } from "../../server/serve-memory.js";

/** Makes garbage for a second, most of it old enough to be marked. */
const CHURN = `
const { setFlagsFromString } = require("node:v8");
for (const flag of process.argv.slice(1)) setFlagsFromString(flag);
const { PerformanceObserver } = require("node:perf_hooks");
let marked = 0;
new PerformanceObserver((list) => (marked += list.getEntries().length)).observe({ entryTypes: ["gc"] });
const end = Date.now() + 1000;
let kept = [];
function churn() {
  for (let n = 0; n < 100_000; n++) kept.push({ list: [n], octets: n % 100 ? null : new Uint8Array(64) });
  if (kept.length > 400_000) kept = kept.slice(200_000);
  if (Date.now() < end) setImmediate(churn);
  else setImmediate(() => console.log(marked > 0 ? "collected" : "nothing collected"));
}
churn();
`;

test("V8 of this Node knows the flags, and collects with them", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", CHURN, ...WITHOUT_HELPERS], {
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "collected\n", stderr: "" });
});
