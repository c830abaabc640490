import { iaid, type Millis, seconds } from "../brand.js";
import { DUID_OCTETS, type Duid, parseDuid, sameDuid } from "../duid.js";
import { type Ip6, isUnspecified, parseIp6 } from "../prefix.js";
import { DECLINED_DUID } from "./addrmgr-text.js";
import { timeOf } from "./addrmgr-time.js";
import { parseU32 } from "./decimal.js";
import type { FilePassage, ForeignLease, ForeignSink } from "./foreign.js";
import type { IaType } from "./lease.js";
import { KEY_OCTETS } from "./record-tail.js";
import { attributeOf, elementsIn, strangersIn, textOf, type XmlElement } from "./xml-elements.js";
import { unescapeXml } from "./xml-text.js";

/** What an `AddrClient` element is read with. */
export interface ClientContext {
  readonly sink: ForeignSink;
  readonly now: Millis;
  /** When the file was written. */
  readonly written: Millis;
  /** The line of a place in the text of the element. */
  readonly lineAt: (at: number) => number;
}

/** The elements for IAs, what their leases are called, and the type. Dibbler's own reader skips `AddrTA`. */
const IA_ELEMENTS: readonly (readonly [ia: string, lease: string, iaType: IaType])[] = [
  ["AddrIA", "AddrAddr", "na"],
  ["AddrTA", "AddrAddr", "ta"],
  ["AddrPD", "AddrPrefix", "pd"],
];

const CLIENT_PARTS: ReadonlySet<string> = new Set(["duid", "ReconfigureKey", "AddrIA", "AddrTA", "AddrPD"]);
const IA_PARTS: ReadonlySet<string> = new Set(["duid", "AddrAddr", "AddrPrefix", "fqdn", "fqdnDnsServer"]);

/** Reads one client: tells the sink of its leases, and of what is wrong with it. */
export function readClient(client: XmlElement, context: ClientContext): void {
  const report: Report = (element, kind, text) => {
    context.sink.passage({ line: context.lineAt(element.at), kind, text });
  };
  const owner = ownerOf(client, report);
  if (owner === undefined) return;
  const reportStrangers = (parent: XmlElement, known: ReadonlySet<string>): void => {
    const [name] = strangersIn(parent, known);
    if (name !== undefined) report(parent, "unreadable", `${name} does not belong here`);
  };
  reportStrangers(client, CLIENT_PARTS);
  for (const [iaName, leaseName, iaType] of IA_ELEMENTS) {
    for (const ia of elementsIn(client, iaName)) {
      const basis = iaOf(ia, iaType, owner);
      reportStrangers(ia, IA_PARTS);
      for (const element of elementsIn(ia, leaseName)) {
        const lease = leaseOf(element, basis, context, report);
        if (typeof lease === "object") context.sink.lease(lease);
        else report(element, lease.startsWith("zero") ? "left out" : "unreadable", WHY[lease]);
      }
    }
  }
}

type Report = (element: XmlElement, kind: FilePassage["kind"], text: string) => void;
type Owner = Pick<ForeignLease, "duid" | "key" | "state">;
type IaFacts = "iaType" | "server" | "t1" | "t2" | "interfaceName" | "interfaceIndex" | "nextHop";
type Ia = Pick<ForeignLease, IaFacts> & {
  readonly owner: Owner;
  readonly iaid: number | undefined;
};

/** Why a lease element gives no lease. */
type Refusal = "address" | "length" | "number" | "iaid" | "zero valid" | "zero timestamp";

const WHY: Readonly<Record<Refusal, string>> = {
  address: "a lease without an IPv6 address",
  length: "a prefix without a length from 1 to 128",
  number: "a lease whose timestamp or lifetimes are no numbers",
  iaid: "a lease of an IA without IAID",
  "zero valid": "a lease whose valid lifetime is 0",
  "zero timestamp": "a lease whose timestamp is 0",
};

