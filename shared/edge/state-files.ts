import {
  closeSync,
  copyFileSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { type Millis, millis } from "../brand.js";
import { codeOf } from "./errors.js";
import { fileError } from "./files.js";

/** A text file that is there and can be opened. */
export interface OpenedText {
  readonly path: string;
  /** When it was changed last, Unix time. */
  readonly written: Millis;
  readonly octets: number;
  /** Gives all of its text, in pieces of a fixed size; throws SystemError when it cannot be read. */
  readonly read: (push: (text: string) => void) => void;
}

/** Octets read at a time. */
const PIECE_OCTETS = 1 << 20;

/** A file to read; `undefined` when it does not exist. Throws SystemError for anything else that is wrong. */
export function openText(path: string): OpenedText | undefined {
  try {
    closeSync(openSync(path, "r"));
    const { mtimeMs, size } = statSync(path);
    return {
      path,
      written: millis(mtimeMs),
      octets: size,
      read: (push) => {
        readPieces(path, push);
      },
    };
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw fileError("read", path, cause);
  }
}

function readPieces(path: string, push: (text: string) => void): void {
  const decoder = new StringDecoder("utf8");
  const piece = new Uint8Array(PIECE_OCTETS);
  const next = (file: number): number => {
    try {
      return readSync(file, piece);
    } catch (cause) {
      throw fileError("read", path, cause);
    }
  };
  const file = openSync(path, "r");
  try {
    for (let count = next(file); count > 0; count = next(file)) {
      push(decoder.write(Buffer.from(piece.buffer, 0, count)));
    }
    push(decoder.end());
  } finally {
    closeSync(file);
  }
}

/**
 * Keeps a copy of a file beside it, on disk when this returns: `FILE.dibbler`, or with a number behind when
 * that is there already. Gives its name; `undefined` when there is no file.
 */
export function keepCopy(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  for (let n = 1; ; n++) {
    const copy = n === 1 ? `${path}.dibbler` : `${path}.dibbler.${n}`;
    try {
      copyFileSync(path, copy, constants.COPYFILE_EXCL);
      const file = openSync(copy, "r");
      fsyncSync(file);
      closeSync(file);
      return copy;
    } catch (cause) {
      if (codeOf(cause) !== "EEXIST") throw fileError("write", copy, cause);
    }
  }
}
