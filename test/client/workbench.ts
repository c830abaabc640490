import { iaid, type Millis, millis, seconds, type Xid } from "../../shared/brand.js";
import { duid, type Duid, parseDuid } from "../../shared/duid.js";
import type { HookCall } from "../../shared/hook.js";
import {
  formatIp6,
  formatPrefix,
  type Ip6,
  parseIp6,
  parsePrefix,
  type Prefix,
} from "../../shared/prefix.js";
import { type MessageType, STATUS } from "../../shared/wire/codes.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  decodeMessage,
  encodeMessage,
} from "../../shared/wire/message.js";
import { find, findAll, type Option, option } from "../../shared/wire/options.js";
import type { IaKind, WantedIa } from "../../client/binding.js";
import { createClientState, deadline, step } from "../../client/machine.js";
import type { ReceivedOptions } from "../../client/option-files.js";
import type { RememberedLink } from "../../client/remembered.js";
import type { ClientAction, ClientEvent, ClientSetup, ClientState, Env } from "../../client/state.js";

/** A message the client sent: when (ms since the start) and what. */
export interface Sent {
  readonly at: number;
  readonly message: ClientServerMessage;
}

/** A hook call of the client: when (ms since the start) and what. */
export interface Called {
  readonly at: number;
  readonly call: HookCall;
}

/**
 * A client machine on the workbench: we are its clock, its chance, its network. Times are ms since the start.
 */
export interface Bench {
  readonly state: () => ClientState;
  readonly phase: () => string;
  readonly now: () => number;
  /** Everything since the start, or since the last `forget`. */
  readonly sent: readonly Sent[];
  readonly hooks: readonly Called[];
  readonly logged: readonly Extract<ClientAction, { type: "log" }>[];
  /** What is to be in files, each time that this changed. */
  readonly options: readonly ReceivedOptions[];
  readonly saved: () => RememberedLink | undefined;
  readonly ended: () => boolean;
  readonly forget: () => void;
  readonly start: (remembered?: RememberedLink) => void;
  readonly stop: () => void;
  /** Lets time pass, with every timer on its way. */
  readonly wait: (ms: number) => void;
  /**
   * Lets time pass until the client sends; fails when that takes longer than `patience` (default an hour).
   */
  readonly nextSent: (type?: MessageType, patience?: number) => Sent;
  /** Duplicate Address Detection finds the address in use. */
  readonly duplicate: (address: string) => void;
  /** The interface is linked again, with this index. */
  readonly link: (index?: number) => void;
  readonly receive: (message: ClientServerMessage, from?: Ip6) => void;
  readonly receiveBytes: (bytes: Uint8Array, multicast?: boolean) => void;
}

/** Unix time of the start of every bench. */
export const EPOCH = 1_800_000_000_000;
/** The client's DUID, as the guide's subnets have it. */
export const CLIENT = mustDuid("00:02:00:00:22:b8:ea:13:9d:cd");
/** Two servers. */
export const SERVER_A = mustDuid("00:03:00:01:02:00:00:00:00:0a");
export const SERVER_B = mustDuid("00:03:00:01:02:00:00:00:00:0b");
/** Where server messages come from. */
export const FROM = ip("fe80::a");

/**
 * A machine with exact times: RAND is 0 (chance 0.5) unless `chance` says otherwise, so RT is 1.05 s for the
 * first Solicit, then doubles exactly; delays of 0..1 s are 0.5 s. Transaction-ids count up.
 */
