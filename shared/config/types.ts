import type { Iaid, Seconds } from "../brand.js";
import type { Ip6, Prefix } from "../prefix.js";
import type { Option } from "../wire/options.js";
import type { Place } from "./diagnostics.js";

/**
 * What the log shows and how: level 1 (emergency) to 8 (debug), Dibbler's line form, the name in each line.
 */
export interface LogSettings {
  readonly level: number;
  readonly mode: "full" | "short" | "precise" | "syslog";
  readonly name: string;
  readonly colors: boolean;
}

/** The bounds for a time that the server hands out; `min` is never above `max`. */
export interface Range {
  readonly min: Seconds;
  readonly max: Seconds;
}

/** An interface, by name or by its index in the system. */
export type InterfaceSelector = { readonly name: string } | { readonly index: number };

/** An option made from the configuration, to be sent to whoever asks for it. */
export type ConfiguredOption = Option;

/** What server.conf says. */
export interface ServerConfig {
  readonly log: LogSettings;
  /** The hook script as configured; undefined for none. */
  readonly script: string | undefined;
  /** How long a call of the script may take. */
  readonly scriptTimeout: Seconds;
  /** Whether the script is told at start of every lease that is still live. */
  readonly scriptReplay: boolean;
  /** `strict` asks for Dibbler's own answer wherever ours departs from it visibly. */
  readonly compatibility: "strict" | "fixed";
  /** Serve with the interfaces that are ready and take up the others when they are. */
  readonly inactiveMode: boolean;
  /** In the order of the file; never empty. */
  readonly interfaces: readonly ServerInterface[];
}

/** One `iface` block of the server. Times are for what no class says otherwise. */
export interface ServerInterface {
  readonly selector: InterfaceSelector;
  readonly pdClasses: readonly PdClass[];
  readonly preference: number;
  readonly rapidCommit: boolean;
  /** Leases of one client before it gets no more. */
  readonly clientMaxLease: number;
  readonly unicast: Ip6 | undefined;
  readonly t1: Range;
  readonly t2: Range;
  readonly preferred: Range;
  readonly valid: Range;
  readonly options: readonly ConfiguredOption[];
  /** Where the block begins in the file. */
  readonly at: Place;
}

/** One `pd-class`: pools without host bits and all of one length, each cut into prefixes of `length`. */
export interface PdClass {
  readonly pools: readonly Prefix[];
  readonly length: number;
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
  readonly downlinks: Downlinks;
  /** Start afresh, whatever is remembered from the last run. */
  readonly skipConfirm: boolean;
  readonly inactiveMode: boolean;
  /** Take only a server that offers something for every IA. */
  readonly insistMode: boolean;
  readonly reconfigureAccept: boolean;
  /** In the order of the file, those marked `no-config` left out; never empty. */
  readonly interfaces: readonly ClientInterface[];
}

/** One `iface` block of the client. */
export interface ClientInterface {
  readonly selector: InterfaceSelector;
  /** Source address of everything sent; the first link-local address when undefined. */
  readonly bindToAddress: Ip6 | undefined;
  readonly rapidCommit: boolean;
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

/** An address to ask for. */
export interface IaRequest {
  readonly iaid: Iaid;
}
