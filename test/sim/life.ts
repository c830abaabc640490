import { formatDuid } from "../../shared/duid.js";
import { decodeRecord } from "../../shared/lease/record.js";
import { formatPrefix } from "../../shared/prefix.js";
import { createChance, type Chance } from "./chance.js";
import { capacityOf, changed, confOf, type Terms } from "./conf.js";
import { drawPlan, type Item, LONGEST_SYNC, LONGEST_WAY, type Plan } from "./plan.js";
import { addClient, type SimClient } from "./sim-client.js";
import { addServer, type SimServer } from "./sim-server.js";
import { addWildClient, type WildClient } from "./sim-wild.js";
import { type SimLink, LINKS } from "./topology.js";
import { createHoldings } from "./uniqueness.js";
import { BEGIN, Broken, createWorld, PERFECT, type World } from "./world.js";

/** How a world went. */
export interface Life {
  readonly plan: Plan;
  /** What happened that must not happen. */
  readonly failure: string | undefined;
  readonly diary: readonly string[];
}

/** Everybody in a world. */
interface Crowd {
  readonly world: World;
  readonly server: SimServer;
  readonly clients: Map<number, SimClient>;
  readonly wild: Map<number, WildClient>;
  /** Undo what is in force only for a while. */
  readonly ends: Set<() => void>;
  readonly linkOf: (client: number) => SimLink | undefined;
  isCalm: boolean;
}

const SECOND = 1000;
/** SOL_MAX_RT with RAND, and an exchange: so often a client without a prefix asks at least. */
const PATIENCE = 3600 * SECOND * 1.1 + 10 * SECOND;
/** Declined addresses are kept from everybody for two hours. */
const DECLINED = 7200 * SECOND;

/** Lives through the world of a seed, without those items of its plan. */
export async function live(seed: number, without: ReadonlySet<number> = new Set()): Promise<Life> {
  const plan = drawPlan(seed);
  const crowd = gather(plan, without);
  const { world } = crowd;
  try {
    await goThrough(plan, crowd);
  } catch (error) {
    if (!(error instanceof Broken)) world.fail(error instanceof Error ? (error.stack ?? "") : String(error));
    else if (world.failure() === undefined) world.fail(error.message);
  }
  return { plan, failure: world.failure(), diary: world.diary };
}

async function goThrough({ ms, terms }: Plan, crowd: Crowd): Promise<void> {
  const { world, clients } = crowd;
  await world.run(ms);
  calmDown(crowd, terms);
  await world.run(5 * LONGEST_WAY);
  // Lifetimes may have been twice as long for a while, and what is given up may rest.
  const rest = 2 * terms.valid * SECOND + (terms.quarantine + 60) * SECOND;
  await waitFor(world, rest + PATIENCE, () => unserved(crowd, terms) === undefined);
  const missing = unserved(crowd, terms);
  if (missing !== undefined) throw new Broken(missing);
  await waitFor(world, 300 * SECOND, () => disagreement(crowd) === undefined);
  const unlike = disagreement(crowd);
  if (unlike !== undefined) throw new Broken(unlike);
  for (const client of clients.values()) client.stop();
  await waitFor(world, rest + DECLINED + 120 * SECOND, () => remains(crowd) === undefined);
  const left = remains(crowd);
  if (left !== undefined) throw new Broken(`when all is over there is ${left}`);
}

function gather(plan: Plan, without: ReadonlySet<number>): Crowd {
  const { seed, terms, items } = plan;
  const world = createWorld(seed);
  const kept = items.flatMap((item, index) => (without.has(index) ? [] : [{ item, index }]));
  const holdings = createHoldings(world);
  const servers = ["server1"];
  const links = new Map<number, SimLink>();
  const linkOf = (client: number): SimLink | undefined => links.get(client);
  const server = addServer(world, 1, confOf(terms), {
    linkOf: (client) => linkOf(client) ?? { name: "srv0", relays: 0 },
    chance: createChance(seed ^ 0x5e2e),
    slack: slackOf(plan),
    keepsPromises: true,
  });
  const crowd: Crowd = {
    world,
    server,
    clients: new Map(),
    wild: new Map(),
    ends: new Set(),
    linkOf,
    isCalm: false,
  };
  for (const { item, index } of kept) {
    if (item.kind !== "client" && item.kind !== "wild") continue;
    const chance: Chance = createChance(seed * 1009 + index * 17 + 1);
    const { number } = item;
    const link = LINKS[item.link];
    if (link !== undefined) links.set(number, link);
    if (item.kind === "client") {
      const { wanted, rapid } = item;
      const cast = { number, wanted, servers, holdings, chance, rapidCommit: rapid };
      crowd.clients.set(number, addClient(world, cast));
    } else {
      const { pace } = item;
      const cast = { number, servers, holdings, chance, pace, longestWay: LONGEST_WAY };
      crowd.wild.set(number, addWildClient(world, { ...cast, addresses: terms.addresses }));
    }
  }
  server.start();
  for (const { item } of kept)
    world.at(BEGIN + item.at, () => {
      begin(crowd, terms, item);
    });
  return crowd;
}

