import type { Kind } from "./kind.js";

/** Where an option may stand: a class of messages, or inside the option of that name. */
export type Container =
  | "client"
  | "server"
  | "reconfigure"
  | "reconfigureRequest"
  | "relayForward"
  | "relayReply"
  | "leasequery"
  | "dhcpv4"
  | "failover"
  | "registration"
  | "iaNa"
  | "iaTa"
  | "iaAddr"
  | "iaPd"
  | "iaPrefix"
  | "iaLl"
  | "llAddr"
  | "lqQuery"
  | "clientData"
  | "rsoo"
  | "addrSel"
  | "s46Rule"
  | "s46V4V6Bind"
  | "s46MapE"
  | "s46MapT"
  | "s46Lw4o6"
  | "fourRd";

/** A row of the option table, for an option that carries a `T`. */
export interface OptionDef<T = unknown> {
  readonly code: number;
  readonly kind: Kind<T>;
  readonly in: readonly Container[];
  /** May stand more than once in one container; else the first one counts. */
  readonly multi?: boolean;
  /** The word after `option` in the configuration files: Dibbler's, where it has one. */
  readonly keyword?: string;
  /** Where it is defined; none for drafts. */
  readonly rfc?: number;
}
