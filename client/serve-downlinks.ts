import { renameSync } from "node:fs";
import { millis } from "../shared/brand.js";
import type { ClientConfig } from "../shared/config/types.js";
import { type Clock, createAlarm } from "../shared/edge/clock.js";
import { sentenceOf } from "../shared/edge/errors.js";
import { readTextIfThere, replaceFileSync } from "../shared/edge/files.js";
import { readInterfaces, type NetworkInterface } from "../shared/edge/interfaces.js";
import { type Ip, systemIp } from "../shared/edge/ip-batch.js";
import type { Log } from "../shared/edge/log.js";
import { downlinkVariables, newsOf, servedBy } from "./downlink-report.js";
import { decodeDownlinks, DOWNLINKS_FILE, encodeDownlinks } from "./downlinks-file.js";
import type { LeaseUser } from "./lease-user.js";
import {
  type Delegation,
  delegationsOf,
  type DownlinkMemory,
  type DownlinkPlan,
  NO_MEMORY,
  planEnd,
  planNothing,
} from "./plan.js";
import { planFor } from "./planning.js";
import {
  applyChanges,
  diffSettings,
  isAddressOn,
  leftovers,
  ROUTE_PROTOCOL,
  type Setting,
  settingsOf,
} from "./plan-diff.js";
import type { RememberedLink } from "./remembered.js";
import { createWorkQueue } from "./serve-queue.js";
import { openRadvd, type Radvd } from "./serve-radvd.js";

/** What is needed of the system; tests put something else there. */
export interface DownlinkSystem {
  readonly clock: Clock;
  readonly log: Log;
  readonly workDir: string;
  readonly ip: Ip;
  readonly readInterfaces: () => readonly NetworkInterface[];
  /** A text that changes whenever an interface comes, goes, or gets another address. */
  readonly fingerprint: () => string;
  readonly forwards: () => boolean;
  /** Tells hosts of the prefixes. */
  readonly radvd: Radvd | undefined;
}

/**
 * How often to look for interfaces that came or went: with downlinks in use only, and a file of /proc only.
 */
const POLL_MS = 3000;

/** The system of this process. */
export const downlinkSystem = (
  workDir: string,
  radvdConfig: string | undefined,
  clock: Clock,
  log: Log,
): DownlinkSystem => ({
  clock,
  log,
  workDir,
  ip: systemIp,
  readInterfaces,
  fingerprint: () => readTextIfThere("/proc/net/if_inet6") ?? "",
  forwards: () => readTextIfThere("/proc/sys/net/ipv6/conf/all/forwarding")?.trim() !== "0",
  radvd: radvdConfig === undefined ? undefined : openRadvd(radvdConfig, workDir, { clock, log }),
});

/** Divides what the uplinks hold, beginning with what they `remembered`, among the downlinks. */
export function openDownlinks(
  config: ClientConfig,
  system: DownlinkSystem,
  remembered: ReadonlyMap<string, RememberedLink>,
): LeaseUser {
  const { clock, log } = system;
  const links = new Map(remembered);
  const file = openFile(`${system.workDir}/${DOWNLINKS_FILE}`, log);
  let memory = file.memory;
  let plan: DownlinkPlan | undefined;
  let had: readonly Setting[] | undefined;
  let seen = "";
  let ending = false;
  let hinted = false;

  const alarm = createAlarm(clock, () => {
    if (system.fingerprint() !== seen || (plan !== undefined && planEnd(plan) <= clock.now()))
      queue.schedule();
    else alarm.set(millis(clock.now() + POLL_MS));
  });

  const apply = async (): Promise<void> => {
    // Before the look: what changes meanwhile is seen at the next one.
    seen = system.fingerprint();
    const interfaces = system.readInterfaces();
    const delegations = [...links].flatMap(([uplink, link]) => delegationsOf(uplink, link));
    had ??= await findLeftovers(system, memory, delegations);
    const before = plan;
    plan = ending ? planNothing(memory) : planFor(config, interfaces, delegations, memory, clock.now());
    for (const { id, values } of newsOf(before, plan)) log(id, values);
    // What is set has to be known to the next run, whenever this one ends.
    if (!ending) file.save(plan.memory);
    had = await bringAbout(system, had, plan, interfaces);
    // After the addresses: hosts come at once.
    system.radvd?.announce(servedBy(plan));
    if (ending) file.save(plan.memory);
    ({ memory } = plan);
    if (plan.subnets.length > 0) hintForwarding();
    if (ending || plan.subnets.length + plan.rests.length === 0) alarm.cancel();
    else alarm.set(millis(clock.now() + POLL_MS));
  };
  const hintForwarding = (): void => {
    if (hinted || system.forwards()) return;
    hinted = true;
    log("DOWNLINK-NO-FORWARDING");
  };

  const queue = createWorkQueue(apply, log);
  // Leftovers of a run that was killed are looked after, also when nothing is leased.
  queue.schedule();
  return {
    update(uplink, link) {
      links.set(uplink, link);
      queue.schedule();
    },
    afterwards(uplink, hook, run) {
      queue.afterwards(() => {
        const variables = plan === undefined ? {} : downlinkVariables(plan, uplink);
        run({ ...hook, variables: { ...hook.variables, ...variables } });
      });
    },
    giveBack() {
      ending = true;
    },
    async close() {
      ending = true;
      queue.schedule();
      await queue.idle();
      alarm.cancel();
    },
  };
}

