import { describe, expect, test } from "vitest";
import { pd } from "../client/workbench.js";
import { createScene, heldBy, type Scene, serverConf } from "./scene.js";
import { BEGIN } from "./world.js";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** T1 1000 s, T2 1600 s, preferred 2000 s, valid 3000 s. */
const TIMES = [1000, 1600, 2000, 3000] as const;
const POOL = "2222:2222:2222::/48";

function startAll({ world, clients }: Scene, ms = 5 * SECOND): void {
  for (const client of clients) client.start();
  world.run(ms);
}

function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error("nobody");
  return first;
}

describe("one link, our client and our server", () => {
  test("three clients get a prefix each within three seconds, keep it through renewals, give it back", () => {
    const scene = createScene(1, { clients: 3, servers: [serverConf(POOL, TIMES)] });
    startAll(scene, 3 * SECOND);
    const first = heldBy(...scene.clients);
    expect(new Set(first).size).toBe(3);
    scene.world.run(10 * HOUR);
    expect(heldBy(...scene.clients)).toEqual(first);
    for (const client of scene.clients) client.stop();
    scene.world.run(SECOND);
    expect(heldBy(...scene.clients)).toEqual([]);
    expect(scene.clients.map(({ phase }) => phase())).toEqual(Array(3).fill("not running"));
    expect(only(scene.clients).hooks.at(-1)).toBe("delete");
  });

  test("fifty clients started in the same instant: fifty prefixes, no two equal transaction-ids", () => {
    const scene = createScene(2, { clients: 50, servers: [serverConf(POOL, TIMES)] });
    startAll(scene);
    expect(new Set(heldBy(...scene.clients)).size).toBe(50);
    const xids = scene.world.diary.flatMap((line) => /sends SOLICIT (\w+)/.exec(line)?.[1] ?? []);
    expect(new Set(xids).size).toBe(xids.length);
  });

  test("several IA_PDs of one client", () => {
    const wanted = [pd(1), pd(2), pd(9)];
    const scene = createScene(3, { clients: 2, servers: [serverConf(POOL, TIMES)], wanted });
    startAll(scene);
    expect(new Set(heldBy(...scene.clients)).size).toBe(6);
    scene.world.run(5 * HOUR);
    expect(heldBy(...scene.clients)).toHaveLength(6);
  });

  test("client killed and restarted within the valid lifetime: the same prefix, hook add once", () => {
    const scene = createScene(4, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    client.kill();
    scene.world.run(200 * SECOND);
    client.start();
    scene.world.run(2 * SECOND);
    expect(client.phase()).toBe("bound");
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks).toEqual(["add", "add"]);
  });

  test("client killed and restarted after the lease ran out: delete, then the same prefix again", () => {
    const scene = createScene(5, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    client.kill();
    scene.world.run(2 * HOUR);
    client.start();
    scene.world.run(5 * SECOND);
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks).toEqual(["add", "delete", "add"]);
  });

  test("server killed and restarted over and over: nobody loses a prefix", () => {
    const scene = createScene(6, { clients: 4, servers: [serverConf(POOL, TIMES)] });
    startAll(scene);
    const before = heldBy(...scene.clients);
    const server = only(scene.servers);
    for (let round = 0; round < 10; round++) {
      server.kill();
      scene.world.run(1500 * SECOND);
      server.start();
      scene.world.run(700 * SECOND);
      expect(heldBy(...scene.clients)).toEqual(before);
    }
  });

  test("server away until all leases are over: used to the last second, then deleted; regained when it is back", () => {
    const scene = createScene(7, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    const bound = client.sends.at(-1) ?? BEGIN;
    only(scene.servers).kill();
    scene.world.run(bound + 3000 * SECOND - scene.world.now() - SECOND);
    expect(heldBy(client)).toEqual(before);
    scene.world.run(2 * SECOND);
    expect(heldBy(client)).toEqual([]);
    scene.world.run(12 * HOUR);
    only(scene.servers).start();
    scene.world.run(1.1 * HOUR + 3 * SECOND);
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks.slice(0, 3)).toEqual(["add", "delete", "add"]);
  });

  test("server loses its store: clients keep their prefixes all the same", () => {
    const scene = createScene(8, { clients: 4, servers: [serverConf(POOL, TIMES)] });
    startAll(scene);
    const before = heldBy(...scene.clients);
    const server = only(scene.servers);
    server.kill();
    server.loseStore();
    server.start();
    scene.world.run(5 * HOUR);
    expect(heldBy(...scene.clients)).toEqual(before);
    expect(scene.clients.flatMap(({ hooks }) => hooks)).not.toContain("delete");
  });

  test("another pool after a restart: one update to the new prefix, no delete in between", () => {
    const scene = createScene(9, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    startAll(scene);
    const client = only(scene.clients);
    const server = only(scene.servers);
    server.kill();
    server.configure(serverConf("2001:db8:9000::/48", TIMES));
    server.start();
    scene.world.run(3 * HOUR);
    expect(heldBy(client).map((text) => text.startsWith("2001:db8:9000:"))).toEqual([true]);
    expect(client.hooks).not.toContain("delete");
  });

  test("five clients, four prefixes: the fifth waits quietly and gets the one that is given back", () => {
    const scene = createScene(10, { clients: 5, servers: [serverConf("2222:2222:2222::/62", TIMES)] });
    startAll(scene);
    scene.world.run(3 * HOUR);
    const without = scene.clients.filter((client) => heldBy(client).length === 0);
    expect(without).toHaveLength(1);
    const waiting = only(without);
    expect(waiting.sends.length).toBeLessThan(20);
    only(scene.clients.filter((client) => client !== waiting)).stop();
    scene.world.run(1.2 * HOUR);
    expect(heldBy(waiting)).toHaveLength(1);
  });
});

describe("two servers with the same pool", () => {
  test("the one that granted dies: the other takes over by Rebind, the prefix stays", () => {
    const text = serverConf(POOL, TIMES);
    const scene = createScene(11, { clients: 1, servers: [text, text] });
    startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    only(scene.servers).kill();
    scene.world.run(8 * HOUR);
    scene.servers.at(1)?.kill();
    only(scene.servers).start();
    scene.world.run(8 * HOUR);
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks).not.toContain("delete");
  });
});

describe("a bad link", () => {
  test("30 % loss, duplicates, two seconds of reordering, six hours: prefixes are kept", () => {
    const scene = createScene(12, { clients: 4, servers: [serverConf(POOL, TIMES)] });
    scene.world.setFaults({ loss: 0.3, duplication: 0.2, delay: [1, 2000] });
    startAll(scene, 120 * SECOND);
    const before = heldBy(...scene.clients);
    expect(before).toHaveLength(4);
    scene.world.run(6 * HOUR);
    expect(heldBy(...scene.clients)).toEqual(before);
  });

  test("the same seed gives the same diary, line by line; another seed another one", () => {
    const live = (seed: number): readonly string[] => {
      const scene = createScene(seed, { clients: 2, servers: [serverConf(POOL, TIMES)] });
      scene.world.setFaults({ loss: 0.3, duplication: 0.2, delay: [1, 2000] });
      startAll(scene, HOUR);
      return scene.world.diary;
    };
    expect(live(13)).toEqual(live(13));
    expect(live(13)).not.toEqual(live(14));
  });
});
