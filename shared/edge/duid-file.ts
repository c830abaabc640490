import {
  DUID_EPOCH,
  type Duid,
  type DuidParts,
  formatDuid,
  isDuidLength,
  makeDuid,
  parseDuid,
} from "../duid.js";
import { SystemError } from "./errors.js";
import { readTextIfThere, replaceFileSync } from "./files.js";
import type { NetworkInterface } from "./interfaces.js";

/** What kind of DUID to make when there is none yet. */
export type DuidPlan =
  | { readonly kind: "llt" }
  | { readonly kind: "ll" }
  | { readonly kind: "en"; readonly enterprise: number; readonly identifier: Uint8Array };

/**
 * The DUID of the file, else a new one made by `plan` and saved there (mode 0640, no
 * newline). An existing DUID wins over the plan. Throws SystemError: "bad-duid-file",
 * "no-mac" when no interface offers one, or what the file system says.
 */
export function loadOrMakeDuid(
  path: string,
  plan: DuidPlan,
  interfaces: () => readonly NetworkInterface[],
  unixMs: number,
): { readonly duid: Duid; readonly made: boolean } {
  const known = readDuidFile(path);
  if (known !== undefined) return { duid: known, made: false };
  const duid = makeDuid(plan.kind === "en" ? plan : linkLayerParts(plan.kind, interfaces(), unixMs));
  if (!isDuidLength(duid.length)) {
    throw new SystemError(
      "bad-duid",
      `a DUID of ${duid.length} octets is not allowed (3 to 130); correct duid-type`,
    );
  }
  replaceFileSync(path, formatDuid(duid), 0o640);
  return { duid, made: true };
}

/**
 * Reads Dibbler's file: the first line, any case, colons and a leading 0x optional.
 * `undefined` when the file is missing or empty, as Dibbler takes it. Dibbler turns
 * other text into an odd DUID; here it is a SystemError "bad-duid-file".
 */
export function readDuidFile(path: string): Duid | undefined {
  const [line = ""] = (readTextIfThere(path) ?? "").split("\n", 1);
  if (line.trim() === "") return undefined;
  const duid = parseDuid(line);
  if (duid !== undefined) return duid;
  throw new SystemError(
    "bad-duid-file",
    `${path} does not hold a DUID (hexadecimal octets with colons, 3 to 130 of them); ` +
      "correct it, or remove it to get a new one",
  );
}

/**
 * Dibbler's choice: from the highest index down, the first
 * that is up, no loopback, with a real hardware address.
 */
function linkLayerParts(
  kind: "llt" | "ll",
  interfaces: readonly NetworkInterface[],
  unixMs: number,
): DuidParts {
  const chosen = interfaces
    .toSorted((a, b) => b.index - a.index)
    .find((it) => it.up && !it.loopback && it.mac.length >= 6 && it.mac.some((octet) => octet !== 0));
  if (chosen === undefined) {
    throw new SystemError(
      "no-mac",
      "cannot make a DUID: no interface is up and has a hardware address; " +
        "bring one up, or use duid-type duid-en in the client",
    );
  }
  const { hardwareType, mac: linkLayer } = chosen;
  if (kind === "ll") return { kind, hardwareType, linkLayer };
  // Seconds since the year 2000, modulo 2^32 (RFC 8415 11.2).
  const time = (Math.floor(unixMs / 1000) - DUID_EPOCH) >>> 0;
  return { kind, hardwareType, time, linkLayer };
}
