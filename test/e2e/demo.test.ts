import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { type Launched, launch } from "./bed/process.js";
import { waitFor } from "./bed/wait.js";
import { scenario } from "./fixture.js";

const folder = mkdtempSync(join(tmpdir(), "demo-"));
const demo = join(folder, "demo.mjs");

beforeAll(async () => {
  await build({
    entryPoints: ["test/e2e/demo.ts"],
    outfile: demo,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("e2e demo: the story on the terminal", () => {
  scenario()("ends well in under 20 s, tells every step, leaves nothing behind", async () => {
    const before = lookAround();
    const running = startDemo();
    await waitFor("the first lease", running.output, (text) => text.includes("qr-"));
    const started = descendants(running.child.pid ?? 0);
    expect(started.length).toBeGreaterThan(5);
    const { status, stdout, stderr, milliseconds } = await running.ended;
    expect(alive(started)).toEqual([]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(milliseconds).toBeLessThan(20_000);
    expect(stdout.match(/^ {2}ip -6 route .*2222:.* via fe80::.* dev br-ex$/gm)).toHaveLength(3);
    expect(stdout.match(/^ {2}(internet -> instance-\d|instance-\d -> internet) .* ms$/gm)).toHaveLength(6);
    expect(stdout.match(/^ {2}qr-.* released/gm)).toHaveLength(3);
    expect(stdout).toContain("no delegated prefix left");
    for (const text of stdout.split("\n")) expect(text.length).toBeLessThanOrEqual(110);
    expect(lookAround()).toEqual(before);
  });

  // Interrupted while namespaces are being made, when the server runs, and when clients and scripts are at
  // work.
  const moments = ["3 dibbler-clients", "serves br-ex", "qr-a7e4d663-e1"] as const;
  const endings = [
    ["SIGINT", 130],
    ["SIGKILL", 137],
  ] as const;
  const interruptions = moments.flatMap((moment) => endings.map((ending) => [...ending, moment] as const));
  scenario().each(interruptions)(
    "%s (exit status %i) after it says %j: nothing is left behind",
    async (signal, status, moment) => {
      const before = lookAround();
      const running = startDemo();
      await waitFor(`"${moment}"`, running.output, (text) => text.includes(moment));
      running.child.kill(signal);
      expect((await running.ended).status).toBe(status);
      await waitFor(
        "everything to be as before",
        lookAround,
        (now) => JSON.stringify(now) === JSON.stringify(before),
      );
    },
  );

  scenario()("where namespaces are not to be had: a clear sentence, exit status 1, in no time", async () => {
    const forbid = "for kind in user net; do echo 0 >/proc/sys/user/max_${kind}_namespaces; done";
    const within = ["unshare", "--user", "--map-root-user", "sh", "-c", `${forbid}; exec "$@"`, "sh"];
    const { status, stdout, stderr, milliseconds } = await startDemo(within).ended;
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^The demo needs network namespaces\. .*No space left.*: in a container, .*\.\n$/);
    expect(milliseconds).toBeLessThan(2000);
  });
});

/** `TMPDIR` is a folder that must stay as it is. */
function startDemo(within: readonly string[] = []): Launched {
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder };
  return launch([...within, process.execPath, demo], { env });
}

/** What a test bed could leave behind on this machine besides processes. */
function lookAround(): unknown {
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8"),
    interfaces: readdirSync("/sys/class/net"),
    temporary: readdirSync(folder),
    dibbler: ["/etc/dibbler", "/var/lib/dibbler", "/var/log/dibbler"].map((path) =>
      unlessGone(() => readdirSync(path)),
    ),
    resolvConf: unlessGone(() => readFileSync("/etc/resolv.conf", "utf8")),
  };
}

/**
 * Processes started by a process or by those that it started, in its namespaces or in others, with their
 * start.
 */
function descendants(ancestor: number): readonly string[] {
  const found = new Map<number, string>();
  const parents = readProcesses();
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent, identity } of parents) {
      if (parent === ancestor || found.has(parent)) found.set(pid, identity);
    }
  }
  return [...found.values()];
}

function alive(identities: readonly string[]): readonly string[] {
  const now = new Set(readProcesses().map(({ identity }) => identity));
  return identities.filter((identity) => now.has(identity));
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Process id, name and start time: a number that is used again is not the same process. */
  readonly identity: string;
}

function readProcesses(): readonly Process[] {
  return readdirSync("/proc").flatMap((entry) => {
    const stat = /^\d+$/.test(entry)
      ? unlessGone(() => readFileSync(`/proc/${entry}/stat`, "latin1"))
      : undefined;
    const [, name, rest] = /\((.*)\) (.*)$/s.exec(stat ?? "") ?? [];
    if (name === undefined || rest === undefined) return [];
    const fields = rest.split(" ");
    const identity = `${entry} ${name} ${fields[19] ?? ""}`;
    return [{ pid: Number(entry), parent: Number(fields[1]), identity }];
  });
}

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
