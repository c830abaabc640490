import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { sameIp6 } from "../prefix.js";
import { readAddresses } from "./interfaces.js";
import type { Place } from "./place.js";

/** What a short look at a place shows. */
export interface Glance {
  /** The interface is the same as before and has the address, ready to be used. */
  readonly usable: boolean;
  /** Tells one time of being linked from another: it differs after the carrier was lost in between. */
  readonly carrier: string;
  /** There is a carrier. */
  readonly linked: boolean;
}

/** Looks at a place; costs two small files of the kernel, so that it can be done every few seconds. */
export function glanceAt({ name, index, address }: Place): Glance {
  const row = readAddresses().find((one) => one.name === name && sameIp6(one.address, address));
  return {
    usable: row?.index === index && !row.tentative && !row.dadFailed,
    ...(sysfsCarrier(name, index) ?? seenCarrier(name)),
  };
}

/**
 * The kernel counts how often the carrier came and went. /sys may show another network namespace (after
 * `nsenter -n`): it is believed when the index is the right one.
 */
function sysfsCarrier(name: string, index: number): Pick<Glance, "carrier" | "linked"> | undefined {
  try {
    const read = (file: string): string => readFileSync(`/sys/class/net/${name}/${file}`, "latin1").trim();
    if (Number(read("ifindex")) !== index) return undefined;
    return { carrier: read("carrier_changes"), linked: read("carrier") === "1" };
  } catch {
    return undefined;
  }
}

/** Node lists the interfaces that have a carrier; that it came and went between two looks is not seen. */
function seenCarrier(name: string): Pick<Glance, "carrier" | "linked"> {
  const linked = networkInterfaces()[name] !== undefined;
  return { carrier: linked ? "linked" : "lost", linked };
}
