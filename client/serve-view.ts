import { sentenceOf } from "../shared/edge/errors.js";
import { replaceFileSync } from "../shared/edge/files.js";

/** A file that is kept for other programs. */
export interface ViewFile {
  /** What it shows has changed: it is written now, or a second after it was written last. */
  readonly changed: () => void;
  /** Writes it for the last time, if there ever was something to show. */
  readonly close: () => void;
}

/** At most once a second. */
const INTERVAL_MS = 1000;
const MODE = 0o640;

/**
 * Replaces the file whenever `render` gives another text (the time in it does not count). Nothing of ours
 * depends on it: it is not forced to the disk, and what keeps it from being written is told once.
 */
export function openView(
  path: string,
  render: (isOver: boolean) => string,
  onFailure: (sentence: string) => void,
): ViewFile {
  let written: string | undefined;
  let troubled = false;
  let timer: NodeJS.Timeout | undefined;
  let earliest = 0;

  function write(isOver: boolean): void {
    clearTimeout(timer);
    timer = undefined;
    const text = render(isOver);
    const content = text.replace(/<timestamp>.*/, "");
    if (content === written) return;
    try {
      replaceFileSync(path, text, MODE, false);
      [written, troubled] = [content, false];
    } catch (error) {
      if (!troubled) onFailure(sentenceOf(error));
      troubled = true;
    }
    earliest = performance.now() + INTERVAL_MS;
  }

  return {
    changed() {
      if (timer !== undefined) return;
      const wait = earliest - performance.now();
      if (wait <= 0) write(false);
      else timer = setTimeout(write, wait, false).unref();
    },
    close() {
      if (earliest > 0) write(true);
    },
  };
}
