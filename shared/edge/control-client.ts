import { createConnection } from "node:net";
import { dirname } from "node:path";
import {
  type ControlAnswer,
  controlLine,
  type ControlRequest,
  parseControlAnswer,
  refusal,
  socketPathFault,
} from "../control.js";
import type { Paths, Role } from "./command-line.js";
import { codeOf, sentenceOf } from "./errors.js";
import { probePidFile } from "./pid-file.js";

/** Longest answer that is taken, in characters. */
const ANSWER_LIMIT = 16 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/**
 * Gives a command to the `role` that runs with these paths, prints what came of it, and resolves to the exit
 * status: 0 when the command was taken, else 1.
 */
export async function giveCommand(role: Role, paths: Paths, request: ControlRequest): Promise<number> {
  const answer = await sendCommand(role, paths, request);
  if (answer.ok) process.stdout.write(`${answer.message}\n`);
  else process.stderr.write(`${answer.error}\n`);
  return answer.ok ? 0 : 1;
}

/** The same without printing. Never rejects: what went wrong is a refusal with a sentence. */
export async function sendCommand(
  role: Role,
  paths: Paths,
  request: ControlRequest,
  timeoutMs = TIMEOUT_MS,
): Promise<ControlAnswer> {
  const fault = socketPathFault(paths.controlSocket);
  if (fault !== undefined) return refusal(`no command can be given: ${fault}`);
  try {
    const text = await converse(paths.controlSocket, controlLine(request), timeoutMs);
    if (text === undefined) return refusal(`the ${role} did not answer within ${timeoutMs / 1000} s`);
    return parseControlAnswer(text) ?? refusal(`the ${role} gave no answer that can be read`);
  } catch (error) {
    return refusal(sentenceFor(role, paths, error));
  }
}

/** All that comes back; `undefined` when it takes too long. */
function converse(path: string, line: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    let text = "";
    const timer = setTimeout(() => {
      resolve(undefined);
      socket.destroy();
    }, timeoutMs);
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(line));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > ANSWER_LIMIT) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

function sentenceFor(role: Role, { controlSocket, pidFile }: Paths, error: unknown): string {
  const directory = dirname(controlSocket);
  const code = codeOf(error) ?? "";
  if (code === "EACCES" || code === "EPERM") {
    return `no permission to give commands to the ${role} in ${directory}; use its user's account, or root's`;
  }
  if (code !== "ENOENT" && code !== "ECONNREFUSED" && code !== "ENOTSOCK") {
    return `cannot talk to the ${role} in ${directory}: ${sentenceOf(error)}`;
  }
  const found = probePidFile(pidFile, role);
  if (found.state !== "running") return `no dibbler-${role} runs in ${directory}`;
  return `dibbler-${role} runs in ${directory} with pid ${found.pid} but takes no commands; its log says why`;
}