/**
 * Makes the system as the plan says; gives what is set then. An address that others have set is left alone.
 */
async function bringAbout(
  { clock, log, ip }: DownlinkSystem,
  had: readonly Setting[],
  plan: DownlinkPlan,
  interfaces: readonly NetworkInterface[],
): Promise<readonly Setting[]> {
  const isThere = (one: Setting): boolean =>
    interfaces.some(({ name, addresses }) =>
      addresses.some(({ address }) => isAddressOn(one, name, address)),
    );
  // The kernel clears an interface that goes down; one that was made anew has the name of the old one.
  const cleared = had.filter((one) => one.kind === "address" && !isThere(one)).map(({ device }) => device);
  const isPresent = ({ kind, device }: Setting): boolean =>
    kind === "unreachable" ||
    interfaces.some(({ name, up }) => name === device && up && !cleared.includes(name));
  const present = had.filter(isPresent);
  const others = (one: Setting): boolean =>
    one.kind === "address" && isThere(one) && !present.some((own) => isSame(own, one));
  const wanted = settingsOf(plan).filter((one) => !others(one));
  const changes = diffSettings(present, wanted, clock.now());
  if (changes.length === 0) return present;
  const failures = await ip.batch(changes.map(({ line }) => line));
  const failed = failures.flatMap(({ line, why }) => {
    const change = changes[line];
    if (change === undefined) return [];
    // What is to be removed and is not there is as wanted.
    if (change.verb === "delete" && GONE_ALREADY.test(why)) return [];
    log("DOWNLINK-FAILED", { line: change.line, why });
    return [change];
  });
  return applyChanges(present, changes, failed);
}

const GONE_ALREADY = /No such process|not found|Cannot assign requested address|Cannot find device/;

const isSame = (a: Setting, b: Setting): boolean =>
  a.kind === b.kind && isAddressOn(a, b.device, b.prefix.address);

/** What is there of a run that was killed, found by our routes' protocol and the subnets it remembered. */
async function findLeftovers(
  { ip, log }: DownlinkSystem,
  { subnets, rests }: DownlinkMemory,
  delegations: readonly Delegation[],
): Promise<readonly Setting[]> {
  if (rests.length === 0 && !subnets.some(({ until }) => until > 0)) return [];
  try {
    const routes = await ip.ask(["route", "show", "proto", String(ROUTE_PROTOCOL)]);
    const addresses = await ip.ask(["address", "show"]);
    const prefixes = [...rests, ...delegations.map(({ prefix }) => prefix)];
    const found = leftovers(routes, addresses, subnets, prefixes);
    if (found.length > 0) log("DOWNLINK-LEFTOVERS", { count: found.length });
    return found;
  } catch (error) {
    log("DOWNLINK-UNSEEN", { sentence: sentenceOf(error) });
    return [];
  }
}

interface MemoryFile {
  readonly memory: DownlinkMemory;
  readonly save: (memory: DownlinkMemory) => void;
}

function openFile(path: string, log: Log): MemoryFile {
  let saved = readTextIfThere(path);
  let troubled = false;
  const decoded = saved === undefined ? ({ ok: true, memory: NO_MEMORY } as const) : decodeDownlinks(saved);
  if (!decoded.ok) {
    const aside = `${path}.broken`;
    renameSync(path, aside);
    log("DOWNLINK-FILE-BROKEN", { path, why: decoded.why, aside });
    saved = undefined;
  }
  return {
    memory: decoded.ok ? decoded.memory : NO_MEMORY,
    save(memory) {
      const text = encodeDownlinks(memory);
      if (text === saved || (saved === undefined && memory.subnets.length + memory.rests.length === 0))
        return;
      try {
        replaceFileSync(path, text, 0o640);
        saved = text;
        troubled = false;
      } catch (error) {
        if (!troubled) log("DOWNLINK-FILE-UNSAVED", { sentence: sentenceOf(error) });
        troubled = true;
      }
    },
  };
}
