import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { open } from "lmdb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundleChild } from "./bundle-child.js";
import { inspectDatabase } from "../../shared/edge/lmdb-file.js";
import { LEASE_DATABASE, openLeaseStore, openLeaseView } from "../../shared/edge/lmdb-store.js";
import { isStoreError, type StoreErrorCode } from "../../shared/edge/store-error.js";
import type { LeaseChange } from "../../shared/lease/changes.js";
import { leaseId } from "../../shared/lease/lease.js";

// What is true of the LMDB store alone: processes that die, disks that are full, files that are something
// else.

const tools = mkdtempSync(join(tmpdir(), "lmdb-store-tools-"));
let program: string;
let directory: string;
let database: string;

beforeAll(() => {
  program = bundleChild(tools);
  chmodSync(tools, 0o755);
});

afterAll(() => {
  rmSync(tools, { recursive: true });
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lmdb-store-"));
  database = join(directory, LEASE_DATABASE);
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

// Many processes are started here, each of which takes long on a busy machine.
const TIMEOUT = 60_000;

describe("LMDB store and other processes", { timeout: TIMEOUT }, () => {
  test("kill -9 during commits, thrice -> acknowledged ones kept, others whole or not at all", async () => {
    let durable = -1;
    for (const lines of [1, 20, 200]) {
      const child = start("commit");
      let left = lines;
      for await (const line of linesOf(child)) {
        if (line["durable"] !== undefined) durable = Math.max(durable, Number(line["durable"]));
        if (left-- === 0) child.kill("SIGKILL");
      }

      const store = await openLeaseStore(directory);
      const rows: number[] = [];
      store.load((id, octets, from, to) => {
        const record = octets.slice(from, to);
        const number = Math.floor(id / 10) % 251;
        rows.push(record.length === 128 && record.every((octet) => octet === number) ? id : NaN);
      });
      await store.close();
      expect(rows).toEqual(rows.map((_, index) => index));
      expect(rows.length % 10).toBe(0);
      expect(rows.length / 10).toBeGreaterThan(durable);
    }
    expect(durable).toBeGreaterThan(100);
  });

  test("a second process or store -> STORE_LOCKED while the first lives, no moment longer", async () => {
    const child = start("hold");
    let script = 0;
    for await (const line of linesOf(child)) {
      script = Number(line["script"]);
      expect(await codeOf(openLeaseStore(directory))).toBe("STORE_LOCKED");
      child.kill("SIGKILL");
    }

    // What it had started, a hook script perhaps, lives on and does not keep the lock.
    const store = await openLeaseStore(directory);
    expect(process.kill(script, "SIGKILL")).toBe(true);
    expect(await codeOf(openLeaseStore(directory))).toBe("STORE_LOCKED");
    expect(run("open")).toMatchObject({ code: "STORE_LOCKED" });
    await store.commit([put(1)]);
    await store.close();
    expect(run("open")).toEqual({ opened: true });
  });

  test("another process reads while the server writes -> it sees what is committed", async () => {
    const store = await openLeaseStore(directory);
    await store.commit([put(1), put(2)]);
    expect(run("view")).toEqual({ rows: 2 });
    await store.commit([put(3)]);
    expect(run("view")).toEqual({ rows: 3 });
    await store.close();
    expect(run("view")).toEqual({ rows: 3 });
  });

  test("another process writes as fast as it can -> whoever reads always finds a sound store", async () => {
    const child = start("commit");
    let rows = 0;
    for await (const line of linesOf(child)) {
      if (line["durable"] === undefined) continue;
      const view = await openLeaseView(directory);
      rows = 0;
      view.load(() => rows++);
      await view.close();
      if (rows > 2000) break;
    }
    child.kill("SIGKILL");
    expect(rows).toBeGreaterThan(2000);
  });

  test("a commit resolves -> the newest meta page has no mark of pages still to be synced", async () => {
    const store = await openLeaseStore(directory);
    for (let id = 0; id < 20; id++) {
      await store.commit([put(id)]);
      const file = readFileSync(database);
      expect(file.readUInt16LE(newestMeta(file) + META_FLAGS) & UNSYNCED).toBe(0);
    }
    await store.close();
  });

  test("the files -> readable by owner and group only", async () => {
    const store = await openLeaseStore(directory);
    expect([database, `${database}-lock`].map((path) => statSync(path).mode & 0o137)).toEqual([0, 0]);
    await store.close();
  });
});

describe("LMDB store that cannot be used", { timeout: TIMEOUT }, () => {
  /** Each prepares the directory and gives the path to open. */
  const rows: readonly (readonly [what: string, code: StoreErrorCode, prepare: () => string])[] = [
    ["no state directory", "STORE_DIRECTORY_MISSING", () => join(directory, "none")],
    ["a file for a state directory", "STORE_NOT_DIRECTORY", () => makeFile("file", "text")],
    ["a directory below a file", "STORE_NOT_DIRECTORY", () => join(makeFile("file", "text"), "below")],
    ["a directory for a database", "STORE_DAMAGED", () => makeDirectory(LEASE_DATABASE)],
    ["a text for a database", "STORE_DAMAGED", () => makeDatabase("no database\n")],
    ["much text for a database", "STORE_DAMAGED", () => makeDatabase("text ".repeat(50_000))],
    ["zeros for a database", "STORE_DAMAGED", () => makeDatabase(new Uint8Array(65_536))],
  ];

  test.each(rows)("%s -> %s with a sentence that names it", async (_what, code, prepare) => {
    const path = prepare();
    for (const opening of [openLeaseStore(path), openLeaseView(path)]) {
      const error = await errorOf(opening);
      expect(error).toMatchObject({ code });
      expect(error.message).toMatch(/^[^\n]{20,300}$/);
      expect(error.message).toContain(path);
    }
  });

  test("no database, for a reader -> STORE_MISSING, and none is made", async () => {
    expect(await codeOf(openLeaseView(directory))).toBe("STORE_MISSING");
    expect(statSync(database, { throwIfNoEntry: false })).toBeUndefined();
  });

  test.each([5000, 8192, 10_000, 100_000, 400_000])(
    "a database cut off after %i octets -> STORE_DAMAGED, the file left as it is",
    async (octets) => {
      await fillDatabase();
      truncateSync(database, octets);
      const before = readFileSync(database);
      expect(run("open")).toMatchObject({ code: "STORE_DAMAGED" });
      expect(run("view")).toMatchObject({ code: "STORE_DAMAGED" });
      expect(readFileSync(database).equals(before)).toBe(true);
    },
  );

  test("a database that was cut off to nothing -> STORE_DAMAGED; removed -> a new one", async () => {
    await fillDatabase();
    truncateSync(database, 0);
    expect(await errorOf(openLeaseStore(directory))).toMatchObject({
      code: "STORE_DAMAGED",
      message: `${database} is empty, though it has held leases; put a copy back, or remove it to begin without its leases`,
    });
    expect(statSync(database).size).toBe(0);
    rmSync(database);
    expect(run("open")).toEqual({ opened: true });
  });

  test("the database of another program -> STORE_DAMAGED, and left as it is", async () => {
    const env = open<string, string>({ path: database, noSubdir: true });
    await env.openDB<string, string>({ name: "letters" }).put("one", "text");
    await env.close();
    const before = readFileSync(database);
    expect(await codeOf(openLeaseStore(directory))).toBe("STORE_DAMAGED");
    expect(readFileSync(database).equals(before)).toBe(true);
  });

  test("pages that have lost a lease -> STORE_DAMAGED", async () => {
    await fillDatabase();
    forgetLastKeys();
    expect(await codeOf(openLeaseStore(directory))).toBe("STORE_DAMAGED");
  });

  test("a database that only lacks pages nobody uses -> opened", async () => {
    await fillDatabase();
    const { wanted: size } = inspectDatabase(database);
    truncateSync(database, size);
    makeLonger(1);
    expect(run("open")).toEqual({ opened: true });
    expect(statSync(database).size).toBeGreaterThan(size);
    expect(run("view")).toEqual({ rows: 3000 });
  });

  test("a database of a version that noted no calls -> opened, its leases there, calls can be owed", async () => {
    const env = open<Uint8Array, string>({ path: database, noSubdir: true, encoding: "binary", maxDbs: 4 });
    const leases = env.openDB<Uint8Array, number>({
      name: "leases",
      keyEncoding: "uint32",
      encoding: "binary",
    });
    await leases.put(1, Uint8Array.of(1, 2, 3));
    await env
      .openDB<Uint8Array, string>({ name: "meta", encoding: "binary" })
      .put("format", Uint8Array.of(1));
    await env.close();
    const store = await openLeaseStore(directory);
    expect(store.read(leaseId(1))).toEqual(Uint8Array.of(1, 2, 3));
    const owed: unknown[] = [];
    await store.commit([], [{ type: "owe", number: 1, call: Uint8Array.of(7) }]);
    store.owed((...note) => owed.push(note));
    expect(owed).toEqual([[1, Uint8Array.of(7)]]);
    await store.close();
  });

  test("a database of a later version -> STORE_TOO_NEW, and left alone", async () => {
    const store = await openLeaseStore(directory);
    await store.setMeta("format", Uint8Array.of(2));
    await store.close();
    expect(run("open")).toMatchObject({ code: "STORE_TOO_NEW" });
  });

  test("no permission -> STORE_NOT_WRITABLE", () => {
    chmodSync(directory, 0o555);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    expect(run("open", nobody)).toMatchObject({ code: "STORE_NOT_WRITABLE" });
    chmodSync(directory, 0o755);
  });

  test("no binary of lmdb for the platform -> STORE_NO_LMDB", () => {
    const env = { ...process.env, npm_config_arch: "pdp11" };
    expect(run("open", { env })).toMatchObject({ code: "STORE_NO_LMDB" });
    expect(run("open")).toEqual({ opened: true });
  });

  test("no flock on PATH -> STORE_NO_FLOCK", () => {
    expect(run("open", { env: { PATH: tools } })).toMatchObject({ code: "STORE_NO_FLOCK" });
  });

  test("a store used after close -> STORE_CLOSED", async () => {
    const store = await openLeaseStore(directory);
    await store.close();
    expect(await codeOf(store.commit([]))).toBe("STORE_CLOSED");
    expect(await codeOf(store.setMeta("note", undefined))).toBe("STORE_CLOSED");
    for (const read of [() => store.read(leaseId(0)), () => store.meta("note")]) {
      expect(read).toThrow(expect.objectContaining({ code: "STORE_CLOSED" }));
    }
  });
});

const put = (id: number): LeaseChange => ({
  type: "put",
  id: leaseId(id),
  record: new Uint8Array(128).fill(id),
});

async function fillDatabase(): Promise<void> {
  const store = await openLeaseStore(directory);
  for (let first = 0; first < 3000; first += 500) {
    await store.commit(Array.from({ length: 500 }, (_, index) => put(first + index)));
  }
  await store.close();
}

// Parts of the file, for tests that damage it: see mdb.c of the lmdb package.
const META_FLAGS = 52;
const META_LAST_PAGE = 144;
const META_TRANSACTION = 152;
/** MDB_OVERLAPPINGSYNC */
const UNSYNCED = 0x1000;
const PAGE_FLAGS = 18;
const PAGE_LOWER = 20;
const LEAF = 2;

/** Where the newer of the two meta pages begins. */
const newestMeta = (file: Buffer): number =>
  file.readBigUInt64LE(META_TRANSACTION) > file.readBigUInt64LE(4096 + META_TRANSACTION) ? 0 : 4096;

/** Lets every leaf page with more than ten keys forget its last one. */
function forgetLastKeys(): void {
  const file = readFileSync(database);
  for (let page = 2 * 4096; page < file.length; page += 4096) {
    const lower = file.readUInt16LE(page + PAGE_LOWER);
    if (file.readUInt16LE(page + PAGE_FLAGS) !== LEAF || lower < 24 + 2 * 10) continue;
    file.writeUInt16LE(lower - 2, page + PAGE_LOWER);
  }
  writeFileSync(database, file);
}

/** Makes both meta pages claim more pages than there are, as after pages at the end were freed. */
function makeLonger(pages: number): void {
  const file = readFileSync(database);
  for (const at of [META_LAST_PAGE, META_LAST_PAGE + 4096]) {
    file.writeBigUInt64LE(file.readBigUInt64LE(at) + BigInt(pages), at);
  }
  writeFileSync(database, file);
}

function makeFile(name: string, content: string | Uint8Array): string {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
}

function makeDirectory(name: string): string {
  mkdirSync(join(directory, name));
  return directory;
}

function makeDatabase(content: string | Uint8Array): string {
  makeFile(LEASE_DATABASE, content);
  return directory;
}

async function errorOf(opening: Promise<unknown>): Promise<Error> {
  try {
    await opening;
  } catch (error) {
    if (isStoreError(error)) return error;
    throw error;
  }
  throw new Error("it was opened");
}

async function codeOf(doing: Promise<unknown>): Promise<unknown> {
  const error = await errorOf(doing);
  return isStoreError(error) ? error.code : undefined;
}

function start(task: string): ChildProcess {
  return spawn(process.execPath, [program, task, directory], { stdio: ["ignore", "pipe", "inherit"] });
}

async function* linesOf(child: ChildProcess): AsyncGenerator<Record<string, unknown>> {
  if (child.stdout === null) throw new Error("no output to read");
  for await (const line of createInterface(child.stdout)) {
    const said = parse(line);
    if (said !== undefined) yield said;
  }
}

/** Runs a task to its end; gives the last thing it said. */
function run(task: string, options: object = {}): Record<string, unknown> | undefined {
  const { stdout, stderr } = spawnSync(process.execPath, [program, task, directory], {
    cwd: "/",
    encoding: "utf8",
    ...options,
  });
  return parse(stdout.trim().split("\n").at(-1) ?? "") ?? { nothingSaid: stderr };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // the last line of a process that was killed while it wrote
  }
}
