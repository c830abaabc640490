import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { millis, seconds } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import { type Duid, formatDuid } from "../../shared/duid.js";
import { encodeState } from "../../client/remembered.js";
import { type Memory, openMemory } from "../../client/serve-memory.js";
import { temporaryDirectory } from "../edge/workbench.js";
import { CLIENT, SERVER_A } from "./workbench.js";

const link = { solMaxRt: seconds(3600), ias: [] };
const links = new Map([["wan0", link]]);
const OURS = encodeState({ duid: CLIENT, links });
const clock = { now: () => millis(1_795_923_148_000) };

/** What Debian's client wrote, as if it had had this DUID. */
const dibblerFile = (duid: Duid): string =>
  readFileSync("test/client/files/dibbler-101.xml", "utf8").replace(
    /<duid .*<\/duid>/,
    `<duid>${formatDuid(duid)}</duid>`,
  );

interface Opened {
  readonly memory: Memory;
  readonly logged: readonly LogId[];
  readonly files: readonly string[];
  /** What is remembered of wan0: `nothing`, or the number of leases. */
  readonly found: number | "nothing";
}

/** Opens the memory of a directory with these files, Dibbler's so many seconds later than ours. */
async function open(state?: string, dibbler?: string, later = 0, isFresh = false): Promise<Opened> {
  const workDir = temporaryDirectory();
  const write = (name: string, text: string | undefined, at: number): void => {
    if (text === undefined) return;
    writeFileSync(join(workDir, name), text);
    utimesSync(join(workDir, name), at, at);
  };
  write("client-state.json", state, 1_795_000_000);
  write("client-AddrMgr.xml", dibbler, 1_795_000_000 + later);
  const logged: LogId[] = [];
  const log = (id: LogId): void => void logged.push(id);
  const memory = await openMemory({ workDir, duid: CLIENT, isFresh, clock, log });
  const found = memory.of("wan0")?.ias.flatMap(({ leases }) => leases).length ?? "nothing";
  return { memory, logged, files: readdirSync(workDir), found };
}

describe("client memory: the state file", () => {
  test.each([
    ["ours", OURS, false, 0, [], ["client-state.json"]],
    ["none", undefined, false, "nothing", [], []],
    ["ours, with skip-confirm", OURS, true, "nothing", [], ["client-state.json"]],
    [
      "of another DUID",
      encodeState({ duid: SERVER_A, links }),
      false,
      "nothing",
      ["CLIENT-STATE-FOREIGN"],
      ["client-state.json"],
    ],
    ["cut off", OURS.slice(0, 40), false, "nothing", ["CLIENT-STATE-BROKEN"], ["client-state.json.broken"]],
  ] as const)("%s", async (_name, content, isFresh, found, logged, files) => {
    expect(await open(content, undefined, 0, isFresh)).toMatchObject({ found, logged, files });
  });

  test("a directory that has vanished: one line, the lease stays in use", async () => {
    const workDir = temporaryDirectory();
    const logged: LogId[] = [];
    const log = (id: LogId): void => void logged.push(id);
    const memory = await openMemory({ workDir, duid: CLIENT, isFresh: false, clock, log });
    memory.save("wan0", link);
    expect(readFileSync(join(workDir, "client-state.json"), "utf8")).toBe(OURS);
    rmSync(workDir, { recursive: true });
    memory.save("wan0", link);
    memory.save("wan0", link);
    expect(logged).toEqual(["CLIENT-STATE-UNSAVED"]);
  });
});

describe("client memory: the file of Dibbler's client", () => {
  const dibbler = dibblerFile(CLIENT);

  test.each([
    ["alone: taken over", undefined, dibbler, 0, 2, ["CLIENT-STATE-TAKEN-OVER"]],
    ["beside ours, which is as late: ours counts", OURS, dibbler, 1, 0, []],
    ["much later than ours: Dibbler has worked since", OURS, dibbler, 3600, 2, ["CLIENT-STATE-TAKEN-OVER"]],
    [
      "beside ours, which cannot be read",
      OURS.slice(0, 40),
      dibbler,
      0,
      2,
      ["CLIENT-STATE-BROKEN", "CLIENT-STATE-TAKEN-OVER"],
    ],
    ["of another DUID", undefined, dibblerFile(SERVER_A), 0, "nothing", ["CLIENT-STATE-FOREIGN"]],
    ["something else", undefined, "hello", 0, "nothing", ["CLIENT-STATE-REMARK", "CLIENT-STATE-REMARK"]],
  ] as const)("%s", async (_name, state, text, later, found, logged) => {
    expect(await open(state, text, later)).toMatchObject({ found, logged });
  });

  test("with skip-confirm it is not looked at", async () => {
    expect(await open(undefined, dibbler, 0, true)).toMatchObject({ found: "nothing", logged: [] });
  });

  test("a directory in its place: one line, the client starts and saves its own", async () => {
    const workDir = temporaryDirectory();
    mkdirSync(join(workDir, "client-AddrMgr.xml"));
    const logged: LogId[] = [];
    const log = (id: LogId): void => void logged.push(id);
    const memory = await openMemory({ workDir, duid: CLIENT, isFresh: false, clock, log });
    expect(memory.of("wan0")).toBeUndefined();
    expect(logged).toEqual(["CLIENT-STATE-REMARK"]);
    memory.save("wan0", link);
    expect(logged.slice(1)).toEqual(["CLIENT-VIEW-FAILED"]);
  });

  test("what was taken over is in our own file as soon as anything is saved", async () => {
    const { memory } = await open(undefined, dibbler);
    expect(memory.of("wan0")?.ias.map(({ kind }) => kind)).toEqual(["na", "pd"]);
  });
});
