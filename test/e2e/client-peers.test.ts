import { describe, expect, type TestContext } from "vitest";
import type { CapturedPacket } from "./bed/capture.js";
import { type Offer, type ServerProgram, serverPrograms } from "./bed/servers.js";
import { type Client, clientDuids, layOutStreet, type Street } from "./bed/street.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

/** Renewal after 2 s, Rebind after 4 s, end after 10 s. */
const offer: Offer = {
  site: "a000",
  t1: 2,
  t2: 4,
  preferred: 5,
  valid: 10,
  prefixes: "many",
  clients: clientDuids,
};

/** Where a server does not do what the RFC says, as observed; the client has to cope. */
interface Differences {
  /** Why a Rebind in the server's own link with its own lease is not answered with the lease. */
  readonly noRebind?: string;
  /** Why a server does not take over, by Rebind, what another one has granted. */
  readonly noTakingOver?: string;
  /** Why a client keeps its prefix although the configuration has another pool now. */
  readonly noRenumbering?: string;
  /** Why what one client gives back is not there for another. */
  readonly noPool?: string;
}

const emptyReply = "it answers every Rebind with an empty IA_PD";
const differences: Readonly<Record<keyof typeof serverPrograms, Differences>> = {
  dibblerServer: {
    noRebind: emptyReply,
    noTakingOver: emptyReply,
    noRenumbering: "it renews what is in its lease file, in a pool or not",
  },
  kea: {},
  dhcpd: {},
  dhcp6s: {
    noTakingOver: "it does not answer a Rebind of what it has not granted",
    noPool: "each prefix is one client's by configuration",
  },
};

/** One server's turn at a story. */
interface Turn extends Street {
  readonly differs: Differences;
}

/** What happens, with the capture's packets looked through afterwards. */
type Story = (turn: Turn) => Promise<(packets: readonly CapturedPacket[]) => void>;

const stories: readonly (readonly [title: string, differs: keyof Differences | undefined, story: Story])[] = [
  ["lease, Renew, kill -9, Rebind first with the same prefix, Release", "noRebind", keepsItsPrefix],
  ["server gone: Rebind to another; all gone: expiry; one returns: recovery", "noTakingOver", movesOn],
  ["two servers: the higher preference wins, 255 at once", undefined, prefers],
  ["NoPrefixAvail until another client gives its prefix back", "noPool", waitsForItsTurn],
  ["address and prefix in one exchange, of four messages and of two", undefined, asksForBoth],
  ["another pool in the configuration: one update, the new prefix first", "noRenumbering", isRenumbered],
];

const names = Object.keys(serverPrograms) as (keyof typeof serverPrograms)[];
const rows = stories.flatMap(([title, kind, story]) =>
  names.map((name) => {
    const reason = kind && differences[name][kind];
    return { title: `${title}${reason === undefined ? "" : ` (${reason})`}`, name, story };
  }),
);

describe.concurrent("e2e client: our client and the servers of other makers", () => {
  for (const { title, name, story } of rows) {
    const program: ServerProgram = serverPrograms[name];
    scenario(program.peer)(`${program.peer}: ${title}`, async ({ onTestFinished }: TestContext) => {
      const world = await testWorld({}, onTestFinished);
      const street = await layOutStreet(world, program, offer);
      const lookThrough = await story({ ...street, differs: differences[name] });
      const packets = await street.capture?.finish();
      if (packets === undefined) return;
      const used = street.clients.filter(({ calls }) => calls().length > 0);
      for (const { address } of used) expectWellFormed(packets, [address]);
      lookThrough(packets);
    });
  }
});

async function keepsItsPrefix({ servers: [server], clients: [client], differs }: Turn): Promise<Check> {
  await server.start();
  client.configure("pd");
  await client.start();
  const prefix = prefixOf(await client.call(/^add granted/));
  await client.call(/^update renewed/);
  await client.kill();
  const before = client.calls().length;
  await client.start();
  await client.call(/^update renewed/, before);
  await client.stop();
  expect(merged(client.calls())).toEqual([
    `add granted ${prefix}`,
    `update renewed ${prefix}`,
    `add start ${prefix}`,
    `update renewed ${prefix}`,
    `delete release -${prefix}`,
  ]);
  const again = differs.noRebind === undefined ? "Rebind" : "Rebind Request";
  return says(client, `Solicit Request Renew ${again} Renew Release`);
}

async function movesOn({ servers: [one, other], clients: [client], differs }: Turn): Promise<Check> {
  const first = await one.start();
  client.configure("pd");
  await client.start();
  const prefix = prefixOf(await client.call(/^add granted/));
  const second = await other.start();
  await first.signal("SIGKILL");
  const before = client.calls().length;
  const moved = differs.noTakingOver === undefined ? /^update renewed/ : /^add granted/;
  const held = prefixOf(await client.call(moved, before));
  await second.signal("SIGKILL");
  const ends = (): number => client.calls().filter((text) => text.startsWith("delete expire")).length;
  const ended = ends();
  await waitFor("the end of the lease", ends, (count) => count > ended, 20_000);
  const calls = client.calls().length;
  await one.start();
  const last = prefixOf(await client.call(/^add granted/, calls));
  await client.stop();
  const bySolicit = [`delete expire -${prefix}`, `add granted ${held}`];
  expect(merged(client.calls()).filter((text) => !text.startsWith("update"))).toEqual([
    `add granted ${prefix}`,
    ...(differs.noTakingOver === undefined ? [] : bySolicit),
    `delete expire -${held}`,
    `add granted ${last}`,
    `delete release -${last}`,
  ]);
  const turnOver = differs.noTakingOver === undefined ? "" : "Solicit Request ";
  return says(
    client,
    `Solicit Request Renew Rebind ${turnOver}Renew Rebind Solicit Request (Renew )?Release`,
  );
}

