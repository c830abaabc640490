// udp.cjs exchange            a client on a0 and a server on b0 talk; prints what arrived where
// udp.cjs open IF ADDRESS PORT [share] [hold]   opens one socket, prints the outcome; `hold` keeps it open
import { createSocket } from "node:dgram";
import { openUdp, type UdpOptions, type UdpSocket } from "../../../shared/edge/udp.js";
import { pause } from "../../../shared/edge/clock.js";
import { SystemError } from "../../../shared/edge/errors.js";
import { formatIp6, type Ip6, ip6, parseIp6 } from "../../../shared/prefix.js";

const GROUP = address("ff02::1:2");
const [verb, ...args] = process.argv.slice(2);

function address(text: string): Ip6 {
  return parseIp6(text) ?? ip6(new Uint8Array(16));
}

const heard: string[] = [];
const troubles: string[] = [];

function open(
  name: string,
  options: Pick<UdpOptions, "interfaceName" | "address" | "port"> & Partial<UdpOptions>,
): Promise<UdpSocket> {
  return openUdp({
    onDatagram: (bytes, from, port) => {
      heard.push(`${name} hears "${Buffer.from(bytes).toString()}" from ${formatIp6(from)} ${port}`);
    },
    onTrouble: (kind) => {
      troubles.push(kind);
    },
    ...options,
  });
}

async function exchange(): Promise<unknown> {
  const server = await open("server", { interfaceName: "b0", address: address("fe80::b"), port: 547 });
  const group = await open("group", {
    interfaceName: "b0",
    address: GROUP,
    port: 547,
    multicastGroup: GROUP,
  });
  const other = await open("other", {
    interfaceName: "c0",
    address: GROUP,
    port: 547,
    multicastGroup: GROUP,
  });
  const client = await open("client", {
    interfaceName: "a0",
    address: address("fe80::a"),
    port: 546,
    receiveBuffer: 0,
  });
  client.send(Buffer.from("solicit"), GROUP, 547);
  client.send(Buffer.from("unicast"), address("fe80::b"), 547);
  await pause(50);
  server.send(Buffer.from("reply"), address("fe80::a"), 546);
  await pause(50);
  server.send(Buffer.from("lost"), address("2001:db8::1"), 546);
  server.send(Buffer.from("lost"), address("2001:db8::1"), 546);
  server.send(new Uint8Array(70_000), address("fe80::a"), 546);
  await pause(50);
  await Promise.all([server.close(), group.close(), other.close(), client.close()]);
  await server.close();
  server.send(Buffer.from("closed"), address("fe80::a"), 546);
  return {
    heard: heard.toSorted(),
    troubles,
    buffers: [server.receiveBufferBytes, client.receiveBufferBytes],
  };
}

async function single(): Promise<unknown> {
  const [interfaceName = "", text = "", port = "", ...flags] = args;
  try {
    const bound = address(text);
    const shareWildcard = flags.includes("share");
    const socket = await open("it", { interfaceName, address: bound, port: Number(port), shareWildcard });
    if (!flags.includes("hold")) await socket.close();
    return { ok: true, troubles };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { code: error.code, sentence: error.message };
  }
}

/** As Dibbler 1.0.1's client (reuse) or any other program holds [::]:PORT. */
async function wildcard(): Promise<unknown> {
  const socket = createSocket({ type: "udp6", reuseAddr: args[1] === "reuse" });
  await new Promise<void>((resolve) => {
    socket.bind(Number(args[0]), resolve);
  });
  return { ok: true };
}

async function twice(): Promise<unknown> {
  const options = { interfaceName: "a0", address: address("fe80::a"), port: 547 };
  await open("first", options);
  return await open("second", options).then(
    () => ({ ok: true }),
    (error: unknown) => ({ sentence: String(error) }),
  );
}

const verbs: Readonly<Record<string, () => Promise<unknown>>> = { exchange, open: single, wildcard, twice };
void verbs[verb ?? ""]?.().then((value) => {
  console.log(JSON.stringify(value));
  if (!args.includes("hold") && verb !== "wildcard") process.exit(0);
});
