import type { ClientServerType } from "../shared/wire/codes.js";
import { codeOf, find, findAll, type Option, option, OPTIONS } from "../shared/wire/options.js";
import type { Query } from "./query.js";
import type { StatusOption } from "./status.js";

/** What an answer is made of, apart from what every answer has. */
export interface AnswerParts {
  readonly type: "advertise" | "reply";
  /** A Reply to a Solicit (RFC 8415 21.14). */
  readonly rapid: boolean;
  readonly ias: readonly Option[];
  readonly status: StatusOption | undefined;
}

/** Up to here options steer the protocol; a client that sends one of them does not ask for it thereby. */
const LAST_BASIC_CODE = 20;

/**
 * The options of an answer: identifiers, Rapid Commit, Preference, Server Unicast, IAs, status, then what is
 * configured and asked for. Preference is for Advertises only, and 0 is as good as none (RFC 8415 21.8).
 */
export function answerOptions({ state, link, message }: Query, parts: AnswerParts): readonly Option[] {
  const { preference, unicast, options } = link.settings;
  const clientId = find(message.options, "clientId");
  const answer: Option[] = [];
  if (clientId !== undefined) answer.push(option("clientId", clientId));
  answer.push(option("serverId", state.duid));
  if (parts.rapid) answer.push(option("rapidCommit", null));
  if (parts.type === "advertise" && preference > 0) answer.push(option("preference", preference));
  if (parts.type === "reply" && unicast !== undefined) answer.push(option("unicast", unicast));
  answer.push(...parts.ias);
  if (parts.status !== undefined) answer.push(parts.status);
  if (options.length > 0) answer.push(...askedFor(options, message.options, message.type));
  return answer;
}

/**
 * Configured options whose code is in an Option Request, or that the client sent itself, which Dibbler takes for
 * asking. The refresh time is for Replies to Information-requests only (RFC 8415 21.23).
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
