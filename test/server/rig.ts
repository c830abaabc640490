import { type Iaid, iaid, millis, type Millis, type Seconds, seconds, xid } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { type Duid, duid } from "../../shared/duid.js";
import type { HookCall } from "../../shared/hook.js";
import { type LeaseChange, restore } from "../../shared/lease/changes.js";
import type { IaType, LeaseId } from "../../shared/lease/lease.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { formatIp6, type Ip6, ip6 } from "../../shared/prefix.js";
import type { ClientServerType } from "../../shared/wire/codes.js";
import { clientServerMessage, encodeMessage, type Message } from "../../shared/wire/message.js";
import { type Option, option } from "../../shared/wire/options.js";
import {
  createServerState,
  deadline,
  type ServerAction,
  type ServerEvent,
  type ServerState,
  step,
  undo,
} from "../../server/engine.js";
import { HISTORY_SIZES } from "../../server/history.js";
import { hmacMd5 } from "../hmac.js";
import { openAccount } from "./account.js";
import { type Answer, readAnswer } from "./answer.js";
import { ip, prefix, SERVER_ID, START } from "./settings.js";

/** A packet of the server and when it was sent, in seconds. */
export interface Sent {
  readonly at: number;
  readonly answer: Answer;
}

/** A server in virtual time, with a store that is a map. */
export interface Rig {
  readonly state: ServerState;
  readonly table: LeaseTable;
  /** What the store holds. */
  readonly records: Map<LeaseId, Uint8Array>;
  readonly now: () => Millis;
  /** What happened since this was last asked. */
  readonly hooks: () => HookCall[];
  readonly logs: () => LogId[];
  /** What was sent, and at which second since the start of the rig. */
  readonly sent: () => Sent[];
  /** One step with its commit made; gives what it sends. */
  readonly give: (event: ServerEvent) => Answer[];
  /** The same; gives the bare actions. */
  readonly watch: (event: ServerEvent) => readonly ServerAction[];
  /** One step after the other without their commits; gives the leases that these would have changed. */
  readonly decide: (...events: readonly ServerEvent[]) => readonly LeaseId[];
  /** The same, and then all is taken back, as the loop does it when commits fail. */
  readonly giveInVain: (...events: readonly ServerEvent[]) => void;
  /** Lets seconds pass, with a timer event whenever one is due. */
  readonly wait: (time: number) => void;
  /** Lets seconds pass without any event. */
  readonly sleep: (time: number) => void;
  /** The same store under a new program, perhaps with another configuration, after `started`. */
  readonly restart: (config?: ServerConfig, away?: number) => Rig;
  /** What it sent at once when it was started by `restart`. */
  readonly sentAtStart: readonly Answer[];
}

/** A server of this configuration with nothing leased. */
export function createRig(
  config: ServerConfig,
  records = new Map<LeaseId, Uint8Array>(),
  at = START,
  interfaces: ReadonlyMap<string, number> = INDEXES,
  epoch = 1,
  historySizes = HISTORY_SIZES,
): Rig {
  const table = createLeaseTable({ seed: new Uint8Array(16).fill(7) });
  for (const [id, record] of records) restore(table, id, record);
  const known = new Map([...interfaces].filter(([name]) => isConfigured(config, name)));
  const secret = new Uint8Array(16).fill(9);
  const state = createServerState({
    config,
    duid: SERVER_ID,
    table,
    secret,
    interfaces: known,
    epoch,
    hmacMd5,
    historySizes,
  });
  const account = openAccount(table, records);
  let now = at;
  let hooks: HookCall[] = [];
  let logs: LogId[] = [];
  let sent: Sent[] = [];
  let drawn = 0;
  const env = (): { now: Millis; random: (octets: number) => Uint8Array } => ({
    now,
    // Never the same twice, so that keys of two clients can be told apart.
    random: (octets) => Uint8Array.from({ length: octets }, (_, i) => (i === 0 ? ++drawn : i * 7)),
  });

  const watch = (event: ServerEvent): readonly ServerAction[] => {
    const actions = step(state, event, env());
    checkOrder(actions);
    account.follow(actions);
    for (const action of actions) {
      if (action.type === "commit") for (const change of action.changes) store(records, change);
      if (action.type === "run") hooks.push(action.hook);
      if (action.type === "log") logs.push(action.id);
    }
    return actions;
  };
  const give = (event: ServerEvent): Answer[] =>
    watch(event).flatMap((action) => {
      if (action.type !== "send") return [];
      const { bytes, to, port, interfaceName: over } = action;
      const answer = readAnswer(bytes, `${formatIp6(to)} port ${port} over ${over}`);
      sent.push({ at: (now - at) / 1000, answer });
      return [answer];
    });

  const decide = (...events: readonly ServerEvent[]): readonly LeaseId[] => {
    const ids = events
      .flatMap((event) => step(state, event, env()))
      .flatMap((action) => (action.type === "commit" ? action.changes.map(({ id }) => id) : []));
    account.lookAgain(ids);
    return ids;
  };

  return {
    state,
    table,
    records,
    now: () => now,
    hooks: () => {
      const seen = hooks;
      hooks = [];
      return seen;
    },
    logs: () => {
      const seen = logs;
      logs = [];
      return seen;
    },
    sent: () => {
      const seen = sent;
      sent = [];
      return seen;
    },
    give,
    watch,
    decide,
    giveInVain: (...events) => {
      const ids = decide(...events);
      undo(state, ids, (id) => records.get(id));
      account.lookAgain(ids);
    },
    sleep: (time) => {
      now = millis(now + time * 1000);
    },
    wait: (time) => {
      const end = now + time * 1000;
      for (let due = deadline(state); due <= end; due = deadline(state)) {
        now = millis(Math.max(now, due));
        give({ type: "timer" });
      }
      now = millis(end);
    },
    restart: (next = config, away = 0) => {
      const rig = createRig(next, records, millis(now + away * 1000), interfaces, epoch + 1, historySizes);
      return { ...rig, sentAtStart: rig.give({ type: "started" }) };
    },
    sentAtStart: [],
  };
}

