import { inDirectory } from "./directory.js";
import { someLease } from "./some-leases.js";
import { join } from "node:path";
import { type Millis, millis } from "../../shared/brand.js";
import { SERVER_ROWS } from "../../shared/catalogue-server.js";
import { type Clock, createClock, pause } from "../../shared/edge/clock.js";
import { openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { createLog, defaultLogSettings } from "../../shared/edge/log.js";
import { changeFor } from "../../shared/lease/changes.js";
import type { Lease, LeaseId } from "../../shared/lease/lease.js";
import type { Datagram } from "../../shared/datagram.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { createOwing } from "../../server/serve-owing.js";
import { createServerLoop } from "../../server/loop.js";
import { openViews, tellingOf } from "../../server/serve-state.js";
import { type Asked, clientOf, datagramOf, duidOf, random, serverOf } from "./traffic.js";

/** Leases that end within one second, and others whose clients renew them meanwhile. */
const ENDING = 100_000;
const STAYING = 2_000;
/** Milliseconds from the first message to the first end, and at most from there to the last message. */
const BEFORE_MS = 1_500;
const MOST_MS = 15_000;
/** What no answer shall wait longer than, in milliseconds. */
const BAR_MS = 50;
/** Clients that are new have numbers from here on. */
const NEW = 1_000_000;
/** A Request follows so many messages after its Solicit. */
const BEHIND = 30;

/** Waits in milliseconds, sorted, from when a message was due until its answer was handed to the socket. */
interface Waits {
  readonly quiet: readonly number[];
  readonly expiring: readonly number[];
  readonly tookMs: number;
}

/** Prints how long answers wait while 100,000 leases end within one second. */
export async function benchExpiry(views: boolean): Promise<void> {
  const { quiet, expiring, tookMs } = await inDirectory((directory) => run(directory, views));
  console.log(
    `expiry of ${ENDING} leases in a second, 1000 messages/s${views ? ", with the files for others" : ""}: ` +
      `took ${(tookMs / 1000).toFixed(2)} s`,
  );
  console.log(`  before  ${figures(quiet)}`);
  const worst = expiring.at(-1) ?? Infinity;
  console.log(`  during  ${figures(expiring)} (bar ${BAR_MS}: ${worst <= BAR_MS ? "held" : "missed"})`);
}

const figures = (waits: readonly number[]): string => {
  const at = (share: number): string => (waits[Math.floor((waits.length - 1) * share)] ?? NaN).toFixed(1);
  return `${waits.length} answers, after ms: p50 ${at(0.5)}  p99 ${at(0.99)}  worst ${at(1)}`;
};

async function run(directory: string, withViews: boolean): Promise<Waits> {
  const clock = createClock();
  const store = await openLeaseStore(directory);
  const table = createLeaseTable({ seed: random(16) });
  const firstEnd = await fill(store, table, clock);
  const state = serverOf([["2001:db8::/32", 64]], table);
  const log = createLog({
    rows: SERVER_ROWS,
    file: join(directory, "server.log"),
    console: false,
    settings: defaultLogSettings("Server"),
  });
  const views = openViews(state, directory, clock, log.log);
  const traffic = createTraffic(clock);
  const loop = createServerLoop({
    state,
    store: withViews ? tellingOf(store, views.changed) : store,
    hooks: createOwing({ store, hooks: { run: () => Promise.resolve("ended") }, log: () => undefined }),
    clock,
    log: log.log,
    random,
    happened: () => undefined,
    socketFor: () => ({ send: traffic.answered }),
  });
  await pause(firstEnd - BEFORE_MS - clock.now());
  loop.push({ type: "started" });
  let overAt = clock.now();
  await traffic.run(loop.push, () => {
    overAt = clock.now();
    return state.counters.expired >= ENDING || overAt > firstEnd + MOST_MS;
  });
  await pause(200);
  await loop.close();
  await views.close();
  await store.close();
  log.close();
  const { quiet, expiring, unanswered } = traffic.waits(firstEnd, overAt);
  if (unanswered > 0) console.log(`  ${unanswered} messages were not answered`);
  return { quiet, expiring, tookMs: overAt - firstEnd };
}

/** Puts all leases in table and store; gives when the first one ends. */
async function fill(store: LeaseStore, table: LeaseTable, clock: Clock): Promise<Millis> {
  const ids: LeaseId[] = [];
  // Making and storing them takes a while.
  const firstEnd = millis(Math.ceil(clock.now()) + BEFORE_MS + 3_000);
  for (let n = 0; n < ENDING; n++) ids.push(table.put(leaseOf(n, millis(firstEnd + ((n * 7919) % 1000)))));
  for (let n = ENDING; n < ENDING + STAYING; n++)
    ids.push(table.put(leaseOf(n, millis(firstEnd + 3_600_000))));
  for (let i = 0; i < ids.length; i += 20_000) {
    await store.commit(ids.slice(i, i + 20_000).map((id) => changeFor(table, id)));
  }
  return firstEnd;
}

interface Traffic {
  readonly answered: (bytes: Uint8Array) => void;
  /** A message each millisecond: Solicit, Request and Renew in turn, until it is over. */
  readonly run: (push: (event: Datagram) => void, isOver: () => boolean) => Promise<void>;
  readonly waits: (
    from: Millis,
    to: Millis,
  ) => {
    readonly quiet: readonly number[];
    readonly expiring: readonly number[];
    readonly unanswered: number;
  };
}

/** A message is late from the moment that it should have come: what keeps us from sending it counts. */
function createTraffic(clock: Clock): Traffic {
  const due = new Map<string, Millis>();
  const waits: { readonly at: Millis; readonly wait: number }[] = [];
  const keyOf = (isAdvertise: boolean, client: number): string => `${isAdvertise ? "a" : "r"}${client}`;

  function next(k: number, at: Millis): Datagram {
    const type: Asked = k % 3 === 0 || k < BEHIND ? "solicit" : k % 3 === 1 ? "request" : "renew";
    const turn = type === "request" ? k - BEHIND - 1 : k;
    const n = type === "renew" ? ENDING + (((k / 3) | 0) % STAYING) : NEW + turn;
    due.set(keyOf(type === "solicit", n & 0xffffff), at);
    return datagramOf(type, n);
  }

  return {
    answered(bytes) {
      const key = keyOf(bytes[0] === 2, clientOf(bytes));
      const at = due.get(key);
      if (at === undefined) return;
      due.delete(key);
      waits.push({ at, wait: clock.now() - at });
    },
    run: (push, isOver) =>
      new Promise((resolve) => {
        const start = clock.now();
        let sent = 0;
        const timer = setInterval(() => {
          for (const now = clock.now(); start + sent <= now; sent++) push(next(sent, millis(start + sent)));
          if (!isOver()) return;
          clearInterval(timer);
          resolve();
        }, 1);
      }),
    waits(from, to) {
      const sorted = (isWanted: (at: Millis) => boolean): readonly number[] =>
        waits
          .filter(({ at }) => isWanted(at))
          .map(({ wait }) => wait)
          .sort((a, b) => a - b);
      return {
        quiet: sorted((at) => at < from - 200),
        expiring: sorted((at) => at >= from && at <= to),
        unanswered: due.size,
      };
    },
  };
}

function leaseOf(n: number, until: Millis): Lease {
  return { ...someLease(n, until), duid: duidOf(n), since: millis(until - 7_200_000), until };
}
