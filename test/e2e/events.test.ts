import { createHmac } from "node:crypto";
import { describe, expect } from "vitest";
import { type Duid, parseDuid } from "../../shared/duid.js";
import { isLogged } from "../log-lines.js";
import { pd } from "../server/rig.js";
import { type Crowd, member, openCrowd } from "./bed/crowd.js";
import { startServer } from "./bed/guide-server.js";
import type { Host, Running } from "./bed/host.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const LINK = "iface eth0 { pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 } }";
const SOCKET = "/var/lib/dibbler/events.sock";
const FILE = "/var/log/dibbler/events.jsonl";
const LOG = "/var/log/dibbler/dibbler-server.log";

describe("e2e events", () => {
  scenario()(
    "socket and file: kill -9 under load, torn line, log rotation, restart, reload -> each number once, all leases",
    async () => {
      const { server, client } = await layOutPair(await testWorld());
      const crowd = await openCrowd(client, "2001:db8:c::2");
      configure(server, `events "unix:${SOCKET}"\nevents "${FILE}"`);
      await startServer(server, ours.server);
      expect([server.fileMode(SOCKET), server.fileMode(FILE)].map((mode) => mode && mode & 0o777)).toEqual([
        0o660, 0o640,
      ]);
      const duid = serverDuid(server);
      const live = await subscribe(server, '{"after":0}\n');
      // The request that meets its end gets no answer, and nobody waits for that.
      void askForMany(crowd, duid, 1, 60);
      await waitFor("some events", () => linesOf(live).length >= 20);
      await killServer(server);
      await waitFor("the subscriber to see the end", async () => (await live.ended).status === 0);
      await server.shell(`truncate -s -30 ${FILE}`);

      await startServer(server, ours.server);
      const seen = linesOf(live);
      const resumed = await subscribe(server, `{"after":${String(seen.at(-1)?.seq)}}\n`);
      const silent = await subscribe(server, "");
      expect(await askForMany(crowd, duid, 61, 65)).toBe(5);
      const [first = ""] = await leases(server);
      await server.run([ours.server, "release", first]);
      const wanted = [...(await leases(server))];
      await waitFor("the file to tell all", () => held(eventsIn(server, FILE)).join() === wanted.join());
      const all = eventsIn(server, FILE);
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
      expect(all[0]).toMatchObject({ seq: 1, event: "resync" });
      expect(all.at(-1)).toMatchObject({ event: "delete", reason: "operator", prefix: first });
      await waitFor(
        "the subscribers to have all",
        () => linesOf(resumed).at(-1)?.seq === all.length && linesOf(silent).at(-1)?.seq === all.length,
      );
      expect([...seen, ...linesOf(resumed)]).toEqual(all);
      expect(linesOf(silent)).toEqual(all.slice(-6));
      expect(await eventStatus(server)).toEqual({ last: all.length, subscribers: 2, webhook: null });

      await server.shell(`mv ${FILE} ${FILE}.1`);
      expect(await askForMany(crowd, duid, 66, 66)).toBe(1);
      await waitFor("a new file", () => eventsIn(server, FILE).length === 1);
      await server.shell(`mv ${FILE} ${FILE}.2`);
      await server.run([ours.server, "stop"]);
      await startServer(server, ours.server);
      expect(await askForMany(crowd, duid, 67, 67)).toBe(1);
      await waitFor("another one", () => eventsIn(server, FILE).length === 1);
      expect(
        ["1", "2"].flatMap((end) => eventsIn(server, `${FILE}.${end}`)).concat(eventsIn(server, FILE)),
      ).toEqual(await ask(server, '{"after":0}\n'));
      expect((await ask(server, '{"after":1000000}\n'))[0]).toEqual({ gap: 1_000_000, first: 1 });
      expect(await ask(server, "after 1\n")).toEqual([{ error: 'send {"after":NUMBER}, or nothing' }]);

      configure(server, 'events "unix:/nowhere/events.sock"');
      const refused = await server.run([ours.server, "reload"]);
      expect(refused.stderr).toContain(
        "events unix:/nowhere/events.sock cannot be opened: there is no directory /nowhere",
      );
      expect(await ask(server, '{"after":66}\n')).not.toEqual([]);
      configure(server, "");
      expect(await server.run([ours.server, "reload"])).toMatchObject({ status: 0 });
      expect(server.fileMode(SOCKET)).toBeUndefined();
      expect(await askForMany(crowd, duid, 68, 68)).toBe(1);
      configure(server, `events "file:${FILE}"`);
      const last = eventsIn(server, FILE).at(-1)?.seq ?? 0;
      expect(await server.run([ours.server, "reload"])).toMatchObject({ status: 0 });
      expect(await askForMany(crowd, duid, 69, 69)).toBe(1);
      await waitFor("the file to go on", () => eventsIn(server, FILE).length === 3);
      // What was not recorded is told of.
      expect(eventsIn(server, FILE).slice(1)).toMatchObject([
        { seq: last + 1, event: "resync" },
        { seq: last + 2, event: "add", reason: "request" },
      ]);
      expect(isLogged(server.readFile(LOG), "SERVER-EVENTS")).toBe(true);
    },
  );

  scenario()("webhook: fails first, then all in order, signed; over a restart; status tells", async () => {
    const { server, client } = await layOutPair(await testWorld());
    const crowd = await openCrowd(client, "2001:db8:c::2");
    configure(server, 'webhook "http://[::1]:8080/hook"\nwebhook-secret "sesame"');
    await startServer(server, ours.server);
    const duid = serverDuid(server);
    expect(await askForMany(crowd, duid, 1, 3)).toBe(3);
    await waitFor("it to fail", async () => (await eventStatus(server))?.webhook?.failing !== null);
    expect(await eventStatus(server)).toMatchObject({ last: 4, webhook: { acknowledged: 0, waiting: 4 } });
    const receiver = await server.spawn(["node", "-e", RECEIVER]);
    await waitFor("it to arrive", async () => (await eventStatus(server))?.webhook?.acknowledged === 4);
    expect(await eventStatus(server)).toMatchObject({ webhook: { waiting: 0, failing: null } });
    await server.run([ours.server, "stop"]);
    await startServer(server, ours.server);
    expect(await askForMany(crowd, duid, 4, 5)).toBe(2);
    await waitFor("the next to arrive", async () => (await eventStatus(server))?.webhook?.acknowledged === 6);
    const posts = receiver
      .output()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Post);
    const events = posts.flatMap(({ body }) => JSON.parse(body) as Line[]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { body, signature, type } of posts) {
      const expected = createHmac("sha256", "sesame").update(body).digest("hex");
      expect({ signature, type }).toEqual({ signature: `sha256=${expected}`, type: "application/json" });
    }
    expect(isLogged(server.readFile(LOG), "SERVER-EVENTS-FAILED")).toBe(true);
    expect(isLogged(server.readFile(LOG), "SERVER-EVENTS-RESUMED")).toBe(true);
  });
});

