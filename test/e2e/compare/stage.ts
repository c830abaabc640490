import { xid } from "../../../shared/brand.js";
import { duid, formatDuid } from "../../../shared/duid.js";
import { clientServerMessage, encodeMessage, type Message } from "../../../shared/wire/message.js";
import { option } from "../../../shared/wire/options.js";
import type { Host, Running } from "../bed/host.js";
import { type HeardHere, type Mouth, openMouth, type Place } from "../bed/mouth.js";
import { type Hop, relayThrough } from "../../server/rig.js";
import { ip } from "../../server/settings.js";
import { addAddress, connect, eui64 } from "../bed/network.js";
import { requirePeer } from "../bed/peers.js";
import { installOurs, ours } from "../bed/programs.js";
import { sleep, waitFor } from "../bed/wait.js";
import type { World } from "../bed/world.js";
import { type Described, describe, numberLeases } from "./describe.js";
import { messageOf, serverDuid, type Step } from "./step.js";

/** Whose server it is; ours also as it is with `compatibility "strict"`. */
export type Side = "dibbler" | "ours" | "ours, strict";

/** One configuration, and the exchanges that are played with each server that has it. */
export interface Scene {
  readonly name: string;
  readonly configuration: string;
  /** Pools of it: what lies in them is compared by its role. */
  readonly pools: readonly string[];
  /** Of relayed messages: the relay of an Information-request that has to be answered. */
  readonly relay?: Hop;
  readonly rows: readonly Row[];
}

/** One exchange of one client or of several. */
export interface Row {
  readonly what: string;
  readonly steps: readonly Step[];
}

/** A server, and a host that talks to it, on a link of their own that looks like those of the other sides. */
export interface Stage {
  readonly side: Side;
  readonly server: Host;
  readonly mouth: Mouth;
}

const macs = { server: "02:be:d0:00:00:01", speaker: "02:be:d0:00:00:02" } as const;
const local = { server: eui64("fe80::/64", macs.server), speaker: eui64("fe80::/64", macs.speaker) } as const;
/** The global addresses of a server and of the host that talks to it. */
export const globals = { server: "2001:db8:c::1", speaker: "2001:db8:c::2" } as const;

const speakers: Readonly<Record<Step["from"], string>> = {
  "its address": `${local.speaker}%wan0`,
  "fe80::77": "fe80::77%wan0",
  "its global address": globals.speaker,
};
const destinations: Readonly<Record<Step["to"], string>> = {
  "ff02::1:2": "ff02::1:2%wan0",
  "ff05::1:3": "ff05::1:3%wan0",
  "the server": `${local.server}%wan0`,
  "the server's global address": globals.server,
};
/** Ports that steps are sent from; answers come to the first two. */
const ports = [546, 547, 40_546];

/** Lays out one such link; no server runs yet. */
export async function buildStage(world: World, side: Side): Promise<Stage> {
  const [server, speaker] = await Promise.all(
    ["server", "speaker"].map((role) => world.addHost(`${side.replace(/\W+/g, "-")}-${role}`)),
  );
  if (server === undefined || speaker === undefined) throw new Error("a stage needs two hosts");
  await connect(
    { host: server, device: "eth0", mac: macs.server },
    { host: speaker, device: "wan0", mac: macs.speaker },
  );
  await addAddress(server, "eth0", `${globals.server}/64`);
  await addAddress(speaker, "wan0", `${globals.speaker}/64`);
  await addAddress(speaker, "wan0", "fe80::77/64");
  if (side !== "dibbler") installOurs(server);
  const places = Object.values(speakers).flatMap((address) =>
    ports.map((port): Place => ({ address, port })),
  );
  return { side, server, mouth: await openMouth(speaker, places) };
}

/** Plays all rows of a scene with the server of a stage, started for it with nothing stored. */
export async function play(stage: Stage, scene: Scene): Promise<readonly (readonly Described[])[]> {
  const running = await startServer(stage, scene);
  const played: (readonly Described[])[] = [];
  for (const [index, row] of scene.rows.entries()) played.push(await playRow(stage, scene, row, index));
  await running.stop();
  return played;
}

