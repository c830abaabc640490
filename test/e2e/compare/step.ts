import { xid } from "../../../shared/brand.js";
import { type Duid, duid } from "../../../shared/duid.js";
import type { ClientServerType } from "../../../shared/wire/codes.js";
import { type ClientServerMessage, clientServerMessage, type Message } from "../../../shared/wire/message.js";
import { type Option, option } from "../../../shared/wire/options.js";
import { type Hop, type IaSpec, relayThrough, writeIa } from "../../server/rig.js";
import { ip } from "../../server/settings.js";

/** One message of a scripted exchange. */
export interface Step {
  readonly type: ClientServerType;
  /** Number of the client among those of its row; 1 when not told. */
  readonly as: number;
  /**
   * Prefixes are texts, or `P1`, `P2` … for the ones that the server has given in this row, in that order.
   */
  readonly ias: readonly IaSpec[];
  readonly more: readonly Option[];
  /** Client Identifiers in it. */
  readonly clientIds: number;
  readonly serverIds: readonly Duid[];
  /** Relays on its way, the client's first. */
  readonly hops: readonly Hop[];
  readonly from: SpeakerName;
  readonly port: number;
  readonly to: "ff02::1:2" | "ff05::1:3" | "the server" | "the server's global address";
}

/** Addresses of the host that speaks: link-local, another link-local one, global. */
export type SpeakerName = "its address" | "fe80::77" | "its global address";

/** The DUID that both servers have. */
export const serverDuid: Duid = duid(Uint8Array.of(0, 1, 0, 1, 0x2f, 1, 2, 3, 2, 0xbe, 0xd, 0, 0, 1));
/** The DUID of a server that is not there. */
export const strangerDuid: Duid = duid(Uint8Array.of(0, 3, 0, 1, 2, 9, 9, 9, 9, 9));

const namesServer: ReadonlySet<ClientServerType> = new Set(["request", "renew", "release", "decline"]);

/** A step as a well-behaved client takes it, or with what is told to be otherwise. */
export function say(
  type: ClientServerType,
  ias: readonly IaSpec[] = [],
  otherwise: Partial<Omit<Step, "type" | "ias">> = {},
): Step {
  return {
    type,
    ias,
    as: 1,
    more: [],
    clientIds: 1,
    serverIds: namesServer.has(type) ? [serverDuid] : [],
    hops: [],
    from: "its address",
    port: 546,
    to: "ff02::1:2",
    ...otherwise,
  };
}

/** An Option Request for these codes. */
export const ask = (...codes: readonly number[]): Option => option("optionRequest", codes);

/** The DUID of a client of a row. */
export const clientDuid = (row: number, client: number): Duid =>
  duid(Uint8Array.of(0, 3, 0, 1, 2, 0xfe, 0, row >>> 8, row & 0xff, client));

/** What a prefix named in a step stands for on the side of a server. */
export type Resolve = (text: string) => string;

/** The message of a step. Whoever sends it is a client of that row of the table. */
export function messageOf(step: Step, row: number, exchange: number, resolve: Resolve): Message {
  const client = clientDuid(row, step.as);
  const options: readonly Option[] = [
    ...Array.from({ length: step.clientIds }, () => option("clientId", client)),
    ...step.serverIds.map((id) => option("serverId", id)),
    option("elapsedTime", 0),
    ...step.ias.map((ia) => writeIa(resolveIn(ia, resolve))),
    ...step.more,
  ];
  const message: ClientServerMessage = clientServerMessage(step.type, xid(exchange), options);
  return step.hops.length === 0 ? message : relayThrough(message, step.hops, ip("fe80::c1"));
}

function resolveIn(ia: IaSpec, resolve: Resolve): IaSpec {
  const prefixes = ia.prefixes.map((spec) =>
    typeof spec === "string" ? resolve(spec) : ([resolve(spec[0]), spec[1], spec[2]] as const),
  );
  return { ...ia, prefixes };
}