interface Line {
  readonly seq?: number;
  readonly event?: string;
  readonly prefix?: string;
}

interface Post {
  readonly body: string;
  readonly signature: string;
  readonly type: string;
}

/** Refuses the first request, and prints the others. */
const RECEIVER = `let count = 0;
require("node:http").createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    response.statusCode = count++ === 0 ? 503 : 204;
    response.end();
    if (count === 1) return;
    const { "x-dibbler-signature": signature, "content-type": type } = request.headers;
    console.log(JSON.stringify({ body, signature, type }));
  });
}).listen(8080, "::1");`;

function configure(server: Host, lines: string): void {
  server.writeFile("/etc/dibbler/server.conf", `${lines}\n${LINK}\n`);
}

function serverDuid(server: Host): Duid {
  const duid = parseDuid(server.readFile("/var/lib/dibbler/server-duid") ?? "");
  if (duid === undefined) throw new Error("the server has no DUID");
  return duid;
}

async function killServer(server: Host): Promise<void> {
  await server.shell("kill -9 $(cat /var/lib/dibbler/server.pid)");
  await waitFor("the server to be gone", () => !server.hasUdpPort(547));
}

/** Requests of these members, one after the other, until one gets no answer; how many have got one. */
async function askForMany(crowd: Crowd, duid: Duid, from: number, to: number): Promise<number> {
  let count = 0;
  try {
    for (let n = from; n <= to; n++, count++) await crowd.request(member(`client ${n}`, n, [pd(1)]), duid);
  } catch {
    return count;
  }
  return count;
}

/** A program that subscribes and prints what comes. */
const SUBSCRIBER = `const socket = require("node:net").connect(process.argv[1]);
socket.write(process.argv[2]);
socket.pipe(process.stdout);`;

/** The socket takes it in once it says so. */
async function subscribe(server: Host, say: string): Promise<Running> {
  const before = (await eventStatus(server))?.subscribers ?? 0;
  const running = await server.spawn(["node", "-e", SUBSCRIBER, SOCKET, say]);
  await waitFor("the subscriber", async () => ((await eventStatus(server))?.subscribers ?? 0) > before);
  return running;
}

/** What one gets that says this and no more. */
async function ask(server: Host, say: string): Promise<readonly Line[]> {
  const program = SUBSCRIBER.replace("write", "end");
  const { stdout } = await server.run(["node", "-e", program, SOCKET, say]);
  return parseLines(stdout);
}

const parseLines = (text: string): readonly Line[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

const linesOf = (running: Running): readonly Line[] => parseLines(running.output());
const eventsIn = (server: Host, path: string): readonly Line[] => parseLines(server.readFile(path) ?? "");

/** What is held after these events. */
function held(events: readonly Line[]): readonly string[] {
  const prefixes = new Set<string>();
  for (const { event, prefix = "" } of events) {
    if (event === "add") prefixes.add(prefix);
    if (event === "delete") prefixes.delete(prefix);
  }
  return [...prefixes].sort();
}

async function leases(server: Host): Promise<readonly string[]> {
  const { stdout } = await server.run([ours.server, "leases", "--json"]);
  return [...stdout.matchAll(/"prefix": ?"([^"]+)"/g)].map(([, prefix = ""]) => prefix).sort();
}

interface Status {
  readonly last: number;
  readonly subscribers: number;
  readonly webhook: {
    readonly acknowledged: number;
    readonly waiting: number;
    readonly failing: string | null;
  } | null;
}

async function eventStatus(server: Host): Promise<Status | undefined> {
  const { stdout } = await server.run([ours.server, "status", "--json"]);
  return (JSON.parse(stdout) as { readonly events?: Status }).events;
}
