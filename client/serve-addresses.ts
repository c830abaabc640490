import { type Millis, millis } from "../shared/brand.js";
import { type Clock, createAlarm } from "../shared/edge/clock.js";
import type { AddressRow } from "../shared/edge/interface-tables.js";
import { readAddresses } from "../shared/edge/interfaces.js";
import { type Ip, systemIp } from "../shared/edge/ip-batch.js";
import type { Log } from "../shared/edge/log.js";
import { formatIp6, type Ip6, sameIp6 } from "../shared/prefix.js";
import { addressesOf, diffAddresses, findSame, isSame, type UplinkAddress } from "./addresses.js";
import type { LeaseUser } from "./lease-user.js";
import type { RememberedLink } from "./remembered.js";
import { createWorkQueue } from "./serve-queue.js";

/** What is needed of the system; tests put something else there. */
export interface AddressSystem {
  readonly clock: Clock;
  readonly log: Log;
  readonly ip: Pick<Ip, "batch">;
  readonly readAddresses: () => readonly AddressRow[];
}

/** Leased addresses at work on their uplinks. */
export interface AddressService extends LeaseUser {
  /** Calls back when another host on the link of this uplink has a leased address already. */
  readonly onDuplicate: (uplink: string, tell: (address: Ip6) => void) => void;
}

/** How often to look while Duplicate Address Detection may be under way, and afterwards. */
const LOOK_MS = { fresh: 250, settled: 3000 } as const;
/** So long after an address was set its absence means that the kernel has found a duplicate. */
const DAD_MS = millis(5000);

/** The system of this process. */
export const addressSystem = (clock: Clock, log: Log): AddressSystem => ({
  clock,
  log,
  ip: systemIp,
  readAddresses,
});

/** An address that was set, and when. */
interface Held extends UplinkAddress {
  readonly setAt: Millis;
}

/**
 * Sets the addresses of the uplinks, this many bits long, beginning with what they `remembered`, keeps their
 * lifetimes current, sets them again on an interface that has lost them, and looks what becomes of them: the
 * kernel takes an address with a lifetime away when it is a duplicate (RFC 4862 5.4.5).
 */
export function openAddresses(
  length: 64 | 128,
  { clock, log, ip, readAddresses: rows }: AddressSystem,
  remembered: ReadonlyMap<string, RememberedLink>,
): AddressService {
  const links = new Map(remembered);
  const said = new Set<string>();
  const listeners = new Map<string, (address: Ip6) => void>();
  // What a run that was killed has left is taken away where it is not leased any more.
  let held: readonly Held[] = all(links).map((one) => ({ ...one, preferredUntil: UNSET, setAt: UNSET }));
  let ending = false;

  const alarm = createAlarm(clock, () => {
    look();
  });
  const apply = async (): Promise<void> => {
    const now = clock.now();
    const usable = new Set(rows().flatMap((row) => (row.linkLocal ? [row.name] : [])));
    const wanted = ending ? [] : all(links).filter(({ uplink }) => usable.has(uplink));
    const changes = diffAddresses(held, wanted, length, now);
    const failures = changes.length === 0 ? [] : await ip.batch(changes.map(({ line }) => line));
    const failed = failures.flatMap(({ line, why }) => {
      const change = changes[line];
      if (change === undefined || change.verb === "delete") return [];
      const trouble = `${change.address.uplink} ${formatIp6(change.address.address)} ${why}`;
      if (!said.has(trouble)) log("ADDRESS-FAILED", { line: change.line, why });
      said.add(trouble);
      return [change.address];
    });
    const done = changes.flatMap(({ verb, address }) =>
      verb === "replace" && !failed.includes(address) ? [address] : [],
    );
    for (const { uplink, address } of done.filter((one) => findSame(held, one) === undefined)) {
      log("ADDRESS-SET", { interface: uplink, address: () => `${formatIp6(address)}/${length}` });
    }
    held = wanted.flatMap((one): readonly Held[] => {
      const before = held.find((other) => isSame(other, one));
      if (findSame(failed, one) !== undefined) return [];
      return [{ ...one, setAt: before === undefined || before.setAt === UNSET ? now : before.setAt }];
    });
    next();
  };
  const look = (): void => {
    const now = clock.now();
    const present = rows();
    const isThere = ({ uplink, address }: Held): boolean =>
      present.some((row) => row.name === uplink && sameIp6(row.address, address) && !row.dadFailed);
    const missing = held.filter((one) => !isThere(one));
    held = held.filter(isThere);
    for (const one of missing) {
      // An interface that went down takes its link-local address along: that is no duplicate.
      const isUp = present.some((row) => row.name === one.uplink && row.linkLocal);
      if (isUp && now - one.setAt < DAD_MS) listeners.get(one.uplink)?.(one.address);
    }
    if (all(links).length > held.length) queue.schedule();
    else next();
  };
  const next = (): void => {
    const now = clock.now();
    if (ending || all(links).length === 0) alarm.cancel();
    else {
      const isFresh = held.some(({ setAt }) => now - setAt < DAD_MS);
      alarm.set(millis(now + (isFresh ? LOOK_MS.fresh : LOOK_MS.settled)));
    }
  };

  const queue = createWorkQueue(apply, log);
  if (held.length > 0) queue.schedule();
  return {
    onDuplicate: (uplink, tell) => listeners.set(uplink, tell),
    update(uplink, link) {
      links.set(uplink, link);
      queue.schedule();
    },
    afterwards(_uplink, hook, run) {
      queue.afterwards(() => {
        run(hook);
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

const UNSET = millis(-1);

const all = (links: ReadonlyMap<string, RememberedLink>): readonly UplinkAddress[] =>
  [...links].flatMap(([uplink, link]) => addressesOf(uplink, link));