/** Milliseconds between a decision and its Reply: slow commits, a script that is waited for. */
function slackOf({ terms, items }: Plan): number {
  const isSlow = items.some(({ kind }) => kind === "slow disk");
  const isWaiting =
    terms.scriptWait || items.some((item) => item.kind === "reload" && item.change === "waiting");
  return 100 + (isSlow ? 3 * LONGEST_SYNC : 0) + (isWaiting ? terms.scriptTimeout * SECOND : 0);
}

function begin(crowd: Crowd, terms: Terms, item: Item): void {
  const { world, server, clients, wild } = crowd;
  const { disk, mood } = server;
  switch (item.kind) {
    case "client":
      clients.get(item.number)?.start();
      return;
    case "wild":
      wild.get(item.number)?.start();
      return;
    case "weather":
      world.setFaults(item.faults);
      later(crowd, item.ms, () => {
        world.setFaults(PERFECT);
      });
      return;
    case "partition": {
      const everybody = [...clients.values(), ...wild.values()].map(({ name }) => name);
      const names = item.client === "all" ? everybody : [`client${item.client}`];
      const heals = names.map((name) => world.part(name, server.name));
      later(crowd, item.ms, () => {
        for (const heal of heals) heal();
      });
      return;
    }
    case "server crash":
      if (item.effects === 0) server.kill();
      else server.killAfter(item.effects);
      later(crowd, item.ms, () => {
        server.kill();
        if (item.reboot) server.machine.reboot();
        server.start();
      });
      return;
    case "server stop":
      server.stop();
      later(crowd, item.ms, () => {
        startAgain(world, server);
      });
      return;
    case "client crash":
      clients.get(item.client)?.killAfter(item.effects + 1);
      later(crowd, item.ms, () => {
        clients.get(item.client)?.kill();
        clients.get(item.client)?.start();
      });
      return;
    case "client stop": {
      const client = clients.get(item.client);
      if (client === undefined || client.phase() === "not running") return;
      client.stop();
      world.at(world.now() + item.ms, () => {
        if (!crowd.isCalm) client.start();
      });
      return;
    }
    case "disk full":
      disk.full = true;
      later(crowd, item.ms, () => {
        disk.full = false;
      });
      return;
    case "slow disk":
      disk.sync = [1, item.sync];
      later(crowd, item.ms, () => {
        disk.sync = [0.1, 2];
      });
      return;
    case "races":
      disk.races = item.share;
      later(crowd, item.ms, () => {
        disk.races = 0;
      });
      return;
    case "scripts":
      mood.kind = item.mood;
      later(crowd, item.ms, () => {
        mood.kind = "well";
      });
      return;
    case "reload":
      server.reload(confOf(item.change === "back" ? terms : changed(terms, item.change)));
      return;
    case "clock":
      if (item.of === "server") server.machine.setWall(item.by);
      else clients.get(item.of)?.machine.setWall(item.by);
      return;
    default:
      item satisfies never;
  }
}

/** Ends something after a while, or when everything calms down. */
function later({ world, ends }: Crowd, ms: number, end: () => void): void {
  ends.add(end);
  world.at(world.now() + ms, () => {
    if (ends.delete(end)) end();
  });
}

/** A server that is told to stop may take a while. */
function startAgain(world: World, server: SimServer): void {
  if (!server.isUp()) server.start();
  else if (server.isStopping())
    world.at(world.now() + 500, () => {
      startAgain(world, server);
    });
}

