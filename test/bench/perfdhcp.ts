import type { Host } from "../e2e/bed/host.js";
import { requirePeer } from "../e2e/bed/peers.js";

/** What to offer a server. */
export interface Load {
  /** Exchanges begun per second, each by a client of its own. */
  readonly rate: number;
  readonly seconds: number;
  /** As if through one relay. */
  readonly relayed?: boolean;
  /** Renewals per second, beside the exchanges; each of another client that was served in this very run. */
  readonly renewals?: number;
}

/** What came of it; counts per second. */
export interface Outcome {
  /** Exchanges begun: fewer than asked for when the load generator itself cannot do more. */
  readonly begun: number;
  /** Exchanges of four messages that were completed. */
  readonly completed: number;
  /** Renewals that were answered. */
  readonly renewed: number;
  /** Exchanges begun and not completed, of all. */
  readonly lost: number;
  /** Renewals sent and not answered, of all; 0 when there was none. */
  readonly lostRenewals: number;
}

/**
 * Kea's load generator, on `wan0` of a host; drops are what is not answered within a second. It takes its
 * own link-local address for the relay's link-address.
 */
export async function offer(host: Host, load: Load): Promise<Outcome> {
  const { rate, seconds, relayed = false, renewals = 0 } = load;
  const words = [
    ...["-6", "-e", "prefix-only", "-g", "single", "-l", "wan0", "-W", String(waitMicros(seconds))],
    ...["-R", String(CLIENTS), "-s", String(seed++), "-r", String(rate), "-p", String(seconds)],
    ...(relayed ? ["-A", "1"] : []),
    ...(renewals > 0 ? ["-f", String(renewals)] : []),
  ];
  const { stdout, stderr } = await host.run([requirePeer("perfdhcp"), ...words]);
  const outcome = readReport(stdout, seconds);
  if (outcome === undefined) throw new Error(`perfdhcp ${words.join(" ")}: ${stderr}${stdout}`);
  return outcome;
}

/** How long answers are waited for at the end. */
const waitMicros = (seconds: number): number => (seconds > 1 ? 700_000 : 500_000);

/** So many that none comes twice. */
const CLIENTS = 100_000_000;
/** Of the clients drawn: others in every run. */
let seed = 1;

/** The figures of a report, which has a part for each pair of messages. */
export function readReport(report: string, seconds: number): Outcome | undefined {
  const part = (name: string): string | undefined =>
    new RegExp(`\\*\\*\\*Statistics for: ${name}\\*\\*\\*([^]*?)(?=\\*\\*\\*Statistics|$)`).exec(report)?.[1];
  const figure = (text: string | undefined, name: string): number =>
    Number(new RegExp(`^${name}: (-?[\\d.]+)`, "m").exec(text ?? "")?.[1] ?? 0);
  const [offers, replies, renewals] = [part("SOLICIT-ADVERTISE"), part("REQUEST-REPLY"), part("RENEW-REPLY")];
  if (offers === undefined || replies === undefined) return undefined;
  const begun = figure(offers, "sent packets");
  const done = figure(replies, "received packets");
  const renewed = figure(renewals, "received packets");
  const sent = figure(renewals, "sent packets");
  return {
    begun: begun / seconds,
    completed: done / seconds,
    renewed: renewed / seconds,
    lost: begun === 0 ? 1 : 1 - done / begun,
    lostRenewals: sent === 0 ? 0 : 1 - renewed / sent,
  };
}

/** The share that may be lost where a rate counts as borne. */
const LOSS = 0.01;
/** The share of what is asked for that perfdhcp has to begin at least; one or two it always leaves out. */
const BEGUN = 0.98;
const LEFT_OUT = 2;
/** The same of renewals: it begins with them when the first clients are served. */
const RENEWED = 0.9;

/** Whether all that was asked for was offered and done, but for one in a hundred. */
export function isBorne({ rate, seconds, renewals = 0 }: Load, outcome: Outcome): boolean {
  const least = (asked: number, share: number): number => asked * share - LEFT_OUT / seconds;
  return (
    outcome.lost <= LOSS &&
    outcome.lostRenewals <= LOSS &&
    outcome.begun >= least(rate, BEGUN) &&
    outcome.renewed >= least(renewals, RENEWED)
  );
}
