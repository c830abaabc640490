import type { Iaid, Millis, Seconds } from "../brand.js";
import type { Duid } from "../duid.js";
import type { Ip6, Prefix } from "../prefix.js";
import type { IaType, LeaseState } from "./lease.js";

/** A lease as the file of another server tells of it. */
export interface ForeignLease {
  /** Where it stands in the file, counted from 1. */
  readonly line: number;
  readonly iaType: IaType;
  readonly duid: Duid;
  /** Who granted it, in the file of a client. */
  readonly server?: Duid | undefined;
  readonly iaid: Iaid;
  /** As written: bits beyond the length may be set. */
  readonly prefix: Prefix;
  /** Offers are not in files. */
  readonly state: Exclude<LeaseState, "offered">;
  readonly preferred: Seconds;
  readonly valid: Seconds;
  readonly t1: Seconds;
  readonly t2: Seconds;
  /** When it was granted or extended last, and when it ends (`Infinity` for never): Unix time. */
  readonly since: Millis;
  readonly until: Millis;
  /** The interface by name and by number, as far as the file says. */
  readonly interfaceName: string | undefined;
  readonly interfaceIndex: number | undefined;
  /** Whom answers went to: the client, or the relay that talks to the server. */
  readonly nextHop: Ip6 | undefined;
  /** The Reconfigure key, 16 octets. */
  readonly key: Uint8Array | undefined;
}

/** Something in a file that no lease came out of. */
export interface FilePassage {
  /** Counted from 1; 0 when it is about the file as a whole. */
  readonly line: number;
  /**
   * `unreadable`: a lease may have been lost there. `left out`: understood, and nothing that has to be kept.
   * `adapted`: taken over, but not quite as it is written.
   */
  readonly kind: "unreadable" | "left out" | "adapted";
  /** What is the matter, as the end of a sentence. */
  readonly text: string;
}

/** Whom the reader of a file tells what it finds, in the order of the file. */
export interface ForeignSink {
  readonly lease: (lease: ForeignLease) => void;
  readonly passage: (passage: FilePassage) => void;
  /** Is told the DUID of the server, if the file says it. */
  readonly server?: (duid: Duid) => void;
}

/** Reads a file bit by bit: `push` takes the text in pieces of any length, `end` the fact that it is over. */
export interface ForeignReader {
  readonly push: (text: string) => void;
  readonly end: () => void;
}

/** When the file was read, and when its author wrote it, as the file system says: Unix time. */
export interface ReadTimes {
  readonly now: Millis;
  readonly written: Millis;
}
