import type { ClientConfig } from "../shared/config/types.js";
import type { Clock } from "../shared/edge/clock.js";
import { readTextIfThere } from "../shared/edge/files.js";
import type { Log } from "../shared/edge/log.js";
import type { LeaseUser } from "./lease-user.js";
import { needsFile, type ReceivedOptions } from "./option-files.js";
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
    const link = "name" in selector ? memory.of(selector.name) : undefined;
    return "name" in selector && link !== undefined ? [[selector.name, link] as const] : [];
  });
  return new Map(links);
}

/** What a run with downlinks has left for radvd, when it was killed and there are none any more. */
async function forsakeRadvd({ config: { radvdConfig }, workDir, clock, log }: Wiring): Promise<void> {
  // Only a file that names our directory: others are of other clients, of which OpenStack has many.
  if (radvdConfig === undefined || readTextIfThere(radvdConfig)?.includes(`${workDir}\n`) !== true) return;
  const { openRadvd } = await import("./serve-radvd.js");
  openRadvd(radvdConfig, workDir, { clock, log }).announce([]);
}

/**
 * A client that asks for none of the options with files holds nothing of this, unless a run before, with
 * another configuration, has left some behind.
 */
export async function openOptions({
  config: { interfaces },
  workDir,
  log,
}: Wiring): Promise<(interfaceName: string, options: ReceivedOptions) => void> {
  const places = { workDir, resolvConf: "/etc/resolv.conf" };
  const open = async (): Promise<OptionWriter> =>
    (await import("./serve-options.js")).openOptionFiles(places, log);
  // Opened before the first answer: the script finds the files written.
  if (interfaces.some(({ requestedOptions }) => needsFile(requestedOptions))) return (await open()).set;
  let opened: Promise<OptionWriter> | undefined;
  return (interfaceName, options) => {
    opened ??= open();
    void opened.then(({ set }) => {
      set(interfaceName, options);
    });
  };
}
