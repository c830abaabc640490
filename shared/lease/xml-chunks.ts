/** A piece of the file: an element with everything in it, or what stands between two of them. */
export interface Chunk {
  readonly text: string;
  /** The line its first character is on, counted from 1. */
  readonly line: number;
  /** `cut`: the element has no end. `huge`: so long that only its beginning is here. */
  readonly kind: "whole" | "cut" | "huge" | "between";
}

/** Takes a file apart in bounded memory, whatever its size and however its lines are broken. */
export interface Chunker {
  /** Gives what can be taken off with this text. */
  readonly push: (text: string) => readonly Chunk[];
  readonly end: () => readonly Chunk[];
}

/** Characters of one element at most; a client with some ten thousand leases fits. */
export const CHUNK_LIMIT = 8 * 1024 * 1024;

/** Cuts a text into `<name>` elements (never nested in themselves) and what is between. */
export function createChunker(name: string, limit = CHUNK_LIMIT): Chunker {
  const [opening, closing] = [`<${name}`, `</${name}>`];
  let rest = "";
  let line = 1;
  /** How far `rest` was searched in vain. */
  let searched = 0;
  let skipping = false;

  function take(length: number, kind: Chunk["kind"], chunks: Chunk[]): void {
    const text = rest.slice(0, length);
    if (text !== "") chunks.push({ text, line, kind });
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line++;
    rest = rest.slice(length);
    searched = 0;
  }

  /** Takes one piece off the front; false when more text is needed to know where it ends. */
  function takeOne(chunks: Chunk[]): boolean {
    if (skipping || !startsElement(rest, opening)) return takeBetween(chunks);
    const end = rest.indexOf(closing, Math.max(0, searched - closing.length));
    const next = nextElement(rest, opening, Math.max(opening.length, searched - opening.length - 1));
    if (end >= 0 && (next < 0 || end < next)) take(end + closing.length, "whole", chunks);
    else if (next >= 0) take(next, "cut", chunks);
    else if (rest.length > limit) {
      take(limit, "huge", chunks);
      skipping = true;
    } else {
      searched = rest.length;
      return false;
    }
    return true;
  }

  function takeBetween(chunks: Chunk[]): boolean {
    const next = nextElement(rest, opening, searched);
    if (next >= 0) {
      if (skipping) skip(next);
      else take(next, "between", chunks);
      skipping = false;
      return true;
    }
    if (rest.length > limit) {
      if (skipping) skip(rest.length - opening.length - 1);
      else take(rest.length - opening.length - 1, "between", chunks);
    }
    searched = Math.max(0, rest.length - opening.length);
    return false;
  }

  function skip(length: number): void {
    take(length, "between", []);
  }

  return {
    push(text) {
      const chunks: Chunk[] = [];
      rest += text;
      while (takeOne(chunks));
      return chunks;
    },
    end() {
      const chunks: Chunk[] = [];
      const kind = startsElement(rest, opening) ? "cut" : "between";
      if (!skipping) take(rest.length, kind, chunks);
      return chunks;
    },
  };
}

/** True for `<Name>` and `<Name `, not for `<Names>`; at the very end of the text more may follow. */
const startsElement = (text: string, opening: string): boolean =>
  text.startsWith(opening) && /^[\s/>]?$/.test(text.charAt(opening.length));

function nextElement(text: string, opening: string, from: number): number {
  for (let at = text.indexOf(opening, from); at >= 0; at = text.indexOf(opening, at + 1)) {
    const after = text.charAt(at + opening.length);
    if (after !== "" && /^[\s/>]$/.test(after)) return at;
  }
  return -1;
}
