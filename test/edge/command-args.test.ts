import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";

const declaration = {
  name: "dibbler-server count",
  describe: "count things",
  words: {
    what: { describe: "what to count", need: "required" },
    where: { describe: "where to look", need: "many" },
  },
  options: {
    json: { type: "boolean", describe: "for programs", short: "j" },
    limit: { type: "number", describe: "how many at most" },
    state: { type: "string", describe: "only these", choices: ["live", "gone"] },
    client: { type: "string", describe: "only this one", many: true },
  },
  examples: [["dibbler-server count leases", "count the leases"]],
  notes: "Nothing is changed.",
} as const satisfies CommandDeclaration;

/** What the command was given, or its exit status. */
async function read(line: string): Promise<unknown> {
  const args = await readCommandArgs(declaration, line === "" ? [] : line.split(" "));
  if (typeof args === "number") return args;
  return {
    what: args.text("what"),
    where: args.texts("where"),
    json: args.flag("json"),
    limit: args.number("limit"),
    state: args.text("state"),
    clients: args.texts("client"),
  };
}

const nothing = { where: [], json: false, limit: undefined, state: undefined, clients: [] };
let printed = { out: "", err: "" };

beforeEach(() => {
  printed = { out: "", err: "" };
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed.out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((printed.err += String(text)), true));
});
afterEach(() => vi.restoreAllMocks());

describe("arguments of a command", () => {
  it.each([
    ["leases", { ...nothing, what: "leases" }],
    ["leases a b", { ...nothing, what: "leases", where: ["a", "b"] }],
    ["--json leases", { ...nothing, what: "leases", json: true }],
    ["leases -j -j", { ...nothing, what: "leases", json: true }],
    ["leases --limit 5", { ...nothing, what: "leases", limit: 5 }],
    ["leases --limit=5 --limit=6", { ...nothing, what: "leases", limit: 6 }],
    ["leases --state live", { ...nothing, what: "leases", state: "live" }],
    ["--client 0x01 leases --client 00:01", { ...nothing, what: "leases", clients: ["0x01", "00:01"] }],
    ["0012 1e3", { ...nothing, what: "0012", where: ["1e3"] }],
  ])("%s -> values", async (line, expected) => {
    expect(await read(line)).toEqual(expected);
    expect(printed).toEqual({ out: "", err: "" });
  });

  it.each([
    ["", "not enough non-option arguments: got 0, need at least 1"],
    ["leases --jsn", "unknown argument: jsn; did you mean --json?"],
    ["leases --no-json", "unknown argument: no-json"],
    ["leases --colour", "unknown argument: colour"],
    ["leases ----", "unknown argument: ----"],
    ["leases ----=x --json", "unknown argument: ----=x"],
    ["leases --limit five", "--limit needs a number"],
    ["leases --limit", "not enough arguments following: limit"],
    ["leases --state old", 'invalid values:; Argument: state, Given: "old", Choices: "live", "gone"'],
  ])("%j -> status 1 and the reason", async (line, reason) => {
    expect(await read(line)).toBe(1);
    expect(printed).toEqual({
      out: "",
      err: `dibbler-server count: ${reason}\nTry "dibbler-server count --help".\n`,
    });
  });

  it("--help -> status 0; every word, option, example and note is there", async () => {
    expect(await read("--help")).toBe(0);
    expect(printed.err).toBe("");
    for (const text of [
      "dibbler-server count <what> [where..]",
      "count things",
      "what to count",
      "-j, --json",
      "how many at most",
      '[choices: "live", "gone"]',
      "count the leases",
      "Nothing is changed.",
    ]) {
      expect(printed.out).toContain(text);
    }
  });
});