async function prefers({ servers: [one, other], clients: [client, second] }: Turn): Promise<Check> {
  for (const [asks, [mine, theirs], winner] of [
    [client, [10, 20], "b000"],
    [second, [255, 0], "a000"],
  ] as const) {
    const running = [
      await one.start({ preference: mine }),
      await other.start({ preference: theirs, site: "b000" }),
    ];
    asks.configure("pd");
    await asks.start();
    expect(prefixOf(await asks.call(/^add granted/))).toContain(`:${winner}:`);
    await asks.stop();
    for (const each of running) await each.stop();
  }
  return (packets) => {
    for (const each of [client, second]) says(each, "Solicit Request Release")(packets);
    // The first timeout of a Solicit is 1 to 1.1 s (RFC 8415 18.2.1).
    expect(choosingTime(packets, client)).toBeGreaterThan(0.99);
    expect(choosingTime(packets, second)).toBeLessThan(0.9);
  };
}

async function waitsForItsTurn({
  servers: [server],
  clients: [holder, client],
  differs,
}: Turn): Promise<Check> {
  const long = { t1: 1000, t2: 2000, preferred: 3000, valid: 4000 };
  const running = await server.start({ prefixes: "one", ...long });
  for (const each of [holder, client]) each.configure("pd");
  await holder.start();
  const prefix = prefixOf(await holder.call(/^add granted/));
  await client.start();
  await waitFor("the log to tell of the refusal", client.log, (text) => text.includes("NoPrefixAvail"));
  expect(client.calls()).toEqual([]);
  await holder.stop();
  if (differs.noPool !== undefined) {
    await running.stop();
    await server.start(long);
  }
  const got = prefixOf(await client.call(/^add granted/));
  if (differs.noPool === undefined) expect(got).toBe(prefix);
  await client.stop();
  expect(client.calls()).toEqual([`add granted ${got}`, `delete release -${got}`]);
  return (packets) => {
    for (const each of [holder, client]) says(each, "Solicit Request Release")(packets);
  };
}

async function asksForBoth({ servers: [server], clients: [slow, quick] }: Turn): Promise<Check> {
  await server.start({ rapidCommit: true, addresses: true });
  slow.configure("ia\n  pd");
  quick.configure("rapid-commit 1\n  ia\n  pd");
  for (const each of [slow, quick]) await each.start();
  for (const each of [slow, quick]) {
    const leases = (await each.call(/^add granted/)).replace("add granted ", "");
    expect(leases).toMatch(/^2001:db8:a000:[0-9a-f:]*\/56 2001:db8:1::1[0-9a-f]{2}$/);
    await each.call(/^update renewed/);
    await each.stop();
    expect(merged(each.calls())).toEqual([
      `add granted ${leases}`,
      `update renewed ${leases}`,
      `delete release -${leases}`,
    ]);
  }
  return (packets) => {
    says(slow, "Solicit Request Renew Release")(packets);
    says(quick, "Solicit Renew Release")(packets);
  };
}

async function isRenumbered({ servers: [server], clients: [client], differs }: Turn): Promise<Check> {
  // Time for a server to start again.
  const times = { t1: 4, t2: 9, preferred: 10, valid: 40 };
  const running = await server.start(times);
  client.configure("pd");
  await client.start();
  const prefix = prefixOf(await client.call(/^add granted/));
  await running.stop();
  await server.start({ ...times, site: "b000" });
  const update = await client.call(/^update/);
  const kept = differs.noRenumbering !== undefined;
  if (kept) expect(update).toBe(`update renewed ${prefix}`);
  else expect(update).toMatch(/^update changed 2001:db8:b000:/);
  expect(client.calls()[1]).toBe(update);
  // The new prefix is renewed while the old one may still be there.
  expect(prefixOf(await client.call(/^update/, 2))).toBe(prefixOf(update));
  await client.stop();
  return () => undefined;
}

type Check = Awaited<ReturnType<Story>>;

/** The first prefix of a call. */
function prefixOf(call: string): string {
  return call.split(" ")[2] ?? expect.fail(call);
}

/** Without those that only repeat the one before: a slow machine renews more often than a quick one. */
function merged(texts: readonly string[]): readonly string[] {
  return texts.filter((text, index) => text !== texts[index - 1]);
}

const messageNames: Readonly<Record<string, string>> = {
  1: "Solicit",
  3: "Request",
  5: "Renew",
  6: "Rebind",
  8: "Release",
};

/** The client has sent these messages (an expression) in this order, each of them as often as it liked. */
function says({ address }: Client, wanted: string): Check {
  return (packets) => {
    const sent = packets.filter(({ source }) => source === address).map(({ types }) => types[0] ?? "");
    const words = merged(sent.map((type) => messageNames[type] ?? type)).join(" ");
    expect(words).toMatch(new RegExp(`^${wanted}$`));
  };
}

/** Seconds from a client's first Solicit to its first Request. */
function choosingTime(packets: readonly CapturedPacket[], { address }: Client): number {
  const sent = (type: string): CapturedPacket | undefined =>
    packets.find(({ source, types }) => source === address && types[0] === type);
  return (sent("3")?.time ?? NaN) - (sent("1")?.time ?? NaN);
}
