import { inDirectory } from "./directory.js";
import { createClock, pause } from "../../shared/edge/clock.js";
import { openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { createMemoryStore } from "../../shared/lease/memory-store.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { createOwing } from "../../server/serve-owing.js";
import { createServerLoop, type ServerLoop } from "../../server/loop.js";
import { clientOf, datagramOf, random, serverOf } from "./traffic.js";

/** Clients that are always at it: each begins anew when it has got its Reply. */
const CLIENTS = 500;
const WARM_UP_MS = 1000;
const MEASURED_MS = 2000;
/** Exchanges a second that a disk with 10 ms more shall still allow. */
const BAR = 5000;
const ADVERTISE = 2;

/** Prints exchanges a second of new clients, with a store whose commits take so much longer. */
export async function benchCommits(): Promise<void> {
  console.log(`commits: four-message exchanges of ${CLIENTS} clients, each with the next as soon as it can`);
  for (const addedMs of [0, 10, 40]) {
    await inDirectory(async (directory) => {
      const store = await openLeaseStore(directory);
      await report("on disk", store, addedMs);
      await store.close();
    });
  }
  await report("in memory", createMemoryStore(), 10);
}

async function report(what: string, inner: LeaseStore, addedMs: number): Promise<void> {
  const figures = { commits: 0, changes: 0, exchanges: 0 };
  const store: LeaseStore = {
    ...inner,
    async commit(changes) {
      figures.commits += 1;
      figures.changes += changes.length;
      const refused = await inner.commit(changes);
      if (addedMs > 0) await pause(addedMs);
      return refused;
    },
  };
  let newest = 0;
  let going = true;
  const begin = (): void => {
    if (going) loop.push(datagramOf("solicit", ++newest));
  };
  const loop: ServerLoop = createServerLoop({
    state: serverOf([["2001:db8::/32", 64]]),
    store,
    hooks: createOwing({ store, hooks: { run: () => Promise.resolve("ended") }, log: () => undefined }),
    clock: createClock(),
    log: () => undefined,
    random,
    happened: () => undefined,
    socketFor: () => ({
      send(bytes) {
        if (bytes[0] === ADVERTISE) {
          loop.push(datagramOf("request", clientOf(bytes)));
          return;
        }
        figures.exchanges += 1;
        begin();
      },
    }),
  });
  for (let n = 0; n < CLIENTS; n++) begin();
  await pause(WARM_UP_MS);
  Object.assign(figures, { commits: 0, changes: 0, exchanges: 0 });
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await pause(MEASURED_MS);
  const took = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { commits, changes, exchanges } = figures;
  going = false;
  await loop.close();
  console.log(
    `  ${what}, + ${addedMs} ms a commit: ${Math.round(exchanges / took)} exchanges/s, ` +
      `${Math.round(commits / took)} commits/s of ${(changes / commits).toFixed(0)}, ` +
      `CPU ${((user + system) / 1e4 / took).toFixed(0)} % (bar ${BAR}: ${exchanges / took < BAR ? "missed" : "held"})`,
  );
}
