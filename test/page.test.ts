import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { compareShown, namesIn, readPage, withBound } from "./e2e/bed/page.js";

const nothing = new Map<string, string>();
const matches = (shown: string, came: string, fixed: readonly string[] = []): boolean =>
  compareShown(shown, came, nothing, new Set(fixed)) !== undefined;

describe("pages: what is shown against what came", () => {
  test.each([
    ["the same", "2 leases: 2 bound", "2 leases: 2 bound"],
    ["other columns and empty lines", "A  B\n\nc d", "  A B\nc     d\n"],
    ["another time", "since 2026-11-29 18:26:07", "since 2027-01-01 00:00:00"],
    ["other durations", "in 1h 59m, 7199sec", "in 2h 00m, 42sec"],
    ["another process", "runs with pid 1360", "runs with pid 7"],
    ["another address of the same block", "via fe80::1:2 dev eth0", "via fe80::aa:bb dev eth0"],
    ["any lines", "first\n…\nlast", "first\n2\n3\nlast"],
    ["any text in a line", "2: eth0… state UP", "2: eth0@if3: mtu 1500 state UP"],
    ["the same one twice", "2001:db8:1::/56\n2001:db8:1::/56", "2001:db8:2::/56\n2001:db8:2::/56"],
  ])("%s: it is what the page shows", (_what, shown, came) => {
    expect(matches(shown, came)).toBe(true);
  });

  test.each([
    ["another number", "2 leases: 2 bound", "3 leases: 3 bound"],
    ["a line more", "first", "first\nsecond"],
    ["a line less", "first\nsecond", "first"],
    ["another length", "2001:db8:1::/56", "2001:db8:1::/64"],
    ["another block", "2001:db8:1::/56", "2001:db9:1::/56"],
    ["two in place of one", "2001:db8:1::/56\n2001:db8:1::/56", "2001:db8:2::/56\n2001:db8:3::/56"],
    ["one in place of two", "2001:db8:1::/56\n2001:db8:2::/56", "2001:db8:3::/56\n2001:db8:3::/56"],
    ["a character of patterns", "a.b", "axb"],
  ])("%s: it is not", (_what, shown, came) => {
    expect(matches(shown, came)).toBe(false);
  });

  test("addresses of the page's files are themselves", () => {
    expect(matches("2001:db8:1::/56", "2001:db8:2::/56", ["2001:db8:1::"])).toBe(false);
    expect(matches("2001:db8:1::/56", "2001:db8:2::/56", ["2001:db8:2::"])).toBe(false);
    expect(matches("2001:db8:1::/56", "2001:db8:1::/56", ["2001:db8:1::"])).toBe(true);
    expect(namesIn("pd-pool 2001:db8:1000::/40 # 00:03:00:01:02:fe:00:00:00:99")).toEqual([
      "2001:db8:1000::",
      "00:03:00:01:02:fe:00:00:00:99",
    ]);
  });

  test("commands get what came in place of what was shown", () => {
    const bound = compareShown("2001:db8:1::/56", "2001:db8:a::/56", nothing, new Set());
    expect(withBound("show 2001:db8:1::/56 2001:db8:9::", bound ?? nothing)).toBe(
      "show 2001:db8:a::/56 2001:db8:9::",
    );
  });
});

describe("pages: their blocks", () => {
  test("commands, files and what is to be seen, in lists as well, with the line of each", () => {
    const page = pageOf(["```sh server", "true", "```", "1. Then", "   ```conf pc /etc/x", "   a", "   ```"]);
    expect(readPage(page)).toEqual([
      { kind: "run", at: `${page}:1`, host: "server", script: "true" },
      { kind: "file", at: `${page}:5`, host: "pc", path: "/etc/x", text: "a\n" },
    ]);
    const seen = pageOf(["```text soon", "…", "```", "<!-- test: go on -->"]);
    expect(readPage(seen)).toEqual([
      { kind: "see", at: `${seen}:1`, isAwaited: true, text: "…" },
      { kind: "act", at: `${seen}:4`, name: "go on" },
    ]);
  });

  test.each([[["```sh", "reboot", "```"]], [["```", "reboot", "```"]], [["```sh server", "reboot"]]])(
    "%j: a command that nobody would try is an error",
    (lines) => {
      expect(() => readPage(pageOf(lines))).toThrow(/README\.md:1: /);
    },
  );
});

function pageOf(lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "page-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "README.md"), `${lines.join("\n")}\n`);
  return join(folder, "README.md");
}
