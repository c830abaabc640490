import type { IaType } from "../shared/lease/lease.js";
import { octetsOf } from "../shared/wire/kinds.js";
import { STATUS, type StatusName } from "../shared/wire/codes.js";
import { type KnownOption, option } from "../shared/wire/options.js";

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
  noPrefix: status("noPrefixAvail", "No prefix is free."),
  noPrefixAllowed: status("noPrefixAvail", "This client has as many leases as it may have."),
  noAddress: status("noAddrsAvail", "No address is free."),
  noAddressAllowed: status("noAddrsAvail", "This client has as many leases as it may have."),
} as const;

/** Nothing is left for an IA of this type. */
export const exhausted = (type: IaType): StatusOption =>
  type === "pd" ? STATUSES.noPrefix : STATUSES.noAddress;

/** The client has reached its limit. */
export const overLimit = (type: IaType): StatusOption =>
  type === "pd" ? STATUSES.noPrefixAllowed : STATUSES.noAddressAllowed;

function status(name: StatusName, text: string): StatusOption {
  return option("statusCode", { status: STATUS[name], text: octetsOf(text) });
}