function calmDown(crowd: Crowd, terms: Terms): void {
  const { world, server, clients, wild, ends } = crowd;
  crowd.isCalm = true;
  world.note("--- all trouble ends ---");
  for (const client of wild.values()) client.hush();
  for (const end of ends) end();
  ends.clear();
  world.setFaults(PERFECT);
  server.killAfter(0);
  server.reload(confOf(terms));
  startAgain(world, server);
  for (const client of clients.values()) {
    client.killAfter(0);
    world.at(world.now() + 4 * LONGEST_WAY, client.start);
  }
}

async function waitFor(world: World, ms: number, isSo: () => boolean): Promise<void> {
  const end = world.now() + ms;
  for (let step = 10 * SECOND; world.now() < end; step = Math.min(step * 1.5, 600 * SECOND)) {
    await world.run(Math.min(step, end - world.now()));
    if (isSo()) return;
  }
}

/** Who has not got what there is; `undefined` when everybody has. */
function unserved({ clients, wild, linkOf }: Crowd, terms: Terms): string | undefined {
  for (const link of terms.links) {
    const here = [...clients].flatMap(([n, client]) => (linkOf(n) === LINKS[link] ? [client] : []));
    for (const kind of ["pd", "na"] as const) {
      // Wild clients decline addresses, which are kept from everybody for longer than we wait.
      if (kind === "na" && wild.size > 0) continue;
      const wanted = here.flatMap((client) => client.wanted.filter((ia) => ia.kind === kind)).length;
      const held = here.flatMap(({ believed }) =>
        [...believed.keys()].filter((text) => text.endsWith("/128") === (kind === "na")),
      ).length;
      const due = Math.min(wanted, kind === "pd" ? capacityOf(terms) : 2 ** terms.bits);
      if (held < due) return `${held} of ${due} IAs of ${kind} on link ${link} are served`;
    }
  }
  return undefined;
}

/** Where table, store and scripts do not say the same; `undefined` when they do. */
function disagreement({ server }: Crowd): string | undefined {
  const inside = server.inside();
  if (inside === undefined) return "the server is not there";
  const { table } = inside.state.ledger;
  const { records } = server.memory();
  const stored = new Map<string, string>();
  for (const [id, record] of records) {
    const lease = decodeRecord(record);
    if (lease === undefined) return "a record that cannot be read";
    if (lease.state === "bound" && lease.iaType === "pd")
      stored.set(formatPrefix(lease.prefix), formatDuid(lease.duid));
    if (!table.idsIn(id, id + 1).some((known) => sameOctets(table.recordOf(known), record)))
      return `record ${id} is not what the table says`;
  }
  const offers = inside.state.ledger.offers.size();
  if (table.size !== records.size + offers)
    return `${table.size} leases in the table, ${offers} of them offers, ${records.size} in the store`;
  const installed = server.hooks.installed();
  for (const [prefix, client] of stored)
    if (installed.get(prefix) !== client)
      return `${prefix} is ${client}'s, and scripts were told of ${installed.get(prefix) ?? "nobody"}`;
  for (const [prefix, client] of installed)
    if (!stored.has(prefix)) return `no script was told that ${prefix} of ${client} has gone`;
  return inside.calls() > 0 ? `${inside.calls()} calls of scripts are owed for ever` : undefined;
}

/** What is still there when everybody has gone; `undefined` for nothing. */
function remains({ server, clients }: Crowd): string | undefined {
  const inside = server.inside();
  if (inside === undefined) return "no server";
  const { ledger } = inside.state;
  if (ledger.table.size > 0) return `${ledger.table.size} leases in the table`;
  if (ledger.offers.size() > 0) return `${ledger.offers.size()} offers`;
  if (server.memory().records.size > 0) return `${server.memory().records.size} leases in the store`;
  if (server.memory().owed.size > 0) return `${server.memory().owed.size} calls owed in the store`;
  if (inside.calls() > 0) return `${inside.calls()} calls of scripts to come`;
  const installed = [...server.hooks.installed().keys()];
  if (installed.length > 0) return `${installed.join()} in place`;
  const running = [...clients.values()].find(({ phase }) => phase() !== "not running");
  return running && `${running.name} in ${running.phase()}`;
}

const sameOctets = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((octet, index) => octet === b[index]);
