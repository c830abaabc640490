import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openTcp, type TcpListener, type TcpOptions } from "../../shared/edge/tcp.js";
import { type Ip6, ip6, UNSPECIFIED } from "../../shared/prefix.js";
import { type FrameSource, joinFrames, splitFrames } from "../../shared/wire/tcp-frames.js";

const LOOPBACK: Ip6 = ip6(Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0)));

/** A listener under test, and what it told. */
interface Server {
  readonly listener: TcpListener;
  readonly port: number;
  readonly closed: string[];
  readonly refused: string[];
  readonly troubles: string[];
}

const opened: TcpListener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(opened.splice(0).map((listener) => listener.close()));
});

async function open(options: Partial<TcpOptions> = {}): Promise<Server> {
  let port = 0;
  const [closed, refused, troubles]: string[][] = [[], [], []];
  const listener = await openTcp({
    interfaceName: "lo",
    addresses: [LOOPBACK],
    port: 0,
    maxConnections: 10,
    timeoutMs: 10_000,
    onListening: (_address, bound) => {
      port = bound;
    },
    onConnection: () => undefined,
    answer: echo,
    onClosed: (_from, reason) => closed?.push(reason),
    onRefused: (_from, reason) => refused?.push(reason),
    onTrouble: (sentence) => troubles?.push(sentence),
    ...options,
  });
  opened.push(listener);
  return { listener, port, closed: closed ?? [], refused: refused ?? [], troubles: troubles ?? [] };
}

/** Says the request again; what begins with `!` has no answer. */
const echo = (request: Uint8Array): FrameSource | undefined =>
  request[0] === 0x21 ? undefined : pieces([joinFrames([request.slice()])]);

function pieces(all: readonly Uint8Array[]): FrameSource {
  let at = 0;
  return {
    next: () => ({ bytes: all[at++] ?? new Uint8Array(0), done: at >= all.length }),
    stop: () => joinFrames([text("stopped")]),
  };
}

/** A peer, and what it has heard. */
interface Peer {
  readonly socket: Socket;
  readonly heard: () => string[];
}

async function peerOf({ port }: Server): Promise<Peer> {
  const socket = connect({ host: "::1", port, allowHalfOpen: true });
  sockets.push(socket);
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const heard = (): string[] =>
    splitFrames(Buffer.concat(chunks)).messages.map((message) => Buffer.from(message).toString());
  return { socket, heard };
}

/** Resolves when the other side has ended, whatever way. */
const gone = ({ socket }: Peer): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ["end", "close", "error"]) {
      socket.once(event, () => {
        resolve();
      });
    }
  });

const text = (value: string): Uint8Array => Buffer.from(value);
const frames = (...values: readonly string[]): Uint8Array => joinFrames(values.map(text));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("tcp: questions and answers", () => {
  test("several frames at once, then one more -> one answer each, in order", async () => {
    const peer = await peerOf(await open());
    peer.socket.write(frames("one", "two", "three"));
    await vi.waitFor(() => {
      expect(peer.heard()).toEqual(["one", "two", "three"]);
    });
    peer.socket.write(frames("four"));
    await vi.waitFor(() => {
      expect(peer.heard().at(-1)).toBe("four");
    });
  });

  test("octet by octet -> answered when the frame is whole", async () => {
    const peer = await peerOf(await open());
    for (const octet of frames("slow", "ly")) {
      peer.socket.write(Uint8Array.of(octet));
      await pause(1);
    }
    await vi.waitFor(() => {
      expect(peer.heard()).toEqual(["slow", "ly"]);
    });
  });

  test("a peer that ends its side after asking -> answered, then closed", async () => {
    const server = await open();
    const peer = await peerOf(server);
    peer.socket.end(frames("last", "words"));
    await gone(peer);
    expect(peer.heard()).toEqual(["last", "words"]);
    peer.socket.destroy();
    await vi.waitFor(() => {
      expect(server.closed).toEqual(["finished"]);
    });
  });

  test("two peers, one with an answer of many pieces -> the other is answered in between", async () => {
    let made = 0;
    const endless: FrameSource = {
      next: () => ({ bytes: new Uint8Array(0), done: ++made > 1_000_000_000 }),
      stop: () => new Uint8Array(0),
    };
    const server = await open({ answer: (request) => (request[0] === 0x65 ? endless : echo(request)) });
    const [first, second] = [await peerOf(server), await peerOf(server)];
    first.socket.write(frames("e"));
    await vi.waitFor(() => {
      expect(made).toBeGreaterThan(0);
    });
    second.socket.write(frames("hello"));
    await vi.waitFor(() => {
      expect(second.heard()).toEqual(["hello"]);
    });
  });
});

