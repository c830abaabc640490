import type { Millis } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import type { Ip6 } from "../shared/prefix.js";
import type { ClientServerType } from "../shared/wire/codes.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import type { Link } from "./links.js";
import type { ServerState } from "./state.js";

/** A valid message of a client, with everything that an answer depends on. */
export interface Query {
  readonly state: ServerState;
  readonly now: Millis;
  readonly type: ClientServerType;
  readonly message: ClientServerMessage;
  /** The Client Identifier; of no octets in an Information-request without one. */
  readonly client: Duid;
  readonly link: Link;
  /** The client's own address. */
  readonly from: Ip6;
}
