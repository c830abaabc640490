import { type Capture, startCapture } from "./capture.js";
import { outer } from "./clients.js";
import type { Host, Running } from "./host.js";
import { addHosts } from "./lan.js";
import { addAddress, linkLocal } from "./network.js";
import { installOurs, ours } from "./programs.js";
import { installRecorder, recorded, recorderScript } from "./recorder.js";
import type { Offer, ServerProgram } from "./servers.js";
import { waitFor } from "./wait.js";
import type { World } from "./world.js";

/** One link with two servers of one make and two clients of ours, each in a host of its own. */
export interface Street {
  readonly servers: readonly [ServerSite, ServerSite];
  readonly clients: readonly [Client, Client];
  readonly capture: Capture | undefined;
}

/** A host where a server can be started again and again. */
export interface ServerSite {
  readonly host: Host;
  /** Starts it with the offer of this street, changed as said. */
  readonly start: (change?: Partial<Offer>) => Promise<Running>;
}

/** A host with our client. */
export interface Client {
  readonly host: Host;
  /** Where its messages come from. */
  readonly address: string;
  /** Writes its configuration; `block` is what stands in its `iface`. */
  readonly configure: (block: string, globals?: string) => void;
  readonly start: () => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly log: () => string;
  /** Calls of its hook script so far: `ACTION REASON`, then prefixes and addresses. */
  readonly calls: () => readonly string[];
  /** Waits for a call that fits, the first after so many others, and gives it. */
  readonly call: (pattern: RegExp, after?: number) => Promise<string>;
}

/** Lays out the street; nothing runs yet but the capture. */
export async function layOutStreet(world: World, program: ServerProgram, offer: Offer): Promise<Street> {
  const link = await world.addHost("link");
  const [one, two, first, second] = await addHosts(world, link, "br0", [
    "server-1",
    "server-2",
    "client-1",
    "client-2",
  ]);
  if (one === undefined || two === undefined || first === undefined || second === undefined)
    throw new Error("hosts are missing");
  await addAddress(one, outer, "2001:db8:1::1/64");
  await addAddress(two, outer, "2001:db8:1::2/64");
  const capture = await startCapture(link, "br0");
  const site = (host: Host): ServerSite => ({
    host,
    start: (change) => program.start(host, { ...offer, ...change }),
  });
  const clients = await Promise.all([makeClient(first, 1), makeClient(second, 2)]);
  return { servers: [site(one), site(two)], clients: [clients[0], clients[1]], capture };
}

/** DUIDs of the two clients as WIDE's configuration writes them. */
export const clientDuids = [1, 2].map((number) => `00:02:00:00:22:b8:00:00:00:0${number}`);

async function makeClient(host: Host, number: number): Promise<Client> {
  installOurs(host);
  installRecorder(host);
  const calls = (): readonly string[] =>
    recorded(host).map(({ args, environment }) => describe(args, environment));
  return {
    host,
    address: await linkLocal(host, outer),
    configure: (block, globals = "") => {
      const head = `duid-type duid-en 8888 0x0000000${number}\ndownlink-prefix-ifaces "none"\n${globals}\n`;
      const text = `${head}log-level 8\nscript "${recorderScript}"\niface "${outer}" {\n  ${block}\n}\n`;
      host.writeFile("/etc/dibbler/client.conf", text);
    },
    start: async () => {
      await host.shell(`${ours.client} start`);
    },
    kill: async () => {
      await host.shell("kill -9 $(cat /var/lib/dibbler/client.pid)");
      await waitFor("the client to be gone", () => !host.hasUdpPort(546));
    },
    stop: async () => {
      await host.shell(`${ours.client} stop`);
    },
    log: () => host.readFile("/var/log/dibbler/dibbler-client.log") ?? "",
    calls,
    call: async (pattern, after = 0) => {
      const seen = await waitFor(
        `a call of the hook script like ${String(pattern)}`,
        () => calls().slice(after),
        (texts) => texts.some((text) => pattern.test(text)),
        30_000,
      );
      return seen.find((text) => pattern.test(text)) ?? "";
    },
  };
}

function describe([action = ""]: readonly string[], environment: readonly string[]): string {
  const variables = new Map(
    environment.map((pair) => [pair.split("=")[0] ?? "", pair.replace(/^[^=]*=/, "")]),
  );
  const words = [action, variables.get("REASON") ?? "-"];
  for (let n = 1; variables.has(`PREFIX${n}`); n++) {
    const gone = variables.get(`PREFIX${n}VALID`) === "0" ? "-" : "";
    words.push(`${gone}${variables.get(`PREFIX${n}`)}/${variables.get(`PREFIX${n}LEN`)}`);
  }
  for (let n = 1; variables.has(`ADDR${n}`); n++) words.push(variables.get(`ADDR${n}`) ?? "");
  return words.join(" ");
}
