import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** What looks at the memory of its process, or puts something in the place of a module. */
const APART = [
  "test/edge/log-json-missing.test.ts",
  "test/lease/table.test.ts",
  "test/lease/tails.test.ts",
  "test/server/limits.test.ts",
  "test/server/memory.test.ts",
  "test/shared/octet-map.test.ts",
];

/**
 * Properties run hundreds of cases, crowds tens of thousands, and CI machines are small and some busy (a load of
 * 7 made a minute of 30 s): time is never what a test is about.
 */
const UNIT_TIMEOUT = 300_000;
/** Vitest would leave one core to itself: half of a small machine. */
const UNIT_WORKERS = availableParallelism();

/** As the bundler fills it in. */
const pageText = (file: string): string => JSON.stringify(readFileSync(`server/page/${file}`, "utf8"));

export default defineConfig({
  test: {
    // CI counts from the JSON report; people read the other one.
    reporters: process.env["CI"] === undefined ? ["default"] : ["default", "json"],
    outputFile: { json: "coverage/results.json" },
    projects: [
      {
        define: { PAGE_SCRIPT: pageText("page.js"), PAGE_STYLE: pageText("page.css") },
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", ...APART],
          // A process for each of 200 files is half the time of the small ones.
          isolate: false,
          maxWorkers: UNIT_WORKERS,
          testTimeout: UNIT_TIMEOUT,
        },
      },
      { test: { name: "apart", include: APART, maxWorkers: UNIT_WORKERS, testTimeout: UNIT_TIMEOUT } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          // One line about peers that are not installed and what is left out for it.
          globalSetup: ["test/e2e/global-setup.ts"],
          // Namespaces, real timers and real peers mostly wait: two files at a time keep both cores of a
          // small machine busy without making anybody late.
          maxWorkers: 2,
          // After the unit tests, which would make them late.
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
