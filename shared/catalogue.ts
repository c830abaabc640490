import { CLIENT_ROWS } from "./catalogue-client.js";
import { COMMON_ROWS } from "./catalogue-common.js";
import { SERVER_ROWS } from "./catalogue-server.js";
import type { LogForm } from "./log-form.js";

export type { CatalogueRow, LogLevel } from "./catalogue-row.js";

/** Every line that the programs log. Ids are stable; tests assert ids, never sentences. */
export const CATALOGUE = { ...COMMON_ROWS, ...SERVER_ROWS, ...CLIENT_ROWS };

/** Name of a row of the catalogue. */
export type LogId = keyof typeof CATALOGUE;

/** A value for a `{name}` of a text; a function is called only when the line is really written. */
export type LogValue = string | number | (() => string) | LogForm;
/** The values for one line; those names are taken where a line is a JSON object. */
export type LogValues = Readonly<Record<string, LogValue>> &
  Readonly<Partial<Record<"level" | "time" | "pid" | "name" | "id" | "msg", never>>>;
