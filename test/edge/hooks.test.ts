import { createSocket } from "node:dgram";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { CATALOGUE, type LogId, type LogValues } from "../../shared/catalogue.js";
import { createHookRunner, type HookOptions, type HookRunner } from "../../shared/edge/hooks.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import type { HookAction, HookCall } from "../../shared/hook.js";
import { temporaryDirectory } from "./workbench.js";

const call = (
  action: HookAction,
  order: string,
  variables: Readonly<Record<string, string>> = {},
): HookCall => ({ action, order: [order], variables: { KEY: order, ...variables } });

/**
 * A runner for a script of these lines, with its log and its directory; what the script prints to `out` is
 * read back.
 */
function bench(
  script: string | undefined,
  options: Partial<HookOptions> = {},
): {
  readonly directory: string;
  readonly runner: HookRunner;
  readonly logged: (id: LogId) => string[];
  readonly out: () => string[];
} {
  const directory = temporaryDirectory();
  const path = `${directory}/no:tify.sh`;
  if (script !== undefined) writeFileSync(path, script, { mode: 0o755 });
  const lines: { readonly id: LogId; readonly text: string }[] = [];
  const log = (id: LogId, values: LogValues = {}): void => {
    lines.push({ id, text: fillTemplate(CATALOGUE[id].text, values) });
  };
  const runner = createHookRunner({ script: path, cwd: directory, timeoutMs: 5000, log, ...options });
  return {
    directory,
    runner,
    logged: (id) =>
      lines.filter((line) => line.id === id).map(({ text }) => text.replaceAll(directory, "DIR")),
    out: () =>
      existsSync(`${directory}/out`) ? readFileSync(`${directory}/out`, "utf8").trim().split("\n") : [],
  };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

describe("hooks: how a script is called", () => {
  it("argv, exactly the variables and PATH, /dev/null as stdin, no descriptor of ours", async () => {
    const script = `#!/bin/sh
cat /proc/$$/environ > environment
echo "$0|$#|$1" > out
for fd in /proc/$$/fd/*; do readlink $fd; done > descriptors
pwd >> out
`;
    vi.stubEnv("SECRET", "of the server");
    vi.stubEnv("PATH", "/usr/bin:/bin");
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const it = bench(script);
    const state = openSync(`${it.directory}/state`, "w");
    const socket = createSocket("udp6").bind(0, "::1");
    onTestFinished(() => {
      closeSync(state);
      socket.close();
    });
    const variables = { PREFIX1: "2001:db8::", EMPTY: "", ODD: "a b\n'c'" };
    await it.runner.run(call("add", "A", variables));
    const environment = readFileSync(`${it.directory}/environment`, "utf8").split("\0").slice(0, -1);
    expect(environment).toEqual([
      "KEY=A",
      "PREFIX1=2001:db8::",
      "EMPTY=",
      "ODD=a b\n'c'",
      "PATH=/usr/bin:/bin",
    ]);
    expect(it.out()).toEqual([`${it.directory}/no:tify.sh|1|add`, it.directory]);
    const [stdin, ...open] = readFileSync(`${it.directory}/descriptors`, "utf8").trim().split("\n");
    expect(stdin).toBe("/dev/null");
    expect(open.filter((target) => /socket:|\/state$/.test(target))).toEqual([]);
    expect(it.logged("HOOK-START")).toEqual(["About to execute DIR/no:tify.sh script (add), 4 variables."]);
    expect(it.logged("HOOK-DONE")).toEqual(["Script execution complete (DIR/no:tify.sh add), return code=0"]);
  });

  it("no PATH of ours -> none for the script", async () => {
    const path = process.env["PATH"];
    delete process.env["PATH"];
    onTestFinished(() => {
      process.env["PATH"] = path;
    });
    const it = bench('#!/bin/sh\nIFS= read -r line < /proc/self/environ; echo "$KEY" > out\n');
    await it.runner.run(call("add", "A"));
    expect(it.out()).toEqual(["A"]);
  });

  it.each([
    ["one of 200 KB", "SRV_OPTION17", { SRV_OPTION17: "x".repeat(200_000) }],
    ["two", "CLNT_OPTION17", { SRV_OPTION17: "x".repeat(60_000), CLNT_OPTION17: "y".repeat(70_000) }],
  ])(
    "options too long for the kernel (%s) -> left out, longest first; the call is made",
    async (_, longest, options) => {
      const it = bench('#!/bin/sh\ntr "\\0" "\\n" < /proc/$$/environ | cut -c 1-20 > out\n');
      await it.runner.run(call("delete", "A", { ...options, PREFIX1: "2001:db8::" }));
      const names = it.out().map((line) => line.split("=", 1)[0]);
      expect(names).toEqual([
        "KEY",
        ...Object.keys(options).filter((name) => name !== longest),
        "PREFIX1",
        "PATH",
      ]);
      expect(it.logged("HOOK-TRIMMED")).toEqual([
        `Script DIR/no:tify.sh (delete) is not told ${longest}: too long for an environment`,
      ]);
    },
  );

  it("without #! line -> run with bash, said once", async () => {
    const it = bench('# the guide has none\nwords=(one two)\necho "$0 $1 ${words[1]} $BASH" > out\n');
    await it.runner.run(call("add", "A"));
    await it.runner.run(call("update", "A"));
    expect(it.out()).toEqual([`${it.directory}/no:tify.sh update two /bin/bash`]);
    expect(it.logged("HOOK-SHELL")).toEqual([
      "Script DIR/no:tify.sh has no #! line and is run with /bin/bash",
    ]);
  });

  it("a compiled program is run as it is", async () => {
    const it = bench(undefined, { script: "/bin/true" });
    await it.runner.run(call("add", "A"));
    expect(it.logged("HOOK-DONE")).toHaveLength(1);
    expect(it.logged("HOOK-SHELL")).toEqual([]);
  });

  it("a relative path is taken from the work directory, not from PATH", async () => {
    const it = bench("#!/bin/sh\necho here > out\n", { script: "no:tify.sh" });
    await it.runner.run(call("add", "A"));
    expect(it.out()).toEqual(["here"]);
  });
});

describe("hooks: bad scripts are reported and disturb nobody", () => {
  it("missing", async () => {
    const it = bench(undefined);
    await it.runner.run(call("add", "A"));
    expect(it.logged("HOOK-NOT-RUN")).toEqual([
      "Script DIR/no:tify.sh add could not be run: the file does not exist",
    ]);
  });

  it("not executable, with and without #! line", async () => {
    for (const text of ["#!/bin/sh\n", "echo x > out\n"]) {
      const it = bench(text);
      chmodSync(`${it.directory}/no:tify.sh`, 0o644);
      await it.runner.run(call("add", "A"));
      expect(it.logged("HOOK-NOT-RUN")).toEqual([
        "Script DIR/no:tify.sh add could not be run: the file is not executable; chmod +x it",
      ]);
      expect(it.out()).toEqual([]);
    }
  });

  it("interpreter missing, directory in its place, work directory gone", async () => {
    const first = bench("#!/no/such/interpreter\n");
    await first.runner.run(call("add", "A"));
    expect(first.logged("HOOK-NOT-RUN").join()).toContain(
      "the interpreter named in its first line does not exist",
    );
    const second = bench(undefined);
    mkdirSync(`${second.directory}/no:tify.sh`);
    await second.runner.run(call("add", "A"));
    expect(second.logged("HOOK-NOT-RUN")).toHaveLength(1);
    const third = bench("#!/bin/sh\n");
    rmSync(third.directory, { recursive: true });
    await third.runner.run(call("delete", "A"));
    expect(third.logged("HOOK-NOT-RUN").join()).toContain("the directory DIR is gone");
  });

  it("a variable that no environment can hold", async () => {
    const it = bench("#!/bin/sh\n");
    await it.runner.run(call("add", "A", { BAD: "a\0b" }));
    expect(it.logged("HOOK-NOT-RUN")).toHaveLength(1);
  });

  it("failing: status and the beginning of what it printed", async () => {
    const it = bench("#!/bin/sh\necho no luck today >&2\nexit 3\n");
    await it.runner.run(call("add", "A"));
    expect(it.logged("HOOK-STATUS")).toEqual([
      "Script execution complete (DIR/no:tify.sh add), return code=3; it printed: no luck today",
    ]);
  });

  it("killed by a signal", async () => {
    const it = bench("#!/bin/sh\nkill -9 $$\n");
    await it.runner.run(call("add", "A"));
    expect(it.logged("HOOK-SIGNAL")).toEqual([
      "Script execution failed (DIR/no:tify.sh add): killed by SIGKILL",
    ]);
  });

  it("noisy: megabytes are read and thrown away, a few hundred characters are logged", async () => {
    const it = bench("#!/bin/sh\nyes noise | head -c 3000000\nyes noise | head -c 3000000 >&2\nexit 4\n");
    await it.runner.run(call("add", "A"));
    const [line = ""] = it.logged("HOOK-STATUS");
    expect(line).toContain("noise");
    expect(line.length).toBeLessThan(1500);
    expect(line).not.toContain("\n");
  });

  it("hanging, its children too: TERM, then KILL to all, and the next call has its turn", async () => {
    const script = `#!/bin/sh
[ "$1" = add ] || { echo next > out; exit; }
trap '' TERM
sleep 300 &
echo $! > child
sleep 301
`;
    const it = bench(script, { timeoutMs: 200 });
    const start = performance.now();
    await Promise.all([it.runner.run(call("add", "A")), it.runner.run(call("delete", "A"))]);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(it.logged("HOOK-TIMEOUT").join()).toContain("did not end within 0.2 s and was killed");
    expect(it.out()).toEqual(["next"]);
    expect(isAlive(Number(readFileSync(`${it.directory}/child`, "utf8")))).toBe(false);
  });

  it("something left in the background: not waited for, not killed, may go on printing", async () => {
    const it = bench("#!/bin/sh\n(sleep 0.5; echo late; echo late >&2; echo alive > out) &\nexit 0\n");
    const start = performance.now();
    await it.runner.run(call("add", "A"));
    expect(performance.now() - start).toBeLessThan(450);
    await vi.waitUntil(() => it.out().length > 0, { timeout: 3000 });
    expect(it.out()).toEqual(["alive"]);
  });

  it("what is left in the background holds no descriptor of ours, however many there are", async () => {
    const it = bench("#!/bin/sh\nsleep 2 &\nexit 0\n", { limit: 2 });
    const open = (): number => readdirSync("/proc/self/fd").length;
    await it.runner.run(call("add", "first"));
    const before = open();
    await Promise.all(Array.from({ length: 20 }, (_, n) => it.runner.run(call("add", `P${n}`))));
    // A second pipe for the second script at once: two ends.
    expect(open() - before).toBeLessThanOrEqual(2);
  });

  it("a script may write to /dev/stdout and /dev/stderr, in order", async () => {
    const it = bench(
      "#!/bin/bash\nset -e\necho one > /dev/stderr\necho two > /dev/stdout\necho three >&2\nexit 5\n",
    );
    await it.runner.run(call("add", "A"));
    expect(it.logged("HOOK-STATUS").join()).toContain("return code=5; it printed: one\\x0atwo\\x0athree");
  });

  it("nothing is left in the work directory", async () => {
    const it = bench("#!/bin/sh\necho x\n");
    await it.runner.run(call("add", "A"));
    expect(readdirSync(it.directory)).toEqual(["no:tify.sh"]);
  });

  it("no pipe to be had -> runs all the same, its output unread", async () => {
    const it = bench("#!/bin/sh\necho unread\necho ran > out\nexit 1\n");
    vi.stubEnv("PATH", it.directory);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    await it.runner.run(call("add", "A"));
    expect(it.out()).toEqual(["ran"]);
    expect(it.logged("HOOK-STATUS").join()).toMatch(/return code=1$/);
  });
});

describe("hooks: order and bounds", () => {
  const traced = `#!/bin/sh
echo "begin $KEY $1" >> out
sleep 0.\${NAP:-1}
echo "end $KEY $1" >> out
`;

  it("one prefix strictly in order, different prefixes side by side", async () => {
    const it = bench(traced);
    const start = performance.now();
    await Promise.all([
      it.runner.run(call("add", "A", { NAP: "3" })),
      it.runner.run(call("delete", "A", { NAP: "3" })),
      it.runner.run(call("add", "B", { NAP: "3" })),
    ]);
    expect(performance.now() - start).toBeLessThan(1500);
    const lines = it.out();
    expect(lines.filter((line) => line.includes("A"))).toEqual([
      "begin A add",
      "end A add",
      "begin A delete",
      "end A delete",
    ]);
    expect(lines.indexOf("begin B add")).toBeLessThan(lines.indexOf("end A add"));
  });

  it("never more than the limit at once", async () => {
    const it = bench(traced, { limit: 3 });
    await Promise.all(Array.from({ length: 9 }, (_, n) => it.runner.run(call("add", `P${n}`))));
    let now = 0;
    let most = 0;
    for (const line of it.out()) {
      now += line.startsWith("begin") ? 1 : -1;
      most = Math.max(most, now);
    }
    expect({ most, lines: it.out().length }).toEqual({ most: 3, lines: 18 });
  });

  it("too many -> updates left out, adds dropped, deletes made; counted in few lines", async () => {
    const it = bench(traced, { limit: 1, queueLimit: 2 });
    const all = [
      it.runner.run(call("add", "A")),
      it.runner.run(call("update", "B")),
      it.runner.run(call("update", "C")),
      ...Array.from({ length: 50 }, () => it.runner.run(call("update", "C"))),
      it.runner.run(call("add", "D")),
      it.runner.run(call("delete", "E")),
    ];
    expect(it.runner.load()).toEqual({ waiting: 3, running: 1 });
    await Promise.all(all);
    const begun = it.out().filter((line) => line.startsWith("begin"));
    expect(begun).toEqual(["begin A add", "begin B update", "begin C update", "begin E delete"]);
    const told = it.logged("HOOK-OVERLOAD");
    expect(told.length).toBeLessThanOrEqual(3);
    const sum = (pattern: RegExp): number =>
      told.reduce((total, line) => total + Number(pattern.exec(line)?.[1]), 0);
    expect([sum(/(\d+) calls dropped/), sum(/(\d+) left out/)]).toEqual([1, 50]);
  });

  it("the caller is never held up: thousands of calls are queued at once", async () => {
    const it = bench("#!/bin/sh\n", { limit: 2 });
    const start = performance.now();
    for (let n = 0; n < 5000; n++) void it.runner.run(call("add", `P${n}`));
    // To wait for 5000 scripts would take longer than this on any machine.
    expect(performance.now() - start).toBeLessThan(3000);
    await it.runner.drain(0);
    expect(it.runner.load()).toEqual({ waiting: 0, running: 0 });
  });
});

describe("hooks: shutdown", () => {
  const slow = '#!/bin/sh\nsleep 0.3\necho "$KEY $1" >> out\n';

  it("what waits still runs within the time given, as the delete of a release has to", async () => {
    const it = bench(slow);
    void it.runner.run(call("update", "A"));
    void it.runner.run(call("delete", "A"));
    await it.runner.drain(5000);
    expect(it.out()).toEqual(["A update", "A delete"]);
    expect(it.logged("HOOK-ABANDONED")).toEqual([]);
  });

  it("out of time -> nothing more is started, the loss is counted, the running script ends", async () => {
    const it = bench(slow, { limit: 1 });
    const ended = vi.fn();
    for (const key of ["A", "B", "C"]) void it.runner.run(call("add", key)).then(ended);
    const start = performance.now();
    await it.runner.drain(50);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(it.out()).toEqual(["A add"]);
    expect(it.logged("HOOK-ABANDONED")).toEqual([
      "2 calls of DIR/no:tify.sh were not made: the program ends",
    ]);
    await Promise.resolve();
    expect(ended).toHaveBeenCalledTimes(3);
    await it.runner.run(call("add", "D"));
    expect(it.out()).toEqual(["A add"]);
  });

  it("nothing to do -> at once", async () => {
    const it = bench(slow);
    const start = performance.now();
    await it.runner.drain(5000);
    expect(performance.now() - start).toBeLessThan(200);
  });
});
