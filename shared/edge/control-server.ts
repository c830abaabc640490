import { lstatSync, unlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import {
  CONTROL_REQUEST_LIMIT,
  type ControlAnswer,
  controlLine,
  type ControlRequest,
  parseControlRequest,
  refusal,
} from "../control.js";
import { codeOf, sentenceOf } from "./errors.js";
import { listenUnix } from "./unix-socket.js";

/** Where commands for the running program are taken, and who carries them out. */
export interface ControlOptions {
  /** The socket, absolute. What an earlier run has left there goes: only one program works in a directory. */
  readonly path: string;
  readonly handle: (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>;
  /** Why there is no channel, or what it suffers from. */
  readonly onTrouble: (sentence: string) => void;
  /** How long a request may take to arrive, and an answer to be read; default 5 s. */
  readonly timeoutMs?: number;
}

/** An open channel. `close` ends its connections and removes the socket. */
export interface ControlChannel {
  readonly close: () => Promise<void>;
}

/** Callers at a time; there is hardly ever more than one. */
const CONNECTION_LIMIT = 8;
const TIMEOUT_MS = 5000;
/** How long a command may take: a reload waits for interfaces that are coming up. */
const WORK_MS = 60_000;

/**
 * Takes commands on a socket that only this user (and root) may connect to: one line with a request, one
 * with its answer for each connection. A program can do without: what is in the way is told to `onTrouble`,
 * and the channel is none.
 */
export async function openControl(options: ControlOptions): Promise<ControlChannel> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accept(socket, sockets, options);
  });
  try {
    removeLeftSocket(options.path);
    await listenUnix(server, options.path, 0o600);
  } catch (error) {
    server.close();
    options.onTrouble(sentenceOf(error));
    return { close: () => Promise.resolve() };
  }
  server.on("error", (error) => {
    options.onTrouble(sentenceOf(error));
  });
  return {
    close: () =>
      new Promise((resolve) => {
        // Removes the socket as well.
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function removeLeftSocket(path: string): void {
  try {
    if (!lstatSync(path).isSocket())
      throw new Error(`${path} is not a socket and is in its place; remove it`);
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function accept(socket: Socket, sockets: Set<Socket>, options: ControlOptions): void {
  // A caller may go at any time, and then there is nobody to tell.
  socket.on("error", () => undefined);
  if (sockets.size >= CONNECTION_LIMIT) {
    turnAway(socket, options);
    return;
  }
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  converse(socket, options);
}

/** What the caller says is read all the same: closing on unread octets would take the answer from it. */
function turnAway(socket: Socket, { timeoutMs = TIMEOUT_MS }: ControlOptions): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.on("close", () => {
    clearTimeout(timer);
  });
  socket.resume();
  socket.end(controlLine(refusal("too many commands are being given")));
}

/** One request, one answer. What else the caller says is not kept, until it goes or its time is over. */
function converse(socket: Socket, { handle, timeoutMs = TIMEOUT_MS }: ControlOptions): void {
  let text = "";
  let isAsked = false;
  let timer = setTimeout(overdue, timeoutMs);

  function overdue(): void {
    if (isAsked) socket.destroy();
    else answer(refusal("the request was not complete in time"));
  }

  function take(line: string): void {
    isAsked = true;
    const request = parseControlRequest(line);
    if (typeof request === "string") {
      answer(refusal(request));
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(overdue, WORK_MS);
    void carryOut(request, handle).then(answer);
  }

  function answer(value: ControlAnswer): void {
    isAsked = true;
    text = "";
    clearTimeout(timer);
    if (socket.destroyed) return;
    timer = setTimeout(overdue, timeoutMs);
    socket.end(controlLine(value));
  }

  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    if (isAsked) return;
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) take(text.slice(0, end));
    else if (text.length > CONTROL_REQUEST_LIMIT) take(text);
  });
  socket.on("end", () => {
    if (!isAsked) take(text);
  });
  socket.on("close", () => {
    clearTimeout(timer);
  });
}

async function carryOut(request: ControlRequest, handle: ControlOptions["handle"]): Promise<ControlAnswer> {
  try {
    return await handle(request);
  } catch (error) {
    return refusal(`the command failed: ${sentenceOf(error)}`);
  }
}
