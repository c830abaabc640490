import { test } from "vitest";
import { type Row, type RowId, ROWS } from "./rows.js";

/** The test of a row, under its number and words. Each row has one. */
export function row(id: RowId, check: () => void | Promise<void>): void {
  const [says, section, decided]: Row = ROWS[id];
  const where = section.startsWith("RFC") ? section : `RFC 8415 ${section}`;
  test(`${id}: ${says} (${where})${decided === undefined ? "" : `; decided: ${decided}`}`, check);
}
