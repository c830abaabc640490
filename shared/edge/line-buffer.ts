import type { LogValue, LogValues } from "../catalogue.js";
import { formRoom, writeForm } from "../log-form.js";
import { ASCII_ROOM, writeDecimal } from "../ascii.js";
import { encodeText } from "./encode-text.js";
import { fillTemplate, type Part, partsOf } from "./log-line.js";

/** Lines of a log that wait to be written, as octets. */
export interface LineBuffer {
  /** Adds a line: what it begins with, a template filled as `fillTemplate` does, what it ends with. */
  readonly fill: (head: string, template: string, values: LogValues, tail: string) => void;
  /** Adds a line that has all of that. */
  readonly add: (line: string) => void;
  /** Octets that wait. */
  readonly size: () => number;
  /** What waits; void as soon as anything is added. Nothing waits any more. */
  readonly take: () => Uint8Array;
}

/**
 * A line is nearly always ASCII and goes to its place octet by octet, without being put together as a string
 * first: with every message at least two lines are written.
 */
export function createLineBuffer(): LineBuffer {
  let octets = new Uint8Array(ROOM);
  let at = 0;

  function fill(head: string, template: string, values: LogValues, tail: string): void {
    const start = at;
    if (putTrusted(head) && putFilled(partsOf(template), values) && putTrusted(tail) && hasRoom(1)) {
      octets[at++] = NEWLINE;
      return;
    }
    at = start;
    add(`${head}${fillTemplate(template, values)}${tail}`);
  }

  function putFilled(parts: readonly Part[], values: LogValues): boolean {
    for (const { text, name } of parts) {
      if (!putTrusted(text)) return false;
      if (name !== undefined && !putValue(values[name])) return false;
    }
    return true;
  }

  function putValue(value: LogValue | undefined): boolean {
    if (typeof value === "string") return putPlain(value);
    if (typeof value === "number") return putNumber(value);
    if (typeof value === "function") return putPlain(value());
    if (value === undefined || !hasRoom(formRoom(value))) return false;
    at = writeForm(octets, at, value);
    return true;
  }

  function putNumber(value: number): boolean {
    if (!Number.isSafeInteger(value) || value < 0) return putPlain(String(value));
    if (!hasRoom(ASCII_ROOM.number)) return false;
    at = writeDecimal(octets, at, value);
    return true;
  }

  /** Printable ASCII; false for anything else, which has to be escaped or takes more octets. */
  function putPlain(text: string): boolean {
    if (!hasRoom(text.length)) return false;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e) return false;
      octets[at + i] = code;
    }
    at += text.length;
    return true;
  }

  /** Text of ours, which may steer a terminal. */
  function putTrusted(text: string): boolean {
    if (!hasRoom(text.length)) return false;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      octets[at + i] = code;
    }
    at += text.length;
    return true;
  }

  function add(text: string): void {
    const line = encodeText(`${text}\n`);
    if (!hasRoom(line.length)) {
      const grown = new Uint8Array(at + line.length + ROOM);
      grown.set(octets.subarray(0, at));
      octets = grown;
    }
    octets.set(line, at);
    at += line.length;
  }

  const hasRoom = (count: number): boolean => at + count <= octets.length;

  return {
    fill,
    add,
    size: () => at,
    take() {
      const taken = octets.subarray(0, at);
      if (octets.length > ROOM) octets = new Uint8Array(ROOM);
      at = 0;
      return taken;
    },
  };
}

/** More than waits as a rule; lines that find no room go the long way. */
const ROOM = 128 * 1024;
const NEWLINE = 0x0a;
