import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { HeardDatagram, Streamed, TalkJob } from "./talk.js";

const job = JSON.parse(process.argv[2] ?? "") as TalkJob;
if (job.kind === "post") post(job);
else stream(job);

/** Sends one datagram, or none, and prints a line for each that comes. */
function post({ from, port, to, message }: Extract<TalkJob, { kind: "post" }>): void {
  const socket = createSocket({ type: "udp6", ipv6Only: true });
  socket.on("message", (bytes, { address, port }) => {
    const heard: HeardDatagram = { from: address.replace(/%.*/, ""), port, hex: bytes.toString("hex") };
    process.stdout.write(`${JSON.stringify(heard)}\n`);
  });
  socket.bind(port, from, () => {
    process.stdout.write("ready\n");
    if (message !== "") socket.send(Buffer.from(message, "hex"), 547, to);
  });
}

/** Sends octets over TCP and prints what came until the peer closed, or until nobody waits any more. */
function stream({ to, file, end, patienceMs }: Extract<TalkJob, { kind: "stream" }>): void {
  const chunks: Buffer[] = [];
  const started = performance.now();
  const socket = connect({ host: to, port: 547, allowHalfOpen: true });
  const finish = (closed: boolean): void => {
    clearTimeout(patience);
    const milliseconds = performance.now() - started;
    const streamed: Streamed = { hex: Buffer.concat(chunks).toString("hex"), closed, milliseconds };
    process.stdout.write(JSON.stringify(streamed), () => process.exit(0));
  };
  const patience = setTimeout(finish, patienceMs, false);
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A server that throws away what it has not read ends with a reset, which is an end too.
  let failure = "";
  socket.on("error", ({ message }) => (failure = message));
  socket.on("end", () => socket.end());
  socket.on("close", () => {
    if (failure.includes("ECONNREFUSED")) throw new Error(failure);
    finish(true);
  });
  socket.write(Buffer.from(readFileSync(file, "utf8"), "hex"));
  if (end) socket.end();
}
