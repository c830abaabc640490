/** What systemd asks of a program that it has started, as the environment has it (sd_notify(3)). */
export interface Asked {
  /** Milliseconds after which a program that has not pinged is taken for hung; `undefined`: nobody waits. */
  readonly watchdogMs: number | undefined;
}

/** How a service does, for whoever watches over it. */
export interface Condition {
  /** In a few words, when all is well. */
  readonly doing: string;
  /** What keeps somebody from being served; empty as a rule. */
  readonly troubles: readonly string[];
  /** For how many milliseconds it has waited for the disk; 0 when it does not. */
  readonly waitingMs: number;
}

/** Reads the environment; `undefined` when no service manager listens, or what it says cannot be read. */
export function askedBy(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): Asked | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: micros = "", WATCHDOG_PID: whose } = environment;
  if (socket === undefined || socket === "") return undefined;
  const isMeant = whose === undefined || whose === String(pid);
  const ms = /^\d{1,15}$/.test(micros) ? Number(micros) / 1000 : 0;
  return { watchdogMs: isMeant && ms > 0 ? ms : undefined };
}

/** Assignments of one message as a line for the relay, which parts them at tabs. */
export function notifyLine(assignments: readonly string[]): string {
  return `${assignments.map((each) => each.replaceAll(/\p{Cc}+/gu, " ")).join("\t")}\n`;
}

/** The sentence for `systemctl status`. */
export function statusOf({ doing, troubles, waitingMs }: Condition): string {
  const slow = waitingMs >= SLOW_MS ? ["the disk takes long to store leases"] : [];
  const all = [...troubles, ...slow];
  return all.length === 0 ? doing : `${all.join("; ")} (${doing})`;
}

/**
 * Whether the watchdog may be told that all is alive. A commit that fails is an answer of the disk: a restart
 * would not empty a full one. One that neither succeeds nor fails for as long as the watchdog waits is a hung
 * store, which a restart may help; nothing is leased until then anyway.
 */
export const isAlive = ({ waitingMs }: Condition, watchdogMs: number): boolean => waitingMs < watchdogMs;

/** Fsync on a busy disk takes seconds at times; longer is worth a word. */
const SLOW_MS = 10_000;