/** Indexes of the interfaces that tests use. */
export const INDEXES: ReadonlyMap<string, number> = new Map([
  ["eth0", 2],
  ["eth1", 3],
]);

/** Interfaces of the system that the configuration names, be it as the one that relays are heard on. */
const isConfigured = ({ interfaces }: ServerConfig, wanted: string): boolean =>
  interfaces.some(({ selector, relay }) => {
    const used = relay === undefined ? selector : relay.over;
    return used !== undefined && "name" in used && used.name === wanted;
  });

function store(records: Map<LeaseId, Uint8Array>, change: LeaseChange): void {
  if (change.type === "put") records.set(change.id, change.record);
  else records.delete(change.id);
}

/** Commit, then send, then run, then what happened, then log. */
function checkOrder(actions: readonly ServerAction[]): void {
  const rank = { commit: 0, send: 1, run: 2, happened: 3, log: 4 } as const;
  const ranks = actions.map(({ type }) => rank[type]);
  if (ranks.some((value, i) => value < (ranks[i - 1] ?? 0))) throw new Error("actions out of order");
}

/** A relay on the way of a test client: what it says of whom it hears, with `::` for what is not given. */
export interface Hop {
  readonly link?: string;
  readonly peer?: string;
  readonly hops?: number;
  readonly options?: readonly Option[];
}

/** Where a test client is: by the standard at its own link-local address on eth0. */
export interface Whereabouts {
  readonly interfaceName?: string;
  readonly from?: Ip6;
  /** Relays on its way, the one it talks to first. */
  readonly hops?: readonly Hop[];
  /** The address and port that the last of them sends from. */
  readonly relay?: string;
  readonly relayPort?: number;
}

/** An IA in a message of a client: `pd(1, "2001:db8::/56")`. */
export interface IaSpec {
  readonly type: IaType;
  readonly iaid: number;
  readonly prefixes: readonly (string | readonly [text: string, preferred: number, valid: number])[];
  readonly t1?: number;
  readonly t2?: number;
}

/** An IA_PD that names these prefixes. */
export const pd = (id: number, ...prefixes: IaSpec["prefixes"]): IaSpec => ({
  type: "pd",
  iaid: id,
  prefixes,
});
/** An IA_NA that names these addresses, written with /128. */
export const na = (id: number, ...prefixes: IaSpec["prefixes"]): IaSpec => ({
  type: "na",
  iaid: id,
  prefixes,
});

/** An IA_TA that names these addresses, written with /128. */
export const ta = (id: number, ...prefixes: IaSpec["prefixes"]): IaSpec => ({
  type: "ta",
  iaid: id,
  prefixes,
});

/** How a message differs from a well-behaved client's. */
export interface Oddity {
  readonly options?: readonly Option[];
  readonly serverId?: Duid | null;
  readonly clientId?: Duid | null;
  readonly unicast?: boolean;
  readonly port?: number;
  readonly xid?: number;
}

