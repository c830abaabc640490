import { quote } from "../shared/config/diagnostics.js";
import { type ControlRequest, refusal } from "../shared/control.js";
import { type Duid, formatDuid, parseDuid } from "../shared/duid.js";
import { leaseId } from "../shared/lease/lease.js";
import { MESSAGE_LABEL } from "../shared/wire/codes.js";
import type { CommandDecision } from "./command.js";
import type { ReconfigureType } from "./reconfigure-queue.js";
import { canReconfigure, hasReconfigureKey } from "./reconfigure.js";
import type { ServerState } from "./state.js";

/** Clients counted for the answer; of more it says that they are so many at least. */
const COUNT_LIMIT = 1000;

/** For people, who write them as the RFC does. */
const ASKS: ReadonlyMap<string, ReconfigureType> = new Map([
  ["renew", "renew"],
  ["rebind", "rebind"],
  ["information-request", "informationRequest"],
] as const);

/** The request for `reconfigure [DUID|all] [TYPE]`, in any case and order; a sentence when it is not that. */
export function reconfigureRequest(words: readonly string[]): ControlRequest | string {
  const types = words.filter((word) => ASKS.has(word.toLowerCase()));
  const clients = words.filter((word) => !ASKS.has(word.toLowerCase()));
  if (types.length > 1 || clients.length > 1)
    return `one client and one message at a time, not: ${words.join(" ")}`;
  const [asks = "renew"] = types;
  const [client = "all"] = clients;
  const who = client.toLowerCase();
  if (who !== "all" && parseDuid(who) === undefined) return notDuid(client);
  return { command: "reconfigure", client: who, asks: asks.toLowerCase() };
}

/** Decides on `{ client: "all" or a DUID, asks: "renew", "rebind" or "information-request" }`. */
export function decideReconfigure(state: ServerState, request: ControlRequest): CommandDecision {
  const { client, asks } = request;
  if (!state.config.reconfigure)
    return refused("reconfigure-enabled is not set, so that no client can be asked");
  const type = typeof asks === "string" ? ASKS.get(asks) : undefined;
  if (type === undefined) return refused(`a client can be asked for ${[...ASKS.keys()].join(", ")} only`);
  if (client === "all") return decideForAll(state, type);
  const duid = typeof client === "string" ? parseDuid(client) : undefined;
  if (duid === undefined) return refused(notDuid(client));
  return decideForOne(state, duid, type);
}

function decideForAll(state: ServerState, asks: ReconfigureType): CommandDecision {
  const count = countClients(state);
  if (count === 0) return refused("no client has a lease with a Reconfigure key; see reconfigure-enabled");
  const atLeast = count === COUNT_LIMIT ? "at least " : "";
  return taken(`${atLeast}${count} ${count === 1 ? "client is" : "clients are"}`, undefined, asks);
}

function decideForOne(state: ServerState, client: Duid, asks: ReconfigureType): CommandDecision {
  const name = formatDuid(client);
  if (!canReconfigure(state, client)) {
    return refused(`no lease with a Reconfigure key is known for ${name}; see reconfigure-enabled`);
  }
  const pending = state.reconfigures.asked.get(client);
  if (pending !== undefined && pending.asks !== asks) {
    return refused(`${name} is still being asked to send ${MESSAGE_LABEL[pending.asks]}`);
  }
  return taken("1 client is", client, asks);
}

/** Clients with a key, each of them once. */
function countClients({ ledger: { table } }: ServerState): number {
  const clients = new Set<string>();
  const end = table.idLimit();
  for (let n = 0; n < end && clients.size < COUNT_LIMIT; n++) {
    const id = leaseId(n);
    if (hasReconfigureKey(table, id)) clients.add(formatDuid(table.duidOf(id)));
  }
  return clients.size;
}

const taken = (who: string, client: Duid | undefined, asks: ReconfigureType): CommandDecision => ({
  answer: { ok: true, message: `${who} asked to send ${MESSAGE_LABEL[asks]}` },
  event: { type: "reconfigure", client, asks },
});

const refused = (sentence: string): CommandDecision => ({ answer: refusal(sentence) });

function notDuid(client: unknown): string {
  const given = typeof client === "string" ? quote(client) : "the client";
  return `${given} is neither "all" nor a DUID such as 00:03:00:01:02:00:00:00:00:01`;
}
