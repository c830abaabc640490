import type * as dgram from "node:dgram";
import type { Host } from "./host.js";
import { waitFor } from "./wait.js";

/** How a host was reached: round-trip times in milliseconds, in the order sent; lost ones are left out. */
export interface RoundTrips {
  readonly sent: number;
  readonly milliseconds: readonly number[];
}

/** UDP port of the echo service (RFC 862). */
const echoPort = 7;

/** Starts a UDP echo service on all IPv6 addresses of a host: the bed must not depend on ping. */
export async function startEcho(host: Host): Promise<void> {
  await host.spawn(nodeScript(`(${serveEcho.toString()})(require("node:dgram"), ${echoPort})`));
  await waitFor(`the echo service of ${host.name}`, () => host.hasUdpPort(echoPort));
}

/** Sends `count` datagrams to the echo service at an address and waits up to a second for each echo. */
export async function probe(from: Host, address: string, count = 3): Promise<RoundTrips> {
  const call = `("${address}", ${echoPort}, ${count}, require("node:dgram"))`;
  const { status, stdout, stderr } = await from.run(nodeScript(`(${sendProbes.toString()})${call}`));
  if (status !== 0) throw new Error(`no probes from ${from.name} to ${address}: ${stderr}`);
  return { sent: count, milliseconds: JSON.parse(stdout) as number[] };
}

function nodeScript(source: string): readonly string[] {
  return [process.execPath, "-e", source];
}

/** Runs as text in a Node process of its own, so it can name nothing from this file. */
function serveEcho({ createSocket }: typeof dgram, port: number): void {
  const socket = createSocket({ type: "udp6", ipv6Only: true });
  socket.on("message", (message, sender) => {
    socket.send(message, sender.port, sender.address);
  });
  socket.bind(port);
}

/** Runs as text in a Node process of its own, so it can name nothing from this file. */
function sendProbes(address: string, port: number, count: number, { createSocket }: typeof dgram): void {
  const socket = createSocket({ type: "udp6", ipv6Only: true });
  const times: number[] = [];
  const next = (left: number): void => {
    if (left === 0) {
      process.stdout.write(JSON.stringify(times));
      socket.close();
      return;
    }
    const started = performance.now();
    const patience = setTimeout(() => {
      socket.removeAllListeners("message");
      next(left - 1);
    }, 1000);
    socket.once("message", () => {
      clearTimeout(patience);
      times.push(performance.now() - started);
      next(left - 1);
    });
    socket.send(`probe ${left}`, port, address);
  };
  next(count);
}
