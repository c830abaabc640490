import { createAddrMgrReader } from "./addrmgr-xml.js";
import type { ForeignReader, ForeignSink, ReadTimes } from "./foreign.js";
import { createIscReader } from "./isc-leases.js";
import { createKeaReader } from "./kea-csv.js";

/** Files of leases that can be read. */
export const FOREIGN_FORMATS = {
  kea: { name: "kea-leases6.csv of Kea", make: createKeaReader },
  isc: { name: "dhcpd6.leases of ISC dhcpd", make: createIscReader },
  dibbler: { name: "server-AddrMgr.xml of Dibbler", make: createAddrMgrReader },
} as const satisfies Record<
  string,
  { readonly name: string; readonly make: (sink: ForeignSink, times: ReadTimes) => ForeignReader }
>;

/** Name of a format. */
export type ForeignFormat = keyof typeof FOREIGN_FORMATS;

/** What a file is that begins like this; `undefined` when it is none of them. */
export function formatOf(beginning: string): ForeignFormat | undefined {
  const text = beginning.trimStart();
  if (/^[a-z_, ]*\baddress,duid,/.test(text)) return "kea";
  if (text.includes("<AddrMgr>")) return "dibbler";
  const statement = /^(authoring-byte-order|server-duid|default-duid|ia-(pd|na|ta) "|lease )/m;
  return statement.test(text) ? "isc" : undefined;
}
