import type { Iaid, Seconds } from "../brand.js";
import type { Duid } from "../duid.js";
import type { AddressRange, Ip6, Prefix } from "../prefix.js";
import type { Option } from "../wire/options.js";
import type { Place } from "./diagnostics.js";

/**
 * What the log shows and how: level 1 (emergency) to 8 (debug), Dibbler's line form or JSON, the name in each
 * line.
 */
export interface LogSettings {
  readonly level: number;
  readonly mode: "full" | "short" | "precise" | "syslog" | "json";
  readonly name: string;
  readonly colors: boolean;
}

/** The bounds for a time that the server hands out; `min` is never above `max`. */
export interface Range {
  readonly min: Seconds;
  readonly max: Seconds;
}

/** At most so many new leases within a time, and as many at once. */
export interface Rate {
  readonly leases: number;
  readonly per: Seconds;
}

/** An interface, by name or by its index in the system. */
export type InterfaceSelector = { readonly name: string } | { readonly index: number };

/** An option made from the configuration, to be sent to whoever asks for it. */
export type ConfiguredOption = Option;

/** Where lease events are given out: to subscribers of a socket, or appended to a file. */
export interface EventTarget {
  readonly kind: "unix" | "file";
  /** Absolute. */
  readonly path: string;
}

/** Where lease events are sent to. */
export interface Webhook {
  /** With http or https. */
  readonly url: string;
  /** What requests are signed with; undefined when they are not. */
  readonly secret: string | undefined;
}

/** Where to listen for TCP. */
export interface ListenAddress {
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  readonly port: number;
}

/** What server.conf says. */
export interface ServerConfig {
  readonly log: LogSettings;
  /** The hook script as configured; undefined for none. */
  readonly script: string | undefined;
  /** How long a call of the script may take. */
  readonly scriptTimeout: Seconds;
  /** Whether the script is told at start of every lease that is still live. */
  readonly scriptReplay: boolean;
  /** Whether a Reply waits until the script has ended. */
  readonly scriptWait: boolean;
  /** `strict` asks for Dibbler's own answer wherever ours departs from it visibly. */
  readonly compatibility: "strict" | "fixed";
  /** Serve with the interfaces that are ready and take up the others when they are. */
  readonly inactiveMode: boolean;
  /** Only Information-requests are answered. */
  readonly stateless: boolean;
  /** A relayed message that nothing else places belongs to the first relay interface. */
  readonly guessMode: boolean;
  /** Where the Interface-Id stands in a Relay-reply, seen from the Relay Message. */
  readonly interfaceIdOrder: "before" | "after" | "omit";
  /** Tell clients that use unicast without leave to use multicast (RFC 8415 18.4), else say nothing. */
  readonly dropUnicast: boolean;
  /** Give keys to clients that accept Reconfigure, and send it (RFC 8415 18.3.11). */
  readonly reconfigure: boolean;
  /** How many clients are remembered, after their leases have gone, with what they had; 0 for none. */
  readonly affinity: number;
  /** Codes of options that relays may supply for clients (RFC 6422 7). */
  readonly relaySuppliedOptions: readonly number[];
  /** Where metrics and the state of health can be fetched over HTTP; undefined for nowhere. */
  readonly metrics: ListenAddress | undefined;
  /** Where people can look at the server with a browser; undefined for nowhere. */
  readonly statusPage: ListenAddress | undefined;
  /** Who may have lease events, each once; empty for nobody. */
  readonly events: readonly EventTarget[];
  readonly webhook: Webhook | undefined;
  /** Write the files for other programs at start and stop only, however leases change. */
  readonly performanceMode: boolean;
  /** What is not acted on and only shown to those who read Dibbler's view of its configuration. */
  readonly shown: {
    /** As configured; undefined for what the command line says. */
    readonly workDir: string | undefined;
    /** Of `auth-methods`, in lower case. */
    readonly authMethods: readonly string[];
  };
  /** In the order of the file; never empty. */
  readonly interfaces: readonly ServerInterface[];
}

