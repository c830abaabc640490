import { type Millis, millis } from "../brand.js";

/** Octets that cannot be foreseen: the only source of chance in the machines. */
export type Random = (octets: number) => Uint8Array;

/** How one kind of message is repeated (RFC 8415 15). `mrt`, `mrc`, `mrd`: 0 means no limit. */
export interface RetransmissionParameters {
  /** Upper bound of the random wait before the first transmission. */
  readonly maxDelay: Millis;
  readonly irt: Millis;
  readonly mrt: Millis;
  readonly mrc: number;
  readonly mrd: Millis;
  /** Solicit only: the first RAND is above 0, so that the first wait is never shorter than IRT (18.2.1). */
  readonly firstRand: "any" | "positive";
}

/** A message that is being repeated: how often it was sent, the last RT, and when the next step is due. */
export interface Retransmission {
  readonly sends: number;
  /** Time of the first transmission; meaningless while `sends` is 0. */
  readonly firstAt: Millis;
  readonly rt: Millis;
  readonly dueAt: Millis;
}

const s = (value: number): Millis => millis(value * 1000);
const plain = { maxDelay: s(0), mrt: s(0), mrc: 0, mrd: s(0), firstRand: "any" } as const;

/** The parameters of RFC 8415 7.6. SOL_MAX_RT and INF_MAX_RT may come from the server, see `withMrt`. */
export const RETRANSMISSION = {
  solicit: { ...plain, maxDelay: s(1), irt: s(1), mrt: s(3600), firstRand: "positive" },
  request: { ...plain, irt: s(1), mrt: s(30), mrc: 10 },
  renew: { ...plain, irt: s(10), mrt: s(600) },
  rebind: { ...plain, irt: s(10), mrt: s(600) },
  /** Confirm, and the Rebind that stands for it when prefixes are held (18.2.12). */
  confirm: { ...plain, maxDelay: s(1), irt: s(1), mrt: s(4), mrd: s(10) },
  release: { ...plain, irt: s(1), mrc: 4 },
  informationRequest: { ...plain, maxDelay: s(1), irt: s(1), mrt: s(3600) },
  decline: { ...plain, irt: s(1), mrc: 4 },
} as const satisfies Record<string, RetransmissionParameters>;

/** The same parameters with another MRT (SOL_MAX_RT of a server, RFC 8415 21.24). */
export const withMrt = (parameters: RetransmissionParameters, mrt: Millis): RetransmissionParameters => ({
  ...parameters,
  mrt,
});

/** A retransmission whose first transmission is due `delay` from now. */
export function scheduleFirst(now: Millis, delay: Millis): Retransmission {
  return { sends: 0, firstAt: now, rt: millis(0), dueAt: millis(now + delay) };
}

/** The random wait before a first transmission, 0..maxDelay. */
export function firstDelay(parameters: RetransmissionParameters, random: Random): Millis {
  return millis(uniform(random) * parameters.maxDelay);
}

/** The retransmission after one more copy left at `now`: next RT drawn, next step due (RFC 8415 15). */
export function afterSend(
  last: Retransmission,
  parameters: RetransmissionParameters,
  now: Millis,
  random: Random,
): Retransmission {
  const firstAt = last.sends === 0 ? now : last.firstAt;
  const rt = nextRt(last, parameters, random);
  const end = parameters.mrd === 0 ? Infinity : firstAt + parameters.mrd;
  return { sends: last.sends + 1, firstAt, rt, dueAt: millis(Math.min(now + rt, end)) };
}

/** The same retransmission with its next step put off to `dueAt` (rate limit). */
export const postpone = (last: Retransmission, dueAt: Millis): Retransmission => ({ ...last, dueAt });

/** True when the exchange has failed: MRC copies sent or MRD over, and the last wait is over too. */
export function isExhausted(
  last: Retransmission,
  parameters: RetransmissionParameters,
  now: Millis,
): boolean {
  if (last.sends === 0 || now < last.dueAt) return false;
  const { mrc, mrd } = parameters;
  return (mrc !== 0 && last.sends >= mrc) || (mrd !== 0 && now >= last.firstAt + mrd);
}

/**
 * Value for the Elapsed Time option of the copy that leaves now: 1/100 s, saturating at 0xffff (RFC 8415
 * 21.9).
 */
export function elapsedTime(last: Retransmission, now: Millis): number {
  if (last.sends === 0) return 0;
  return Math.min(0xffff, Math.max(0, Math.floor((now - last.firstAt) / 10)));
}

/**
 * A doubling wait that starts at `first` and is capped at `most`, both with RAND: for pauses between
 * exchanges that the RFC wants limited without giving numbers (RFC 8415 14.1). `step` 0 is the first wait.
 */
export function backOff(step: number, first: Millis, most: Millis, random: Random): Millis {
  const wait = Math.min(first * 2 ** Math.min(step, 30), most);
  return millis(wait + rand(random) * wait);
}

function nextRt(last: Retransmission, parameters: RetransmissionParameters, random: Random): Millis {
  const { irt, mrt, firstRand } = parameters;
  if (last.sends === 0) {
    return millis(irt + irt * (firstRand === "positive" ? (1 - uniform(random)) / 10 : rand(random)));
  }
  const rt = 2 * last.rt + rand(random) * last.rt;
  return millis(mrt !== 0 && rt > mrt ? mrt + rand(random) * mrt : rt);
}

/** RAND: uniform in [-0.1, +0.1) (RFC 8415 15). */
const rand = (random: Random): number => uniform(random) * 0.2 - 0.1;

/** Uniform in [0, 1). */
function uniform(random: Random): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 2 ** 32;
}
