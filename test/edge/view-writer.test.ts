import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { createViewWriter, type ViewWriter, type ViewWriterOptions } from "../../shared/edge/view-writer.js";
import { temporaryDirectory } from "./workbench.js";

interface Bench {
  readonly writer: ViewWriter;
  readonly folder: string;
  readonly failures: readonly string[];
  /** How often the text was made. */
  readonly rounds: () => number;
}

/** A writer of one file, whose text tells how often it was made. */
function bench(options: Partial<ViewWriterOptions> = {}, folder = temporaryDirectory()): Bench {
  const failures: string[] = [];
  let rounds = 0;
  const writer = createViewWriter({
    views: [{ path: join(folder, "view.xml"), render: () => [`round ${String(++rounds)}`, "\n"] }],
    isLive: () => true,
    onFailure: (sentence) => failures.push(sentence),
    intervalMs: 20,
    ...options,
  });
  onTestFinished(() => writer.close());
  return { writer, folder, failures, rounds: () => rounds };
}

const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await sleep(5);
};

describe("view writer", () => {
  test("writes when told to, readable for the group, and leaves nothing beside it", async () => {
    const { writer, folder } = bench();
    await writer.write();
    expect(readFileSync(join(folder, "view.xml"), "utf8")).toBe("round 1\n");
    expect(statSync(join(folder, "view.xml")).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["view.xml"]);
  });

  test("writes once for many changes, and again for changes after that", async () => {
    const { writer, rounds } = bench();
    for (let n = 0; n < 1000; n++) writer.changed();
    await until(() => rounds() === 1);
    writer.changed();
    await until(() => rounds() === 2);
    await sleep(100);
    expect(rounds()).toBe(2);
  });

  test("a change while it is writing is not missed", async () => {
    const folder = temporaryDirectory();
    let [value, made] = [1, 0];
    const { writer } = bench(
      {
        views: [
          {
            path: join(folder, "view.xml"),
            render: () => {
              made++;
              const text = String(value);
              if (value++ === 1) writer.changed();
              return [text];
            },
          },
        ],
      },
      folder,
    );
    writer.changed();
    await until(() => made === 2);
    await writer.close();
    expect(readFileSync(join(folder, "view.xml"), "utf8")).toBe("2");
  });

  test("closed in the midst of a round -> one more for what has changed meanwhile, and only then", async () => {
    const folder = temporaryDirectory();
    let made = 0;
    function* text(): Generator<string> {
      made++;
      yield "x".repeat(300_000);
      yield String(made);
    }
    const { writer } = bench({ views: [{ path: join(folder, "view.xml"), render: text }] }, folder);
    writer.changed();
    await until(() => made === 1);
    await writer.close();
    expect(made).toBe(1);

    const other = bench({ views: [{ path: join(folder, "other.xml"), render: text }] }, folder).writer;
    other.changed();
    await until(() => made === 2);
    other.changed();
    await other.close();
    expect(made).toBe(3);
  });

  test("in performance mode changes wait for the end", async () => {
    const { writer, rounds } = bench({ isLive: () => false });
    await writer.write();
    writer.changed();
    await sleep(100);
    expect(rounds()).toBe(1);
    await writer.close();
    expect(rounds()).toBe(2);
  });

  test.each([
    { what: "a long text is made", piece: "x" },
    { what: "what is made gives no text yet", piece: "" },
  ])("others have their turn while $what", async ({ piece }) => {
    const folder = temporaryDirectory();
    function* slow(): Generator<string> {
      for (let n = 0; n < 50; n++) {
        const end = performance.now() + 3;
        while (performance.now() < end);
        yield piece;
      }
    }
    const { writer } = bench({ views: [{ path: join(folder, "view.xml"), render: slow }] }, folder);
    let [turns, over] = [0, false];
    const writing = writer.write().then(() => (over = true));
    while (!over) {
      await turn();
      turns++;
    }
    await writing;
    expect(turns).toBeGreaterThan(40);
    expect(readFileSync(join(folder, "view.xml"), "utf8")).toBe(piece.repeat(50));
  });

  test("a long text after a change -> is written whole", async () => {
    const folder = temporaryDirectory();
    function* slow(): Generator<string> {
      for (let n = 0; n < 20; n++) {
        const end = performance.now() + 3;
        while (performance.now() < end);
        yield String.fromCharCode(97 + n);
      }
    }
    const { writer } = bench({ views: [{ path: join(folder, "view.xml"), render: slow }] }, folder);
    writer.changed();
    await until(() => readdirSync(folder).includes("view.xml"));
    expect(readFileSync(join(folder, "view.xml"), "utf8")).toBe("abcdefghijklmnopqrst");
  });

  test("told to write in the midst of a round, with more to write -> one round at a time", async () => {
    const folder = temporaryDirectory();
    let [made, running, most] = [0, 0, 0];
    function* text(): Generator<string> {
      most = Math.max(most, ++running);
      // The second round is longer than the pause after the first.
      const [pieces, ms] = ++made === 1 ? [1, 0] : [60, 4];
      for (let n = 0; n < pieces; n++) {
        const end = performance.now() + ms;
        while (performance.now() < end);
        yield "x".repeat(300_000);
      }
      running--;
    }
    const { writer } = bench({ views: [{ path: join(folder, "view.xml"), render: text }] }, folder);
    writer.changed();
    await until(() => made === 1);
    writer.changed();
    await writer.write();
    await writer.close();
    expect([made, most]).toEqual([2, 1]);
  });

  test("says once that it cannot write, leaves nothing behind, and writes again when it can", async () => {
    const { writer, folder, failures } = bench();
    mkdirSync(join(folder, "view.xml"));
    for (let n = 0; n < 3; n++) await writer.write();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(/cannot write .*view\.xml: it is a directory/);
    expect(readdirSync(folder)).toEqual(["view.xml"]);
    rmdirSync(join(folder, "view.xml"));
    await writer.write();
    expect(readFileSync(join(folder, "view.xml"), "utf8")).toMatch(/^round/);
  });

  test("removes what a run that was killed has left, and nothing else", () => {
    const folder = temporaryDirectory();
    for (const name of [".view.xml.123.4", ".view.xml.swp", ".other.xml.1.2"])
      writeFileSync(join(folder, name), "");
    bench({}, folder);
    expect(readdirSync(folder).sort()).toEqual([".other.xml.1.2", ".view.xml.swp"]);
  });
});
