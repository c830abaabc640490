import type { Iaid } from "../shared/brand.js";
import type { IaType } from "../shared/lease/lease.js";
import { appended } from "../shared/lists.js";
import { isUnspecified, type Ip6, type Prefix } from "../shared/prefix.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import { decodeExclude, encodeExclude } from "../shared/wire/prefix-exclude.js";
import { find, type IaNa, type KnownOption, option, type Option } from "../shared/wire/options.js";
import type { Lifetimes, Timers } from "./lifetimes.js";

/** A prefix that a client names, or an address as /128; as on the wire, so it may have host bits. */
export interface NamedPrefix extends Prefix {
  /** What the client says is excluded from it (RFC 6603). */
  readonly excluded: Prefix | undefined;
}

/** An IA_NA, IA_TA or IA_PD of a client's message. */
export interface IaAsked {
  readonly type: IaType;
  readonly iaid: Iaid;
  readonly named: readonly NamedPrefix[];
  /** The length it would like: of an IAPREFIX `::/length`, else of the first prefix named (RFC 8168 3.2). */
  readonly length: number | undefined;
  /** The lifetimes of the first IAPREFIX or IAADDR, 0 meaning no wish. */
  readonly lifetimes: Lifetimes | undefined;
  /** The client's own T1 and T2, of which RFC 8415 21.21 has a server take no notice; IA_TA has none. */
  readonly timers: Timers | undefined;
}

/** The IAs of a message, and how many were left aside because there were too many. */
export interface IasAsked {
  readonly ias: readonly IaAsked[];
  readonly ignored: number;
}

/** A lease to put into an answer; both lifetimes 0 tell the client to stop using it. */
export interface LeaseAnswer extends Lifetimes {
  readonly prefix: Prefix;
  /** The part of it that is not delegated. */
  readonly excluded?: Prefix | undefined;
}

/** IAs of one message that are answered: with all that is in them the answer fits into a datagram. */
export const IA_LIMIT = 512;
/** Prefixes of one IA that are looked at. */
export const NAMED_LIMIT = 16;

const NO_OPTIONS: readonly Option[] = [];
const NO_NAMED: readonly NamedPrefix[] = [];

const IA_OPTION = { pd: "iaPd", na: "iaNa" } as const;
const IA_TYPE = { iaPd: "pd", iaNa: "na", iaTa: "ta" } as const;

/**
 * Reads the IAs of these types, in their order; a second IA with the type and IAID of another is void. Types
 * that are left out are not answered at all.
 */
export function readIas({ options }: ClientServerMessage, types: readonly IaType[]): IasAsked {
  let ias: IaAsked[] | undefined;
  let ignored = 0;
  for (const candidate of options) {
    const ia = readOption(candidate, types);
    if (ia === undefined || (ias !== undefined && isAmong(ias, ia))) continue;
    if (ias === undefined || ias.length < IA_LIMIT) ias = appended(ias, ia);
    else ignored += 1;
  }
  return { ias: ias ?? [], ignored };
}

const isAmong = (ias: readonly IaAsked[], { iaid, type }: IaAsked): boolean =>
  ias.some((ia) => ia.iaid === iaid && ia.type === type);

/** An IA for an answer. */
export function writeIa(
  { type, iaid }: IaAsked,
  { t1, t2 }: Timers,
  leases: readonly LeaseAnswer[],
  status: KnownOption<"statusCode"> | undefined,
): Option {
  const options = writeLeases(type, leases, status);
  if (type === "ta") return option("iaTa", { iaid, options });
  return option(IA_OPTION[type], { iaid, t1, t2, options });
}

function writeLeases(
  type: IaType,
  leases: readonly LeaseAnswer[],
  status: KnownOption<"statusCode"> | undefined,
): readonly Option[] {
  const [first] = leases;
  // As a rule: an array of two from the beginning costs a third of one that grows.
  if (leases.length === 1 && first !== undefined && status !== undefined) {
    return [writeLease(type, first), status];
  }
  const options: Option[] = leases.map((lease) => writeLease(type, lease));
  if (status !== undefined) options.push(status);
  return options;
}

function writeLease(type: IaType, { prefix, excluded, preferred, valid }: LeaseAnswer): Option {
  if (type !== "pd")
    return option("iaAddr", { address: prefix.address, preferred, valid, options: NO_OPTIONS });
  const options =
    excluded === undefined ? NO_OPTIONS : [option("pdExclude", encodeExclude(prefix, excluded))];
  return option("iaPrefix", { prefix, preferred, valid, options });
}

function readOption(candidate: Option, types: readonly IaType[]): IaAsked | undefined {
  switch (candidate.name) {
    case "iaPd":
    case "iaNa":
    case "iaTa": {
      const type = IA_TYPE[candidate.name];
      if (!types.includes(type)) return undefined;
      return readIa(type, candidate.value, candidate.name === "iaTa" ? undefined : candidate.value);
    }
    default:
      return undefined;
  }
}

function readIa(
  type: IaType,
  { iaid, options }: Pick<IaNa, "iaid" | "options">,
  timers: Timers | undefined,
): IaAsked {
  let named: NamedPrefix[] | undefined;
  let length: number | undefined;
  let lifetimes: Lifetimes | undefined;
  for (const candidate of options) {
    const lease = readLease(type, candidate);
    if (lease === undefined) continue;
    const { preferred, valid } = lease;
    // RFC 8415 21.6, 21.22: not a lease. With valid 0 it is one whose lifetimes the client leaves to the
    // server.
    if (preferred > valid && valid > 0) continue;
    lifetimes ??= { preferred, valid };
    if (isUnspecified(lease.prefix.address)) {
      if (lease.prefix.length > 0) length ??= lease.prefix.length;
    } else if ((named?.length ?? 0) < NAMED_LIMIT && lease.prefix.length > 0) {
      const { address, length: bits } = lease.prefix;
      named = appended(named, { address, length: bits, excluded: lease.excluded });
    }
  }
  return { type, iaid, named: named ?? NO_NAMED, length: length ?? named?.[0]?.length, lifetimes, timers };
}

function readLease(type: IaType, candidate: Option): LeaseAnswer | undefined {
  if (type !== "pd") {
    if (candidate.name !== "iaAddr") return undefined;
    const { address, preferred, valid } = candidate.value;
    return { prefix: host(address), preferred, valid };
  }
  if (candidate.name !== "iaPrefix") return undefined;
  const { prefix, preferred, valid, options } = candidate.value;
  const exclude = find(options, "pdExclude");
  return { prefix, excluded: exclude && decodeExclude(prefix, exclude), preferred, valid };
}

const host = (address: Ip6): Prefix => ({ address, length: 128 });
