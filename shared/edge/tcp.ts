import { createServer, type Server, type Socket } from "node:net";
import { formatIp6, type Ip6, isLinkLocal } from "../prefix.js";
import { createFrameReader, type FrameSource } from "../wire/tcp-frames.js";
import { codeOf, SystemError, sentenceOf } from "./errors.js";

/** Where to listen and what to answer. `from` is the peer's address and port, for people. */
export interface TcpOptions {
  readonly interfaceName: string;
  readonly addresses: readonly Ip6[];
  /** 0 lets the system choose. */
  readonly port: number;
  /** On all addresses together; whoever comes then is turned away. */
  readonly maxConnections: number;
  /**
   * How long a connection may do nothing, how long a frame may take from its first octet to its last, and
   * how long a piece of an answer may wait to be read.
   */
  readonly timeoutMs: number;
  readonly onListening: (address: string, port: number) => void;
  readonly onConnection: () => void;
  /** The answer to a frame; `undefined` ends the connection. Called for one frame after the other. */
  readonly answer: (request: Uint8Array, from: string) => FrameSource | undefined;
  readonly onClosed: (from: string, reason: string) => void;
  readonly onRefused: (from: string, reason: string) => void;
  /** Trouble that does not end the listening. */
  readonly onTrouble: (sentence: string) => void;
}

/** Open listeners. `close` ends all connections, answers under way with their last words. */
export interface TcpListener {
  readonly close: () => Promise<void>;
}

/** A connection that is served. */
interface Conversation {
  readonly stop: () => void;
}

/** How long last words may take to leave. */
const GRACE_MS = 1000;

const NOT_READ = "the answer was not read in time";

/** Opens all listeners, or none: rejects with a SystemError that says which one failed and why. */
export async function openTcp(options: TcpOptions): Promise<TcpListener> {
  const conversations = new Set<Conversation>();
  const accept = (socket: Socket): void => {
    const from = `[${socket.remoteAddress ?? "?"}]:${socket.remotePort ?? "?"}`;
    if (conversations.size >= options.maxConnections) {
      socket.on("error", () => undefined);
      socket.destroy();
      options.onRefused(from, "too many connections");
      return;
    }
    options.onConnection();
    const conversation = converse(socket, from, options, () => conversations.delete(conversation));
    conversations.add(conversation);
  };
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    const closing = servers.map(closed);
    for (const conversation of conversations) conversation.stop();
    await Promise.all(closing);
  };
  for (const address of options.addresses) {
    try {
      servers.push(await listen(address, options, accept));
    } catch (error) {
      await close();
      throw error;
    }
  }
  return { close };
}

function listen(address: Ip6, options: TcpOptions, accept: (socket: Socket) => void): Promise<Server> {
  const { interfaceName, port } = options;
  const text = `${formatIp6(address)}${isLinkLocal(address) ? `%${interfaceName}` : ""}`;
  // Half-open, since a requestor may end its side as soon as it has asked.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const sentence = `cannot listen on TCP port ${port} of ${text}: ${sentenceOf(cause)}`;
      reject(new SystemError(codeOf(cause) ?? "error", sentence, { cause }));
    });
    server.listen({ host: text, port, ipv6Only: true, exclusive: true }, () => {
      server.removeAllListeners("error");
      server.on("error", (error) => {
        options.onTrouble(sentenceOf(error));
      });
      const bound = server.address();
      options.onListening(text, typeof bound === "object" && bound !== null ? bound.port : port);
      resolve(server);
    });
  });
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });

/**
 * Serves one connection. While an answer is under way nothing is read, and while an answer waits to be read
 * none is made, so that a peer never costs more than a frame, a piece of an answer and what the kernel keeps.
 */
function converse(socket: Socket, from: string, options: TcpOptions, onGone: () => void): Conversation {
  const reader = createFrameReader();
  const requests: Uint8Array[] = [];
  let source: FrameSource | undefined;
  let busy = false;
  let isOver = false;
  let reason = "finished";
  let timer: NodeJS.Timeout | undefined;

  const leave = (why: string): void => {
    reason = why;
    socket.destroy();
  };
  const expect = (why: string): void => {
    clearTimeout(timer);
    timer = setTimeout(leave, options.timeoutMs, why);
  };

  function nextRequest(): void {
    if (socket.destroyed) return;
    const request = requests.shift();
    busy = request !== undefined;
    if (request === undefined) {
      awaitRequest();
      return;
    }
    clearTimeout(timer);
    socket.pause();
    source = options.answer(request, from);
    if (source === undefined) leave("a frame without answer");
    else nextPiece();
  }

  function awaitRequest(): void {
    if (isOver) {
      finish();
      return;
    }
    expect(reader.waiting > 0 ? "a frame was not finished in time" : "nothing to do for too long");
    socket.resume();
  }

  function nextPiece(): void {
    if (source === undefined || socket.destroyed) return;
    const { bytes, done } = source.next();
    if (done) source = undefined;
    const goOn = done ? nextRequest : nextPiece;
    if (bytes.length === 0 || socket.write(bytes)) {
      setImmediate(goOn);
      return;
    }
    expect(NOT_READ);
    socket.once("drain", () => {
      clearTimeout(timer);
      goOn();
    });
  }

  function finish(): void {
    if (reader.waiting > 0) {
      leave("it ended within a frame");
      return;
    }
    expect(NOT_READ);
    socket.destroySoon();
  }

  socket.on("data", (chunk: Uint8Array) => {
    const isFrameBegun = reader.waiting > 0;
    requests.push(...reader.push(chunk));
    if (busy) return;
    if (requests.length > 0) nextRequest();
    else if (!isFrameBegun) awaitRequest();
  });
  socket.on("end", () => {
    isOver = true;
    if (!busy) finish();
  });
  socket.on("error", (error) => {
    reason = codeOf(error) ?? "error";
  });
  socket.on("close", () => {
    clearTimeout(timer);
    onGone();
    options.onClosed(from, reason);
  });
  awaitRequest();

  return {
    stop() {
      reason = "the server stops";
      isOver = true;
      requests.length = 0;
      if (source !== undefined) socket.write(source.stop());
      source = undefined;
      socket.destroySoon();
      setTimeout(leave, GRACE_MS, reason).unref();
    },
  };
}
