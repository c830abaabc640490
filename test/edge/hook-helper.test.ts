import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { CATALOGUE, type LogId, type LogValues } from "../../shared/catalogue.js";
import { createHookHelper, createHookHelpers } from "../../shared/edge/hook-helper.js";
import { createHookRunner } from "../../shared/edge/hooks.js";
import type { ScriptRun, ScriptRunner } from "../../shared/edge/hook-process.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import { temporaryDirectory } from "./workbench.js";

let programs = "";

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), "hook-helper-"));
  await build({
    entryPoints: [join(import.meta.dirname, "../../shared/edge/hook-helper-main.ts")],
    outfile: `${programs}/dibbler-hooks.cjs`,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    logLevel: "warning",
  });
});

afterAll(() => {
  rmSync(programs, { recursive: true });
});

/** A helper for a script of these lines, which finds its directory in $DIR; and what the log says of it. */
function bench(
  text: string,
  program = "dibbler-hooks.cjs",
  create = createHookHelper,
): {
  readonly directory: string;
  readonly scripts: ScriptRunner;
  readonly order: (more?: Partial<ScriptRun>) => ScriptRun;
  readonly logged: string[];
  readonly helpers: () => number[];
  readonly out: () => string;
} {
  const directory = temporaryDirectory();
  const script = `${directory}/notify.sh`;
  writeFileSync(script, text, { mode: 0o755 });
  const logged: string[] = [];
  const log = (id: LogId, values: LogValues = {}): void => {
    logged.push(`${id}: ${fillTemplate(CATALOGUE[id].text, values)}`);
  };
  // A path of its own for each test, by which its helpers are known.
  const own = `${programs}/../${programs.split("/").at(-1) ?? ""}/./${"./".repeat(++tests)}${program}`;
  const scripts = create({ program: own, directory, log });
  onTestFinished(() => {
    scripts.close();
  });
  return {
    directory,
    scripts,
    order: (more = {}) => ({
      script,
      action: "add",
      cwd: directory,
      timeoutMs: 5000,
      ...more,
      variables: { DIR: directory, ...more.variables },
    }),
    logged,
    helpers: () => pidsOf(own),
    out: () => (existsSync(`${directory}/out`) ? readFileSync(`${directory}/out`, "utf8") : ""),
  };
}

let tests = 0;

/** Processes that have exactly this word in their command line. */
function pidsOf(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(word))
    .map(Number);
}

function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

describe("hook helper: a script is called as from the server itself", () => {
  it("exactly the variables and PATH, the directory, /dev/null as stdin, a pipe for output, nothing else", async () => {
    const it = bench(`#!/bin/sh
tr "\\0" "\\n" < /proc/$$/environ > environment
{ echo "$0|$#|$1"; pwd; readlink /proc/$$/fd/0; ls /proc/$$/fd | sort -n | head -3; } > out
echo printed
exit 3
`);
    const outcome = await it.scripts.run(it.order({ variables: { ODD: "a b\n'ü'\\" } }));
    expect(outcome).toEqual({ kind: "exit", status: 3, output: "printed" });
    expect(readFileSync(`${it.directory}/environment`, "utf8")).toBe(
      `DIR=${it.directory}\nODD=a b\n'ü'\\\nPATH=${process.env["PATH"] ?? ""}\n`,
    );
    expect(it.out()).toBe(`${it.directory}/notify.sh|1|add\n${it.directory}\n/dev/null\n0\n1\n2\n`);
  });

  it.each([
    ["killed by a signal", "kill -9 $$", { kind: "signal", signal: "SIGKILL", output: "" }],
    ["one that hangs", "sleep 300", { kind: "timeout", output: "" }],
    ["without #! line", "words=(one two)\necho ${words[1]}", { kind: "exit", status: 0, output: "two" }],
  ])("%s -> told how it ended", async (name, line, outcome) => {
    const it = bench(`${name.startsWith("without") ? "" : "#!/bin/sh\n"}${line}\n`);
    expect(await it.scripts.run(it.order({ timeoutMs: 300 }))).toEqual(outcome);
  });

  it("missing -> told why", async () => {
    const it = bench("#!/bin/sh\n");
    expect(await it.scripts.run(it.order({ script: `${it.directory}/none` }))).toEqual({
      kind: "not-run",
      reason: "the file does not exist",
    });
  });

  it("hundreds at once -> each is answered, by one helper", async () => {
    const it = bench('#!/bin/sh\nexit "$N"\n');
    const orders = Array.from({ length: 300 }, (_, n) => it.order({ variables: { N: String(n % 256) } }));
    const outcomes = await Promise.all(orders.map((order) => it.scripts.run(order)));
    expect(outcomes.map((outcome) => (outcome.kind === "exit" ? outcome.status : outcome.kind))).toEqual(
      orders.map((_, n) => n % 256),
    );
    expect(it.helpers()).toHaveLength(1);
    expect(it.logged).toEqual([]);
  });
});

