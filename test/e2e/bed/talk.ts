import { type ClientServerMessage, decodeMessage, type Message } from "../../../shared/wire/message.js";
import { splitFrames } from "../../../shared/wire/tcp-frames.js";
import { runBundled, startBundled } from "./bundled.js";
import type { Host } from "./host.js";
import { sleep, waitFor } from "./wait.js";

/** What the program for single messages does inside a host; octets as hex. */
export type TalkJob =
  | ({ readonly kind: "post"; readonly from: string; readonly port: number } & Letter<string>)
  | {
      readonly kind: "stream";
      readonly to: string;
      /** File with what to send: it may be more than fits into an argument. */
      readonly file: string;
      readonly end: boolean;
      readonly patienceMs: number;
    };

/** One message and the address, with `%device` where it needs one, that it goes to at port 547. */
interface Letter<Octets> {
  readonly to: string;
  readonly message: Octets;
}

/** A datagram that came back. */
export interface HeardDatagram {
  readonly from: string;
  readonly port: number;
  readonly hex: string;
}

/** What came over TCP, whether it was the other side that closed, and how long it took from first to last. */
export interface Streamed {
  readonly hex: string;
  readonly closed: boolean;
  readonly milliseconds: number;
}

/** The same with the messages taken out. */
export type Conversation = Omit<Streamed, "hex"> & { readonly messages: readonly ClientServerMessage[] };

/** A message that came back, whole and without faults. */
export interface Heard {
  readonly from: string;
  readonly port: number;
  readonly message: Message;
}

/** An address and port of a host where datagrams come in. */
export interface Ear {
  /** What came so far. Throws when it cannot be read. */
  readonly heard: () => readonly Heard[];
  readonly end: () => Promise<void>;
}

/** Listens at an address (with `%device` where it needs one) and port, and sends a letter from there. */
export async function openEar(
  host: Host,
  from: string,
  port: number,
  letter: Letter<Uint8Array> = { to: "", message: new Uint8Array() },
): Promise<Ear> {
  const message = Buffer.from(letter.message).toString("hex");
  const job: TalkJob = { kind: "post", from, port, to: letter.to, message };
  const running = await startBundled(host, "talk-main", job);
  await waitFor(`a socket of ${host.name} at ${from}`, () => running.output().startsWith("ready\n"));
  return {
    heard: () => running.output().split("\n").slice(1, -1).map(readDatagram),
    end: async () => {
      await running.stop();
    },
  };
}

/** Sends one message and gives all that comes for it: waits for something, and a moment for more. */
export async function post(
  host: Host,
  from: string,
  port: number,
  letter: Letter<Uint8Array>,
): Promise<readonly Heard[]> {
  const ear = await openEar(host, from, port, letter);
  await waitFor(`an answer at ${from}`, () => ear.heard().length > 0);
  await sleep(momentMs);
  await ear.end();
  return ear.heard();
}

/** How long a second answer would take at most. */
const momentMs = 200;

/** Sends octets over TCP to port 547 and ends its side, or leaves that to the server; gives all that came. */
export async function stream(
  host: Host,
  to: string,
  bytes: Uint8Array,
  { end }: { readonly end: boolean },
): Promise<Conversation> {
  const file = `/run/bed/stream-${host.spawned().length}`;
  host.writeFile(file, Buffer.from(bytes).toString("hex"));
  const job: TalkJob = { kind: "stream", to, file, end, patienceMs: 5000 };
  const { hex, ...how } = await runBundled<Streamed>(host, "talk-main", job);
  const { messages, rest } = splitFrames(Buffer.from(hex, "hex"));
  if (rest.length > 0) throw new Error(`the stream ended within a frame: ${hex}`);
  return {
    ...how,
    messages: messages.map((frame) => {
      const message = readMessage(frame);
      if (message.form !== "message") throw new Error("a relayed message over TCP");
      return message;
    }),
  };
}

function readDatagram(line: string): Heard {
  const { from, port, hex } = JSON.parse(line) as HeardDatagram;
  return { from, port, message: readMessage(Buffer.from(hex, "hex")) };
}

/** A message from its octets; throws when there is a fault anywhere in it. */
export function readMessage(bytes: Uint8Array): Message {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.faults.length > 0)
    throw new Error(`not a message: ${Buffer.from(bytes).toString("hex")}`);
  return decoded.message;
}
