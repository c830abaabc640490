import { describe, expect, test } from "vitest";
import { pd } from "../client/workbench.js";
import { type Chance, createChance } from "./chance.js";
import { createScene, heldBy, type Scene, serverConf } from "./scene.js";
import { PERFECT } from "./world.js";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** `SEED=n` replays one world; otherwise so many are lived through. */
const WORLDS = 30;
const seeds =
  process.env["SEED"] === undefined
    ? Array.from({ length: WORLDS }, (_, n) => n + 1)
    : [Number(process.env["SEED"])];

/** SOL_MAX_RT with RAND, and an exchange: in that time a client without a prefix asks at least once more. */
const PATIENCE = 3600 * SECOND * 1.1 + 10 * SECOND;

describe("random worlds: loss, duplicates, reordering, outages, kills", () => {
  test.each(seeds)("seed %i", (seed) => {
    const scene = makeScene(seed);
    const { world, clients, servers } = scene;
    for (const client of clients) client.start();
    trouble(scene, createChance(seed ^ 0x5eed), 4 * HOUR);
    world.run(4 * HOUR);
    // The inspector of the scene has looked after every single event; now all is well again.
    world.setFaults(PERFECT);
    for (const server of servers) if (!server.isUp()) server.start();
    for (const client of clients) if (client.phase() === "not running") client.start();
    world.run(PATIENCE);
    expect(clients.map((client) => heldBy(client).length > 0)).toEqual(clients.map(() => true));
    for (const client of clients) client.stop();
    world.run(2 * SECOND);
    expect(heldBy(...clients)).toEqual([]);
  });
});

/**
 * A link whose make-up depends on the seed: lifetimes from minutes to hours, one or two servers, up to four
 * clients.
 */
function makeScene(seed: number): Scene {
  const chance = createChance(seed);
  const valid = Math.floor(chance.between(200, chance.happens(0.5) ? 1000 : 20_000));
  const preferred = Math.floor(valid * chance.between(0.3, 1));
  const t1 = Math.max(1, Math.floor(preferred * 0.5));
  const t2 = Math.max(t1, Math.floor(preferred * 0.8));
  // Servers that know nothing of each other must not have a pool in common.
  const [one, two] = ["2222:2222:2222::/56", "2222:2222:3333::/56"].map((pool) =>
    serverConf(pool, [t1, t2, preferred, valid]),
  );
  const wanted = chance.happens(0.3) ? [pd(1), pd(2)] : [pd(1)];
  const scene = createScene(seed, {
    clients: 1 + Math.floor(chance.between(0, 4)),
    servers: [one, ...(chance.happens(0.3) ? [two] : [])].filter((conf) => conf !== undefined),
    wanted,
  });
  scene.world.setFaults({
    loss: chance.between(0, 0.5),
    duplication: chance.between(0, 0.3),
    delay: [1, chance.between(2, chance.happens(0.2) ? 5000 : 200)],
  });
  return scene;
}

/** Sprinkles outages of servers and deaths of clients over the time to come. */
function trouble({ world, clients, servers }: Scene, chance: Chance, ms: number): void {
  for (const server of servers) {
    for (let at = chance.between(0, HOUR); at < ms; at += chance.between(60 * SECOND, 2 * HOUR)) {
      world.at(world.now() + at, () => {
        if (!server.isUp()) return;
        server.kill();
        if (chance.happens(0.1)) server.loseStore();
        world.at(world.now() + chance.between(SECOND, HOUR), server.start);
      });
    }
  }
  for (const client of clients) {
    for (let at = chance.between(0, HOUR); at < ms; at += chance.between(60 * SECOND, 3 * HOUR)) {
      world.at(world.now() + at, () => {
        if (client.phase() === "not running") return;
        if (chance.happens(0.2)) client.stop();
        else client.kill();
        world.at(world.now() + chance.between(5 * SECOND, 1000 * SECOND), () => {
          if (client.phase() === "not running") client.start();
        });
      });
    }
  }
}