/** One `iface` block of the server. Times are for what no class says otherwise. */
export interface ServerInterface {
  readonly selector: InterfaceSelector;
  /**
   * Set when the block stands for a link behind relays, whose messages come in through `over`, always an
   * interface of the system (any of them when undefined). The selector then is a name of the file only.
   * `named` is what the file says: the interface of the system, or the relay interface that lies on it.
   */
  readonly relay:
    | { readonly over: InterfaceSelector | undefined; readonly named: InterfaceSelector | undefined }
    | undefined;
  /** The Interface-Id by which relays name this link. */
  readonly interfaceId: Uint8Array | undefined;
  /** Addresses of the link: for link-addresses of relays, and for Confirm. */
  readonly subnets: readonly AddressRange[];
  readonly pdClasses: readonly PdClass[];
  /** `class` blocks: for IA_NA. */
  readonly addressClasses: readonly AddressClass[];
  /** `ta-class` blocks: for IA_TA. */
  readonly temporaryClasses: readonly AddressClass[];
  /** In the order of the file: the first one that fits a client counts. */
  readonly reservations: readonly Reservation[];
  /** Whether Leasequery is answered that comes in here. */
  readonly leasequery: boolean;
  /** The listener for Leasequery over TCP; undefined for none. */
  readonly bulkLeasequery: BulkLeasequery | undefined;
  /** How fast one source, one relay or one line (Remote-ID) may come by new leases; undefined: no limit. */
  readonly limits: NewLeaseLimits;
  /** How long what was released or has expired is kept from other clients. */
  readonly quarantine: Seconds;
  /** Whether the server sets the route of what is delegated outside of its classes, i.e. of reservations. */
  readonly routes: boolean;
  readonly preference: number;
  readonly rapidCommit: boolean;
  /** Leases of one client before it gets no more. */
  readonly clientMaxLease: number;
  /** `iface-max-lease`: not acted on, only shown. */
  readonly shownMaxLease: number;
  readonly unicast: Ip6 | undefined;
  readonly t1: Range;
  readonly t2: Range;
  readonly preferred: Range;
  readonly valid: Range;
  readonly options: readonly ConfiguredOption[];
  /** Where the block begins in the file. */
  readonly at: Place;
}

/** See RFC 5460 for what the numbers are about; the timeout is for connections that do nothing. */
export interface BulkLeasequery {
  readonly port: number;
  readonly maxConnections: number;
  readonly timeout: Seconds;
}

/** Limits for what is new; leases that exist are extended whatever these say. */
export interface NewLeaseLimits {
  readonly source: Rate | undefined;
  readonly relay: Rate | undefined;
  readonly remoteId: Rate | undefined;
}

