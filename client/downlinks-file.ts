import { formatPrefix } from "../shared/prefix.js";
import type { DownlinkMemory } from "./plan.js";
import { encodeTime, list, prefixOf, record, timeOf } from "./remembered.js";

/** Outcome of reading the file; `why` says what is wrong with it. */
export type DecodedDownlinks =
  | { readonly ok: true; readonly memory: DownlinkMemory }
  | { readonly ok: false; readonly why: string };

/** Name of the file in the working directory. */
export const DOWNLINKS_FILE = "client-downlinks.json";

const VERSION = 1;

/**
 * The text of `client-downlinks.json`: which subnet each downlink has had, a subnet a line, the newest first.
 */
export function encodeDownlinks({ subnets, rests }: DownlinkMemory): string {
  const lines = subnets.map(({ downlink, subnet, until }) =>
    JSON.stringify({ downlink, subnet: formatPrefix(subnet), until: encodeTime(until) }),
  );
  const unreachable = JSON.stringify(rests.map(formatPrefix));
  return `{"version": ${VERSION}, "unreachable": ${unreachable}, "subnets": [\n${lines.join(",\n")}\n]}\n`;
}

/** Reads that text. Anything that is not as `encodeDownlinks` writes it spoils the whole file. */
export function decodeDownlinks(text: string): DecodedDownlinks {
  try {
    const file = record(JSON.parse(text), "file");
    if (file["version"] !== VERSION) return { ok: false, why: `its version is not ${VERSION}` };
    const rests = list(file["unreachable"], "unreachable").map((one) => prefixOf(one, "pd"));
    const subnets = list(file["subnets"], "subnets").map((one) => {
      const { downlink, subnet, until } = record(one, "subnet");
      return { downlink: nameOf(downlink), subnet: prefixOf(subnet, "pd"), until: timeOf(until) };
    });
    return { ok: true, memory: { subnets, rests } };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function nameOf(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${JSON.stringify(value)} is not the name of an interface`);
}
