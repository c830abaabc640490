import type { ClientServerType } from "../shared/wire/codes.js";
import { rkapAuth } from "../shared/wire/rkap.js";
import {
  codeOf,
  find,
  findAll,
  has,
  isFaulty,
  type KnownOption,
  type Option,
  option,
  OPTIONS,
} from "../shared/wire/options.js";
import type { Answer } from "./answers.js";
import { passing } from "../shared/lists.js";
import { asksFor, isRequested, type Query } from "./query.js";
import { nextReplay } from "./replay-value.js";
import type { StatusOption } from "./status.js";

/** Up to here options steer the protocol; a client that sends one of them does not ask for it thereby. */
const LAST_BASIC_CODE = 20;
const NOTHING: readonly Option[] = [];
/** Octets of a Reconfigure key (RFC 8415 20.4.1). */
const KEY_OCTETS = 16;

/** The options of an answer, and the Reconfigure key that is among them. */
export interface AnswerOptions {
  readonly options: readonly Option[];
  readonly key: Uint8Array | undefined;
}

/**
 * The options of an answer: identifiers, Rapid Commit, Preference, Server Unicast, Reconfigure Accept, IAs,
 * status, then what is configured and asked for, the Reconfigure key at the end. Preference is for Advertises
 * only, and 0 is as good as none (RFC 8415 21.8).
 */
export function answerOptions(
  query: Query,
  { type, rapid, status }: Answer,
  ias: readonly Option[],
): AnswerOptions {
  const { link, path } = query;
  const { preference, unicast } = link.settings;
  const answer = identifiers(query);
  if (rapid) answer.push(option("rapidCommit", null));
  if (type === "advertise" && preference > 0) answer.push(option("preference", preference));
  // Behind relays it would lead the client past them (RFC 8415 21.12).
  if (type === "reply" && unicast !== undefined && path.length === 0) answer.push(option("unicast", unicast));
  if (isToReconfigure(query)) answer.push(option("reconfigureAccept", null));
  answer.push(...ias);
  if (status !== undefined) answer.push(status);
  answer.push(...askedFor(query, "where it belongs"));
  answer.push(...suppliedByRelays(query, answer));
  const key = type === "reply" ? freshKey(query) : undefined;
  if (key !== undefined) answer.push(key.option);
  return { options: answer, key: key?.value };
}

/** A new Reconfigure key, and the option that tells the client, when this Reply is the one to have it. */
export function freshKey(
  query: Query,
): { readonly value: Uint8Array; readonly option: KnownOption<"auth"> } | undefined {
  if (!isToReconfigure(query) || !takesKey(query)) return undefined;
  const value = query.random(KEY_OCTETS);
  return { value, option: option("auth", rkapAuth(nextReplay(query.state), { type: "key", value })) };
}

const isToReconfigure = ({ state, message }: Query): boolean =>
  state.config.reconfigure && has(message.options, "reconfigureAccept");

/** The options of an answer that says nothing but a status. */
export const statusOptions = (query: Query, status: StatusOption): readonly Option[] => [
  ...identifiers(query),
  status,
];

function identifiers({ message, state }: Query): Option[] {
  const clientId = find(message.options, "clientId");
  const serverId = option("serverId", state.duid);
  return clientId === undefined ? [serverId] : [option("clientId", clientId), serverId];
}

/** The Client Identifier, if the client has sent one. */
export function clientIdentifier({ message }: Query): readonly Option[] {
  const clientId = find(message.options, "clientId");
  return clientId === undefined ? [] : [option("clientId", clientId)];
}

/** Where an exchange begins; later Replies leave the key as it is (RFC 8415 20.4.1). */
const takesKey = ({ type, client }: Query): boolean =>
  (type === "request" || type === "solicit") && client.length > 0;

/** Messages that ask for options (RFC 8415 appendix B). Some clients have an Option Request in others too. */
const ASKING: ReadonlySet<ClientServerType> = new Set([
  "solicit",
  "request",
  "renew",
  "rebind",
  "informationRequest",
]);

/**
 * Configured options whose code is in an Option Request, or that the client sent itself, which Dibbler
 * takes for asking. The refresh time belongs in Replies to Information-requests only (RFC 8415 21.23).
 */
export function askedFor(query: Query, refreshTime: "where it belongs" | "always"): readonly Option[] {
  const { link, message, reservation, type } = query;
  if (!ASKING.has(type)) return NOTHING;
  const own = reservation?.options ?? NOTHING;
  // Options of a `client` block stand for all those of the link, as in Dibbler.
  const configured = own.length > 0 ? own : link.settings.options;
  return passing(configured, (candidate) => {
    const code = codeOf(candidate);
    const isRefreshTime = code === OPTIONS.informationRefreshTime.code && refreshTime !== "always";
    if (isRefreshTime && message.type !== "informationRequest") return false;
    if (code === OPTIONS.vendorOptions.code) return wantsVendor(query, configured, candidate);
    if (isRequested(message, code)) return true;
    return code > LAST_BASIC_CODE && message.options.some((sent) => codeOf(sent) === code);
  });
}

/**
 * Options of a vendor, for who asks for such: of the vendors that the client names by sending options of its
 * own or else by its class, or of all.
 */
function wantsVendor(query: Query, configured: readonly Option[], candidate: Option): boolean {
  if (!asksFor(query, "vendorOptions")) return false;
  if (candidate.name !== "vendorOptions") return true;
  const { options } = query.message;
  const named = findAll(options, "vendorOptions").map(({ enterprise }) => enterprise);
  if (named.length > 0) return named.includes(candidate.value.enterprise);
  const classes = findAll(options, "vendorClass").map(({ enterprise }) => enterprise);
  const known = findAll(configured, "vendorOptions").map(({ enterprise }) => enterprise);
  return (
    !known.some((enterprise) => classes.includes(enterprise)) || classes.includes(candidate.value.enterprise)
  );
}

/**
 * What relays supply for the client, as far as it may be supplied, is well made, and the server has nothing
 * better; of several relays the one closest to the client counts (RFC 6422 5, 6).
 */
export function suppliedByRelays({ state, path }: Query, answer: readonly Option[]): readonly Option[] {
  if (!path.some(({ options }) => has(options, "rsoo"))) return NOTHING;
  const supplied: Option[] = [];
  const present = new Set(answer.map(codeOf));
  for (const level of path.toReversed()) {
    const options = (find(level.options, "rsoo")?.options ?? []).filter((candidate) => {
      const code = codeOf(candidate);
      const maySupply = state.config.relaySuppliedOptions.includes(code) && !isFaulty(candidate);
      return maySupply && !present.has(code);
    });
    supplied.push(...options);
    for (const candidate of options) present.add(codeOf(candidate));
  }
  return supplied;
}