/** Clients from `first` to `last`, both included: DUIDs octet by octet, or addresses. */
export interface ClientRange {
  readonly by: "duid" | "address";
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** What `match-if` compares, and how: comparisons in parentheses, joined by `and` and `or`. */
export type Condition =
  | { readonly operator: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly operator: "==" | "contain"; readonly left: Expression; readonly right: Expression };

/** A part of the client's message, as text, that a condition can look at. */
export type ClientField =
  | "client.vendor-spec.en"
  | "client.vendor-spec.data"
  | "client.vendor-class.en"
  | "client.vendor-class.data";

/** A text to compare. */
export type Expression =
  | { readonly field: ClientField }
  | { readonly text: string }
  | { readonly of: Expression; readonly from: number; readonly length: number };

/** Who may use a class: no one that is denied or rejected, and of these only who is on a list that exists. */
export interface Access {
  readonly allow: readonly Condition[];
  readonly deny: readonly Condition[];
  readonly acceptOnly: readonly ClientRange[];
  readonly reject: readonly ClientRange[];
}

/** One `class` or `ta-class`: addresses from these ranges. */
export interface AddressClass {
  readonly ranges: readonly AddressRange[];
  /** Weight in the choice among the classes of a link. */
  readonly share: number;
  /** `class-max-lease`: not acted on, only shown. */
  readonly shownMaxLease: number;
  readonly access: Access;
  readonly t1: Range;
  readonly t2: Range;
  readonly preferred: Range;
  readonly valid: Range;
}

/** Whom a `client` block is about; a Remote-ID is any one of `ids`. */
export type ReservationSelector =
  | { readonly by: "duid"; readonly duid: Duid }
  | { readonly by: "remoteId"; readonly enterprise: number; readonly ids: readonly Uint8Array[] }
  | { readonly by: "linkLocal"; readonly address: Ip6 };

/** One `client` block. Its options, if there are any, are sent instead of the link's. */
export interface Reservation {
  readonly selector: ReservationSelector;
  /** Without host bits. */
  readonly prefix: Prefix | undefined;
  readonly address: Ip6 | undefined;
  readonly options: readonly ConfiguredOption[];
  /** Where the block begins in the file. */
  readonly at: Place;
}

/** One `pd-class`: pools without host bits and all of one length, each cut into prefixes of `length`. */
export interface PdClass {
  readonly pools: readonly Prefix[];
  readonly length: number;
  readonly access: Access;
  /**
   * What is excluded from each delegated prefix (RFC 6603): its bits behind `PdClass.length`, up to its own
   * length, tell which part; undefined for nothing.
   */
  readonly exclude: Prefix | undefined;
  /** `class-max-lease`: not acted on, only shown. */
  readonly shownMaxLease: number;
  /** Whether the server sets the route of each prefix. */
  readonly routes: boolean;
  readonly t1: Range;
  readonly t2: Range;
  readonly preferred: Range;
  readonly valid: Range;
}

/** How the client's DUID is to be made when there is none yet. */
export type DuidType =
  | { readonly kind: "llt" }
  | { readonly kind: "ll" }
  | { readonly kind: "en"; readonly enterprise: number; readonly identifier: Uint8Array };

/** The interfaces among which delegated prefixes are divided: those the system suggests, none, or these. */
export type Downlinks =
  | { readonly mode: "auto" }
  | { readonly mode: "none" }
  | { readonly mode: "list"; readonly names: readonly string[] };

/** What client.conf says. */
export interface ClientConfig {
  readonly log: LogSettings;
  readonly script: string | undefined;
  /** How long a call of the script may take. */
  readonly scriptTimeout: Seconds;
  readonly duidType: DuidType;
  /** With `strict` prefixes are divided as Dibbler 1.0.1 does. */
  readonly compatibility: "strict" | "fixed";
  readonly downlinks: Downlinks;
  /** File for radvd; undefined for none. */
  readonly radvdConfig: string | undefined;
  /** Start afresh, whatever is remembered from the last run. */
  readonly skipConfirm: boolean;
  readonly inactiveMode: boolean;
  /** Take only a server that offers something for every IA. */
  readonly insistMode: boolean;
  readonly reconfigureAccept: boolean;
  /** How long leased addresses are on their interface: 64 makes the kernel take their /64 for on-link. */
  readonly addressLength: 64 | 128;
  /** In the order of the file, those marked `no-config` left out; empty when they are to be searched for. */
  readonly interfaces: readonly ClientInterface[];
  /** What to ask for on every interface there is, but for those `ignored`; undefined where some are named. */
  readonly searched:
    | { readonly asked: Omit<ClientInterface, "selector">; readonly ignored: readonly InterfaceSelector[] }
    | undefined;
}

/** A server, or a client, by the address that its messages come from, or by its DUID. */
export interface AddressOrDuid {
  readonly by: "address" | "duid";
  readonly octets: Uint8Array;
}

/** One `iface` block of the client. */
export interface ClientInterface {
  readonly selector: InterfaceSelector;
  /** Source address of everything sent; the first link-local address when undefined. */
  readonly bindToAddress: Ip6 | undefined;
  readonly rapidCommit: boolean;
  /** Taken before others, whatever preference these have; earlier ones first. */
  readonly preferredServers: readonly AddressOrDuid[];
  /** Their answers are not looked at. */
  readonly rejectedServers: readonly AddressOrDuid[];
  readonly pds: readonly PdRequest[];
  readonly ias: readonly IaRequest[];
  /** Ask for options only, with Information-request. */
  readonly stateless: boolean;
  /** Codes for the Option Request, in the order of the file. */
  readonly requestedOptions: readonly number[];
  /** Options with a value: sent as the client's wish. */
  readonly options: readonly ConfiguredOption[];
  /** Where the block begins in the file. */
  readonly at: Place;
}

/** A prefix to ask for: IAID, wishes, and the times to suggest, undefined for none. */
export interface PdRequest {
  readonly iaid: Iaid;
  readonly hints: readonly PdHint[];
  readonly t1: Seconds | undefined;
  readonly t2: Seconds | undefined;
}

/** A wish for a certain prefix, or with address `::` for a certain length (RFC 8415 18.2.1). */
export interface PdHint {
  readonly prefix: Prefix;
  readonly preferred: Seconds;
  readonly valid: Seconds;
}

/** Addresses to ask for: IAID, wishes, and the times to suggest, undefined for none. */
export interface IaRequest {
  readonly iaid: Iaid;
  readonly hints: readonly AddressHint[];
  readonly t1: Seconds | undefined;
  readonly t2: Seconds | undefined;
}

/** A wish for a certain address (RFC 8415 18.2.1). */
export interface AddressHint {
  readonly address: Ip6;
  readonly preferred: Seconds;
  readonly valid: Seconds;
}
