/**
 * How grave a line is: Dibbler's levels, 3 Critical to 8 Debug. A line is written when its level <=
 * `log-level`.
 */
export type LogLevel = 3 | 4 | 5 | 6 | 7 | 8;

/**
 * One log message: its level, its sentence with `{names}` to fill in, and a note for whoever finds it in a
 * log.
 */
export interface CatalogueRow {
  readonly level: LogLevel;
  readonly text: string;
  readonly note: string;
}
