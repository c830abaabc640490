import type { LeaseChange } from "../../shared/lease/changes.js";
import type { LeaseId } from "../../shared/lease/lease.js";
import { createMemoryStore, type StoreMemory } from "../../shared/lease/memory-store.js";
import type { OwedChange } from "../../shared/lease/owed.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import type { Chance } from "./chance.js";
import type { World } from "./world.js";

/** How the disk does; changed while the world runs. */
export interface Disk {
  /** Every commit fails. */
  full: boolean;
  /** Milliseconds that a commit takes, uniform. */
  sync: readonly [low: number, high: number];
  /** How likely a commit with a new lease is refused because another server has won. */
  races: number;
}

/** A disk as it should be. */
export const createDisk = (): Disk => ({ full: false, sync: [0.1, 2], races: 0 });

/** What a store is made of. */
export interface SimStoreParts {
  readonly world: World;
  readonly memory: StoreMemory;
  readonly disk: Disk;
  readonly chance: Chance;
  /** Asked before a commit begins and before it is answered; false when the program has been killed. */
  readonly effect: (what: string) => boolean;
  /** Is told of each change just before it is made. */
  readonly onChange: (change: LeaseChange) => void;
  readonly onFailed: () => void;
}

/** A store whose commits take time and fail; of those that a crash cuts short the first few count. */
export interface SimStore extends LeaseStore {
  readonly crash: () => void;
}

interface Commit {
  /** Makes it; gives what was refused. */
  readonly write: () => readonly LeaseId[];
  readonly done: (refused: readonly LeaseId[]) => void;
  readonly failed: (error: Error) => void;
}

/** A store over a memory that outlives it. */
export function createSimStore(parts: SimStoreParts): SimStore {
  const { world, memory, disk, chance } = parts;
  const store = createMemoryStore({ memory });
  const queue: Commit[] = [];
  let working = false;

  function add(write: Commit["write"]): Promise<readonly LeaseId[]> {
    return new Promise((done, failed) => {
      if (!parts.effect("commit")) return;
      queue.push({ write, done, failed });
      if (!working) begin();
    });
  }

  function begin(): void {
    working = true;
    world.at(world.now() + chance.between(...disk.sync), () => {
      const commit = queue[0];
      if (commit === undefined || !parts.effect("sync")) return;
      queue.shift();
      working = false;
      if (queue.length > 0) begin();
      if (disk.full) {
        parts.onFailed();
        commit.failed(new Error("no space left on device"));
      } else {
        const refused = commit.write();
        if (parts.effect("synced")) commit.done(refused);
      }
    });
  }

  /** Another server has won: of a commit with a new lease all is refused, or nothing. */
  const isRefused = (changes: readonly LeaseChange[]): boolean =>
    changes.some(({ type, id }) => type === "put" && !memory.records.has(id)) && chance.happens(disk.races);

  return {
    ...store,
    commit: (changes, notes: readonly OwedChange[] = []) =>
      add(() => {
        const isLost = isRefused(changes);
        if (isLost) parts.onFailed();
        else for (const change of changes) parts.onChange(change);
        void store.commit(isLost ? [] : changes, notes);
        return isLost ? changes.map(({ id }) => id) : [];
      }),
    setMeta: async (name, value) => {
      await add(() => {
        void store.setMeta(name, value);
        return [];
      });
    },
    crash() {
      const kept = disk.full ? 0 : Math.floor(chance.between(0, queue.length + 1));
      for (const { write } of queue.splice(0).slice(0, kept)) write();
    },
  };
}
