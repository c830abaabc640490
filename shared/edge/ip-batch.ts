import type { ChildProcess } from "node:child_process";
import { sentenceOf } from "./errors.js";

/** A line of a batch that `ip` could not do. */
export interface IpFailure {
  /** Its place in the batch, from 0. */
  readonly line: number;
  readonly why: string;
}

/** `ip` of iproute2, without any shell. */
export interface Ip {
  /** Does all lines, also those behind one that fails; gives those that failed. Never rejects. */
  readonly batch: (lines: readonly string[]) => Promise<readonly IpFailure[]>;
  /** What `ip -j -6 WORDS` prints; rejects with a sentence. */
  readonly ask: (words: readonly string[]) => Promise<unknown>;
}

/** The `ip` of this machine. */
export const systemIp: Ip = {
  async batch(lines) {
    const { status, stderr } = await runIp(["-6", "-force", "-batch", "-"], `${lines.join("\n")}\n`);
    return status === 0 ? [] : failuresOf(stderr, lines.length);
  },
  async ask(words) {
    const { status, stdout, stderr } = await runIp(["-j", "-6", ...words], "");
    if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${firstLine(stderr) || endOf(status)}`);
    return stdout.trim() === "" ? [] : (JSON.parse(stdout) as unknown);
  },
};

/**
 * The failures that a batch tells of on stderr: the reason, and below it `Command failed -:3`. When there is
 * no such line (`ip` is not there, or gave up at a line that it does not understand) all lines count as
 * failed.
 */
export function failuresOf(stderr: string, count: number): readonly IpFailure[] {
  const failures: IpFailure[] = [];
  let why = "";
  for (const line of stderr.split("\n")) {
    const number = /^Command failed .*:(\d+)$/.exec(line)?.[1];
    if (number === undefined) {
      why = why === "" ? reasonOf(line) : why;
      continue;
    }
    failures.push({ line: Number(number) - 1, why: why === "" ? "no reason given" : why });
    why = "";
  }
  if (failures.length > 0 && why === "") return failures;
  return Array.from({ length: count }, (_none, line) => ({ line, why: why || "ip failed" }));
}

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Far beyond what the kernel needs for any number of lines: it must not hold up a stop. */
const PATIENCE_MS = 5000;

function runIp(words: readonly string[], input: string): Promise<Finished> {
  return new Promise((resolve) => {
    let child: ChildProcess;
    let stdout = "";
    let stderr = "";
    try {
      child = startIp(words, PATIENCE_MS);
    } catch (error) {
      resolve({ status: null, stdout, stderr: sentenceOf(error) });
      return;
    }
    child.stdout?.on("data", (piece: Buffer) => (stdout += piece.toString()));
    child.stderr?.on("data", (piece: Buffer) => (stderr += piece.toString()));
    // It may end before it has read all: what it says about that is in stderr.
    child.stdin?.on("error", () => undefined);
    child.once("error", (error) => {
      resolve({ status: null, stdout, stderr: `ip cannot be run (${sentenceOf(error)}); install iproute2` });
    });
    child.once("close", (status) => {
      resolve({ status, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** Starts `ip` with these words, with three pipes, to be ended after `timeout` milliseconds; 0 for never. */
export function startIp(words: readonly string[], timeout = 0): ChildProcess {
  const { spawn } = process.getBuiltinModule("node:child_process");
  return spawn("ip", words, { env: { PATH: searchPath(), LC_ALL: "C" }, timeout });
}

/** Daemons are started with a PATH that may lack the folders of root. */
const searchPath = (): string => `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`;

/** What a line of `ip` on stderr says. */
export const reasonOf = (line: string): string => line.replace(/^(RTNETLINK answers|Error): /, "").trim();

/** Of an `ip` that has not said why, as one that is kept from a system call. */
const endOf = (status: number | null): string =>
  status === null ? "it was ended" : `it ended with status ${status} and said nothing`;

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? "";
