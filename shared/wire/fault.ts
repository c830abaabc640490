/** What can be wrong with a datagram. The codes are stable: logs, counters and tests name them. */
export type FaultCode =
  /** Shorter than the header of its message type. */
  | "message-short"
  /** More octets than a datagram or a TCP frame can carry. */
  | "message-long"
  /** Relay headers nested deeper than `MAX_RELAY_HEADERS`. */
  | "relay-depth"
  /** More options in the datagram than `MAX_OPTIONS`. */
  | "option-count"
  /** More values in the lists of the datagram than `MAX_VALUES`. */
  | "value-count"
  /** Option containers nested deeper than `MAX_OPTION_DEPTH`. */
  | "option-depth"
  /** One to three octets where an option header should stand. */
  | "option-header"
  /** An option longer than what is left of its container. */
  | "option-overrun"
  /** A singleton option that stands again in the same container; the first one counts. */
  | "option-repeated"
  /** Option data that end before their layout does. */
  | "option-short"
  /** Option data that go on after their layout has ended. */
  | "option-long"
  /** A domain name that breaks RFC 8415 10. */
  | "domain-name"
  /** A prefix length beyond its address family. */
  | "prefix-length"
  /** A PD Exclude option that does not fit the prefix around it (RFC 6603 4.2). */
  | "prefix-exclude";

/**
 * One thing wrong: what, at which octet of the datagram, and in which option (its code) when it was in one.
 */
export interface Fault {
  readonly code: FaultCode;
  readonly offset: number;
  readonly option?: number;
}

/** Relay headers in one datagram: hop counts 0..8 (RFC 8415 7.6, HOP_COUNT_LIMIT). */
export const MAX_RELAY_HEADERS = 9;
/** Levels of options inside options, the message's own being the first. */
export const MAX_OPTION_DEPTH = 8;
/** Options in one datagram, nested ones included: more than 64 KiB of bindings have. */
export const MAX_OPTIONS = 4096;
/**
 * Values in the lists of one datagram, such as the items of User Class and the names of Domain List, but for
 * plain codes: more than 64 KiB of addresses have. Without a limit 64 KiB of zeros would be 65,519 names
 * (RFC 8415 10) and take 8 MiB.
 */
export const MAX_VALUES = 4096;
/** Octets of one message: what the 16-bit size of a TCP frame can say (a UDP payload has 65527 at most). */
export const MAX_MESSAGE_OCTETS = 65535;

/** Octets that a UDP datagram over IPv6 can carry, unless it is a jumbogram. */
export const DATAGRAM_OCTETS = 65_527;