describe("tcp: peers that are no good", () => {
  test("a frame without answer -> the connection is closed, others are served", async () => {
    const server = await open();
    const peer = await peerOf(server);
    peer.socket.write(frames("!junk", "never"));
    await gone(peer);
    expect(peer.heard()).toEqual([]);
    await vi.waitFor(() => {
      expect(server.closed).toEqual(["a frame without answer"]);
    });
    const good = await peerOf(server);
    good.socket.write(frames("hello"));
    await vi.waitFor(() => {
      expect(good.heard()).toEqual(["hello"]);
    });
  });

  test("a peer that ends within a frame -> closed", async () => {
    const server = await open();
    const peer = await peerOf(server);
    peer.socket.end(frames("whole").subarray(0, 4));
    await gone(peer);
    await vi.waitFor(() => {
      expect(server.closed).toEqual(["it ended within a frame"]);
    });
  });

  test("a peer that does nothing -> closed in time", async () => {
    const server = await open({ timeoutMs: 50 });
    const peer = await peerOf(server);
    await gone(peer);
    await vi.waitFor(() => {
      expect(server.closed).toEqual(["nothing to do for too long"]);
    });
  });

  test("a frame that never ends, an octet now and then -> closed in time all the same", async () => {
    const server = await open({ timeoutMs: 100 });
    const peer = await peerOf(server);
    const drip = setInterval(() => peer.socket.write(Uint8Array.of(255)), 10);
    await gone(peer);
    clearInterval(drip);
    await vi.waitFor(() => {
      expect(server.closed).toEqual(["a frame was not finished in time"]);
    });
  });

  test("a peer that does not read -> no more is made than fits, then closed in time", async () => {
    let made = 0;
    const endless: FrameSource = {
      next: () => {
        made += 65_000;
        return { bytes: new Uint8Array(65_000), done: false };
      },
      stop: () => new Uint8Array(0),
    };
    const server = await open({ timeoutMs: 200, answer: () => endless });
    const peer = await peerOf(server);
    peer.socket.pause();
    peer.socket.write(frames("go"));
    await vi.waitFor(() => {
      expect(server.closed).toEqual(["the answer was not read in time"]);
    }, 5000);
    expect(made).toBeLessThan(64 * 1024 * 1024);
  });

  test("a peer that reads slowly -> gets all of it", async () => {
    const many = Array.from({ length: 300 }, () => joinFrames([new Uint8Array(60_000)]));
    const server = await open({ answer: () => pieces(many) });
    const peer = await peerOf(server);
    const slow = setInterval(() => {
      peer.socket.pause();
      setTimeout(() => peer.socket.resume(), 5);
    }, 10);
    peer.socket.write(frames("go"));
    await vi.waitFor(
      () => {
        expect(peer.heard().length).toBe(300);
      },
      { timeout: 120_000, interval: 100 },
    );
    clearInterval(slow);
  });

  test("a peer that resets while its answer is made -> forgotten", async () => {
    const endless: FrameSource = {
      next: () => ({ bytes: new Uint8Array(1000), done: false }),
      stop: () => new Uint8Array(0),
    };
    const server = await open({ answer: () => endless });
    const peer = await peerOf(server);
    peer.socket.write(frames("go"));
    await once(peer.socket, "data");
    peer.socket.resetAndDestroy();
    await vi.waitFor(() => {
      expect(server.closed).toMatchObject([expect.stringMatching(/ECONNRESET|EPIPE/)]);
    });
  });

  test("more connections than allowed -> turned away; when one ends there is room again", async () => {
    const server = await open({ maxConnections: 2 });
    const [first, second] = [await peerOf(server), await peerOf(server)];
    const third = await peerOf(server);
    await gone(third);
    await vi.waitFor(() => {
      expect(server.refused).toEqual(["too many connections"]);
    });
    second.socket.write(frames("served"));
    await vi.waitFor(() => {
      expect(second.heard()).toEqual(["served"]);
    });
    first.socket.destroy();
    await vi.waitFor(() => {
      expect(server.closed.length).toBe(1);
    });
    const fourth = await peerOf(server);
    fourth.socket.write(frames("served"));
    await vi.waitFor(() => {
      expect(fourth.heard()).toEqual(["served"]);
    });
  });
});

describe("tcp: opening and closing", () => {
  test("close -> answers under way get their last words, idle connections end, nobody else can connect", async () => {
    const waiting: FrameSource = {
      next: () => ({ bytes: new Uint8Array(0), done: false }),
      stop: () => frames("stopped"),
    };
    const server = await open({ answer: () => waiting });
    const [busy, idle] = [await peerOf(server), await peerOf(server)];
    busy.socket.write(frames("go"));
    await pause(20);
    const ends = Promise.all([once(busy.socket, "end"), once(idle.socket, "end")]);
    const closing = server.listener.close();
    await ends;
    busy.socket.destroy();
    idle.socket.destroy();
    await closing;
    expect(busy.heard()).toEqual(["stopped"]);
    await vi.waitFor(() => {
      expect(server.closed).toEqual(["the server stops", "the server stops"]);
    });
    await expect(peerOf(server)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("a port that is taken -> a sentence; nothing stays open", async () => {
    const server = await open();
    const again = open({ port: server.port, addresses: [LOOPBACK] });
    await expect(again).rejects.toMatchObject({
      code: "EADDRINUSE",
      message: expect.stringContaining(`cannot listen on TCP port ${server.port} of ::1`) as unknown,
    });
    await expect(open({ port: server.port, addresses: [UNSPECIFIED, LOOPBACK] })).rejects.toThrow();
  });
});
