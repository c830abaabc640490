import type { Iaid, Millis, Seconds } from "../brand.js";
import { type Duid, duid, formatDuid } from "../duid.js";
import { formatIp6, type Prefix } from "../prefix.js";
import type { IaType } from "./lease.js";
import { escapeXml } from "./xml-text.js";

/** The client that Dibbler keeps declined addresses under: a DUID of one octet. */
export const DECLINED_DUID: Duid = duid(Uint8Array.of(0x58));

/** An IA as Dibbler writes it. */
export interface XmlIa {
  readonly type: IaType;
  readonly iaid: Iaid;
  /** Whom messages go to, where that is not a group; Dibbler leaves it empty otherwise. */
  readonly unicast: string;
  readonly t1: Seconds;
  readonly t2: Seconds;
  /** CONFIGURED, NOTCONFIGURED, INPROCESS, ... */
  readonly state: string;
  readonly interfaceName: string;
  readonly interfaceIndex: number;
  /** The other side in the file of a client, the client itself in that of a server. */
  readonly duid: Duid | undefined;
  readonly leases: readonly XmlLease[];
}

/** A lease in an IA; `since` is Unix time. */
export interface XmlLease {
  readonly prefix: Prefix;
  readonly preferred: Seconds;
  readonly valid: Seconds;
  readonly since: Millis;
}

/** A client with its IAs, element by element as Dibbler 1.0.1 writes it; `comment` is a line of its own. */
export function addrClientText(client: Duid, key: string, ias: readonly XmlIa[], comment = ""): string {
  const own = duidElement(client);
  let text = `  <AddrClient>\n    ${own}\n${comment}    ${key}\n`;
  for (const { type, what, element } of IA_PARTS) {
    let count = 0;
    let some = "";
    for (const ia of ias) {
      if (ia.type !== type) continue;
      const { duid } = ia;
      count += 1;
      some += iaText(ia, element, duid === undefined ? undefined : duid === client ? own : duidElement(duid));
    }
    text += `    <!-- ${count} ${what}(s) -->\n${some}`;
  }
  return `${text}  </AddrClient>\n`;
}

/** The element for a client without Reconfigure key. */
export const NO_KEY = "<ReconfigureKey />";

/** In the order of the file. */
const IA_PARTS = [
  { type: "na", what: "IA", element: "AddrIA" },
  { type: "ta", what: "TA", element: "AddrTA" },
  { type: "pd", what: "PD", element: "AddrPD" },
] as const;

function iaText(
  { type, iaid, unicast, t1, t2, state, leases, interfaceName, interfaceIndex }: XmlIa,
  element: string,
  owner: string | undefined,
): string {
  const times = `unicast="${unicast}" T1="${t1}" T2="${t2}" IAID="${iaid}"`;
  const place = `state="${state}" ifacename="${escapeXml(interfaceName)}" iface="${interfaceIndex}"`;
  const inner = owner === undefined ? "" : `      ${owner}\n`;
  let lines = "";
  for (const lease of leases) lines += `      ${leaseElement(type, lease)}\n`;
  // Of names in the DNS, which are not updated.
  const names = type === "pd" ? "" : "      <!--<fqdnDnsServer>-->\n      <!-- <fqdn>-->\n";
  return `    <${element} ${times} ${place}>\n${inner}${lines}${names}    </${element}>\n`;
}

function leaseElement(type: IaType, { prefix, since, preferred, valid }: XmlLease): string {
  // To the nearest, so that a time which was read from such a file is the same again.
  const times = `timestamp="${Math.round(since / 1000)}" pref="${preferred}" valid="${valid}"`;
  const address = formatIp6(prefix.address);
  if (type === "pd") return `<AddrPrefix ${times} length="${prefix.length}">${address}</AddrPrefix>`;
  return `<AddrAddr ${times} prefix="${prefix.length}">${address}</AddrAddr>`;
}

const duidElement = (duid: Duid): string => `<duid length="${duid.length}">${formatDuid(duid)}</duid>`;
