import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { formatDuid } from "../../../shared/duid.js";
import { decodeMessage } from "../../../shared/wire/message.js";
import { find } from "../../../shared/wire/options.js";
import { readLines } from "./lines.js";
import { mulberry32 } from "./mutate.js";
import { createSwarmClient, type SwarmClient } from "./swarm-client.js";
import type { SwarmJob, SwarmOrder, SwarmState } from "./swarm.js";

/** How often the clients look whether they have something to say. */
const TICK_MS = 2;
/** Nothing has come for so long: what a process had sent when it ended has been heard. */
const SILENCE_MS = 30;

const job = JSON.parse(process.argv[2] ?? "") as SwarmJob;
const complaints: string[] = [];
const answered: Record<string, number> = {};
const clients = new Map<string, SwarmClient>();
let mode: "mute" | "rest" | "run" = "mute";
let lastXid = job.seed * 4096;
let exchanges = 0;
let replies = 0;
let heardAt = 0;
/** Looked at after every datagram. */
let onReply = (): void => undefined;

const socket = createSocket({ type: "udp6", ipv6Only: true, recvBufferSize: 4_000_000 });
socket.on("message", hear);
socket.bind(546, ownAddress(), () => {
  makeClients();
  setInterval(speak, TICK_MS);
  createServer((line) => {
    readLines(line, (text) => {
      void obey(JSON.parse(text) as SwarmOrder).then((state) => line.write(`${JSON.stringify(state)}\n`));
    });
  }).listen(job.socket, () => process.stdout.write("ready\n"));
});

function makeClients(): void {
  for (let number = 1; number <= job.clients; number++) {
    const client = createSwarmClient({
      ...{ number, ias: job.ias, thinkMs: job.thinkMs, random: mulberry32(job.seed * 1000 + number) },
      nextXid: () => (lastXid = (lastXid + 1) % 2 ** 24),
      complain: (sentence) => complaints.push(sentence),
    });
    clients.set(client.entries()[0]?.client ?? "", client);
  }
}

function speak(): void {
  if (mode === "mute") return;
  for (const client of clients.values()) say(client);
}

function say(client: SwarmClient): void {
  const octets = client.speak(performance.now(), mode === "run");
  if (octets !== undefined) socket.send(octets, 547, `ff02::1:2%${job.device}`);
}

function hear(octets: Uint8Array): void {
  heardAt = performance.now();
  const decoded = decodeMessage(octets);
  if (!decoded.ok || decoded.message.form !== "message") return;
  const { message } = decoded;
  const id = find(message.options, "clientId");
  const client = id === undefined ? undefined : clients.get(formatDuid(id));
  const type = client?.hear(message, heardAt);
  if (client === undefined || type === undefined) return;
  answered[type] = (answered[type] ?? 0) + 1;
  exchanges++;
  if (message.type === "reply") replies++;
  onReply();
  // What follows an Advertise, or more of what has been ordered.
  if (mode !== "mute" && client.isWaiting()) say(client);
}

async function obey(order: SwarmOrder): Promise<SwarmState> {
  switch (order.do) {
    case "run":
      wake("run");
      return describe();
    case "rest":
      await rest();
      return describe();
    case "exchange": {
      const until = exchanges + order.count;
      wake("run");
      await reached(() => exchanges >= until);
      await rest();
      return describe();
    }
    case "renew":
      for (const client of clients.values()) client.mustRenew();
      await rest();
      return describe();
    case "signal":
      return await signal(order);
    case "look":
      return describe();
    default:
      return order satisfies never;
  }
}

function wake(next: "rest" | "run"): void {
  if (mode === "mute") for (const client of clients.values()) client.hurry();
  mode = next;
}

async function rest(): Promise<void> {
  wake("rest");
  await reached(() => waiting() === 0);
}

async function signal(order: Extract<SwarmOrder, { do: "signal" }>): Promise<SwarmState> {
  const until = replies + order.replies;
  wake("run");
  await reached(() => replies >= until);
  await sleep(order.delayMs);
  // In the middle of something.
  while (waiting() === 0) await sleep(0);
  const open = waiting();
  process.kill(order.pid, order.signal);
  const began = performance.now();
  if (!order.keepOn) mode = "mute";
  while (isAlive(order.pid)) await sleep(1);
  const endedAfter = performance.now() - began;
  mode = "mute";
  while (performance.now() - heardAt < SILENCE_MS) await sleep(SILENCE_MS);
  return { ...describe(), open, endedAfter };
}

/** Resolves when it is so, which is looked at after each answer. */
function reached(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    onReply = () => {
      if (!isSo()) return;
      onReply = () => undefined;
      resolve();
    };
    onReply();
  });
}

const waiting = (): number => [...clients.values()].filter((client) => client.isWaiting()).length;

function describe(): SwarmState {
  const entries = [...clients.values()].flatMap((client) => client.entries());
  return { entries, complaints, answered, open: waiting(), endedAfter: 0 };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function ownAddress(): string {
  const list = networkInterfaces()[job.device] ?? [];
  return `${list.find(({ address }) => address.startsWith("fe80:"))?.address ?? ""}%${job.device}`;
}
