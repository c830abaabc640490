import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../shared/catalogue.js";
import { openControl } from "../../shared/edge/control-server.js";
import { replaceFile, replaceFileSync } from "../../shared/edge/files.js";
import { isForeignLink } from "../../shared/edge/foreign-links.js";
import { LEASE_DATABASE, openLeaseStore, openLeaseView } from "../../shared/edge/lmdb-store.js";
import { createLog, defaultLogSettings } from "../../shared/edge/log.js";
import { claimPidFile } from "../../shared/edge/pid-file.js";
import { run, temporaryDirectory } from "./workbench.js";

/** Nobody's number; only root can make a file another user's. */
const STRANGER = 65_534;
const isRoot = process.geteuid?.() === 0;

const PRECIOUS = "root:x:0:0";

/** A file that must stay as it is, and a directory of somebody else's in which `name` is a link to it. */
function trap(name: string): { readonly path: string; readonly isUnharmed: () => void } {
  const directory = temporaryDirectory();
  const victim = `${directory}/victim`;
  writeFileSync(victim, PRECIOUS, { mode: 0o600 });
  chmodSync(victim, 0o600);
  mkdirSync(`${directory}/state`);
  const path = `${directory}/state/${name}`;
  symlinkSync(victim, path);
  if (isRoot) lchownSync(path, STRANGER, STRANGER);
  return {
    path,
    isUnharmed: () => {
      expect(readFileSync(victim, "utf8")).toBe(PRECIOUS);
      expect(statSync(victim).mode & 0o777).toBe(0o600);
    },
  };
}

const openLog = (file: string) =>
  createLog({ rows: CATALOGUE, file, console: false, settings: defaultLogSettings("Client") });
const line = { script: "/hook", action: "add", count: 7 };

describe("a link to somebody's file in the place of one of ours", () => {
  test("state files, views and DUIDs take its place; the file behind it stays as it is", async () => {
    const { path, isUnharmed } = trap("client-state.json");
    replaceFileSync(path, "new", 0o640);
    isUnharmed();
    expect([lstatSync(path).isFile(), readFileSync(path, "utf8")]).toEqual([true, "new"]);
    const later = trap("server-AddrMgr.xml");
    await replaceFile(later.path, "new", 0o640);
    later.isUnharmed();
    expect(lstatSync(later.path).isFile()).toBe(true);
  });

  test("the pid file takes its place", () => {
    const { path, isUnharmed } = trap("server.pid");
    claimPidFile(path, "server");
    isUnharmed();
    expect([lstatSync(path).isFile(), statSync(path).mode & 0o777]).toEqual([true, 0o644]);
  });

  test("there is no command socket, and it is said why", async () => {
    const { path, isUnharmed } = trap("server.sock");
    const troubles: string[] = [];
    const handle = () => ({ ok: true, message: "" }) as const;
    const control = await openControl({ path, handle, onTrouble: (sentence) => troubles.push(sentence) });
    await control.close();
    isUnharmed();
    expect(troubles).toEqual([`${path} is not a socket and is in its place; remove it`]);
  });

  test.runIf(isRoot)("another user's: there is no log, and no lease store", async () => {
    const log = trap("dibbler-server.log");
    const writer = openLog(log.path);
    writer.log("HOOK-START", line);
    writer.close();
    log.isUnharmed();
    for (const name of [LEASE_DATABASE, `${LEASE_DATABASE}-lock`]) {
      const store = trap(name);
      const directory = store.path.slice(0, store.path.lastIndexOf("/"));
      const refusal = { code: "STORE_FOREIGN_LINK", path: store.path };
      await expect(openLeaseStore(directory)).rejects.toMatchObject(refusal);
      await expect(openLeaseView(directory)).rejects.toMatchObject(refusal);
      store.isUnharmed();
    }
  });

  test("the operator's own is followed", () => {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/elsewhere.log`, "");
    symlinkSync(`${directory}/elsewhere.log`, `${directory}/dibbler-server.log`);
    expect(isForeignLink(`${directory}/dibbler-server.log`)).toBe(false);
    const writer = openLog(`${directory}/dibbler-server.log`);
    writer.log("HOOK-START", line);
    writer.close();
    expect(readFileSync(`${directory}/elsewhere.log`, "utf8")).toContain("/hook");
  });

  test("what the store tries the disk with does not go through one either", async () => {
    const { path, isUnharmed } = trap(`${LEASE_DATABASE}-attempt`);
    const store = await openLeaseStore(path.slice(0, path.lastIndexOf("/")));
    await store.close();
    isUnharmed();
    expect(existsSync(path)).toBe(false);
  });
});

test("a pipe that nobody reads, in the place of the log file, holds nobody up", async () => {
  const file = `${temporaryDirectory()}/dibbler-client.log`;
  expect((await run("mkfifo", [file])).status).toBe(0);
  const writer = openLog(file);
  writer.log("HOOK-START", line);
  writer.close();
  expect(statSync(file).isFIFO()).toBe(true);
});
