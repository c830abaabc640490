import type { Millis, Seconds, Xid } from "../shared/brand.js";
import type { LogId, LogValues } from "../shared/catalogue.js";
import type { AddressOrDuid } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import type { HookCall } from "../shared/hook.js";
import type { Ip6 } from "../shared/prefix.js";
import type { Random, Retransmission } from "../shared/proto/retransmit.js";
import type { Option } from "../shared/wire/options.js";
import type { Binding, WantedIa } from "./binding.js";
import type { Offer } from "./choose.js";
import type { ReceivedOptions } from "./option-files.js";
import type { RememberedLink, ServerKey } from "./remembered.js";

/**
 * All a machine may know of the world: the time (Unix, never stepping while it runs) and octets of chance.
 */
export interface Env {
  readonly now: Millis;
  readonly random: Random;
}

/** HMAC-MD5 of octets under a key: 16 octets. */
export type HmacMd5 = (key: Uint8Array, octets: Uint8Array) => Uint8Array;

/** What one interface is configured to ask for. */
export interface ClientSetup {
  readonly interfaceName: string;
  readonly interfaceIndex: number;
  readonly duid: Duid;
  readonly wanted: readonly WantedIa[];
  /** No IA is wanted, but options are: Information-request (RFC 8415 18.2.6). */
  readonly stateless: boolean;
  readonly rapidCommit: boolean;
  /** Chosen before others, earlier ones first, whatever preference these have. */
  readonly preferredServers: readonly AddressOrDuid[];
  /** Their Advertises and Replies are thrown away. */
  readonly rejectedServers: readonly AddressOrDuid[];
  /** Dibbler's `insist-mode`: only an Advertise that serves every IA will do. */
  readonly insist: boolean;
  /** Of the system, to check a Reconfigure; `undefined`: none is accepted (RFC 8415 20.4, 21.20). */
  readonly hmacMd5: HmacMd5 | undefined;
  /** Option codes to ask for besides SOL_MAX_RT. */
  readonly requestedOptions: readonly number[];
  /** Options with the values wished for, sent along in every message that asks for something. */
  readonly sentOptions: readonly Option[];
  /** How long a stop waits for answers to its Releases. */
  readonly releasePatience: Millis;
}

/** One message under way: its transaction-id stays, its copies are made anew (RFC 8415 15, 16.1). */
export interface Exchange {
  readonly xid: Xid;
  readonly timing: Retransmission;
}

/**
 * SOL_MAX_RT as the Advertises of one discovery tell it: nothing yet, one value, or unlike ones (RFC 8415
 * 18.2.9).
 */
export type HeardCap = Seconds | "unlike" | undefined;

/** One Release or Decline on its way: who gets it and what is in it. */
export interface Releasing {
  readonly exchange: Exchange;
  readonly server: Duid;
  readonly bindings: readonly Binding[];
}

/** Where the machine is; each phase has its own data and no other. A phase holds instants, never timers. */
export type Phase =
  | { readonly phase: "idle" }
  | {
      readonly phase: "soliciting";
      readonly exchange: Exchange;
      readonly offers: readonly Offer[];
      readonly heardCap: HeardCap;
    }
  | {
      readonly phase: "requesting";
      readonly exchange: Exchange;
      readonly server: Duid;
      /** What the server offered; `undefined` when its NoBinding led here. */
      readonly offer: Offer | undefined;
      /** The servers to try next, best first. */
      readonly others: readonly Offer[];
    }
  | { readonly phase: "bound" }
  | { readonly phase: "renewing"; readonly exchange: Exchange; readonly server: Duid }
  | { readonly phase: "rebinding"; readonly exchange: Exchange }
  | {
      readonly phase: "confirming";
      readonly exchange: Exchange;
      /** Confirm for addresses, the Rebind that stands for it where prefixes are asked for. */
      readonly message: "confirm" | "rebind";
      /** A server said NotOnLink to the Confirm, and none has said the opposite. */
      readonly denied: boolean;
    }
  | {
      readonly phase: "informing";
      readonly exchange: Exchange;
      /** Whose Reconfigure wants it; `undefined` when every server may answer. */
      readonly server: Duid | undefined;
    }
  | { readonly phase: "informed"; readonly refreshAt: Millis }
  | { readonly phase: "declining"; readonly declines: readonly Releasing[] }
  | { readonly phase: "releasing"; readonly releases: readonly Releasing[]; readonly until: Millis }
  | { readonly phase: "stopped" };

/** Name of a phase. */
export type PhaseName = Phase["phase"];
/** The phase of that name with its data. */
export type PhaseOf<Name extends PhaseName> = Extract<Phase, { readonly phase: Name }>;

/** The whole machine of one interface: a value; `step` makes the next one. */
export interface ClientState {
  readonly setup: ClientSetup;
  readonly phase: Phase;
  /** One per wanted IA, in the order of the configuration. */
  readonly bindings: readonly Binding[];
  /** SOL_MAX_RT of this interface (RFC 8415 21.24). */
  readonly solMaxRt: Seconds;
  /** INF_MAX_RT of this interface (RFC 8415 21.25). */
  readonly infMaxRt: Seconds;
  /** What servers gave to sign Reconfigure with, one per server. */
  readonly keys: readonly ServerKey[];
  /** What was asked for and is in force. */
  readonly options: ReceivedOptions;
  /** Discoveries in a row that ended in a refusal: the pause before the next one grows with it. */
  readonly refusals: number;
  /** When the last messages left, oldest first, for the rate limit (RFC 8415 14.1). */
  readonly recentSends: readonly Millis[];
}

/** What happens to a machine. `start` comes once, first; `remembered` is what an earlier run left. */
export type ClientEvent =
  | { readonly type: "start"; readonly remembered: RememberedLink | undefined }
  | {
      readonly type: "datagram";
      readonly bytes: Uint8Array;
      readonly from: Ip6;
      readonly multicast: boolean;
    }
  /** Duplicate Address Detection found the address in use by somebody else (RFC 4862 5.4). */
  | { readonly type: "duplicate"; readonly address: Ip6 }
  /** The interface is to be used again after a time without link, or asleep: perhaps on another link. */
  | { readonly type: "link"; readonly interfaceIndex: number }
  | { readonly type: "timer" }
  | { readonly type: "stop" };

/**
 * What the loop has to do, in this order. `send`: to ff02::1:2 port 547 from the bound socket. `save`: keep
 * it for the next run, before any hook is called. `options`: these hold now, no others. `ended`: nothing
 * more will come, the process may go.
 */
export type ClientAction =
  | { readonly type: "save"; readonly remembered: RememberedLink }
  | { readonly type: "options"; readonly options: ReceivedOptions }
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | { readonly type: "run"; readonly hook: HookCall }
  | { readonly type: "log"; readonly id: LogId; readonly values: LogValues }
  | { readonly type: "ended" };

/** The next state and what to do. */
export interface Step {
  readonly state: ClientState;
  readonly actions: readonly ClientAction[];
}

/** When the loop has to come back with a `timer` event, and why; `at` is `Infinity` when never. */
export interface Deadline {
  readonly at: Millis;
  readonly why: string;
}
