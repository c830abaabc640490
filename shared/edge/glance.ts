import { closeSync, openSync, readFileSync, readSync } from "node:fs";
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

/** Looks at a place. */
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

/** For who looks every few seconds: whether anything may have changed since the last look. */
export interface Watch {
  readonly hasStirred: () => boolean;
  readonly close: () => void;
}

/**
 * Watches a place: two small files of the kernel, held open and compared as octets. Hundreds of clients look;
 * what each look leaves behind on the heap is memory that an idle process holds.
 */
export function watchPlace({ name, index }: Place): Watch {
  const addresses = watchFile("/proc/net/if_inet6");
  const carrier =
    sysfsCarrier(name, index) === undefined
      ? watchValue(() => seenCarrier(name).carrier)
      : watchFile(`/sys/class/net/${name}/carrier_changes`);
  return {
    hasStirred: () => {
      const stirred = addresses.hasStirred();
      return carrier.hasStirred() || stirred;
    },
    close() {
      addresses.close();
      carrier.close();
    },
  };
}

/** True when the file does not read as it did the last time; the kernel makes it anew for each reading. */
function watchFile(path: string): Watch {
  const file = openSync(path, "r");
  let last = Buffer.alloc(0);
  let scratch = Buffer.allocUnsafe(2048);
  const read = (): number => {
    try {
      for (let length = 0; ; ) {
        length += readSync(file, scratch, length, scratch.length - length, length);
        if (length < scratch.length) return length;
        scratch = Buffer.concat([scratch, Buffer.alloc(length)]);
      }
    } catch {
      // It went with its interface.
      return 0;
    }
  };
  const hasStirred = (): boolean => {
    const length = read();
    if (length === last.length && scratch.compare(last, 0, length, 0, length) === 0) return false;
    last = Buffer.from(scratch.subarray(0, length));
    return true;
  };
  hasStirred();
  return {
    hasStirred,
    close: () => {
      closeSync(file);
    },
  };
}

function watchValue<T>(read: () => T): Watch {
  let last = read();
  return {
    hasStirred: () => {
      const value = read();
      const changed = value !== last;
      last = value;
      return changed;
    },
    close: () => undefined,
  };
}