const NOTES = {
  "since boot": "counted from the boot of the machine: taken to begin when the file was written",
  ahead: "begins in the future: taken to begin now",
} as const;

function ownerOf(client: XmlElement, report: Report): Owner | undefined {
  const [element] = elementsIn(client, "duid");
  const text = element === undefined ? "" : textOf(element);
  if (text === "58") return { duid: DECLINED_DUID, key: undefined, state: "declined" };
  const value = parseDuid(text);
  if (value !== undefined) return { duid: value, key: keyOf(client, report), state: "bound" };
  const octets = `${DUID_OCTETS.min} to ${DUID_OCTETS.max} octets`;
  report(element ?? client, "unreadable", `a client without a DUID of ${octets}`);
  return undefined;
}

function keyOf(client: XmlElement, report: Report): Uint8Array | undefined {
  const [element] = elementsIn(client, "ReconfigureKey");
  const text = element === undefined ? "" : textOf(element);
  if (element === undefined || text === "") return undefined;
  const key = parseDuid(text);
  if (key?.length === KEY_OCTETS) return key;
  report(element, "adapted", "has a Reconfigure key that is not 16 octets long: taken without it");
  return undefined;
}

function iaOf(ia: XmlElement, iaType: IaType, owner: Owner): Ia {
  const name = attributeOf(ia, "ifacename");
  return {
    owner,
    iaType,
    server: serverOf(ia, owner),
    iaid: u32(ia, "IAID"),
    t1: seconds(u32(ia, "T1") ?? 0),
    t2: seconds(u32(ia, "T2") ?? 0),
    interfaceName: name === undefined || name === "" ? undefined : unescapeXml(name),
    interfaceIndex: u32(ia, "iface"),
    nextHop: addressOf(attributeOf(ia, "unicast")),
  };
}

/** The DUID in an IA: Dibbler's client names the server there, Dibbler's server the client once more. */
function serverOf(ia: XmlElement, { duid: client }: Owner): Duid | undefined {
  const [element] = elementsIn(ia, "duid");
  const inner = element === undefined ? undefined : parseDuid(textOf(element));
  return inner === undefined || sameDuid(inner, client) ? undefined : inner;
}

function leaseOf(
  element: XmlElement,
  { owner, iaid: id, ...ia }: Ia,
  { now, written, lineAt }: ClientContext,
  report: Report,
): ForeignLease | Refusal {
  const address = addressOf(textOf(element));
  if (address === undefined) return "address";
  const length = ia.iaType === "pd" ? lengthOf(element) : 128;
  if (length === undefined) return "length";
  const timestamp = secondsOf(attributeOf(element, "timestamp"));
  const [preferred, valid] = [u32(element, "pref"), u32(element, "valid")];
  if (timestamp === undefined || preferred === undefined || valid === undefined) return "number";
  if (id === undefined) return "iaid";
  if (valid === 0) return "zero valid";
  if (timestamp === 0) return "zero timestamp";
  const { basis, ...time } = timeOf(timestamp, seconds(valid), written, now);
  if (basis !== "written") report(element, "adapted", NOTES[basis]);
  return {
    line: lineAt(element.at),
    ...owner,
    ...ia,
    iaid: iaid(id),
    prefix: { address, length },
    preferred: seconds(Math.min(preferred, valid)),
    valid: seconds(valid),
    ...time,
  };
}

function addressOf(text: string | undefined): Ip6 | undefined {
  const address = parseIp6(text ?? "");
  return address === undefined || isUnspecified(address) ? undefined : address;
}

function lengthOf(element: XmlElement): number | undefined {
  const length = u32(element, "length") ?? u32(element, "prefix");
  return length !== undefined && length >= 1 && length <= 128 ? length : undefined;
}

const secondsOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined;

function u32(element: XmlElement, name: string): number | undefined {
  const text = attributeOf(element, name);
  return text === undefined ? undefined : parseU32(text);
}
