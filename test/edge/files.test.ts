import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { formatDuid } from "../../shared/duid.js";
import { type DuidPlan, loadOrMakeDuid, readDuidFile } from "../../shared/edge/duid-file.js";
import { readText, readTextIfThere, replaceFile, replaceFileSync } from "../../shared/edge/files.js";
import type { NetworkInterface } from "../../shared/edge/interfaces.js";
import { bundleProgram, temporaryDirectory } from "./workbench.js";

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe.each([
  [
    "replaceFileSync",
    (...args: Parameters<typeof replaceFileSync>) =>
      new Promise<void>((resolve) => {
        replaceFileSync(...args);
        resolve();
      }),
  ],
  ["replaceFile", replaceFile],
] as const)("%s", (_name, replace) => {
  it("writes content and exact mode, whatever the umask, and leaves nothing beside it", async () => {
    const directory = temporaryDirectory();
    const path = `${directory}/client-AddrMgr.xml`;
    const umask = process.umask(0o077);
    try {
      await replace(path, "one", 0o640);
      expect(modeOf(path)).toBe(0o640);
      await replace(path, Uint8Array.of(0x74, 0x77, 0x6f), 0o644);
    } finally {
      process.umask(umask);
    }
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(modeOf(path)).toBe(0o644);
    expect(readdirSync(directory)).toEqual(["client-AddrMgr.xml"]);
  });

  it("a reader that has the file open keeps the old content: nothing is written in place", async () => {
    const path = `${temporaryDirectory()}/file`;
    writeFileSync(path, "old");
    const inode = statSync(path).ino;
    await replace(path, "new", 0o644);
    expect(statSync(path).ino).not.toBe(inode);
  });

  it.each([
    [
      "a directory that is gone",
      "gone/file",
      /^cannot write .*gone\/file: the directory .*gone does not exist; create it$/,
    ],
    ["a directory in its place", "taken", /^cannot write .*taken: it is a directory$/],
    ["a file as directory", "plain/file", /a part of its path is not a directory$/],
  ])("%s -> one sentence, and no temporary file is left", async (_name, name, sentence) => {
    const directory = temporaryDirectory();
    mkdirSync(`${directory}/taken`);
    writeFileSync(`${directory}/plain`, "");
    const before = readdirSync(directory);
    await expect(replace(`${directory}/${name}`, "x", 0o644)).rejects.toThrow(sentence);
    expect(readdirSync(directory)).toEqual(before);
  });
});

describe("replaceFileSync under kill -9", () => {
  it("a reader sees the old or the new content at any moment, never a part", async () => {
    const directory = temporaryDirectory();
    const path = `${directory}/state`;
    await bundleProgram("replace", `${directory}/replace.cjs`);
    const contents = ["a".repeat(200_000), "b".repeat(200_000)];
    for (let round = 0; round < 8; round++) {
      rmSync(path, { force: true });
      const child = spawn(process.execPath, [`${directory}/replace.cjs`, path]);
      await vi.waitUntil(() => existsSync(path), { timeout: 5000, interval: 5 });
      await new Promise((resolve) => setTimeout(resolve, 5 + 3 * round));
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
      expect(contents).toContain(readFileSync(path, "utf8"));
    }
  });
});

describe("reading text", () => {
  it("a missing file is undefined where that is allowed, and a sentence where it is not", () => {
    const path = `${temporaryDirectory()}/server.conf`;
    expect(readTextIfThere(path)).toBeUndefined();
    expect(() => readText(path)).toThrow(`cannot read ${path}: it does not exist; create it`);
    writeFileSync(path, "log-level 8\n");
    expect(readText(path)).toBe("log-level 8\n");
    expect(readTextIfThere(path)).toBe("log-level 8\n");
  });

  it("a directory in place of the file is an error in both", () => {
    const directory = temporaryDirectory();
    expect(() => readText(directory)).toThrow("it is a directory");
    expect(() => readTextIfThere(directory)).toThrow("it is a directory");
  });

  it("a loop of links -> the system's words", () => {
    const path = `${temporaryDirectory()}/loop`;
    symlinkSync(path, path);
    expect(() => readText(path)).toThrow(/^cannot read .*loop: ELOOP/);
  });
});

