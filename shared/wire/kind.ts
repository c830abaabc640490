import type { Reader, Writer } from "./bytes.js";
import type { Fault } from "./fault.js";

/** How the data of an option are laid out: from octets to a value and back, and to text for people. */
export interface Kind<T> {
  /**
   * Reads exactly the reader's window; leaves a fault in the reader when the octets do not fit the layout.
   */
  decode(reader: Reader): T;
  /** Appends the value; for a decoded value these are the octets it came from. */
  encode(writer: Writer, value: T): void;
  /** The value for people, and what is nested in it. */
  print(value: T): Printed;
}

/** Text of one thing and of the things inside it, to be laid out on one line or as a tree. */
export interface Printed {
  readonly text: string;
  readonly children?: readonly Printed[];
}

/**
 * An option kept as octets: of an unassigned code, or of a known one whose data break its layout (`fault`).
 */
export interface RawOption {
  readonly name: "raw";
  readonly code: number;
  readonly data: Uint8Array;
  readonly fault?: Fault;
  /** What the octets are, where whoever made the option knows it. */
  readonly format?: RawFormat;
}

/** Formats of options that are given by their number. */
export type RawFormat = "octets" | "text" | "address" | "addresses";

/** A value that holds options besides its own fields. */
export interface Holding<O> {
  readonly options: readonly O[];
}

/**
 * Reads, writes and prints a run of options `O`; how a kind holds options without knowing the option table.
 */
export interface OptionList<O> {
  decode(reader: Reader): readonly O[];
  encode(writer: Writer, options: readonly O[]): void;
  print(options: readonly O[]): readonly Printed[];
}
