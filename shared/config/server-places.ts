import { type RowMaker, rowsFor } from "./grammar.js";

/** The blocks of server.conf by the directive that opens them; `global` is outside of all. */
export type ServerScope =
  | "global"
  | "iface"
  | "class"
  | "pd-class"
  | "ta-class"
  | "client"
  | "client-class"
  | "key"
  | "next-hop";

const rows: RowMaker<ServerScope> = rowsFor<ServerScope>();
/** Makes a row of server.conf that acts. */
export const directive: RowMaker<ServerScope>["directive"] = rows.directive;
/** Makes a row of server.conf that is checked and kept only. */
export const inert: RowMaker<ServerScope>["inert"] = rows.inert;

/** At the top level only. */
export const G = ["global"] as const;
/** Inside `iface` only. */
export const I = ["iface"] as const;
/** At the top level for all interfaces behind it, or inside `iface`. */
export const GI = ["global", "iface"] as const;
/** What comes of directives about names for clients. */
export const NO_NAMES = "clients are given no names, and no DNS update is made";
