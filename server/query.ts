import type { Millis } from "../shared/brand.js";
import type { Reservation } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import type { Ip6 } from "../shared/prefix.js";
import type { RelayPath } from "../shared/proto/relay.js";
import type { ClientServerType } from "../shared/wire/codes.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import { OPTIONS, type OptionName } from "../shared/wire/options.js";
import type { Link } from "./links.js";
import type { Env, ServerState } from "./state.js";

/** How a datagram came in; its answer goes the same way back. */
export interface Arrival {
  readonly interfaceName: string;
  readonly source: Ip6;
  readonly port: number;
}

/** A valid message of a client, with everything that an answer depends on. */
export interface Query {
  readonly state: ServerState;
  readonly now: Millis;
  readonly random: Env["random"];
  readonly type: ClientServerType;
  readonly message: ClientServerMessage;
  /** The Client Identifier; of no octets in an Information-request without one. */
  readonly client: Duid;
  /** Where the client is, be it on the other side of relays. */
  readonly link: Link;
  /** The client's own address. */
  readonly from: Ip6;
  /** The relays in between; none for a direct client. */
  readonly path: RelayPath;
  readonly arrival: Arrival;
  /** The `client` block of the configuration that fits. */
  readonly reservation: Reservation | undefined;
}

/** True when an Option Request of the message names the option. */
export const asksFor = ({ message }: Query, name: OptionName): boolean =>
  isRequested(message, OPTIONS[name].code);

/** True when an Option Request of the message has this code. */
export const isRequested = ({ options }: ClientServerMessage, code: number): boolean =>
  options.some((candidate) => candidate.name === "optionRequest" && candidate.value.includes(code));