describe("hook helpers", () => {
  it("four at once -> one is enough; eight -> two, which share them; both end", async () => {
    const it = bench("#!/bin/sh\nsleep 0.2\nexit 6\n", "dibbler-hooks.cjs", createHookHelpers);
    const begin = (count: number) =>
      Promise.all(Array.from({ length: count }, () => it.scripts.run(it.order())));
    expect(await begin(4)).toEqual(
      Array.from({ length: 4 }, () => ({ kind: "exit", status: 6, output: "" })),
    );
    expect(it.helpers()).toHaveLength(1);
    expect((await begin(8)).every((outcome) => outcome.kind === "exit")).toBe(true);
    expect(it.helpers()).toHaveLength(2);
    it.scripts.close();
    await vi.waitUntil(() => it.helpers().length === 0, { timeout: 5000 });
    expect(it.logged).toEqual([]);
  });
});

describe("hook helper: its own end", () => {
  it("killed -> said, and what it had running is run again by another one", async () => {
    const it = bench('#!/bin/sh\necho "begin" >> out\n[ -e "$DIR/again" ] || sleep 300\necho end >> out\n');
    const call = it.scripts.run(it.order({ timeoutMs: 60_000 }));
    await vi.waitUntil(() => it.out() === "begin\n", { timeout: 5000 });
    writeFileSync(`${it.directory}/again`, "");
    const [first = 0] = it.helpers();
    process.kill(first, "SIGKILL");
    expect(await call).toMatchObject({ kind: "exit", status: 0 });
    expect(it.out()).toBe("begin\nbegin\nend\n");
    expect(it.logged).toEqual([
      "HOOK-HELPER-ENDED: The process that starts scripts has ended (by SIGKILL), 1 calls were with it: " +
        "there will be another one.",
    ]);
    expect(it.helpers()).not.toContain(first);
  });

  it("a call whose helpers are killed twice -> run by the server itself, which is not killed", async () => {
    const it = bench(
      '#!/bin/sh\nread -r _ _ _ parent _ < /proc/$$/stat\necho "$parent" >> out\nsleep 0.$NAP\n',
    );
    const call = it.scripts.run(it.order({ variables: { NAP: "9" } }));
    for (const times of [1, 2]) {
      await vi.waitUntil(() => it.out().trim().split("\n").filter(Boolean).length === times, {
        timeout: 5000,
      });
      for (const pid of it.helpers()) process.kill(pid, "SIGKILL");
    }
    expect(await call).toMatchObject({ kind: "exit", status: 0 });
    expect(it.out().trim().split("\n").at(-1)).toBe(String(process.pid));
    expect(it.logged.filter((line) => line.startsWith("HOOK-HELPER-ENDED"))).toHaveLength(2);
  });

  it("its program is missing -> said once, the server starts scripts itself", async () => {
    const it = bench("#!/bin/sh\nexit 7\n", "none.cjs");
    for (let n = 0; n < 2; n++) {
      expect(await it.scripts.run(it.order())).toMatchObject({ kind: "exit", status: 7 });
    }
    expect(it.logged).toHaveLength(1);
    expect(it.logged[0]).toMatch(/^HOOK-HELPER-ENDED: .*with status 1.*the server starts scripts itself/);
  });

  it("TERM and INT mean the server: the helper goes on; it ends with the server's end of its input", async () => {
    const it = bench("#!/bin/sh\nexit 5\n");
    await it.scripts.run(it.order());
    const [pid = 0] = it.helpers();
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGINT");
    expect(await it.scripts.run(it.order())).toMatchObject({ kind: "exit", status: 5 });
    expect(it.helpers()).toEqual([pid]);
    it.scripts.close();
    await vi.waitUntil(() => it.helpers().length === 0, { timeout: 5000 });
    expect(it.logged).toEqual([]);
  });
});

describe("hook helper: all scripts are ended", () => {
  it("one that ignores TERM -> gone, and told as stopped", async () => {
    const it = bench('#!/bin/sh\ntrap "" TERM\necho begun >> $DIR/out\nsleep 60 & wait\nsleep 60\n');
    const outcome = it.scripts.run(it.order({ timeoutMs: 50_000 }));
    await vi.waitUntil(() => it.out() !== "", { timeout: 3000 });
    it.scripts.end();
    expect(await outcome).toMatchObject({ kind: "stopped" });
  });

  it("a firm shutdown -> the call counts as lost, and the log says so", async () => {
    const it = bench("#!/bin/sh\necho begun >> $DIR/out\nsleep 60\n");
    const { script, variables } = it.order();
    const log = (id: LogId): void => {
      it.logged.push(id);
    };
    const runner = createHookRunner({ script, timeoutMs: 50_000, log, scripts: it.scripts });
    const end = runner.run({ action: "delete", order: ["A"], variables });
    await vi.waitUntil(() => it.out() !== "", { timeout: 3000 });
    await runner.drain(50, true);
    expect(await end).toBe("lost");
    expect(it.logged).toContain("HOOK-STOPPED");
  });
});
