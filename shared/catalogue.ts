/** How grave a line is: Dibbler's levels, 3 Critical to 8 Debug. A line is written when its level <= `log-level`. */
export type LogLevel = 3 | 4 | 5 | 6 | 7 | 8;

/** One log message: its level, its sentence with `{names}` to fill in, and a note for whoever finds it in a log. */
export interface CatalogueRow {
  readonly level: LogLevel;
  readonly text: string;
  readonly note: string;
}

/** Every line that the programs log. Ids are stable; tests assert ids, never sentences. */
export const CATALOGUE = {
  // --- both programs ---
  // --- server ---
  // --- client ---
} as const satisfies Record<string, CatalogueRow>;

/** Name of a row of the catalogue. */
export type LogId = keyof typeof CATALOGUE;

/** A value for a `{name}` of a text; a function is called only when the line is really written. */
export type LogValue = string | number | (() => string);
/** The values for one line. */
export type LogValues = Readonly<Record<string, LogValue>>;