describe("DUID file", () => {
  const nic = (name: string, index: number, more: Partial<NetworkInterface> = {}): NetworkInterface => ({
    name,
    index,
    up: true,
    running: true,
    multicast: true,
    loopback: false,
    hardwareType: 1,
    mac: Uint8Array.of(0x02, 0, 0, 0, 0, index),
    addresses: [],
    ...more,
  });
  const nics = [
    nic("lo", 1, { loopback: true, mac: new Uint8Array(6), hardwareType: 772 }),
    nic("wan0", 2),
    nic("lan2", 4),
    nic("down", 5, { up: false }),
    nic("tun0", 6, { mac: Uint8Array.of(1, 2, 3, 4), hardwareType: 768 }),
    nic("zero", 7, { mac: new Uint8Array(6) }),
  ];
  /** 2026-11-23T16:01:44Z: 0x329a3f98 seconds after the year 2000. */
  const now = Date.UTC(2026, 10, 23, 16, 1, 44);
  const seconds = (now / 1000 - 946_684_800)
    .toString(16)
    .padStart(8, "0")
    .replace(/(..)(?=.)/g, "$1:");

  const plans: readonly (readonly [string, DuidPlan, string])[] = [
    ["LLT from the highest usable index", { kind: "llt" }, `00:01:00:01:${seconds}:02:00:00:00:00:04`],
    ["LL", { kind: "ll" }, "00:03:00:01:02:00:00:00:00:04"],
    [
      "EN",
      { kind: "en", enterprise: 8888, identifier: Uint8Array.of(0xea, 0x13) },
      "00:02:00:00:22:b8:ea:13",
    ],
  ];
  it.each(plans)("none yet: %s, saved as Dibbler does", (_name, plan, expected) => {
    const path = `${temporaryDirectory()}/client-duid`;
    const { duid, made } = loadOrMakeDuid(path, plan, () => nics, now);
    expect(formatDuid(duid)).toBe(expected);
    expect(made).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(expected);
    expect(modeOf(path)).toBe(0o640);
  });

  it("an existing file wins over the plan and is not touched", () => {
    const path = `${temporaryDirectory()}/client-duid`;
    writeFileSync(path, "00:03:00:01:02:00:00:00:00:01");
    const plan = { kind: "en", enterprise: 1, identifier: Uint8Array.of(1) } as const;
    const { duid, made } = loadOrMakeDuid(path, plan, () => [], now);
    expect({ duid: formatDuid(duid), made }).toEqual({ duid: "00:03:00:01:02:00:00:00:00:01", made: false });
  });

  it("no interface with a hardware address -> said; duid-en does without", () => {
    const path = `${temporaryDirectory()}/server-duid`;
    expect(() => loadOrMakeDuid(path, { kind: "llt" }, () => nics.slice(0, 1), now)).toThrow(
      /^cannot make a DUID: no interface is up and has a hardware address/,
    );
    const plan = { kind: "en", enterprise: 1, identifier: Uint8Array.of(1) } as const;
    expect(loadOrMakeDuid(path, plan, () => [], now).made).toBe(true);
  });

  it("an identifier too long for a DUID -> refused, nothing written", () => {
    const directory = temporaryDirectory();
    const plan = { kind: "en", enterprise: 1, identifier: new Uint8Array(125) } as const;
    expect(() => loadOrMakeDuid(`${directory}/d`, plan, () => [], now)).toThrow("131 octets");
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each([
    ["00:03:00:01:02:00:00:00:00:01", "colons"],
    ["0003000102000000 0001".replace(" ", ""), "no colons"],
    ["0x00030001020000000001", "0x"],
    ["00:03:00:01:02:00:00:00:00:01\nmore\n", "further lines"],
    [" 00:03:00:01:02:00:00:00:00:01\r\n", "blanks and CR"],
  ])("%j is read (%s)", (text) => {
    const path = `${temporaryDirectory()}/client-duid`;
    writeFileSync(path, text);
    expect(formatDuid(readDuidFile(path) ?? new Uint8Array(0))).toBe("00:03:00:01:02:00:00:00:00:01");
  });

  it.each(["", "\n", "  \n00:03"])("%j counts as missing", (text) => {
    const path = `${temporaryDirectory()}/client-duid`;
    writeFileSync(path, text);
    expect(readDuidFile(path)).toBeUndefined();
  });

  it.each(["zz", "00:03:00:01:2", "00", "00:".repeat(131)])("%j is an error that names the file", (text) => {
    const path = `${temporaryDirectory()}/client-duid`;
    writeFileSync(path, text);
    expect(() => readDuidFile(path)).toThrow(`${path} does not hold a DUID`);
  });
});
