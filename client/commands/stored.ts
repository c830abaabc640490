import { millis } from "../../shared/brand.js";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { readTextIfThere } from "../../shared/edge/files.js";
import { readAddresses, readInterfaces } from "../../shared/edge/interfaces.js";
import { isoTime } from "../../shared/edge/local-time.js";

import { type ClientLeaseRow, leaseRows } from "../lease-rows.js";
import { decodeState } from "../remembered.js";
import { interfacesOf } from "../searching.js";

/** What the client has stored; a sentence when there is nothing, or it cannot be read. */
export function readLeases({ workDir }: Paths): readonly ClientLeaseRow[] | string {
  const path = `${workDir}/client-state.json`;
  const text = readTextIfThere(path);
  if (text === undefined) return `${path} does not exist: no dibbler-client has had leases in ${workDir}`;
  const decoded = decodeState(text);
  if (!decoded.ok) return `${path} cannot be used: ${decoded.why}`;
  return leaseRows(decoded.remembered, millis(Date.now()), isoTime);
}

/** Names of the interfaces that the configuration names; none when it cannot be read. */
export function configuredNames({ configFile }: Paths): readonly string[] {
  const text = readTextIfThere(configFile);
  const config = text === undefined ? undefined : parseClientConfig(text).config;
  const interfaces = config === undefined ? [] : interfacesOf(config, readInterfaces);
  const present = readAddresses();
  return interfaces.flatMap(({ selector }) => {
    if ("name" in selector) return [selector.name];
    return present.find(({ index }) => index === selector.index)?.name ?? [];
  });
}