export function createBench(
  setup: Partial<ClientSetup> = {},
  chance: () => number = () => 0.5,
  begin: number = EPOCH,
): Bench {
  let now = begin;
  let state = createClientState({
    interfaceName: "wan0",
    interfaceIndex: 2,
    duid: CLIENT,
    wanted: [pd(1)],
    stateless: false,
    hmacMd5: undefined,
    rapidCommit: false,
    preferredServers: [],
    rejectedServers: [],
    insist: false,
    requestedOptions: [],
    sentOptions: [],
    releasePatience: millis(1200),
    ...setup,
  });
  const bench = {
    sent: [] as Sent[],
    hooks: [] as Called[],
    logged: [] as Bench["logged"][number][],
    options: [] as ReceivedOptions[],
  };
  let saved: RememberedLink | undefined;
  let ended = false;
  const random = countingRandom(chance);

  const take = (event: ClientEvent): void => {
    const env: Env = { now: millis(now), random };
    const result = step(state, event, env);
    state = result.state;
    for (const action of result.actions) {
      if (action.type === "send") bench.sent.push({ at: now - begin, message: decodeSent(action.bytes) });
      if (action.type === "run") bench.hooks.push({ at: now - begin, call: action.hook });
      if (action.type === "options") bench.options.push(action.options);
      if (action.type === "log") bench.logged.push(action);
      if (action.type === "save") saved = action.remembered;
      if (action.type === "ended") ended = true;
    }
  };
  const waitUntil = (end: number, enough: () => boolean): void => {
    for (let idle = 0; !enough(); ) {
      const { at } = deadline(state);
      if (at > end) break;
      idle = at > now ? 0 : idle + 1;
      if (idle > 20) throw new Error(`the machine spins in ${state.phase.phase} at ${now - begin} ms`);
      now = Math.max(now, at);
      take({ type: "timer" });
    }
    if (!enough()) now = Math.max(now, end);
  };
  const receiveBytes = (bytes: Uint8Array, multicast = false, from = FROM): void => {
    take({ type: "datagram", bytes, from, multicast });
  };
  return {
    ...bench,
    state: () => state,
    phase: () => state.phase.phase,
    now: () => now - begin,
    saved: () => saved,
    ended: () => ended,
    forget: () => {
      bench.sent.length = 0;
      bench.hooks.length = 0;
      bench.logged.length = 0;
      bench.options.length = 0;
    },
    start: (remembered) => {
      take({ type: "start", remembered });
    },
    stop: () => {
      take({ type: "stop" });
    },
    wait: (ms) => {
      waitUntil(now + ms, () => false);
    },
    nextSent: (type, patience = 3_600_000) => {
      const before = bench.sent.length;
      waitUntil(now + patience, () => bench.sent.length > before);
      const sent = bench.sent[before];
      if (sent === undefined) throw new Error(`nothing sent within ${patience} ms in ${state.phase.phase}`);
      if (type !== undefined && sent.message.type !== type) {
        throw new Error(`${sent.message.type} was sent, not ${type}`);
      }
      return sent;
    },
    duplicate: (address) => {
      take({ type: "duplicate", address: ip(address) });
    },
    link: (interfaceIndex = 2) => {
      take({ type: "link", interfaceIndex });
    },
    receive: (message, from = FROM) => {
      receiveBytes(encodeMessage(message), false, from);
    },
    receiveBytes,
  };
}

/** What a server puts into one IA; an IA_PD unless `kind` says otherwise. */
export interface IaText {
  readonly kind?: IaKind;
  readonly iaid?: number;
  readonly t1?: number;
  readonly t2?: number;
  readonly status?: keyof typeof STATUS;
  /** `[prefix or address, preferred, valid, options in it]` */
  readonly prefixes?: readonly (readonly [string, number, number, (readonly Option[])?])[];
}

/** The usual grant: 2001:db8:1::/64 for 3000/4000 s, T1 1000, T2 2000. */
export const GRANT: IaText = { t1: 1000, t2: 2000, prefixes: [["2001:db8:1::/64", 3000, 4000]] };

/** The usual address: 2001:db8:a::1 with the times of the usual prefix. */
export const ADDRESS: IaText = { kind: "na", t1: 1000, t2: 2000, prefixes: [["2001:db8:a::1", 3000, 4000]] };

/** Makes an IA_PD or IA_NA option. */
export function iaOf({ kind = "pd", iaid: id = 1, t1 = 0, t2 = 0, status, prefixes = [] }: IaText): Option {
  const leases = prefixes.map(([text, preferred, valid, options = []]) => {
    const times = { preferred: seconds(preferred), valid: seconds(valid), options };
    return kind === "na"
      ? option("iaAddr", { address: ip(text), ...times })
      : option("iaPrefix", { prefix: prefix(text), ...times });
  });
  const options = status === undefined ? leases : [...leases, statusOption(status)];
  return option(kind === "na" ? "iaNa" : "iaPd", {
    iaid: iaid(id),
    t1: seconds(t1),
    t2: seconds(t2),
    options,
  });
}

/** Makes a Status Code option with a text. */
export const statusOption = (status: keyof typeof STATUS): Option =>
  option("statusCode", { status: STATUS[status], text: new TextEncoder().encode("no luck today") });

/** What of a server message a test wants to be different. */
export interface Shape {
  readonly server?: Duid | undefined;
  readonly client?: Duid | undefined;
  readonly xid?: Xid;
  readonly ias?: readonly IaText[];
  readonly extra?: readonly Option[];
}

