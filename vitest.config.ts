import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

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
          exclude: ["test/e2e/**"],
          // Properties run hundreds of cases, crowds tens of thousands, and CI machines are small and some busy (a
          // load of 7 made a minute of 30 s): time is never what a test is about.
          testTimeout: 300_000,
        },
      },
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