async function startServer(stage: Stage, scene: Scene): Promise<Running> {
  const { side, server, mouth } = stage;
  for (const file of server.listFolder("/var/lib/dibbler")) server.remove(`/var/lib/dibbler/${file}`);
  server.writeFile("/var/lib/dibbler/server-duid", formatDuid(serverDuid));
  const strict = side === "ours, strict" ? 'compatibility "strict"\n' : "";
  server.writeFile("/etc/dibbler/server.conf", `log-level 8\n${strict}${scene.configuration}`);
  const program = side === "dibbler" ? requirePeer("dibblerServer") : ours.server;
  const running = await server.spawn([program, "run"]);
  await waitFor(`the server of "${side}" to listen`, () => server.hasUdpPort(547));
  await waitFor(`an answer of "${side}"`, async () => {
    sendProbe(stage, scene, "ff02::1:2");
    await sleep(pauseMs);
    return mouth.take().length > 0;
  });
  // The answer to the last of them is the last of all.
  const mark = sendProbe(stage, scene, "ff02::1:2");
  await mouth.hear(({ hex }) => hex.includes(mark));
  return running;
}

async function playRow(
  stage: Stage,
  scene: Scene,
  { steps }: Row,
  row: number,
): Promise<readonly Described[]> {
  const named = steps.flatMap(({ ias }) =>
    ias.flatMap(({ prefixes }) => prefixes.map((spec) => (typeof spec === "string" ? spec : spec[0]))),
  );
  const given = numberLeases(scene.pools, named);
  const answers: Described[] = [];
  for (const [index, step] of steps.entries()) {
    const exchange = (row << 8) | index;
    const message = messageOf(step, row, exchange, given.resolve);
    const heard = await hearAll(stage, scene, step, toHex(message));
    answers.push(describe(heard, exchange, given));
  }
  return answers;
}

/**
 * What comes for one message. Nobody has to wait for silence: a message that has to be answered follows on
 * the same socket, and both servers answer in order. Where nothing of the kind can follow, it goes to
 * another socket of the server, with pauses in which a server that has nothing else to do reads the first.
 */
async function hearAll(stage: Stage, scene: Scene, step: Step, hex: string): Promise<readonly HeardHere[]> {
  const { mouth } = stage;
  mouth.take();
  mouth.say({ from: { address: speakers[step.from], port: step.port }, to: destinations[step.to], hex });
  const isGroup = step.to === "ff02::1:2" || step.to === "ff05::1:3";
  const probes: string[] = [];
  for (let round = 0; round < (isGroup ? 1 : 3); round++) {
    if (!isGroup) await sleep(pauseMs);
    const mark = sendProbe(stage, scene, isGroup ? step.to : "ff02::1:2");
    probes.push(mark);
    await mouth.hear(({ hex: heard }) => heard.includes(mark));
  }
  return mouth.take().filter(({ hex: heard }) => !probes.some((mark) => heard.includes(mark)));
}

const pauseMs = 20;
let probesSent = 0;

/** Sends what has to be answered; gives octets, as hex, that are in the answer and in no other. */
function sendProbe({ mouth }: Stage, { relay }: Scene, to: "ff02::1:2" | "ff05::1:3"): string {
  const exchange = 0xf00000 + (probesSent++ & 0xfffff);
  const client = duid(Uint8Array.of(0, 2, 0xab, 0xcd, exchange >>> 16, exchange >>> 8, exchange));
  const options = [option("clientId", client), option("optionRequest", [23])];
  const plain = clientServerMessage("informationRequest", xid(exchange), options);
  const isRelayed = to === "ff05::1:3";
  const hex = toHex(isRelayed ? relayThrough(plain, [relay ?? {}], ip("fe80::c1")) : plain);
  const from = isRelayed
    ? { address: speakers["its global address"], port: 547 }
    : { address: speakers["its address"], port: 546 };
  mouth.say({ from, to: destinations[to], hex });
  return Buffer.from(client).toString("hex");
}

const toHex = (message: Message): string => Buffer.from(encodeMessage(message)).toString("hex");