/** A client with verbs; each gives the answer, or `undefined` for silence. */
export interface TestClient {
  readonly duid: Duid;
  readonly event: (type: ClientServerType, ias: readonly IaSpec[], oddity?: Oddity) => ServerEvent;
  readonly ask: (type: ClientServerType, ias: readonly IaSpec[], oddity?: Oddity) => Answer | undefined;
  readonly solicit: (...ias: readonly IaSpec[]) => Answer | undefined;
  readonly request: (...ias: readonly IaSpec[]) => Answer | undefined;
  readonly renew: (...ias: readonly IaSpec[]) => Answer | undefined;
  readonly rebind: (...ias: readonly IaSpec[]) => Answer | undefined;
  readonly release: (...ias: readonly IaSpec[]) => Answer | undefined;
  /** Request without Solicit; the prefix given for the IA_PD. */
  readonly lease: (iaid?: number, hint?: string) => string;
}

const NAMES_SERVER: ReadonlySet<ClientServerType> = new Set(["request", "renew", "release", "decline"]);

/** The n-th client, with a DUID and an address of its own. */
export function createClient(rig: Rig, n: number, where: Whereabouts = {}): TestClient {
  const {
    interfaceName = "eth0",
    from = addressOf(n),
    hops = [],
    relay = "fe80::ee",
    relayPort = 547,
  } = where;
  const own = duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, n >>> 16, n >>> 8, n));
  let exchange = 0;

  const event: TestClient["event"] = (type, ias, oddity = {}) => {
    exchange += 1;
    const client = oddity.clientId === undefined ? own : oddity.clientId;
    const server =
      oddity.serverId === undefined ? (NAMES_SERVER.has(type) ? SERVER_ID : null) : oddity.serverId;
    const options = [
      ...(client === null ? [] : [option("clientId", client)]),
      ...(server === null ? [] : [option("serverId", server)]),
      ...ias.map(writeIa),
      ...(oddity.options ?? []),
    ];
    const message = clientServerMessage(type, xid(oddity.xid ?? exchange), options);
    const isRelayed = hops.length > 0;
    return {
      type: "datagram",
      bytes: encodeMessage(relayThrough(message, hops, from)),
      from: isRelayed ? ip(relay) : from,
      port: isRelayed ? relayPort : (oddity.port ?? 546),
      interfaceName,
      interfaceIndex: INDEXES.get(interfaceName) ?? 99,
      multicast: oddity.unicast !== true,
    };
  };
  const ask: TestClient["ask"] = (type, ias, oddity) => rig.give(event(type, ias, oddity))[0];

  return {
    duid: own,
    event,
    ask,
    solicit: (...ias) => ask("solicit", ias),
    request: (...ias) => ask("request", ias),
    renew: (...ias) => ask("renew", ias),
    rebind: (...ias) => ask("rebind", ias),
    release: (...ias) => ask("release", ias),
    lease: (id = 1, hint) => {
      const answer = ask("request", [hint === undefined ? pd(id) : pd(id, hint)]);
      const given = prefixIn(answer);
      if (given === undefined) throw new Error("no prefix was given");
      return given;
    },
  };
}

/** The first prefix (or address) of the n-th IA of an answer. */
export const prefixIn = (answer: Answer | undefined, n = 0): string | undefined =>
  answer?.ias[n]?.leases[0]?.prefix;

/** fe80:: and the number. */
const addressOf = (n: number): Ip6 => {
  const octets = new Uint8Array(16);
  octets.set([0xfe, 0x80]);
  octets.set([n >>> 16, n >>> 8, n], 13);
  return ip6(octets);
};

/** A message in a Relay-forward for each hop; the first one hears the client itself. */
export function relayThrough(message: Message, hops: readonly Hop[], from: Ip6): Message {
  return hops.reduce<Message>(
    (inner, { link = "::", peer, hops: count, options = [] }, i) => ({
      form: "relay",
      type: "relayForward",
      hopCount: count ?? i,
      linkAddress: ip(link),
      peerAddress: peer === undefined ? (i === 0 ? from : ip("::")) : ip(peer),
      options: [...options, option("relayMessage", inner)],
    }),
    message,
  );
}

/** An IA with what it names. */
export function writeIa({ type, iaid: id, prefixes, t1 = 0, t2 = 0 }: IaSpec): Option {
  const options = prefixes.map((spec) => {
    const [text, preferred, valid] = typeof spec === "string" ? ([spec, 0, 0] as const) : spec;
    return writeLease(type, text, seconds(preferred), seconds(valid));
  });
  if (type === "ta") return option("iaTa", { iaid: asIaid(id), options });
  return option(type === "pd" ? "iaPd" : "iaNa", {
    iaid: asIaid(id),
    t1: seconds(t1),
    t2: seconds(t2),
    options,
  });
}

function writeLease(type: IaType, text: string, preferred: Seconds, valid: Seconds): Option {
  const parsed = prefix(text);
  if (type === "pd") return option("iaPrefix", { prefix: parsed, preferred, valid, options: [] });
  return option("iaAddr", { address: parsed.address, preferred, valid, options: [] });
}

const asIaid = (value: number): Iaid => iaid(value);
