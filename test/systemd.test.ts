import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ALLOCATOR_ENVIRONMENT, SEMI_SPACE_FLAG } from "../server/memory.js";

/** Our units and the exposure that `systemd-analyze security` may find in them, from 0 (none) to 10. */
const units = [
  { unit: "dibbler-server.service", most: 2.1, capabilities: "CAP_NET_ADMIN CAP_NET_BIND_SERVICE" },
  { unit: "dibbler-client@.service", most: 1.9, capabilities: "CAP_NET_ADMIN CAP_NET_BIND_SERVICE" },
] as const;

const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
const textOf = (unit: string): string => readFileSync(join("examples/systemd", unit), "utf8");
const valuesOf = (unit: string, name: string): readonly string[] =>
  Array.from(textOf(unit).matchAll(new RegExp(`^${name}=(.*)$`, "gm")), ([, value = ""]) => value);

/** The unit in a directory of its own, with programs that are there on every machine. */
function installed(unit: string): string {
  const directory = mkdtempSync(join(tmpdir(), "units-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, unit);
  writeFileSync(path, textOf(unit).replaceAll(/\/usr\/local\/bin\/dibbler-(server|client)/g, "/bin/true"));
  return path;
}

describe("systemd units", () => {
  test.each(units)("$unit: a user of its own, and no more capabilities than e2e/unprivileged has", (row) => {
    const { unit, capabilities } = row;
    expect(valuesOf(unit, "User")).toEqual(["dibbler"]);
    expect(valuesOf(unit, "CapabilityBoundingSet")).toEqual([capabilities]);
    expect(valuesOf(unit, "AmbientCapabilities")).toEqual([capabilities]);
    expect(valuesOf(unit, "NoNewPrivileges")).toEqual(["yes"]);
  });

  test.each(units)("$unit: begun again for ever, at a pace; ip may give up capabilities", ({ unit }) => {
    expect(valuesOf(unit, "StartLimitIntervalSec")).toEqual(["0"]);
    expect(valuesOf(unit, "RestartSec")).toEqual(["5s"]);
    // Without CAP_NET_ADMIN ip ends at its first step, silently, if the filter has no capset.
    expect(valuesOf(unit, "SystemCallFilter")).toContain("capset");
  });

  test("dibbler-server.service: memory as with `start`", () => {
    const words = Object.entries(ALLOCATOR_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
    expect(valuesOf("dibbler-server.service", "Environment")).toEqual([
      words.join(" "),
      `NODE_OPTIONS=${SEMI_SPACE_FLAG}`,
    ]);
  });

  test.runIf(hasAnalyze).each(units)("$unit: systemd understands every line of it", ({ unit }) => {
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", installed(unit)], {
      encoding: "utf8",
    });
    expect([stderr, status]).toEqual(["", 0]);
  });

  test.runIf(hasAnalyze).each(units)("$unit: exposure of $most at most", ({ unit, most }) => {
    const words = ["security", "--offline=true", "--no-pager", installed(unit)];
    const text = execFileSync("systemd-analyze", words, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const score = Number(/exposure level for \S+ (\d+\.\d+)/.exec(text)?.[1]);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThanOrEqual(most);
  });
});
