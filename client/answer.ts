import { ip6, formatPrefix, masked, overlaps, type Prefix } from "../shared/prefix.js";
import { STATUS } from "../shared/wire/codes.js";
import { codeOf, findAll, find, OPTIONS, type Option, type OptionValue } from "../shared/wire/options.js";
import { decodeExclude } from "../shared/wire/prefix-exclude.js";
import {
  type Grant,
  type IaAnswer,
  type IaName,
  iaText,
  includesPrefix,
  leaseText,
  sameIa,
} from "./binding.js";

/** A Status Code option, with the text made fit for a log. */
export interface Status {
  readonly code: number;
  readonly text: string;
}

/** The answers to the IAs asked for, and what of the message was left aside and why (for the log). */
export interface Answers {
  readonly status: Status;
  readonly ias: readonly IaAnswer[];
  readonly faults: readonly string[];
}

/**
 * Reads what an Advertise or Reply says about the IAs `asked` for. Unknown IAs are ignored, IAs whose T1 is
 * beyond T2 count as not sent, leases with a preferred above the valid lifetime and prefixes that nobody can
 * delegate are left out, bits beyond the prefix length are cleared (RFC 8415 18.2.10.1, 21.4, 21.6, 21.21,
 * 21.22).
 */
export function readAnswers(options: readonly Option[], asked: readonly IaName[]): Answers {
  const faults: string[] = [];
  const ias: IaAnswer[] = [];
  for (const ia of sentIas(options)) {
    const name = iaText(ia);
    if (!asked.some((other) => sameIa(other, ia))) faults.push(`${name} was not asked for`);
    else if (ias.some((other) => sameIa(other, ia))) faults.push(`${name} is there twice`);
    else if (ia.t2 !== 0 && ia.t1 > ia.t2) faults.push(`${name}: T1 ${ia.t1} is beyond T2 ${ia.t2}`);
    else ias.push(readIa(ia, faults));
  }
  return { status: statusOf(options), ias, faults };
}

/** The status of a message or of an IA; Success when it has none (RFC 8415 21.13). */
export function statusOf(options: readonly Option[]): Status {
  const found = find(options, "statusCode");
  if (found === undefined) return { code: STATUS.success, text: "" };
  return { code: found.status, text: printable(found.text) };
}

/** True when the IA brings something to use. */
export const isServed = (answer: IaAnswer): boolean => answer.grants.length > 0;

/** Where no delegated prefix can lie: loopback and the unspecified address, link-local, multicast. */
const UNUSABLE: readonly Prefix[] = [
  { address: ip6(new Uint8Array(16)), length: 64 },
  { address: ip6(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), length: 10 },
  { address: ip6(Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), length: 8 },
];

/**
 * The unreachable route of a shorter one would cut us off from most of the world, which is all that whoever
 * sends it can want: registries hand out nothing larger to anybody.
 */
const SHORTEST = 16;

/** An IA of either kind as it stands in a message; its leases come as prefixes. */
interface SentIa extends IaName, Pick<OptionValue<"iaPd">, "t1" | "t2" | "options"> {
  readonly leases: readonly (Grant & { readonly options: readonly Option[] })[];
}

function sentIas(options: readonly Option[]): readonly SentIa[] {
  const addresses = findAll(options, "iaNa").map(
    (ia): SentIa => ({
      ...ia,
      kind: "na",
      leases: findAll(ia.options, "iaAddr").map(({ address, ...rest }) => ({
        ...rest,
        prefix: { address, length: 128 },
      })),
    }),
  );
  const prefixes = findAll(options, "iaPd").map(
    (ia): SentIa => ({
      ...ia,
      kind: "pd",
      leases: findAll(ia.options, "iaPrefix"),
    }),
  );
  return [...addresses, ...prefixes];
}

function readIa(ia: SentIa, faults: string[]): IaAnswer {
  const { code: status, text: statusText } = statusOf(ia.options);
  const grants: Grant[] = [];
  const withdrawn: Prefix[] = [];
  for (const offered of ia.leases) {
    const lease = { ...offered, prefix: masked(offered.prefix) };
    const fault = faultOf(lease);
    const known = includesPrefix([...withdrawn, ...grants.map(({ prefix }) => prefix)], lease.prefix);
    if (fault !== undefined) faults.push(`${iaText(ia)}: ${leaseText(ia, offered.prefix)} ${fault}`);
    else if (known) faults.push(`${iaText(ia)}: ${leaseText(ia, lease.prefix)} is there twice`);
    else if (lease.valid === 0) withdrawn.push(lease.prefix);
    else if (status === STATUS.success && statusOf(offered.options).code === STATUS.success) {
      const { prefix, preferred, valid, options } = lease;
      const exclude = excludedFrom(prefix, options);
      if (exclude === "unusable") {
        faults.push(`${iaText(ia)}: ${leaseText(ia, prefix)} has a PD Exclude that does not fit it`);
      }
      grants.push({ prefix, preferred, valid, exclude: exclude === "unusable" ? undefined : exclude });
    }
  }
  const { kind, iaid, t1, t2 } = ia;
  return { kind, iaid, status, statusText, t1, t2, grants, withdrawn };
}

/** What the server keeps of a delegated prefix; an option that does not fit says nothing (RFC 6603 4.2). */
function excludedFrom(prefix: Prefix, options: readonly Option[]): Prefix | undefined | "unusable" {
  const found = find(options, "pdExclude");
  if (found !== undefined) return decodeExclude(prefix, found) ?? "unusable";
  return options.some((one) => codeOf(one) === OPTIONS.pdExclude.code) ? "unusable" : undefined;
}

function faultOf({ prefix, preferred, valid }: Grant): string | undefined {
  if (preferred > valid) return `has a preferred lifetime ${preferred} above its valid lifetime ${valid}`;
  if (prefix.length < SHORTEST) return `is not usable: no network is delegated a /${prefix.length}`;
  const clash = UNUSABLE.find((range) => overlaps(range, prefix));
  return clash === undefined ? undefined : `is not usable: it overlaps ${formatPrefix(clash)}`;
}

/** UTF-8 text of a stranger, without control characters. */
function printable(text: Uint8Array): string {
  return new TextDecoder().decode(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
