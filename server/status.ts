import { octetsOf } from "../shared/wire/kinds.js";
import { STATUS, type StatusName } from "../shared/wire/codes.js";
import { type KnownOption, option } from "../shared/wire/options.js";
import type { Refusal } from "./search.js";

/** A Status Code option. */
export type StatusOption = KnownOption<"statusCode">;

/**
 * The statuses that the server sends, made once. The texts are for people; clients go by the code (RFC 8415
 * 21.13).
 */
export const STATUSES = {
  granted: status("success", "Granted."),
  extended: status("success", "Extended."),
  released: status("success", "Released."),
  declined: status("success", "Noted."),
  onLink: status("success", "These addresses fit the link."),
  notOnLink: status("notOnLink", "An address does not fit the link."),
  noBinding: status("noBinding", "No such binding here."),
  useMulticast: status("useMulticast", "Send to ff02::1:2."),
  unknownQueryType: status("unknownQueryType", "No such type of query here."),
  malformedQuery: status("malformedQuery", "The query lacks what its type needs."),
  notConfigured: status("notConfigured", "No link here has this address."),
  notAllowed: status("notAllowed", "Leasequery is not allowed here."),
  queryTerminated: status("queryTerminated", "The server stops; ask again later."),
} as const;

/** What an IA that gets nothing new is told, by the reason and by what it asks for. */
export const REFUSALS: Readonly<Record<Refusal, Readonly<Record<"prefix" | "address", StatusOption>>>> = {
  exhausted: refusal("No prefix is free.", "No address is free."),
  "no class": refusal("No prefixes are delegated here.", "No addresses are given here."),
  access: refusal("Nothing here is for this client."),
  "client limit": refusal("This client has as many leases as it may have."),
  rate: refusal("New leases are asked for too fast from here."),
  exclusion: refusal("What is left is for clients that ask for PD Exclude."),
};

function refusal(prefix: string, address = prefix): Record<"prefix" | "address", StatusOption> {
  return { prefix: status("noPrefixAvail", prefix), address: status("noAddrsAvail", address) };
}

function status(name: StatusName, text: string): StatusOption {
  return option("statusCode", { status: STATUS[name], text: octetsOf(text) });
}
