import type { Reservation, ServerConfig, ServerInterface } from "../../shared/config/types.js";
import { findAll, type IaPd } from "../../shared/wire/options.js";
import { textOf } from "../../shared/wire/kinds.js";
import type { Answer } from "./answer.js";
import { createClient, createRig, type Rig } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

/** Pool of the tests about strict mode, and a prefix of it. */
export const POOL = "2001:db8:1000::/40";
/** A prefix of the pool. */
export const FREE = "2001:db8:10ff:ff00::/56";
/** A link with that pool. */
export const LAN = iface("eth0", [pdClass(56, [POOL])]);

/** The two kinds of compatibility. */
export type Mode = ServerConfig["compatibility"];
/** A server of that mode with one link. */
export const rigFor = (mode: Mode, block: ServerInterface = LAN, settings: Partial<ServerConfig> = {}): Rig =>
  createRig(configure([block], { compatibility: mode, ...settings }));

/** What a client gets in each of the two modes. */
export function both<T>(
  block: ServerInterface,
  look: (rig: Rig) => T,
  settings: Partial<ServerConfig> = {},
): Record<Mode, T> {
  return {
    fixed: look(rigFor("fixed", block, settings)),
    strict: look(rigFor("strict", block, settings)),
  };
}

/** Status texts of the IA_PDs. */
export const texts = (answer: Answer | undefined): readonly string[] =>
  (answer === undefined ? [] : findAll(answer.options, "iaPd")).map(statusText);
const statusText = ({ options }: IaPd): string =>
  findAll(options, "statusCode")
    .map(({ text }) => textOf(text))
    .join();

/** A `client` block for the n-th client. */
export const owner = (n: number): Reservation => ({
  selector: { by: "duid", duid: createClient(rigFor("strict"), n).duid },
  prefix: undefined,
  address: undefined,
  options: [],
  at: { line: 1, column: 1 },
});
