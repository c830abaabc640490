import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { failuresOf, systemIp } from "../../shared/edge/ip-batch.js";

describe("what ip says of a batch", () => {
  test("each failure with its line and reason, as iproute2 6.1 prints them", () => {
    const stderr = [
      'Cannot find device "nope"',
      "Command failed -:7",
      "Error: ipv6: address not found.",
      "Command failed -:8",
      "RTNETLINK answers: No such process",
      "Command failed -:9",
      "",
    ].join("\n");
    expect(failuresOf(stderr, 9)).toEqual([
      { line: 6, why: 'Cannot find device "nope"' },
      { line: 7, why: "ipv6: address not found." },
      { line: 8, why: "No such process" },
    ]);
  });

  test.each([
    ["a word it does not know ends it", 'Error: either "local" is duplicate, or "x" is a garbage.\n'],
    ["it could not be run", "ip cannot be run (spawn ip ENOENT); install iproute2"],
    ["it was killed", ""],
  ])("%s: every line counts as failed", (_case, stderr) => {
    const failures = failuresOf(stderr, 2);
    expect(failures.map(({ line }) => line)).toEqual([0, 1]);
    expect(failures[0]?.why).toMatch(/garbage|install iproute2|ip failed/);
  });
});

describe("a question to ip that is not answered", () => {
  test.each([
    ["echo 'Error: no' >&2; exit 2", "ip route show: Error: no"],
    ["exit 255", "ip route show: it ended with status 255 and said nothing"],
    ["kill -9 $$", "ip route show: it was ended"],
  ])("%s -> %s", async (script, sentence) => {
    const folder = mkdtempSync(join(tmpdir(), "ip-"));
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, "ip"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "ip"), 0o755);
    vi.stubEnv("PATH", folder);
    await expect(systemIp.ask(["route", "show"])).rejects.toThrow(sentence);
  });
});
