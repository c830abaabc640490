import type { Millis } from "../shared/brand.js";
import type { LogId, LogValues } from "../shared/catalogue.js";
import { createAddrMgrReader } from "../shared/lease/addrmgr-xml.js";
import { changeFor, type LeaseChange } from "../shared/lease/changes.js";
import type { LeaseTable } from "../shared/lease/table.js";
import { createAdoption, type Taken } from "./adopt.js";
import { createFileReport, type FileReport, placeIn, textWithCount } from "./file-report.js";
import { indexesOf, type Network } from "./links.js";

/** A text file as the system gives it. */
export interface TextFile {
  readonly path: string;
  /** When it was changed last, Unix time. */
  readonly written: Millis;
  /** Gives all of its text, piece by piece. */
  readonly read: (push: (text: string) => void) => void;
}

/**
 * What a take-over works with. When `table` has leases already, another server has served after this one, and
 * what that says counts where it is later.
 */
export interface TakeOverParts {
  readonly file: TextFile;
  readonly table: LeaseTable;
  readonly network: Network;
  readonly interfaces: ReadonlyMap<string, number>;
  /** The time that leases run by, and Unix time as the machine has it. */
  readonly now: Millis;
  readonly wall: Millis;
  readonly log: (id: LogId, values: LogValues) => void;
}

/** What the store has to learn, or why the server must not start. */
export type TakeOver =
  | { readonly ok: true; readonly changes: readonly LeaseChange[] }
  | { readonly ok: false; readonly sentence: string };

/**
 * Reads the leases of a Dibbler that served here before. A file out of which nothing can be read keeps the
 * server from starting: it would delegate prefixes that clients use.
 */
export function takeOverFile({ file, table, network, interfaces, now, wall, log }: TakeOverParts): TakeOver {
  const report = createFileReport();
  const { add, ...adoption } = createAdoption({
    table,
    network,
    indexes: indexesOf(network, interfaces),
    precedence: "latest",
    ahead: wall - now,
    report: report.add,
  });
  const reader = createAddrMgrReader(
    { lease: add, passage: report.add },
    {
      now: wall,
      written: file.written,
    },
  );
  file.read(reader.push);
  reader.end();
  logReport(file.path, report, log);
  if (table.size === 0 && report.count("unreadable") > 0)
    return { ok: false, sentence: refusal(file, report) };
  for (const [name, count] of adoption.strangers()) log("SERVER-STATE-PARKED", { interface: name, count });
  log("SERVER-STATE-TAKEN-OVER", {
    file: file.path,
    leases: describeTaken(adoption.taken()),
    clients: adoption.taken().clients,
    skipped: report.count("unreadable") + report.count("left out"),
  });
  return { ok: true, changes: adoption.ids().map((id) => changeFor(table, id)) };
}

/** `3 prefixes, 1 address`: kinds of which there are none are left out. */
export function describeTaken({ pd, na, ta, declined, resting }: Taken): string {
  const parts = [
    [pd, "prefix(es)"],
    [na + ta, "address(es)"],
    [declined, "declined address(es)"],
    [resting, "ended lease(s) that are kept for their clients"],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return told.length === 0 ? "no leases" : told.join(", ");
}

function logReport(file: string, report: FileReport, log: TakeOverParts["log"]): void {
  for (const passage of report.passages()) {
    const values = { place: placeIn(file, passage.line), text: textWithCount(passage) };
    if (passage.kind === "unreadable") log("SERVER-STATE-UNREADABLE", values);
    else log("SERVER-STATE-NOTE", values);
  }
  if (report.more() > 0) log("SERVER-STATE-MORE", { file, count: report.more() });
}

function refusal({ path }: TextFile, report: FileReport): string {
  const first = report.passages().find(({ kind }) => kind === "unreadable");
  const why = first === undefined ? "" : ` (${placeIn("line", first.line).replace(":", " ")}: ${first.text})`;
  return (
    `no lease can be read from ${path}${why}; nothing was started, as prefixes that are in use could be ` +
    "delegated again: put a good copy of the file there, or move it away to begin without leases"
  );
}
