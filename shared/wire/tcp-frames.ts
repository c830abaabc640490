/** Messages cut out of a TCP stream, and the octets that wait for more (RFC 5460 5.1). */
export interface Frames {
  readonly messages: readonly Uint8Array[];
  /** Beginning of a frame that is not all there; at the end of a stream it must be empty. */
  readonly rest: Uint8Array;
}

/** Cuts a stream of messages, each preceded by its 16-bit size. The messages are views. */
export function splitFrames(stream: Uint8Array): Frames {
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= stream.length) {
    const end = at + 2 + (((stream[at] ?? 0) << 8) | (stream[at + 1] ?? 0));
    if (end > stream.length) break;
    messages.push(stream.subarray(at + 2, end));
    at = end;
  }
  return { messages, rest: stream.subarray(at) };
}

/** Puts the 16-bit size before each message. Throws when one is longer than that can say. */
export function joinFrames(messages: readonly Uint8Array[]): Uint8Array {
  const stream = new Uint8Array(messages.reduce((sum, message) => sum + 2 + message.length, 0));
  let at = 0;
  for (const message of messages) {
    if (message.length > 0xffff) throw new Error(`${message.length} octets do not fit into a TCP frame`);
    stream.set([message.length >>> 8, message.length & 0xff], at);
    stream.set(message, at + 2);
    at += 2 + message.length;
  }
  return stream;
}

/** Takes a stream in whatever pieces it comes and gives its messages; keeps one unfinished frame at most. */
export interface FrameReader {
  /** The messages that are whole by now. Later calls leave their octets alone. */
  readonly push: (piece: Uint8Array) => readonly Uint8Array[];
  /** Octets of a frame that is not all there. */
  readonly waiting: number;
}

/** A reader at the beginning of a stream. Time and memory follow the octets, however small the pieces are. */
export function createFrameReader(): FrameReader {
  let buffer = new Uint8Array(0);
  let used = 0;
  return {
    get waiting() {
      return used;
    },
    push(piece) {
      if (used + piece.length > buffer.length) {
        const old = buffer.subarray(0, used);
        buffer = new Uint8Array(Math.max(2 * buffer.length, used + piece.length));
        buffer.set(old);
      }
      buffer.set(piece, used);
      used += piece.length;
      const { messages, rest } = splitFrames(buffer.subarray(0, used));
      if (messages.length === 0) return messages;
      buffer = rest.slice();
      used = rest.length;
      return messages;
    },
  };
}

/** An answer of many frames that is made piece by piece, as fast as it is taken. */
export interface FrameSource {
  /** The next frames, perhaps none yet; `done` when they are the last. Not to be called again then. */
  readonly next: () => { readonly bytes: Uint8Array; readonly done: boolean };
  /** What to say instead of the rest when there is no time for it. */
  readonly stop: () => Uint8Array;
}
