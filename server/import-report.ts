import { FOREIGN_FORMATS } from "../shared/lease/foreign-file.js";
import { placeIn, textWithCount } from "./file-report.js";
import type { Imported } from "./import.js";
import { describeTaken } from "./take-over.js";

/** Every format by name, for people: `A, B or C`. */
export const formatNames = (): string => {
  const names = Object.values(FOREIGN_FORMATS).map(({ name }) => name);
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
};

/** The lines that say what came of an import: what is left out with its place, then the sums. */
export function importReport(path: string, imported: Imported): readonly string[] {
  const { format, report, taken, strangers, links } = imported;
  if (format === undefined) return [];
  const ordered = report.passages().toSorted((a, b) => a.line - b.line);
  const about = ordered.map((passage) => {
    const what = passage.kind === "unreadable" ? "cannot be read: " : "";
    return `${placeIn(path, passage.line)}: ${what}${textWithCount(passage)}`;
  });
  const more = report.more() > 0 ? [`${path}: ${report.more()} more of this kind`] : [];
  const places = [...links].map(([name, count]) => `${count} on ${name}`).join(", ");
  return [
    ...about,
    ...more,
    `${path} (${FOREIGN_FORMATS[format].name}):`,
    `  taken: ${describeTaken(taken)} of ${taken.clients} client(s)${places === "" ? "" : ` (${places})`}`,
    `  of these known before, and extended: ${taken.extended}`,
    `  left out: ${report.count("left out")}; cannot be read: ${report.count("unreadable")}`,
    ...[...strangers].map(
      ([name, count]) =>
        `  ${count} lease(s) are on ${name}, which the configuration does not have: kept unused`,
    ),
  ];
}
