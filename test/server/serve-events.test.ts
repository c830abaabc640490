import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import { createMemoryStore } from "../../shared/lease/memory-store.js";
import { createEvents, type Events } from "../../server/serve-events.js";
import type { LeaseEvent } from "../../server/lease-event.js";
import { waitFor } from "../e2e/bed/wait.js";
import { leaseOf } from "../lease/model.js";
import { configure, iface, pdClass } from "./settings.js";

let directory = "";
const ends: (() => unknown)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "dibbler-events-"));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(directory, { recursive: true });
});

const store = () => createMemoryStore();
type Store = ReturnType<typeof store>;

function open(on: Store, said: LogId[] = []): Events {
  const events = createEvents({
    ...{ store: on, now: () => millis(1.7e12), start: Uint8Array.of(1), isComplete: true },
    log: (id) => void said.push(id),
  });
  ends.push(events.close);
  return events;
}

const wanting = (...targets: readonly string[]) =>
  configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])], {
    events: targets.map((path) => ({ kind: path.endsWith(".sock") ? "unix" : "file", path })),
  });

async function use(events: Events, ...targets: readonly string[]): Promise<void> {
  await (await events.prepare(wanting(...targets))).keep();
}

async function happen(on: Store, { recorder }: Events, count: number): Promise<void> {
  const event: LeaseEvent = { action: "add", reason: "request", lease: leaseOf(1), former: undefined };
  await on.commit(
    [],
    [],
    recorder.enter(() => new Array<LeaseEvent>(count).fill(event)),
  );
  recorder.committed(false);
}

const numbers = (text: string): readonly unknown[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { seq?: number }).seq);
const inFile = (path: string): readonly unknown[] => numbers(readFileSync(path, "utf8"));

describe("events in a file", () => {
  test("a first one begins with what comes; a torn one is mended and goes on where it ends", async () => {
    const [path, on] = [join(directory, "events"), store()];
    const before = open(on);
    await before.recorder.on(true);
    await happen(on, before, 3);
    await use(before, path);
    await happen(on, before, 2);
    await waitFor("two lines", () => inFile(path).join() === "4,5");
    await before.close();
    writeFileSync(path, readFileSync(path, "utf8").slice(0, -9));
    const after = open(on);
    await use(after, path);
    await waitFor("both lines again", () => inFile(path).join() === "4,5");
  });

  test.each([
    ["other lines", "root:x:0:0\n"],
    ["other text without an end", '{"seq":1}\nroot'],
  ])("%s in its place -> an error, and it stays as it is", async (_what, content) => {
    const path = join(directory, "events");
    writeFileSync(path, content);
    await expect(open(store()).prepare(wanting(path))).rejects.toThrow(
      `events file:${path} cannot be opened: it has something else than events in it; move it away`,
    );
    expect(readFileSync(path, "utf8")).toBe(content);
  });

  test("no directory, a directory, a device -> an error", async () => {
    const events = open(store());
    await expect(events.prepare(wanting("/nowhere/events"))).rejects.toThrow(
      "there is no directory /nowhere",
    );
    await expect(events.prepare(wanting(directory))).rejects.toThrow("EISDIR");
    await expect(events.prepare(wanting("/dev/null"))).rejects.toThrow("it is not a file");
  });

  test("one that cannot be written for a while -> said once, and nothing is missing", async () => {
    const [path, on, said] = [join(directory, "events"), store(), [] as LogId[]];
    const events = open(on, said);
    await use(events, path);
    await happen(on, events, 1);
    await waitFor("a line", () => inFile(path).length === 1);
    rmSync(path);
    symlinkSync("/nowhere/at/all", path);
    await happen(on, events, 1);
    await waitFor("it to be said", () => said.includes("SERVER-EVENTS-FAILED"));
    rmSync(path);
    await happen(on, events, 1);
    await waitFor("it to work again", () => existsSync(path) && inFile(path).join() === "2,3");
    expect(said).toEqual(["SERVER-EVENTS", "SERVER-EVENTS-FAILED", "SERVER-EVENTS-RESUMED"]);
  });
});

describe("events on a socket", () => {
  function subscribe(path: string, say = ""): { readonly socket: Socket; readonly seen: () => string } {
    let text = "";
    const socket = connect(path, () => {
      if (say !== "") socket.write(say);
    });
    socket.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
    socket.on("error", () => undefined);
    ends.push(() => socket.destroy());
    return { socket, seen: () => text };
  }

  test("what was left is replaced; what somebody listens on, or is no socket, is not", async () => {
    const path = join(directory, "events.sock");
    const other = createServer().listen(path);
    await waitFor("the other", () => other.listening);
    const events = open(store());
    await expect(events.prepare(wanting(path))).rejects.toThrow("another program listens there");
    expect(existsSync(path)).toBe(true);
    await new Promise((resolve) => other.close(resolve));
    writeFileSync(path, "");
    await expect(events.prepare(wanting(path))).rejects.toThrow("is not a socket; remove it");
  });

  test("64 subscribers, one of which reads nothing: all others have all; one more is told", async () => {
    const [path, on] = [join(directory, "events.sock"), store()];
    const events = open(on);
    await use(events, path);
    const slow = subscribe(path, '{"after":0}\n');
    slow.socket.pause();
    const others = Array.from({ length: 63 }, () => subscribe(path, '{"after":0}\n'));
    await waitFor("all", () => events.load()?.subscribers === 64);
    const surplus = subscribe(path);
    await waitFor("a word", () => surplus.seen() === '{"error":"there are 64 subscribers already"}\n');
    // More than sockets hold.
    for (let n = 0; n < 5; n++) await happen(on, events, 400);
    await waitFor("all lines", () => others.every(({ seen }) => numbers(seen()).at(-1) === 2000));
    expect(numbers(others[0]?.seen() ?? "")).toEqual(Array.from({ length: 2000 }, (_, n) => n + 1));
    slow.socket.resume();
    await waitFor("the slow one", () => numbers(slow.seen()).at(-1) === 2000);
  });

  test("a reload that is refused leaves all as it was", async () => {
    const [path, other, on] = [join(directory, "a.sock"), join(directory, "b.sock"), store()];
    const events = open(on);
    await use(events, path);
    const one = subscribe(path, '{"after":0}\n');
    await expect(events.prepare(wanting(other, "/nowhere/events"))).rejects.toThrow("/nowhere");
    expect([existsSync(path), existsSync(other)]).toEqual([true, false]);
    const prepared = await events.prepare(wanting(other));
    await prepared.abandon();
    expect([existsSync(path), existsSync(other)]).toEqual([true, false]);
    await happen(on, events, 1);
    await waitFor("a line", () => numbers(one.seen()).join() === "1");
  });
});
