import type { Millis } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import type { ForeignReader } from "../shared/lease/foreign.js";
import { FOREIGN_FORMATS, type ForeignFormat, formatOf } from "../shared/lease/foreign-file.js";
import type { LeaseId } from "../shared/lease/lease.js";
import type { LeaseTable } from "../shared/lease/table.js";
import { createAdoption, type Taken } from "./adopt.js";
import { createFileReport, type FileReport } from "./file-report.js";
import { indexesOf, type Network } from "./links.js";
import type { TextFile } from "./take-over.js";

/** What an import works with. */
export interface ImportParts {
  readonly file: TextFile;
  /** With the stored leases in it: these stay as they are. */
  readonly table: LeaseTable;
  readonly network: Network;
  readonly interfaces: ReadonlyMap<string, number>;
  /** The time that leases run by, and Unix time as the machine has it. */
  readonly now: Millis;
  readonly wall: Millis;
  /** The link for leases that no pool of the configuration has. */
  readonly fallback: string | undefined;
  /** Hears how many characters have been read. */
  readonly onProgress: (characters: number) => void;
}

/** What came of an import. */
export interface Imported {
  /** Undefined for a file that is none of those that can be read. */
  readonly format: ForeignFormat | undefined;
  readonly report: FileReport;
  readonly taken: Taken;
  /** Names of interfaces that the configuration does not have, with the number of leases on them. */
  readonly strangers: ReadonlyMap<string, number>;
  /** How many leases came to each link. */
  readonly links: ReadonlyMap<string, number>;
  /** The DUID of the server that wrote the file, if it says so. */
  readonly server: Duid | undefined;
  /** The leases that the store has to learn of: new, changed, and gone. */
  readonly ids: readonly LeaseId[];
}

/** Takes the leases of a file of Kea, ISC dhcpd or Dibbler into the table. */
export function importLeases(parts: ImportParts): Imported {
  const { file, table, network, interfaces, now, wall, fallback, onProgress } = parts;
  const report = createFileReport();
  const adoption = createAdoption({
    table,
    network,
    indexes: indexesOf(network, interfaces),
    precedence: "known",
    ahead: wall - now,
    report: report.add,
    ...(fallback === undefined ? {} : { fallback }),
  });
  let server: Duid | undefined;
  const sink = {
    lease: adoption.add,
    passage: report.add,
    server: (duid: Duid) => {
      server = duid;
    },
  };
  let format: ForeignFormat | undefined;
  let reader: ForeignReader | undefined;
  let beginning = "";
  let characters = 0;
  file.read((text) => {
    characters += text.length;
    onProgress(characters);
    if (reader !== undefined) reader.push(text);
    else {
      beginning += text;
      format = formatOf(beginning);
      reader = format && FOREIGN_FORMATS[format].make(sink, { now: wall, written: file.written });
      reader?.push(beginning);
    }
  });
  reader?.end();
  const ids = adoption.ids();
  const links = new Map<string, number>();
  for (const id of ids) links.set(table.nameOf(id), (links.get(table.nameOf(id)) ?? 0) + 1);
  const { taken, strangers } = adoption;
  return { format, report, taken: taken(), strangers: strangers(), links, server, ids };
}
