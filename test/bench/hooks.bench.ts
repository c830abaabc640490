import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pause } from "../../shared/edge/clock.js";
import { createHookHelpers } from "../../shared/edge/hook-helper.js";
import { createScriptRunner } from "../../shared/edge/hook-process.js";
import { createHookRunner, type HookRunner } from "../../shared/edge/hooks.js";
import { hookCall } from "../../shared/hook.js";

// What calls of the hook script cost a server with many leases: calls completed a second, CPU, and how long
// its thread, which has clients to answer, was held up. BENCH_CALLS: how many; BENCH_MIB: memory to hold.

const CALLS = Number(process.env["BENCH_CALLS"] ?? 3000);
const HELD_MIB = Number(process.env["BENCH_MIB"] ?? 250);
const TURNS = 3;
/** The unit of /proc/self/stat, in seconds. */
const TICK = 1 / 100;

const SCRIPTS = [
  ["#!/bin/sh", "#!/bin/sh\nexit 0\n"],
  ["no #! line", "exit 0\n"],
] as const;

await main();

async function main(): Promise<void> {
  const held = hold(HELD_MIB);
  print(`holding ${HELD_MIB} MiB, resident ${residentMib()} MiB; load ${loadavg()[0]?.toFixed(1) ?? "?"}`);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, text] of SCRIPTS) {
      for (const isHelped of [false, true]) {
        await inDirectory((directory) => bench({ name, text, isHelped, directory }));
      }
    }
  }
  print(`(still holding ${held.length} MiB)`);
}

/** As a server holds its table: outside of V8's heap, every page touched. */
function hold(mib: number): readonly Uint8Array[] {
  return Array.from({ length: mib }, () => new Uint8Array(1024 * 1024).fill(1));
}

interface Round {
  readonly name: string;
  readonly text: string;
  /** Started by the helper, as the server does it, or by this process. */
  readonly isHelped: boolean;
  readonly directory: string;
}

async function bench({ name, text, isHelped, directory }: Round): Promise<void> {
  const script = join(directory, "notify.sh");
  writeFileSync(script, text, { mode: 0o755 });
  let failures = 0;
  const log = (id: string): void => {
    if (id !== "HOOK-START" && id !== "HOOK-DONE" && id !== "HOOK-SHELL") failures++;
  };
  const program = fileURLToPath(new URL("../dibbler-hooks.cjs", import.meta.url));
  const scripts = isHelped ? createHookHelpers({ program, directory, log }) : createScriptRunner(directory);
  const runner = createHookRunner({ script, cwd: directory, timeoutMs: 60_000, log, scripts });
  await callAll(runner, 100);
  const [own, children, start] = [process.cpuUsage(), childrenSeconds(), performance.now()];
  const probe = createProbe();
  await callAll(runner, CALLS);
  const seconds = (performance.now() - start) / 1000;
  const { p99, worst } = probe.stop();
  const { user, system } = process.cpuUsage(own);
  const cpuMs = (user + system) / 1000 / CALLS;
  await runner.drain(0);
  // What the helper and its scripts have used is told when it has ended.
  if (isHelped) await pause(500);
  const childMs = ((childrenSeconds() - children) * 1000) / CALLS;
  print(
    `${name.padEnd(12)}${isHelped ? "helper" : "direct"} ${(CALLS / seconds).toFixed(0).padStart(5)} calls/s  own CPU ${cpuMs.toFixed(2)} ms/call  ` +
      `others' CPU ${childMs.toFixed(2)} ms/call  held up p99 ${p99.toFixed(1)} ms, worst ${worst.toFixed(1)} ms` +
      (failures > 0 ? `  ${failures} FAILED` : ""),
  );
}

/** As many prefixes as calls, with the variables of an ordinary `add`. */
async function callAll(runner: HookRunner, count: number): Promise<void> {
  const calls = Array.from({ length: count }, (_, n) => {
    const prefix = `2001:db8:${n.toString(16)}::`;
    return runner.run(hookCall("add", [`${prefix}/56`], () => variablesFor(prefix)));
  });
  await Promise.all(calls);
}

function variablesFor(prefix: string): Readonly<Record<string, string>> {
  return {
    IFINDEX: "2",
    IFACE: "br-ex",
    REMOTE_ADDR: "fe80::f816:3eff:fe00:1",
    CLNT_MESSAGE: "REQUEST",
    SRV_MESSAGE: "REPLY",
    PREFIX1: prefix,
    PREFIX1LEN: "56",
    PREFIX1PREF: "3600",
    PREFIX1VALID: "7200",
    SRV_OPTION1: "00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:01",
    CLNT_OPTION1: "00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:02",
    REASON: "new",
    PREFIX1IAID: "1",
    CLNT_DUID: "00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:02",
  };
}

/** How late a timer of 1 ms is, again and again: what a datagram has to wait for. */
function createProbe(): { readonly stop: () => { readonly p99: number; readonly worst: number } } {
  const late: number[] = [];
  let before = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(now - before - 1, 0));
    before = now;
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      late.sort((a, b) => a - b);
      return { p99: late[Math.floor(late.length * 0.99)] ?? NaN, worst: late.at(-1) ?? NaN };
    },
  };
}

/** CPU of all children that have ended. */
function childrenSeconds(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK;
}

function residentMib(): string {
  return (process.memoryUsage.rss() / 1024 / 1024).toFixed(0);
}

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "hooks-bench-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
