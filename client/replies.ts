import { INFINITY, type Seconds, seconds } from "../shared/brand.js";
import type { Ip6 } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import { STATUS, statusLabel } from "../shared/wire/codes.js";
import { find, type Option } from "../shared/wire/options.js";
import { type Answers, isServed, readAnswers } from "./answer.js";
import { announce, logGone } from "./announce.js";
import {
  type Binding,
  emptyBinding,
  extend,
  type IaAnswer,
  iaText,
  isLive,
  leaseText,
  sameIa,
  withdraw,
} from "./binding.js";
import { takeKey } from "./keys.js";
import type { OutgoingType } from "./messages.js";
import { log, setBindings, takeOptions, type Turn } from "./turn.js";

/** What a Reply came to. `failed`: it failed as a whole, no IA was looked at, the exchange goes on. */
export interface ReplyOutcome {
  readonly failed: boolean;
  /** How many of our IAs got usable leases. */
  readonly extended: number;
  /** The server does not know (all of) what we hold: it wants a Request (RFC 8415 18.2.10.1). */
  readonly noBinding: boolean;
  /** An IA came back empty, without a status: Dibbler's server answers every Rebind like this. */
  readonly empty: boolean;
}

/**
 * SOL_MAX_RT and INF_MAX_RT while no server has said otherwise, and what is accepted (RFC 8415 7.6, 21.24,
 * 21.25).
 */
export const SOL_MAX_RT = { initial: seconds(3600), min: 60, max: 86_400 } as const;

/**
 * Takes over what a Reply to `message` says: SOL_MAX_RT, leases, withdrawals; tells the hook. Phases are the
 * caller's business (RFC 8415 18.2.10).
 */
export function applyReply(
  turn: Turn,
  { message: { options }, server }: ServerMessage,
  from: Ip6,
  message: OutgoingType,
): ReplyOutcome {
  takeCaps(turn, options);
  const answers = answersFor(turn, options);
  const { code } = answers.status;
  if (code === STATUS.unspecFail || code === STATUS.useMulticast) {
    return { failed: true, extended: 0, noBinding: false, empty: false };
  }
  takeKey(turn, options, server);
  const before = turn.state.bindings;
  const after = before.map((binding) => applyAnswer(turn, binding, answers, server));
  setBindings(turn, after);
  logGone(turn, before, "withdrawn");
  const touched = answers.ias.filter(isServed);
  if (touched.length > 0) takeOptions(turn, options);
  announce(turn, before, touched, { gone: "withdrawn", answered: { message, from, options } });
  return {
    failed: false,
    extended: touched.length,
    noBinding: [answers.status, ...answers.ias.map(({ status }) => ({ code: status }))].some(
      (status) => status.code === STATUS.noBinding,
    ),
    empty: answers.ias.some(isEmpty),
  };
}

/** Takes over SOL_MAX_RT and INF_MAX_RT, whatever the status of the Reply (RFC 8415 18.2.10). */
export function takeCaps(turn: Turn, options: readonly Option[]): void {
  const { state } = turn;
  const solMaxRt = usableCap(find(options, "solMaxRt")) ?? state.solMaxRt;
  const infMaxRt = usableCap(find(options, "infMaxRt")) ?? state.infMaxRt;
  turn.state = { ...state, solMaxRt, infMaxRt };
}

/** Reads the answers to all our IAs and logs statuses and faults. */
export function answersFor(turn: Turn, options: readonly Option[]): Answers {
  const { setup, bindings } = turn.state;
  const answers = readAnswers(
    options,
    bindings.map(({ wanted }) => wanted),
  );
  const statuses = answers.ias.map((ia) => ({ what: iaText(ia), code: ia.status, text: ia.statusText }));
  for (const { what, code, text } of [{ what: "the message", ...answers.status }, ...statuses]) {
    if (code === STATUS.success) continue;
    log(turn, "CLIENT-STATUS", {
      interface: setup.interfaceName,
      what,
      status: statusLabel(code),
      text: text === "" ? "" : ` ("${text}")`,
    });
  }
  for (const fault of answers.faults) {
    log(turn, "CLIENT-ANSWER-FAULT", { interface: setup.interfaceName, fault });
  }
  return answers;
}

/** A SOL_MAX_RT or INF_MAX_RT when it may be used, else nothing (RFC 8415 21.24, 21.25). */
export function usableCap(value: Seconds | undefined): Seconds | undefined {
  if (value === undefined || value < SOL_MAX_RT.min || value > SOL_MAX_RT.max) return undefined;
  return value;
}

const isEmpty = ({ status, grants, withdrawn }: IaAnswer): boolean =>
  status === STATUS.success && grants.length === 0 && withdrawn.length === 0;

function applyAnswer(
  turn: Turn,
  binding: Binding,
  { status, ias }: Answers,
  server: ServerMessage["server"],
): Binding {
  const { wanted } = binding;
  const answer = ias.find((ia) => sameIa(ia, wanted));
  // Addresses of another link are not used any more and not asked for again (RFC 8415 18.2.10.1).
  const isElsewhere = status.code === STATUS.notOnLink || answer?.status === STATUS.notOnLink;
  if (wanted.kind === "na" && isElsewhere) return emptyBinding(wanted);
  if (answer === undefined) return binding;
  if (!isServed(answer)) return withdraw(binding, answer.withdrawn);
  const extended = extend(binding, answer, server, turn.env.now);
  logLeases(turn, extended);
  return extended;
}

function logLeases(turn: Turn, { wanted, leases, renewAt, rebindAt }: Binding): void {
  const { now } = turn.env;
  for (const lease of leases.filter(({ since }) => since === now)) {
    log(turn, "CLIENT-LEASE", {
      interface: turn.state.setup.interfaceName,
      iaid: wanted.iaid,
      prefix: () => leaseText(wanted, lease.prefix),
      preferred: lifetime(lease.preferred),
      valid: lifetime(lease.valid),
      t1: Number.isFinite(renewAt) ? `${Math.round((renewAt - now) / 1000)} s` : "never",
      t2: Number.isFinite(rebindAt) ? `${Math.round((rebindAt - now) / 1000)} s` : "never",
    });
  }
}

const lifetime = (value: Seconds): string => (value === INFINITY ? "for ever" : `${value} s`);

/** True when anything is held. */
export const holdsLeases = (turn: Turn): boolean => turn.state.bindings.some(isLive);
