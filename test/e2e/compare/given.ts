import { option, type Option } from "../../../shared/wire/options.js";

/**
 * A pool that is so large that no prefix of it that a client names is ever delegated to another by chance,
 * and a class of it.
 */
export const pool = "3fff::/28";
export const poolClass = `pd-class { pd-pool ${pool}\npd-length 56 }\n`;

/** The interface of a server, with these directives. */
export const eth0 = (directives: string): string => `iface "eth0" {\n${directives}}\n`;

/** One value for each time, so that nothing depends on what a client wishes. */
export const fixedTimes = "T1 1000\nT2 2000\npreferred-lifetime 3000\nvalid-lifetime 4000\n";

/** Rapid Commit. */
export const rapid: Option = option("rapidCommit", null);
