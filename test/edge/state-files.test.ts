import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { keepCopy, openText } from "../../shared/edge/state-files.js";
import { temporaryDirectory } from "./workbench.js";

describe("openText", () => {
  test("gives a text of several pieces whole, characters of several octets at their borders too", () => {
    const path = join(temporaryDirectory(), "text");
    const text = "äöü€".repeat(300_000);
    writeFileSync(path, text);
    const pieces: string[] = [];
    openText(path)?.read((piece) => pieces.push(piece));
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join("")).toBe(text);
  });

  test("tells when the file was changed last", () => {
    const path = join(temporaryDirectory(), "text");
    writeFileSync(path, "");
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    expect(openText(path)).toMatchObject({ written: 1_700_000_000_000, octets: 0 });
  });

  test("no file is nothing; a directory is an error with a sentence", () => {
    const directory = temporaryDirectory();
    expect(openText(join(directory, "none"))).toBeUndefined();
    mkdirSync(join(directory, "folder"));
    expect(() => openText(join(directory, "folder"))?.read(() => undefined)).toThrow("it is a directory");
  });
});

describe("keepCopy", () => {
  test("keeps every copy that was made, and the original", () => {
    const directory = temporaryDirectory();
    const path = join(directory, "state.xml");
    for (const text of ["first", "second", "third"]) {
      writeFileSync(path, text);
      keepCopy(path);
    }
    const texts = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]);
    expect(texts).toEqual([
      ["state.xml", "third"],
      ["state.xml.dibbler", "first"],
      ["state.xml.dibbler.2", "second"],
      ["state.xml.dibbler.3", "third"],
    ]);
  });

  test("no file, no copy", () => {
    const directory = temporaryDirectory();
    expect(keepCopy(join(directory, "none"))).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });
});
