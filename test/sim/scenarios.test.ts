import { describe, expect, test } from "vitest";
import { pd } from "../client/workbench.js";
import { createScene, heldBy, type Scene, serverConf } from "./scene.js";
import { BEGIN } from "./world.js";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** T1 1000 s, T2 1600 s, preferred 2000 s, valid 3000 s. */
const TIMES = [1000, 1600, 2000, 3000] as const;
const POOL = "2222:2222:2222::/48";

async function startAll({ world, clients }: Scene, ms = 5 * SECOND): Promise<void> {
  for (const client of clients) client.start();
  await world.run(ms);
}

function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error("nobody");
  return first;
}

/**
 * A client holds a prefix, the configuration changes, and the Reply to its first Renew after that is lost; it
 * never hears of the server again, while another client asks. Nobody gets the prefix before the first one's
 * end, 3000 s after it was told; ends long after that.
 */
async function loseReplyOfRenew(
  seed: number,
  conf: string,
  next: string,
): Promise<{ readonly clients: Scene["clients"]; readonly before: readonly string[] }> {
  const { world, clients, servers } = await createScene(seed, { clients: 2, servers: [conf] });
  const [holder, other] = clients;
  holder?.start();
  await world.run(5 * SECOND);
  const before = heldBy(...clients);
  expect(before).toHaveLength(1);
  const server = only(servers);
  server.reload(next);
  await world.run(990 * SECOND);
  // The Renew: its commit begins, ends, is known to be durable, and the Reply does not leave any more.
  server.killAfter(4);
  await world.run(10 * SECOND);
  expect(server.isUp()).toBe(false);
  world.part("client1", "server1");
  server.start();
  other?.start();
  await world.run(1800 * SECOND);
  expect(heldBy(...clients)).toEqual(before);
  await world.run(1.2 * HOUR);
  return { clients, before };
}

