import { type Duid, formatDuid, parseDuid } from "../duid.js";
import { formatIp6, type Ip6, parseIp6 } from "../prefix.js";

/** What a client had that it may like to have again; Dibbler notes neither IAID nor length. */
export interface CacheEntry {
  readonly type: "addr" | "prefix";
  readonly client: Duid;
  readonly address: Ip6;
}

/** The entries of a server-cache.xml that can be read, oldest first, and how many cannot. */
export function parseCache(text: string): { readonly entries: readonly CacheEntry[]; readonly bad: number } {
  const entries: CacheEntry[] = [];
  let bad = 0;
  for (const [, attributes = "", content = ""] of text.matchAll(/<entry\b([^>]*)>([^<]*)/g)) {
    const entry = readEntry(attributes, content);
    if (entry === undefined) bad++;
    else entries.push(entry);
  }
  return { entries, bad };
}

function readEntry(attributes: string, content: string): CacheEntry | undefined {
  const client = parseDuid(/\bduid="([^"]*)"/.exec(attributes)?.[1] ?? "");
  const address = parseIp6(content.trim());
  // Without a type it is an address.
  const type = /\btype="([^"]*)"/.exec(attributes)?.[1] ?? "addr";
  if (client === undefined || address === undefined || (type !== "addr" && type !== "prefix"))
    return undefined;
  return { type, client, address };
}

/** The text of a server-cache.xml, piece by piece. */
export function* renderCache(entries: readonly CacheEntry[]): Generator<string> {
  yield `<cache size="${entries.length}">\n`;
  for (const { type, client, address } of entries) {
    yield `  <entry type="${type}" duid="${formatDuid(client)}">${formatIp6(address)}</entry>\n`;
  }
  yield "</cache>\n";
}
