import type { ClientServerType } from "../shared/wire/codes.js";
import { codeOf, find, findAll, type Option, option, OPTIONS } from "../shared/wire/options.js";
import type { Answer } from "./answers.js";
import type { Query } from "./query.js";

/** Up to here options steer the protocol; a client that sends one of them does not ask for it thereby. */
const LAST_BASIC_CODE = 20;

/**
 * The options of an answer: identifiers, Rapid Commit, Preference, Server Unicast, IAs, status, then what is
 * configured and asked for. Preference is for Advertises only, and 0 is as good as none (RFC 8415 21.8).
 */
export function answerOptions(
  { state, link, message }: Query,
  { type, rapid, status }: Answer,
  ias: readonly Option[],
): readonly Option[] {
  const { preference, unicast, options } = link.settings;
  const clientId = find(message.options, "clientId");
  const answer: Option[] = [];
  if (clientId !== undefined) answer.push(option("clientId", clientId));
  answer.push(option("serverId", state.duid));
  if (rapid) answer.push(option("rapidCommit", null));
  if (type === "advertise" && preference > 0) answer.push(option("preference", preference));
  if (type === "reply" && unicast !== undefined) answer.push(option("unicast", unicast));
  answer.push(...ias);
  if (status !== undefined) answer.push(status);
  if (options.length > 0) answer.push(...askedFor(options, message.options, message.type));
  return answer;
}

/**
 * Configured options whose code is in an Option Request, or that the client sent itself, which Dibbler
 * takes for asking. The refresh time is for Replies to Information-requests only (RFC 8415 21.23).
 */
function askedFor(
  configured: readonly Option[],
  sent: readonly Option[],
  type: ClientServerType | "unknown",
): readonly Option[] {
  const requests = findAll(sent, "optionRequest");
  return configured.filter((candidate) => {
    const code = codeOf(candidate);
    if (code === OPTIONS.informationRefreshTime.code && type !== "informationRequest") return false;
    if (requests.some((codes) => codes.includes(code))) return true;
    return code > LAST_BASIC_CODE && sent.some((own) => codeOf(own) === code);
  });
}
