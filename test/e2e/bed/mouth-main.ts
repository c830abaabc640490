import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";
import { readLines } from "./lines.js";
import type { HeardHere, MouthJob, Place, Spoken } from "./mouth.js";

const job = JSON.parse(process.argv[2] ?? "") as MouthJob;
const early: string[] = [];
let tell = (line: string): void => {
  early.push(line);
};

const keyOf = ({ address, port }: Place): string => `${address} ${port}`;
const withoutDevice = (address: string): string => address.replace(/%.*/, "");

void run();

async function run(): Promise<void> {
  const sockets = new Map<string, Socket>();
  for (const place of job.places) sockets.set(keyOf(place), await open(place));
  const server = createServer((line) => {
    tell = (text) => line.write(text);
    for (const text of early.splice(0)) tell(text);
    readLines(line, (text) => {
      const { from, to, hex } = JSON.parse(text) as Spoken;
      const socket = sockets.get(keyOf(from));
      if (socket === undefined) throw new Error(`no socket at ${keyOf(from)}`);
      socket.send(Buffer.from(hex, "hex"), 547, to);
    });
  });
  server.listen(job.socket, () => process.stdout.write("ready\n"));
}

function open(place: Place): Promise<Socket> {
  const socket = createSocket({ type: "udp6", ipv6Only: true });
  const at = { address: withoutDevice(place.address), port: place.port };
  socket.on("message", (bytes, { address, port }) => {
    const heard: HeardHere = {
      at,
      from: { address: withoutDevice(address), port },
      hex: bytes.toString("hex"),
    };
    tell(`${JSON.stringify(heard)}\n`);
  });
  return new Promise((resolve) => {
    socket.bind(place.port, place.address, () => {
      resolve(socket);
    });
  });
}
