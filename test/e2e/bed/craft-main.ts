import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Asked, Flooded, Job } from "./craft.js";
import { mulberry32, mutate } from "./mutate.js";

/** Datagrams that are handed to the kernel before one that has to be answered. */
const batchSize = 250;

const job = JSON.parse(process.argv[2] ?? "") as Job;
const socket = createSocket({ type: "udp6", ipv6Only: true });
let received = 0;
let refused = 0;
socket.on("message", () => received++);
socket.bind(job.port, job.kind === "listen" ? `ff02::1:2%${job.device}` : ownAddress(), () => void run());

async function run(): Promise<void> {
  if (job.kind === "listen" || job.kind === "hear") {
    if (job.kind === "listen") socket.addMembership("ff02::1:2", `::%${job.device}`);
    socket.on("message", (message) => process.stdout.write(`${message.toString("hex")}\n`));
    process.stdout.write("listening\n");
    return;
  }
  const result = job.kind === "ask" ? await ask(fromHex(job.question)) : await flood();
  process.stdout.write(JSON.stringify(result));
  socket.close();
}

/** Sends all in batches, each followed by a good Solicit; ends early when that is not answered. */
async function flood(): Promise<Flooded> {
  if (job.kind !== "flood") throw new Error("no flood was asked for");
  const packets = readFileSync(job.file, "utf8").split("\n").slice(0, -1).map(fromHex);
  const random = mulberry32(job.seed ?? 0);
  const count = job.seed === undefined ? packets.length : job.count;
  const times: number[] = [];
  let sent = 0;
  while (sent < count) {
    const batch: Promise<void>[] = [];
    for (; sent < count && batch.length < batchSize; sent++) {
      const packet = job.seed === undefined ? packets[sent] : mutate(packets, random);
      if (packet !== undefined) batch.push(send(packet));
    }
    await Promise.all(batch);
    const { answer, milliseconds } = await ask(withXid(fromHex(job.solicit), sent));
    times.push(milliseconds);
    if (answer === "") break;
  }
  return { sent: sent - refused, received, slowest: Math.max(...times) };
}

/** The first answer with the question's transaction-id; none within a second is an answer of no octets. */
function ask(question: Buffer): Promise<Asked> {
  const started = performance.now();
  return new Promise((resolve) => {
    const finish = (answer: string): void => {
      clearTimeout(patience);
      socket.off("message", look);
      resolve({ answer, milliseconds: performance.now() - started });
    };
    const look = (message: Buffer): void => {
      if (message.subarray(1, 4).equals(question.subarray(1, 4))) finish(message.toString("hex"));
    };
    const patience = setTimeout(finish, 1000, "");
    socket.on("message", look);
    void send(question);
  });
}

/** Resolves when the kernel has taken the datagram, or has refused it. */
function send(packet: Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket.send(packet, 547, `${job.to}%${job.device}`, (error) => {
      if (error !== null) refused++;
      resolve();
    });
  });
}

function withXid(message: Buffer, xid: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUIntBE(xid & 0xffffff, 1, 3);
  return copy;
}

function fromHex(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

function ownAddress(): string {
  const list = networkInterfaces()[job.device] ?? [];
  return `${list.find(({ address }) => address.startsWith("fe80:"))?.address ?? ""}%${job.device}`;
}
