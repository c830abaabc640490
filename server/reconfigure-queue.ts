import { type Millis, millis } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import { createOctetMap, type OctetMap } from "../shared/octet-map.js";

/** What a Reconfigure can ask for (RFC 8415 21.19). */
export type ReconfigureType = "renew" | "rebind" | "informationRequest";

/** A client that has still to do what it is asked for. */
export interface Asked {
  readonly client: Duid;
  readonly asks: ReconfigureType;
  /** How often it has been asked. */
  attempts: number;
  /** When it is asked again. */
  at: Millis;
}

/** Which leases a walk through the table is after: those that do not fit any more, or all. */
export interface Walk {
  readonly only: "outdated" | "all";
  readonly asks: ReconfigureType;
  /** The record number where it goes on, and when. */
  next: number;
  at: Millis;
}

/** Clients that are asked to come again, and those still to be found. */
export interface Reconfigures {
  readonly asked: OctetMap<Asked>;
  /** By attempts made: the pause after each is the same for all, so every queue is in order of time. */
  readonly rounds: readonly Asked[][];
  walk: Walk | undefined;
  /** Nothing is sent before: those who are asked all come back at once. */
  gate: Millis;
}

/** Sends in all, and milliseconds after the first one; each later pause is twice as long (RFC 8415 7.6). */
export const REC_MAX_RC = 8;
/** See `REC_MAX_RC`. */
export const REC_TIMEOUT: Millis = millis(2000);

/** Nobody is asked for anything. */
export const createReconfigures = (seed: Uint8Array): Reconfigures => ({
  asked: createOctetMap({ seed }),
  rounds: Array.from({ length: REC_MAX_RC + 1 }, () => []),
  walk: undefined,
  gate: millis(0),
});

/** When something is due; `Infinity` for never. */
export function nextReconfigure({ rounds, walk, gate }: Reconfigures): Millis {
  let earliest = Infinity;
  for (const round of rounds) earliest = Math.min(earliest, round[0]?.at ?? Infinity);
  return millis(Math.min(Math.max(earliest, gate), walk?.at ?? Infinity));
}

/** Puts a client into the queue, unless it is asked for something already. */
export function ask(reconfigures: Reconfigures, client: Duid, asks: ReconfigureType, now: Millis): void {
  if (reconfigures.asked.get(client) !== undefined) return;
  const asked = { client, asks, attempts: 0, at: now };
  reconfigures.asked.set(client, asked);
  reconfigures.rounds[0]?.push(asked);
}

/** Clients asked at a time, and milliseconds until the next ones. */
const BATCH = 25;
const PAUSE = 250;

const NOBODY: readonly Asked[] = [];

/** Those who are due, out of the queues; `again` puts one back. A few at a time. */
export function takeDue(reconfigures: Reconfigures, now: Millis): readonly Asked[] {
  const { rounds, asked, gate } = reconfigures;
  if (gate > now || rounds.every((round) => round.length === 0)) return NOBODY;
  const due: Asked[] = [];
  for (const round of rounds) {
    let count = 0;
    while (count < round.length && due.length + count < BATCH && (round[count]?.at ?? Infinity) <= now)
      count++;
    // Those who have answered meanwhile are not in the map any more.
    due.push(...round.splice(0, count).filter((each) => asked.get(each.client) === each));
  }
  if (due.length > 0) reconfigures.gate = millis(now + PAUSE);
  return due;
}

/** Notes that a client has been asked once more. */
export function again({ rounds }: Reconfigures, asked: Asked, now: Millis): void {
  asked.attempts += 1;
  asked.at = millis(now + REC_TIMEOUT * 2 ** (asked.attempts - 1));
  rounds[asked.attempts]?.push(asked);
}
