import type { Iaid } from "../shared/brand.js";
import type { IaType } from "../shared/lease/lease.js";
import { isUnspecified, type Ip6, type Prefix } from "../shared/prefix.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import { type IaNa, type KnownOption, option, type Option } from "../shared/wire/options.js";
import type { Lifetimes, Timers } from "./lifetimes.js";

/** An IA_NA or IA_PD of a client's message. */
export interface IaAsked {
  readonly type: IaType;
  readonly iaid: Iaid;
  /** The prefixes (or addresses, as /128) it names, as on the wire: they may have host bits. */
  readonly named: readonly Prefix[];
  /** The length it would like: of an IAPREFIX `::/length`, else of the first prefix named (RFC 8168 3.2). */
  readonly length: number | undefined;
  /** The lifetimes of the first IAPREFIX or IAADDR, 0 meaning no wish. */
  readonly lifetimes: Lifetimes | undefined;
}

/** The IAs of a message, and how many were left aside because there were too many. */
export interface IasAsked {
  readonly ias: readonly IaAsked[];
  readonly ignored: number;
}

/** A lease to put into an answer; both lifetimes 0 tell the client to stop using it. */
export interface LeaseAnswer extends Lifetimes {
  readonly prefix: Prefix;
}

/** IAs of one message that are answered: with all that is in them the answer fits into a datagram. */
export const IA_LIMIT = 512;
/** Prefixes of one IA that are looked at. */
export const NAMED_LIMIT = 16;

/**
 * Reads the IAs that this server can serve, in their order; a second IA with the type and IAID of another
 * is void.
 */
export function readIas({ options }: ClientServerMessage): IasAsked {
  const ias: IaAsked[] = [];
  let ignored = 0;
  for (const candidate of options) {
    if (candidate.name !== "iaPd" && candidate.name !== "iaNa") continue;
    const type = candidate.name === "iaPd" ? "pd" : "na";
    if (ias.some((ia) => ia.iaid === candidate.value.iaid && ia.type === type)) continue;
    if (ias.length < IA_LIMIT) ias.push(readIa(type, candidate.value));
    else ignored += 1;
  }
  return { ias, ignored };
}

/** An IA for an answer. */
export function writeIa(
  ia: IaAsked,
  { t1, t2 }: Timers,
  leases: readonly LeaseAnswer[],
  status: KnownOption<"statusCode"> | undefined,
): Option {
  const options: Option[] = leases.map((lease) => writeLease(ia.type, lease));
  if (status !== undefined) options.push(status);
  return option(ia.type === "pd" ? "iaPd" : "iaNa", { iaid: ia.iaid, t1, t2, options });
}

function writeLease(type: IaType, { prefix, preferred, valid }: LeaseAnswer): Option {
  if (type === "pd") return option("iaPrefix", { prefix, preferred, valid, options: [] });
  return option("iaAddr", { address: prefix.address, preferred, valid, options: [] });
}

function readIa(type: IaType, { iaid, options }: IaNa): IaAsked {
  const named: Prefix[] = [];
  let length: number | undefined;
  let lifetimes: Lifetimes | undefined;
  for (const candidate of options) {
    if (candidate.name !== (type === "pd" ? "iaPrefix" : "iaAddr")) continue;
    const { preferred, valid } = candidate.value;
    // RFC 8415 21.6, 21.22: not a lease. With valid 0 it is one whose lifetimes the client leaves to the
    // server.
    if (preferred > valid && valid > 0) continue;
    const prefix = "prefix" in candidate.value ? candidate.value.prefix : host(candidate.value.address);
    lifetimes ??= { preferred, valid };
    if (isUnspecified(prefix.address)) {
      if (prefix.length > 0) length ??= prefix.length;
    } else if (named.length < NAMED_LIMIT && prefix.length > 0) named.push(prefix);
  }
  return { type, iaid, named, length: length ?? named[0]?.length, lifetimes };
}

const host = (address: Ip6): Prefix => ({ address, length: 128 });
