/** One column: how its cells are made, and how much it matters. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: "right";
  /** Where there is no room for all columns those with the greatest number go; 0 stays whatever comes. */
  readonly rank: number;
}

/** A table that goes on without end: its widths are settled by the rows it begins with. */
export interface TextTable<Row> {
  readonly header: string;
  readonly line: (row: Row) => string;
  /** Titles of columns that had no room. */
  readonly omitted: readonly string[];
}

const GAP = "  ";
/** A cell longer than this makes its own line longer, and not all others. */
const WIDEST = 60;

/**
 * A table with widths that suit these rows; a later row with a longer cell is moved to the right by it.
 * `room` is how long a line may be, `Infinity` where that does not matter.
 */
export function createTable<Row>(
  columns: readonly Column<Row>[],
  first: readonly Row[],
  room: number,
): TextTable<Row> {
  const widths = new Map(columns.map((column) => [column, widthOf(column, first)]));
  const shown = fit(columns, widths, room);
  const join = (cells: readonly string[]): string => cells.join(GAP).trimEnd();
  const pad = (column: Column<Row>, text: string): string => {
    const width = widths.get(column) ?? 0;
    return column.align === "right" ? text.padStart(width) : text.padEnd(width);
  };
  return {
    header: join(shown.map((column) => pad(column, column.title))),
    line: (row) => join(shown.map((column) => pad(column, column.cell(row)))),
    omitted: columns.filter((column) => !shown.includes(column)).map(({ title }) => title),
  };
}

function widthOf<Row>({ title, cell }: Column<Row>, rows: readonly Row[]): number {
  return rows.reduce((width, row) => Math.max(width, Math.min(cell(row).length, WIDEST)), title.length);
}

function fit<Row>(
  columns: readonly Column<Row>[],
  widths: ReadonlyMap<Column<Row>, number>,
  room: number,
): readonly Column<Row>[] {
  let shown = [...columns];
  const length = (): number =>
    shown.reduce((sum, column) => sum + (widths.get(column) ?? 0), GAP.length * (shown.length - 1));
  while (length() > room) {
    const least = shown.reduce((a, b) => (b.rank > a.rank ? b : a));
    if (least.rank === 0) break;
    shown = shown.filter((column) => column !== least);
  }
  return shown;
}
