import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CORPUS, corpusOf } from "./corpus.js";
import { createSearch } from "./search.js";
import type { Target } from "./target.js";
import { TARGETS } from "./targets.js";

// The short form of `npm run fuzz`: the same inputs in every run.

describe("fuzz: every target bears", () => {
  test.each(TARGETS)("$name: its corpus, and inputs made of it", async (target) => {
    const corpus = corpusOf(target);
    for (const input of corpus) await run(target, input);
    const search = createSearch(target, corpus, 20_261_129);
    for (let round = 0; round < target.rounds; round++) await run(target, search.next());
  });
});

/** Runs one input; when it is a finding, shows it in full. */
async function run(target: Target, input: Uint8Array): Promise<void> {
  try {
    await target.run(input);
  } catch (error) {
    const hex = Buffer.from(input).toString("hex");
    throw new Error(`${target.name} does not bear ${hex}`, { cause: error });
  }
}

describe("fuzz: the table in README.md", () => {
  const readme = readFileSync("test/fuzz/README.md", "utf8");
  const rows = readme.split("\n").flatMap((line) => {
    const [, name, entries] = /^\| `([a-z0-9-]+)` \| ([^|]*) \|/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, entries: (entries ?? "").match(/(?<=`)[\w.]+(?=`)/g) ?? [] }];
  });

  test("has a row for each target, with its entry points, in their order", () => {
    expect(rows).toEqual(TARGETS.map(({ name, entries }) => ({ name, entries: [...entries] })));
  });

  test("or the list below it names every function of the programs that reads what it is given", () => {
    const readers = sourcesOf(["shared", "server", "client"]).flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(READER)].map(([, name = ""]) => name),
    );
    expect(readers.length).toBeGreaterThan(40);
    expect(readers.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  test("every folder of the corpus belongs to a target", () => {
    const names = TARGETS.map(({ name }) => name);
    expect(readdirSync(CORPUS).filter((folder) => !names.includes(folder))).toEqual([]);
  });
});

/** Exported functions that are called as what reads something is. */
const VERBS = "parse|decode|read|split|inspect|probe|peek|unescape|recall|unwrap|lex";
const READER = new RegExp(`^export (?:async )?(?:function\\*? |const )((?:${VERBS})(?![a-z])\\w*)`, "gm");

function sourcesOf(folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name}`),
  );
}
