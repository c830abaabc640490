import { millis, type Millis } from "../../../shared/brand.js";
import { createAddrMgrReader } from "../../../shared/lease/addrmgr-xml.js";
import { parseCache, renderCache } from "../../../shared/lease/cache-xml.js";
import { decodeRecord, encodeRecord } from "../../../shared/lease/record.js";
import type { FilePassage, ForeignLease, ForeignSink, ReadTimes } from "../../../shared/lease/foreign.js";
import { FOREIGN_FORMATS, formatOf } from "../../../shared/lease/foreign-file.js";
import { createIscReader } from "../../../shared/lease/isc-leases.js";
import { createKeaReader } from "../../../shared/lease/kea-csv.js";
import { changeFor } from "../../../shared/lease/changes.js";
import { createLeaseTable } from "../../../shared/lease/table.js";
import { createServerState } from "../../../server/engine.js";
import { importLeases } from "../../../server/import.js";
import { createNetwork } from "../../../server/links.js";
import { takeOverFile, type TextFile } from "../../../server/take-over.js";
import { recallCache } from "../../../server/views.js";
import { hmacMd5 } from "../../hmac.js";
import { readFormer } from "../../../client/take-over.js";
import { configure, iface, pdClass, SERVER_ID } from "../../server/settings.js";
import { CLIENT } from "../../client/workbench.js";
import { fileXml, clientXml } from "../../lease/addrmgr.js";
import { filesOf } from "../seeds.js";
import { must, octetsOf, target, textOf } from "../target.js";

const NOW = millis(1_795_545_600_000);
const TIMES: ReadTimes = { now: NOW, written: millis(NOW - 60_000) };
const INTERFACES = new Map([
  ["eth0", 2],
  ["eth1", 3],
]);
const CONFIG = configure([iface("eth0", [pdClass(56, ["2001:db8::/32"])]), iface("eth1", [])]);

type Make = (sink: ForeignSink, times: ReadTimes) => { push: (text: string) => void; end: () => void };

interface Told {
  readonly leases: readonly ForeignLease[];
  readonly passages: readonly FilePassage[];
}

function readIn(make: Make, text: string, piece: number): Told {
  const leases: ForeignLease[] = [];
  const passages: FilePassage[] = [];
  const reader = make(
    { lease: (each) => void leases.push(each), passage: (each) => void passages.push(each) },
    TIMES,
  );
  for (let at = 0; at < text.length; at += piece) reader.push(text.slice(at, at + piece));
  reader.end();
  return { leases, passages };
}

/** The same however the file is cut; lines within the file; leases that can be held. */
function checkReader(make: Make, text: string): void {
  const told = readIn(make, text, text.length + 1);
  const cut = readIn(make, text, text.length > 2000 ? 97 : 7);
  must(JSON.stringify(cut, plain) === JSON.stringify(told, plain), "the same in pieces", {
    whole: told,
    cut,
  });
  const lines = text.split("\n").length;
  for (const { line } of told.passages) must(line >= 0 && line <= lines, "a line of the file", line);
  for (const { text: said } of told.passages) must(!/\p{Cc}/u.test(said), "no control character", said);
  for (const lease of told.leases) checkLease(lease, lines);
}

