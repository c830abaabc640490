// bursts.cjs   a server on b0 and d0 hears bursts from clients on a0 and c0, and answers; prints what arrived
import { createBursts } from "../../../shared/edge/bursts.js";
import { pause } from "../../../shared/edge/clock.js";
import { openUdp, type UdpOptions, type Sender, type UdpSocket } from "../../../shared/edge/udp.js";
import { findInterface } from "../../../shared/edge/interfaces.js";
import { formatIp6, type Ip6, ip6, parseIp6 } from "../../../shared/prefix.js";

const GROUP = address("ff02::1:2");
const NOWHERE = address("2001:db8::1");
const [CLIENT_PORT, SERVER_PORT] = [546, 547];
const BURST = 300;

function address(text: string): Ip6 {
  return parseIp6(text) ?? ip6(new Uint8Array(16));
}

/** What a socket has heard: datagrams by text, where they are from, and how many not by way of Node. */
interface Ear {
  readonly texts: string[];
  readonly from: Set<string>;
  batched: number;
}

const outcomes: unknown[] = [];
const troubles: string[] = [];
const bursts = createBursts((outcome) => {
  outcomes.push(outcome);
});

async function open(
  interfaceName: string,
  where: Pick<UdpOptions, "address" | "port"> & Partial<UdpOptions>,
): Promise<{ readonly ear: Ear; readonly socket: UdpSocket }> {
  const ear: Ear = { texts: [], from: new Set(), batched: 0 };
  const { index } = findInterface({ name: interfaceName });
  const socket = await openUdp({
    interfaceName,
    inBursts: { bursts, interfaceIndex: index },
    onDatagram: (bytes: Uint8Array, from: Ip6, port: number, sender: Sender) => {
      ear.texts.push(bytes.length > 100 ? `${bytes.length} octets` : Buffer.from(bytes).toString());
      const zone = typeof sender === "string" ? sender.split("%")[1] : sender;
      const isHere = zone === interfaceName || zone === index;
      ear.from.add(`${formatIp6(from)} ${port}${isHere ? "" : ` zone ${zone}`}`);
      if (typeof sender === "number") ear.batched++;
    },
    onTrouble: (kind) => {
      troubles.push(kind);
    },
    ...where,
  });
  return { ear, socket };
}

/** Takes what an ear has heard since the last time. */
function heard(ear: Ear): unknown {
  const { texts, from, batched } = ear;
  const wrong = texts.filter((text, at) => text !== `burst ${at}`);
  const found = { count: texts.length, wrong, from: [...from], batched: batched > 0 };
  texts.length = 0;
  from.clear();
  ear.batched = 0;
  return found;
}

function say(from: UdpSocket, count: number, to: Ip6, port: number): void {
  for (let n = 0; n < count; n++) from.send(Buffer.from(`burst ${n}`), to, port);
}

const group = { address: GROUP, port: SERVER_PORT, multicastGroup: GROUP };

async function main(): Promise<void> {
  const onB = await open("b0", group);
  const onD = await open("d0", group);
  const server = await open("b0", { address: address("fe80::b"), port: SERVER_PORT });
  const client = await open("a0", { address: address("fe80::a"), port: CLIENT_PORT });
  const other = await open("c0", { address: address("fe80::c"), port: CLIENT_PORT });
  const settled = (): Promise<void> => pause(150);

  // The first burst is heard by way of Node, and has the calls loaded.
  say(client.socket, BURST, GROUP, SERVER_PORT);
  await settled();
  const first = heard(onB.ear);
  say(client.socket, BURST, GROUP, SERVER_PORT);
  say(other.socket, BURST, GROUP, SERVER_PORT);
  await settled();
  const both = [heard(onB.ear), heard(onD.ear)];
  // A receiver that cannot be reached, and a datagram too long for a slot, do not harm the others.
  say(server.socket, 10, address("fe80::a"), CLIENT_PORT);
  server.socket.send(Buffer.from("lost"), NOWHERE, CLIENT_PORT);
  for (let n = 10; n < BURST; n++)
    server.socket.send(Buffer.from(`burst ${n}`), address("fe80::a"), CLIENT_PORT);
  await settled();
  const answers = heard(client.ear);
  server.socket.send(new Uint8Array(60_000), address("fe80::a"), CLIENT_PORT);
  server.socket.send(new Uint8Array(2049), address("fe80::a"), CLIENT_PORT);
  server.socket.send(new Uint8Array(2048), address("fe80::a"), CLIENT_PORT);
  await settled();
  const long = client.ear.texts.splice(0).toSorted();
  // What was sent before a socket is closed has gone; what is sent afterwards is told of, and goes nowhere.
  say(server.socket, 5, address("fe80::a"), CLIENT_PORT);
  await server.socket.close();
  const again = await open("b0", { address: address("fe80::b"), port: SERVER_PORT });
  say(server.socket, 5, address("fe80::a"), CLIENT_PORT);
  await settled();
  const last = heard(client.ear);
  say(again.socket, 20, address("fe80::a"), CLIENT_PORT);
  await settled();
  const reopened = heard(client.ear);
  for (const { socket } of [onB, onD, again, client, other]) await socket.close();
  console.log(JSON.stringify({ outcomes, first, both, answers, long, last, reopened, troubles }));
}

void main();