describe("one link, our client and our server", () => {
  test("three clients get a prefix each within three seconds, keep it, give it back", async () => {
    const scene = await createScene(1, { clients: 3, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene, 3 * SECOND);
    const first = heldBy(...scene.clients);
    expect(new Set(first).size).toBe(3);
    await scene.world.run(10 * HOUR);
    expect(heldBy(...scene.clients)).toEqual(first);
    for (const client of scene.clients) client.stop();
    await scene.world.run(SECOND);
    expect(heldBy(...scene.clients)).toEqual([]);
    expect(scene.clients.map(({ phase }) => phase())).toEqual(Array(3).fill("not running"));
    expect(only(scene.clients).hooks.at(-1)).toBe("delete");
  });

  test("fifty clients started at once: fifty prefixes, no two equal transaction-ids", async () => {
    const scene = await createScene(2, { clients: 50, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene);
    expect(new Set(heldBy(...scene.clients)).size).toBe(50);
    const xids = scene.world.diary.flatMap((line) => /sends SOLICIT (\w+)/.exec(line)?.[1] ?? []);
    expect(new Set(xids).size).toBe(xids.length);
  });

  test("several IA_PDs of one client", async () => {
    const wanted = [pd(1), pd(2), pd(9)];
    const scene = await createScene(3, { clients: 2, servers: [serverConf(POOL, TIMES)], wanted });
    await startAll(scene);
    expect(new Set(heldBy(...scene.clients)).size).toBe(6);
    await scene.world.run(5 * HOUR);
    expect(heldBy(...scene.clients)).toHaveLength(6);
  });

  test("client killed and restarted within the valid lifetime: the same prefix, hook add once", async () => {
    const scene = await createScene(4, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    client.kill();
    await scene.world.run(200 * SECOND);
    client.start();
    await scene.world.run(2 * SECOND);
    expect(client.phase()).toBe("bound");
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks).toEqual(["add", "add"]);
  });

  test("client restarted after the lease ran out: delete, then the same prefix again", async () => {
    const scene = await createScene(5, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    client.kill();
    await scene.world.run(2 * HOUR);
    client.start();
    await scene.world.run(5 * SECOND);
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks).toEqual(["add", "delete", "add"]);
  });

  test("server killed and restarted over and over: nobody loses a prefix", async () => {
    const scene = await createScene(6, { clients: 4, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene);
    const before = heldBy(...scene.clients);
    const server = only(scene.servers);
    for (let round = 0; round < 10; round++) {
      server.kill();
      await scene.world.run(1500 * SECOND);
      server.start();
      await scene.world.run(700 * SECOND);
      expect(heldBy(...scene.clients)).toEqual(before);
    }
  });

  test("reboot with a clock that was set back: scripts hear of leases from later, what is over stays over", async () => {
    const scene = await createScene(16, { clients: 2, servers: [serverConf(POOL, TIMES)] });
    const [early, late] = scene.clients;
    const server = only(scene.servers);
    early?.start();
    await scene.world.run(10 * SECOND);
    early?.kill();
    server.machine.setWall(-2000 * SECOND);
    await scene.world.run(2970 * SECOND);
    server.kill();
    server.start();
    // The clock is saved at this start, and then not before a minute has passed.
    await scene.world.run(5 * SECOND);
    late?.start();
    await scene.world.run(25 * SECOND);
    const text = only(late === undefined ? [] : heldBy(late));
    expect(scene.world.diary.at(-1)).toContain("LEASE-EXPIRED");
    server.kill();
    server.machine.reboot();
    const before = scene.world.diary.length;
    server.start();
    await scene.world.run(5 * SECOND);
    const told = scene.world.diary.slice(before).filter((line) => line.includes(" script "));
    expect(told.map((line) => line.replace(/.* script /, ""))).toEqual([
      expect.stringMatching(new RegExp(`^add ${text} .* start$`)),
    ]);
  });

  test("server away until leases are over: used to the last second, deleted, regained", async () => {
    const scene = await createScene(7, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    const bound = client.sends.at(-1) ?? BEGIN;
    only(scene.servers).kill();
    await scene.world.run(bound + 3000 * SECOND - scene.world.now() - SECOND);
    expect(heldBy(client)).toEqual(before);
    await scene.world.run(2 * SECOND);
    expect(heldBy(client)).toEqual([]);
    await scene.world.run(12 * HOUR);
    only(scene.servers).start();
    await scene.world.run(1.1 * HOUR + 3 * SECOND);
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks.slice(0, 3)).toEqual(["add", "delete", "add"]);
  });

  test("server loses its store: clients keep their prefixes all the same", async () => {
    const scene = await createScene(8, { clients: 4, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene);
    const before = heldBy(...scene.clients);
    const server = only(scene.servers);
    server.kill();
    server.loseStore();
    server.start();
    await scene.world.run(5 * HOUR);
    expect(heldBy(...scene.clients)).toEqual(before);
    expect(scene.clients.flatMap(({ hooks }) => hooks)).not.toContain("delete");
  });

  test("another pool after a restart: one update to the new prefix, no delete in between", async () => {
    const scene = await createScene(9, { clients: 1, servers: [serverConf(POOL, TIMES)] });
    await startAll(scene);
    const client = only(scene.clients);
    const server = only(scene.servers);
    server.kill();
    server.configure(serverConf("2001:db8:9000::/48", TIMES));
    server.start();
    await scene.world.run(3 * HOUR);
    expect(heldBy(client).map((text) => text.startsWith("2001:db8:9000:"))).toEqual([true]);
    expect(client.hooks).not.toContain("delete");
  });

  test("shorter lifetimes, and the Reply that tells so is lost: nobody else gets the prefix", async () => {
    const tiny = "2222:2222:2222::/64";
    const shorter = serverConf(tiny, [20, 30, 40, 60]);
    const { clients, before } = await loseReplyOfRenew(15, serverConf(tiny, TIMES), shorter);
    expect(heldBy(...clients.slice(1))).toEqual(before);
  });

  test("another length, and the Reply that withdraws the prefix is lost: nobody else gets any of it", async () => {
    const conf = serverConf("2222:2222:2222::/63", TIMES);
    const longer = conf.replace("pd-length 64", "pd-length 63");
    const { clients } = await loseReplyOfRenew(16, conf, longer);
    expect(heldBy(...clients)).toEqual(["2222:2222:2222::/63"]);
  });

  test("five clients, four prefixes: the fifth waits quietly for one that is given back", async () => {
    const scene = await createScene(10, { clients: 5, servers: [serverConf("2222:2222:2222::/62", TIMES)] });
    await startAll(scene);
    await scene.world.run(3 * HOUR);
    const without = scene.clients.filter((client) => heldBy(client).length === 0);
    expect(without).toHaveLength(1);
    const waiting = only(without);
    expect(waiting.sends.length).toBeLessThan(20);
    only(scene.clients.filter((client) => client !== waiting)).stop();
    await scene.world.run(1.2 * HOUR);
    expect(heldBy(waiting)).toHaveLength(1);
  });
});

describe("two servers with the same pool", () => {
  test("the one that granted dies: the other takes over by Rebind, the prefix stays", async () => {
    const text = serverConf(POOL, TIMES);
    const scene = await createScene(11, { clients: 1, servers: [text, text] });
    await startAll(scene);
    const client = only(scene.clients);
    const before = heldBy(client);
    only(scene.servers).kill();
    await scene.world.run(8 * HOUR);
    scene.servers.at(1)?.kill();
    only(scene.servers).start();
    await scene.world.run(8 * HOUR);
    expect(heldBy(client)).toEqual(before);
    expect(client.hooks).not.toContain("delete");
  });
});

describe("a bad link", () => {
  test("30 % loss, duplicates, two seconds of reordering, six hours: prefixes are kept", async () => {
    const scene = await createScene(12, { clients: 4, servers: [serverConf(POOL, TIMES)] });
    scene.world.setFaults({ loss: 0.3, duplication: 0.2, delay: [1, 2000] });
    await startAll(scene, 120 * SECOND);
    const before = heldBy(...scene.clients);
    expect(before).toHaveLength(4);
    await scene.world.run(6 * HOUR);
    expect(heldBy(...scene.clients)).toEqual(before);
  });

  test("the same seed gives the same diary, line by line; another seed another one", async () => {
    const live = async (seed: number): Promise<readonly string[]> => {
      const scene = await createScene(seed, { clients: 2, servers: [serverConf(POOL, TIMES)] });
      scene.world.setFaults({ loss: 0.3, duplication: 0.2, delay: [1, 2000] });
      await startAll(scene, HOUR);
      return scene.world.diary;
    };
    expect(await live(13)).toEqual(await live(13));
    expect(await live(13)).not.toEqual(await live(14));
  });
});