/** An Advertise that answers `to`, by default from server A with the usual grant. */
export const advertise = (to: Sent, shape: Shape = {}): ClientServerMessage => answer("advertise", to, shape);
/** A Reply that answers `to`, by default from server A with the usual grant. */
export const reply = (to: Sent, shape: Shape = {}): ClientServerMessage => answer("reply", to, shape);

function answer(type: "advertise" | "reply", to: Sent, shape: Shape): ClientServerMessage {
  const { ias = [GRANT], extra = [], xid = to.message.xid } = shape;
  const client = "client" in shape ? shape.client : CLIENT;
  const server = "server" in shape ? shape.server : SERVER_A;
  return clientServerMessage(type, xid, [
    ...(client === undefined ? [] : [option("clientId", client)]),
    ...(server === undefined ? [] : [option("serverId", server)]),
    ...ias.map(iaOf),
    ...extra,
  ]);
}

/** From start to bound with server A's grant, the shortest way. Leaves a clean record. */
export function bind(bench: Bench, grant: readonly IaText[] = [GRANT], extra: readonly Option[] = []): void {
  bench.start();
  bench.receive(advertise(bench.nextSent("solicit"), { ias: grant, extra: [option("preference", 255)] }));
  bench.receive(reply(lastOf(bench), { ias: grant, extra }));
  if (bench.phase() !== "bound") throw new Error(`the client is ${bench.phase()}`);
  bench.forget();
}

/** The message sent last. */
export function lastOf(bench: Bench): Sent {
  const sent = bench.sent.at(-1);
  if (sent === undefined) throw new Error("nothing was sent");
  return sent;
}

/** A wanted IA_PD. Hints: `[prefix]` with lifetimes 0. */
export function pd(id: number, hints: readonly string[] = []): WantedIa {
  return {
    kind: "pd",
    iaid: iaid(id),
    t1: undefined,
    t2: undefined,
    hints: hints.map((text) => ({ prefix: prefix(text), preferred: seconds(0), valid: seconds(0) })),
  };
}

/** A wanted IA_NA. Hints: addresses, with lifetimes 0. */
export const na = (id: number, hints: readonly string[] = []): WantedIa => ({
  ...pd(
    id,
    hints.map((text) => `${text}/128`),
  ),
  kind: "na",
});

/** The IA_NAs of a message: IAID -> addresses as text. */
export function addressesOf(message: ClientServerMessage): Record<number, string[]> {
  return Object.fromEntries(
    findAll(message.options, "iaNa").map((ia) => [
      ia.iaid,
      findAll(ia.options, "iaAddr").map(({ address }) => formatIp6(address)),
    ]),
  );
}

/** The IA_PDs of a message: IAID -> prefixes as text. */
export function iasOf(message: ClientServerMessage): Record<number, string[]> {
  return Object.fromEntries(
    findAll(message.options, "iaPd").map((ia) => [
      ia.iaid,
      findAll(ia.options, "iaPrefix").map((lease) => formatPrefix(lease.prefix)),
    ]),
  );
}

/** Elapsed Time of a message. */
export const elapsedOf = (message: ClientServerMessage): number | undefined =>
  find(message.options, "elapsedTime");

/** Codes in the Option Request of a message. */
export const requestedOf = (message: ClientServerMessage): readonly number[] | undefined =>
  find(message.options, "optionRequest");

/** An address that has to be one. */
export function ip(text: string): Ip6 {
  const parsed = parseIp6(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

/** A prefix that has to be one. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function mustDuid(text: string): Duid {
  return parseDuid(text) ?? duid(new Uint8Array(3));
}

function decodeSent(bytes: Uint8Array): ClientServerMessage {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.faults.length > 0) throw new Error("the client sent a faulty message");
  if (decoded.message.form !== "message") throw new Error("the client sent a relay message");
  return decoded.message;
}

function countingRandom(chance: () => number): (octets: number) => Uint8Array {
  let count = 0;
  return (octets) => {
    if (octets !== 4) {
      count += 1;
      return Uint8Array.from({ length: octets }, (_, index) => (index === octets - 1 ? count : 0));
    }
    const value = Math.floor(chance() * 2 ** 32);
    return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
  };
}

/** Milliseconds as a brand, for tests that build states. */
export const at = (ms: number): Millis => millis(EPOCH + ms);
