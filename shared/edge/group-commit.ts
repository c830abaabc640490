/** How much is written. */
export interface Load {
  readonly values: number;
  readonly octets: number;
  /** Whether some of it is new, and replaces nothing. */
  readonly grows: () => boolean;
}

/** Something to be written, and whom to tell. */
interface Waiting extends Load {
  readonly write: () => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes what arrives while a commit is under way together in the next one: one disk sync serves them all.
 */
export interface GroupCommit {
  /**
   * Calls `write` inside the next commit; resolves when that is durable, rejects when it failed as a whole.
   */
  add(write: () => void, load: Load): Promise<void>;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
}

/** `commit` runs the writes it is given in one transaction and resolves when that is durable. */
export function createGroupCommit(commit: (writes: () => void, load: Load) => Promise<void>): GroupCommit {
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await commit(() => {
          for (const { write } of group) write();
        }, sumOf(group));
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    running = undefined;
  }

  return {
    add: (write, load) =>
      new Promise((done, failed) => {
        waiting.push({ ...load, write, done, failed });
        running ??= run();
      }),
    async idle() {
      await running;
    },
  };
}

function sumOf(loads: readonly Load[]): Load {
  let [values, octets] = [0, 0];
  for (const load of loads) {
    values += load.values;
    octets += load.octets;
  }
  return { values, octets, grows: () => loads.some(({ grows }) => grows()) };
}
