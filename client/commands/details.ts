import type { Paths } from "../../shared/edge/command-line.js";
import { type ClientLeaseRow, linkRows } from "../lease-rows.js";
import { configuredNames, readLeases } from "./stored.js";

/** What `status --json` tells of a client: its interfaces with their leases. */
export function clientDetails(paths: Paths, isRunning: boolean): object {
  const leases = storedLeases(paths);
  return { interfaces: linkRows(configuredNames(paths), leases, isRunning) };
}

function storedLeases(paths: Paths): readonly ClientLeaseRow[] {
  const found = readLeases(paths);
  return typeof found === "string" ? [] : found;
}