const plain = (_name: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value === Infinity ? "never" : value;

function checkLease(lease: ForeignLease, lines: number): void {
  const { prefix, duid, preferred, valid, since, until, line, key, interfaceName } = lease;
  must(line >= 1 && line <= lines, "a lease has a line", line);
  must(prefix.length >= 1 && prefix.length <= 128, "a prefix length", prefix.length);
  must(duid.length <= 130 && duid.length >= 1, "a DUID", duid.length);
  must(preferred <= valid, "preferred is not longer than valid", { preferred, valid });
  must(isInstant(since) && isInstant(until), "begin and end are instants", { since, until });
  must(since <= NOW, "no lease begins in the future", since);
  must(key === undefined || key.length === 16, "a key has 16 octets");
  must(interfaceName === undefined || interfaceName !== "", "an interface name is not empty");
}

const isInstant = (value: Millis): boolean => !Number.isNaN(value);

const fileOf = (text: string, piece: number): TextFile => ({
  path: "/f",
  written: TIMES.written,
  read: (push) => {
    for (let at = 0; at < text.length; at += piece) push(text.slice(at, at + piece));
  },
});

/** What the server makes of the file, and that every lease it takes can be stored. */
function checkImport(text: string): void {
  const table = createLeaseTable({ seed: SERVER_ID });
  const network = createNetwork(CONFIG, INTERFACES);
  const facts = { table, network, interfaces: INTERFACES, now: NOW, wall: NOW, fallback: "eth1" };
  const { ids } = importLeases({ ...facts, file: fileOf(text, 4096), onProgress: () => undefined });
  for (const change of ids.map((id) => changeFor(table, id))) {
    if (change.type === "put") must(decodeRecord(change.record) !== undefined, "a lease can be stored");
  }
  table.forEach((id) => {
    const lease = table.read(id);
    must(decodeRecord(encodeRecord(lease)) !== undefined, "a lease can be read again");
  });
}

const WORDS = ["AddrClient", "AddrMgr", "AddrPD", "AddrIA", "AddrTA", "AddrPrefix", "AddrAddr", "<![CDATA["];
const ATTRIBUTES = [' T1="1"', ' IAID="-1"', ' ifacename=""', "&lt;", "<!--", "-->", "<?", "__proto__"];
const ADDRESSES = ["2001:db8:1::", "00:03:00:01:02:00:00:00:00:01", "::", "ff02::1"];

/** server-AddrMgr.xml, as the server takes it over and imports it. */
const serverXml = target({
  name: "server-addrmgr",
  entries: ["createAddrMgrReader", "takeOverFile", "importLeases", "createChunker", "parseElements"],
  covers: ["shared/lease/addrmgr", "shared/lease/xml", "server/take-over", "server/adopt"],
  shape: "text",
  tokens: [...WORDS, ...ATTRIBUTES, ...ADDRESSES],
  seeds: () => [
    ...filesOf(["test/lease/files"], /xml$/),
    octetsOf(fileXml(clientXml(), clientXml({ iaid: "2" }))),
  ],
  limit: 16_384,
  rounds: 150,
  run(input) {
    const text = textOf(input);
    checkReader(createAddrMgrReader, text);
    const table = createLeaseTable({ seed: SERVER_ID });
    const network = createNetwork(CONFIG, INTERFACES);
    const parts = { table, network, interfaces: INTERFACES, now: NOW, wall: NOW, log: () => undefined };
    const taken = takeOverFile({ ...parts, file: fileOf(text, 512) });
    if (taken.ok) must(taken.changes.length <= table.idLimit(), "a change for each lease");
    else must(table.size === 0, "nothing is taken from a file that is refused");
    checkImport(text);
  },
});

/** client-AddrMgr.xml of a Dibbler that was here before. */
const clientXmlTarget = target({
  name: "client-addrmgr",
  entries: ["readFormer", "createAddrMgrReader"],
  covers: ["client/take-over", "shared/lease/addrmgr", "shared/lease/xml"],
  shape: "text",
  tokens: [...WORDS, ...ATTRIBUTES, ...ADDRESSES],
  seeds: () => filesOf(["test/client/files"], /xml$/),
  limit: 16_384,
  rounds: 200,
  run(input) {
    const text = textOf(input);
    checkReader(createAddrMgrReader, text);
    const { read } = fileOf(text, 300);
    const { remembered, remarks } = readFormer(
      { read, times: TIMES, nameOf: (n) => (n < 4 ? "w" : undefined) },
      CLIENT,
    );
    must(remarks.length <= 9, "remarks are few", remarks.length);
    for (const { ias } of remembered?.links.values() ?? []) {
      for (const { leases } of ias) {
        for (const { since, until } of leases) must(isInstant(since) && isInstant(until), "instants");
      }
    }
  },
});

const server = createServerState({
  config: CONFIG,
  duid: SERVER_ID,
  table: createLeaseTable({ seed: SERVER_ID }),
  epoch: 1,
  hmacMd5,
  secret: new Uint8Array(16),
  interfaces: INTERFACES,
});

/** server-cache.xml. */
const cache = target({
  name: "server-cache",
  entries: ["parseCache", "recallCache"],
  covers: ["shared/lease/cache-xml"],
  shape: "text",
  tokens: ["<entry", "</entry>", 'type="prefix"', 'duid="', ...ADDRESSES],
  seeds: () => [octetsOf(CACHE)],
  rounds: 1000,
  run(input) {
    const { entries, bad } = parseCache(textOf(input));
    must(
      recallCache(server, textOf(input)) === bad,
      "the server takes what can be read, and counts the rest",
    );
    const again = parseCache([...renderCache(entries)].join(""));
    must(again.bad === 0, "what is written can be read", again.bad);
    must(JSON.stringify(again.entries, plain) === JSON.stringify(entries, plain), "it is the same again");
  },
});

const CACHE = `<cache size="2">
  <entry type="prefix" duid="00:03:00:01:02:00:00:00:00:01">2001:db8:1::</entry>
  <entry type="addr" duid="00:03:00:01:02:00:00:00:00:02">2001:db8::2</entry>
  <entry duid="00:01:00:01">2001:db8::3</entry>
</cache>
`;

/** kea-leases6.csv. */
const kea = target({
  name: "kea-csv",
  entries: ["createKeaReader", "importLeases"],
  covers: ["shared/lease/kea-csv", "shared/lease/lines", "server/import"],
  shape: "text",
  tokens: [",", ",,", "\r\n", ...ADDRESSES, "4294967295"],
  seeds: () => filesOf(["test/lease/files"], /csv$/),
  limit: 16_384,
  rounds: 300,
  run(input) {
    const text = textOf(input);
    checkReader(createKeaReader, text);
    checkImport(text);
  },
});

/** dhcpd6.leases. */
const isc = target({
  name: "isc-leases",
  entries: ["createIscReader", "unescapeOctets", "parseIscTime", "importLeases"],
  covers: ["shared/lease/isc", "shared/lease/lines", "server/import"],
  shape: "text",
  tokens: ['ia-pd "', "{", "}", "iaprefix", "binding state active;", "ends never;", "\\000", "cltt epoch 1;"],
  seeds: () => filesOf(["test/lease/files"], /leases$/),
  limit: 16_384,
  rounds: 300,
  run(input) {
    const text = textOf(input);
    checkReader(createIscReader, text);
    checkImport(text);
  },
});

/** A file that an operator hands to `import`, whatever it is. */
const anyFile = target({
  name: "import-file",
  entries: ["formatOf", "importLeases"],
  covers: ["shared/lease/foreign-file", "server/import"],
  shape: "text",
  tokens: ["<AddrMgr>", "address,duid,", 'ia-pd "', "lease ", "server-duid"],
  seeds: () => filesOf(["test/lease/files"], /./),
  limit: 16_384,
  rounds: 200,
  run(input) {
    const text = textOf(input);
    const format = formatOf(text);
    must(format === undefined || format in FOREIGN_FORMATS, "a format that there is", format);
    checkImport(text);
  },
});

/** Files that other programs have left. */
export const LEASE_FILE_TARGETS = [serverXml, clientXmlTarget, cache, kea, isc, anyFile];
