import type { IaType } from "../shared/lease/lease.js";
import { inRange, type Prefix, samePrefix } from "../shared/prefix.js";
import { STATUS, type StatusName } from "../shared/wire/codes.js";
import { octetsOf } from "../shared/wire/kinds.js";
import { option } from "../shared/wire/options.js";
import type { IaResult } from "./bindings.js";
import { readIas } from "./ia.js";
import { classOf } from "./links.js";
import { holds } from "./pool.js";
import type { Query } from "./query.js";
import { REFUSALS, STATUSES, type StatusOption } from "./status.js";

/** Release: an IA that names none of its prefixes. */
export const NOT_EVERY = status("noBinding", "Not every address had binding.");
/** Release: the whole message. */
export const RELEASED = status("success", "All IAs in RELEASE message were processed.");

/** The status of an IA in Dibbler's own words, so far as its scripts and tests have them: for prefixes. */
export function strictStatus(query: Query, result: IaResult): StatusOption | undefined {
  const { ia, status: plain } = result;
  if (ia.type !== "pd" || plain === undefined || plain === NOT_EVERY) return plain;
  return plain.value.status === STATUS.success ? successOf(query, result) : failureOf(query, plain);
}

function successOf(query: Query, { grants }: IaResult): StatusOption {
  if (query.type === "renew") return status("success", "Prefix(es) renewed.");
  const count = `${grants.length} prefix(es).`;
  if (grants.some(({ before }) => before !== undefined))
    return status("success", `Here's your existing lease: ${count}`);
  const reserved = query.reservation?.prefix;
  if (reserved === undefined || !grants.some(({ prefix }) => samePrefix(prefix, reserved)))
    return status("success", `Assigned ${count}`);
  const isInPool = classOf(query.link, "pd", reserved) !== undefined;
  return status("success", `Assigned fixed ${isInPool ? "in-pool prefix" : "out-of-pool address"}.`);
}

function failureOf(query: Query, plain: StatusOption): StatusOption {
  const { state, client, link, type } = query;
  if (plain === REFUSALS["client limit"].prefix) {
    const count = state.ledger.table.countOf(client);
    return status("noPrefixAvail", `Sorry. You already have ${count} lease(es) and you can't have more.`);
  }
  if (plain.value.status === STATUS.noPrefixAvail) {
    const text = "Server support for prefix delegation is not enabled. Sorry buddy.";
    if (link.classes.pd.length === 0) return status("noPrefixAvail", text);
    return status("noPrefixAvail", "Unable to provide any prefixes. Sorry.");
  }
  if (plain !== STATUSES.noBinding) return plain;
  if (type === "release") return status("noBinding", "No such PD is bound.");
  const isKnown = state.ledger.table.countOf(client) > 0;
  return status("noBinding", isKnown ? "I see this IAID first time." : "Who are you? Do I know you?");
}

/**
 * Confirm as Dibbler answers it: `subnet` lines decide, else an address or prefix must be in the pools of
 * every class of its kind. `undefined` for silence.
 */
export function confirmStatus(query: Query): StatusOption | undefined {
  const { ias } = readIas(query.message, ["pd", "na", "ta"]);
  const found = new Set(
    ias.flatMap(({ type, named }) => named.map((prefix) => placeOf(query, type, prefix))),
  );
  if (found.has("off")) return STATUSES.notOnLink;
  return found.size === 0 || found.has("unknown") ? undefined : STATUSES.onLink;
}

function placeOf({ link }: Query, type: IaType, prefix: Prefix): "on" | "off" | "unknown" {
  const { subnets } = link.settings;
  if (subnets.length > 0) return subnets.some((subnet) => inRange(subnet, prefix.address)) ? "on" : "off";
  const classes = link.classes[type];
  const address = { address: prefix.address, length: 128 };
  const isIn = classes.every(({ pools }) => pools.some((pool) => holds(pool, address)));
  return classes.length > 0 && isIn ? "on" : "unknown";
}

function status(name: StatusName, text: string): StatusOption {
  return option("statusCode", { status: STATUS[name], text: octetsOf(text) });
}
