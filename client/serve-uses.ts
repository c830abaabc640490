import type { ClientConfig } from "../shared/config/types.js";
import type { Clock } from "../shared/edge/clock.js";
import { readTextIfThere } from "../shared/edge/files.js";
import { readInterfaces } from "../shared/edge/interfaces.js";
import type { Log } from "../shared/edge/log.js";
import type { LeaseUser } from "./lease-user.js";
import { needsFile } from "./option-files.js";
import type { RememberedLink } from "./remembered.js";
import type { AddressService } from "./serve-addresses.js";
import type { Memory } from "./serve-memory.js";
import type { OptionWriter } from "./serve-options.js";

/** What the users of leases and options are wired to. */
export interface Wiring {
  readonly config: ClientConfig;
  readonly memory: Memory;
  readonly workDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Loaded only where addresses are asked for, or were when this client was killed. */
export async function openAddressing({
  config,
  memory,
  clock,
  log,
}: Wiring): Promise<AddressService | undefined> {
  const remembered = rememberedOf(config, memory);
  const had = [...remembered.values()].some(({ ias }) => ias.some(({ kind }) => kind === "na"));
  if (!had && config.interfaces.every(({ ias }) => ias.length === 0)) return undefined;
  const { addressSystem, openAddresses } = await import("./serve-addresses.js");
  return openAddresses(config.addressLength, addressSystem(clock, log), remembered);
}

/** Loaded only where prefixes are divided: OpenStack's many clients do without. */
export async function openDivision(wiring: Wiring): Promise<LeaseUser | undefined> {
  const { config, memory, workDir, clock, log } = wiring;
  if (config.downlinks.mode === "none" || config.interfaces.every(({ pds }) => pds.length === 0)) {
    await forsakeRadvd(wiring);
    return undefined;
  }
  const { downlinkSystem, openDownlinks } = await import("./serve-downlinks.js");
  return openDownlinks(
    config,
    downlinkSystem(workDir, config.radvdConfig, clock, log),
    rememberedOf(config, memory),
  );
}

/** With inactive-mode an interface may be missing: what it holds stays in use meanwhile. */
function rememberedOf({ interfaces }: ClientConfig, memory: Memory): ReadonlyMap<string, RememberedLink> {
  const links = interfaces.flatMap(({ selector }) => {
    const name = "name" in selector ? selector.name : nameOf(selector.index);
    const link = name === undefined ? undefined : memory.of(name);
    return name === undefined || link === undefined ? [] : [[name, link] as const];
  });
  return new Map(links);
}

const nameOf = (wanted: number): string | undefined =>
  readInterfaces().find(({ index }) => index === wanted)?.name;

/** What a run with downlinks has left for radvd, when it was killed and there are none any more. */
async function forsakeRadvd({ config: { radvdConfig }, workDir, clock, log }: Wiring): Promise<void> {
  // Only a file that names our directory: others are of other clients, of which OpenStack has many.
  if (radvdConfig === undefined || readTextIfThere(radvdConfig)?.includes(`${workDir}\n`) !== true) return;
  const { openRadvd } = await import("./serve-radvd.js");
  openRadvd(radvdConfig, workDir, { clock, log }).announce([]);
}

/**
 * Loaded, before the first answer, only where options with files are asked for, or were in a run before that
 * has left some behind.
 */
export async function openOptions(wiring: Wiring): Promise<OptionWriter["set"] | undefined> {
  const { config, memory, workDir, log } = wiring;
  const had = [...rememberedOf(config, memory).values()].some(({ options }) => options !== undefined);
  if (!had && !config.interfaces.some(({ requestedOptions }) => needsFile(requestedOptions)))
    return undefined;
  const { openOptionFiles } = await import("./serve-options.js");
  return openOptionFiles({ workDir, resolvConf: "/etc/resolv.conf" }, log).set;
}
