import { existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { codeOf, SystemError, sentenceOf } from "../shared/edge/errors.js";
import { listenUnix } from "../shared/edge/unix-socket.js";
import { parseSubscription } from "./event-line.js";
import type { EventStream } from "./event-stream.js";
import { follow, type Follower, type Sink } from "./serve-follower.js";

/** Subscribers at a time. */
const LIMIT = 64;
/** Lines in one piece. */
const PIECE = 256;
/** A subscriber says within this what it wants, in milliseconds, and in so many characters; or nothing. */
const ASK_MS = 1000;
const ASK_LIMIT = 200;
/** How long a stop waits for those who have not read everything. */
const CLOSE_MS = 1000;

/** Listens for subscribers; rejects with a SystemError when nothing can listen there. */
export async function openSubscribers(path: string, stream: EventStream): Promise<Sink> {
  const sockets = new Map<Socket, () => Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // A subscriber may go at any time, and then there is nobody to tell.
    socket.on("error", () => undefined);
    if (sockets.size >= LIMIT) {
      socket.resume();
      socket.end(errorLine(`there are ${LIMIT} subscribers already`));
      return;
    }
    sockets.set(socket, serve(socket, stream));
    socket.on("close", () => sockets.delete(socket));
  });
  try {
    await removeLeftSocket(path);
    // For its user and group.
    await listenUnix(server, path, 0o660);
  } catch (error) {
    throw new SystemError("events-failed", `events unix:${path} cannot be opened: ${reasonOf(error, path)}`);
  }
  server.on("error", () => undefined);
  return {
    start: () => undefined,
    load: () => ({ subscribers: sockets.size }),
    async close() {
      // Removes the socket as well.
      const closed = new Promise((resolve) => server.close(resolve));
      const ends = [...sockets.values()].map((end) => end());
      await Promise.race([Promise.all(ends), pause(CLOSE_MS, undefined, { ref: false })]);
      for (const socket of sockets.keys()) socket.destroy();
      await closed;
    },
  };
}

/** One subscriber. Gives what hands it all there is and ends. */
function serve(socket: Socket, stream: EventStream): () => Promise<void> {
  // Nothing that happens while it may still say something is lost to it.
  const newest = stream.last();
  let text = "";
  let follower: Follower | undefined;
  let isRefused = false;
  const timer = setTimeout(() => {
    begin(newest);
  }, ASK_MS);

  function begin(after: number): void {
    clearTimeout(timer);
    if (isRefused || socket.destroyed) return;
    follower ??= follow(stream, after, PIECE, (lines) => write(socket, lines));
  }

  function ask(line: string): void {
    const after = parseSubscription(line);
    if (typeof after === "number") begin(after);
    else {
      isRefused = true;
      clearTimeout(timer);
      socket.end(errorLine(after));
    }
  }

  async function finish(): Promise<void> {
    begin(newest);
    await follower?.close();
    await new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else socket.end(resolve);
    });
  }

  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    if (follower !== undefined || isRefused) return;
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) ask(text.slice(0, end));
    else if (text.length > ASK_LIMIT) ask(text);
  });
  // One that says no more wants what there is.
  socket.on("end", () => {
    if (follower === undefined && !isRefused && text.trim() !== "") ask(text);
    void finish();
  });
  socket.on("close", () => {
    clearTimeout(timer);
    void follower?.close();
  });
  return finish;
}

async function write(socket: Socket, lines: readonly string[]): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  if (!socket.write(`${lines.join("\n")}\n`)) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off("drain", done).off("close", done);
        resolve();
      };
      socket.once("drain", done).once("close", done);
    });
  }
  return !socket.destroyed;
}

const errorLine = (error: string): string => `${JSON.stringify({ error })}\n`;

/** What a server that was killed has left there. */
async function removeLeftSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error(`${path} is there and is not a socket; remove it`);
  if (await isHeard(path)) throw new Error("another program listens there");
  unlinkSync(path);
}

/** Only a refusal says that nobody listens. */
function isHeard(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (heard: boolean): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.once("connect", () => {
      end(true);
    });
    socket.once("error", (error) => {
      end(codeOf(error) !== "ECONNREFUSED");
    });
  });
}

function reasonOf(error: unknown, path: string): string {
  const directory = dirname(path);
  // Node says EACCES for this as well.
  if (!existsSync(directory)) return `there is no directory ${directory}`;
  if (codeOf(error) === "EACCES") return `no permission to make it in ${directory}`;
  return sentenceOf(error);
}
