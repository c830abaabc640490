import { millis } from "../../shared/brand.js";
import { formatDuid, makeDuid } from "../../shared/duid.js";
import { createClock } from "../../shared/edge/clock.js";
import { parseIp6 } from "../../shared/prefix.js";
import { messageLabel } from "../../shared/wire/codes.js";
import type { WantedIa } from "../../client/binding.js";
import { createClientState, deadline, step } from "../../client/machine.js";
import { decodeState, encodeState, type RememberedLink } from "../../client/remembered.js";
import type { ClientAction, ClientEvent, ClientState } from "../../client/state.js";
import type { Entry } from "./agenda.js";
import { messageIn } from "./answers.js";
import type { Chance } from "./chance.js";
import { createMachine, type Machine } from "./machine.js";
import type { Holdings } from "./uniqueness.js";
import type { Node, World } from "./world.js";

/** A prefix as the hook script believes it is held: until when (Unix ms). */
export interface Believed {
  readonly prefix: string;
  readonly until: number;
}

/** A client program in the world: its process comes and goes, its state file stays. */
export interface SimClient {
  readonly name: string;
  readonly wanted: readonly WantedIa[];
  /** What a script that follows the hook calls believes. Stays through kill -9, as routes do. */
  readonly believed: ReadonlyMap<string, Believed>;
  readonly hooks: readonly string[];
  /** When messages left. */
  readonly sends: readonly number[];
  readonly phase: () => string;
  /** What the program knows; `undefined` while it does not run. */
  readonly state: () => ClientState | undefined;
  readonly machine: Machine;
  readonly start: () => void;
  /** kill -9. */
  readonly kill: () => void;
  /** The same, when so many more things have been done: saves, sends, scripts. */
  readonly killAfter: (effects: number) => void;
  /** An orderly stop. */
  readonly stop: () => void;
}

/** What a client is made with. */
export interface ClientCast {
  readonly number: number;
  readonly wanted: readonly WantedIa[];
  readonly servers: readonly string[];
  readonly holdings: Holdings;
  readonly rapidCommit?: boolean;
  /** Its own share of the world's chance when not given. */
  readonly chance?: Chance;
}

const FROM = parseIp6("fe80::5");

/** Adds a client to the world, not started. */
export function addClient(world: World, cast: ClientCast): SimClient {
  const { number, wanted, servers, holdings } = cast;
  const name = `client${number}`;
  const duid = makeDuid({ kind: "en", enterprise: 8888, identifier: Uint8Array.of(0, 0, 0, number) });
  const who = formatDuid(duid);
  const chance = cast.chance ?? world.chance.fork();
  const machine = createMachine(world);
  const believed = new Map<string, Believed>();
  const hooks: string[] = [];
  const sends: number[] = [];
  let file: string | undefined;
  let state: ClientState | undefined;
  let clock = createClock(machine.sources());
  let alarm: Entry | undefined;
  let armed = 0;
  let promised: ReadonlyMap<string, number> = new Map();

  const node: Node = {
    name,
    receive: (bytes, _from, cargo) => {
      if (FROM === undefined) return;
      promised = cargo instanceof Map ? cargo : new Map<string, number>();
      push({ type: "datagram", bytes, from: FROM, multicast: false });
      promised = new Map();
    },
  };
  const push = (event: ClientEvent): void => {
    if (state === undefined) return;
    const result = step(state, event, { now: clock.now(), random: chance.octets });
    state = result.state;
    let isSaved = false;
    for (const action of result.actions) {
      // A call that follows from what was saved is made with it, as if both were one.
      const isPart = isSaved && action.type === "run";
      const counts = action.type === "save" || action.type === "send" || action.type === "run";
      if (!isPart && !(counts ? isAlive() : isRunning())) continue;
      perform(action);
      isSaved ||= action.type === "save";
    }
    setAlarm();
    checkUse();
  };
  const isRunning = (): boolean => state !== undefined;
  /** Something is about to be done; false when the program is dead, or dies just before. */
  const isAlive = (): boolean => {
    if (state !== undefined && armed > 0 && --armed === 0) kill();
    return state !== undefined;
  };
  const setAlarm = (): void => {
    if (alarm !== undefined) alarm.isClosed = true;
    const due = state === undefined ? Infinity : deadline(state).at;
    if (due === Infinity) return;
    const wait = Math.max(0, due - clock.now());
    alarm = world.at(
      world.now() + wait,
      () => {
        push({ type: "timer" });
      },
      false,
    );
  };
  const checkUse = (): void => {
    if (state === undefined) return;
    for (const { prefix, until } of believed.values())
      if (until + 1000 <= world.now()) world.fail(`${name} uses ${prefix} beyond its valid lifetime`);
    if (world.now() - (sends.at(-21) ?? 0) < 20_000) world.fail(`${name} sent more than 20 messages in 20 s`);
  };
  const perform = (action: ClientAction): void => {
    switch (action.type) {
      case "save":
        file = encodeState({ duid, links: new Map([["wan0", action.remembered]]) });
        break;
      case "options":
        break;
      case "send":
        send(action.bytes);
        break;
      case "run": {
        const { action: kind, variables } = action.hook;
        hooks.push(kind);
        world.note(`${name} hook ${kind} ${toldOf(variables)} ${variables["REASON"] ?? ""}`);
        follow(kind, variables);
        break;
      }
      case "log":
        if (action.id === "CLIENT-PHASE") world.note(`${name} ${JSON.stringify(action.values)}`);
        break;
      case "ended":
        state = undefined;
        world.remove(node);
        break;
      default:
        action satisfies never;
    }
  };
  const send = (bytes: Uint8Array): void => {
    sends.push(world.now());
    const message = messageIn(bytes, name);
    world.note(`${name} sends ${messageLabel(message.code)} ${message.xid.toString(16)}`);
    // What is given up is not used any more from now on.
    if (message.type === "release" || message.type === "decline")
      for (const prefix of believed.keys()) holdings.drops(who, prefix);
    for (const server of servers) world.send(name, bytes, server);
  };
  /** What a script does that keeps a route for each prefix, and an address for each, that it is told of. */
  const follow = (action: string, variables: Readonly<Record<string, string>>): void => {
    const told = toldIn(variables);
    if (action !== "delete" && told.length === 0) world.fail(`${name}: ${action} that names nothing`);
    for (const { prefix, valid } of told) {
      if (valid === 0) {
        believed.delete(prefix);
        holdings.drops(who, prefix);
        continue;
      }
      believed.set(prefix, { prefix, until: world.now() + valid * 1000 });
      const until = promised.get(prefix);
      if (until !== undefined) holdings.takes(who, prefix, until);
    }
  };
  const kill = (): void => {
    armed = 0;
    if (state === undefined) return;
    world.note(`${name} is killed`);
    state = undefined;
    setAlarm();
    world.remove(node);
  };
  return {
    name,
    wanted,
    believed,
    hooks,
    sends,
    phase: () => state?.phase.phase ?? "not running",
    state: () => state,
    machine,
    start: () => {
      if (state !== undefined) return;
      world.note(`${name} starts`);
      clock = createClock(machine.sources());
      state = createClientState({
        interfaceName: "wan0",
        interfaceIndex: 2,
        duid,
        wanted,
        stateless: false,
        hmacMd5: undefined,
        rapidCommit: cast.rapidCommit ?? false,
        preferredServers: [],
        rejectedServers: [],
        insist: false,
        requestedOptions: [],
        sentOptions: [],
        releasePatience: millis(1200),
      });
      world.add(node);
      push({ type: "start", remembered: read(file) });
    },
    kill,
    killAfter: (effects) => {
      armed = effects;
    },
    stop: () => {
      world.note(`${name} is told to stop`);
      push({ type: "stop" });
    },
  };
}

interface Told {
  readonly prefix: string;
  readonly valid: number;
}

function toldIn(variables: Readonly<Record<string, string>>): readonly Told[] {
  const told: Told[] = [];
  for (let n = 1; variables[`PREFIX${n}`] !== undefined; n++) {
    const prefix = `${variables[`PREFIX${n}`] ?? ""}/${variables[`PREFIX${n}LEN`] ?? ""}`;
    told.push({ prefix, valid: Number(variables[`PREFIX${n}VALID`]) });
  }
  for (let n = 1; variables[`ADDR${n}`] !== undefined; n++) {
    told.push({ prefix: `${variables[`ADDR${n}`] ?? ""}/128`, valid: Number(variables[`ADDR${n}VALID`]) });
  }
  return told;
}

const toldOf = (variables: Readonly<Record<string, string>>): string =>
  toldIn(variables)
    .map(({ prefix, valid }) => `${prefix} ${valid} s`)
    .join(", ");

function read(file: string | undefined): RememberedLink | undefined {
  if (file === undefined) return undefined;
  const decoded = decodeState(file);
  if (!decoded.ok) throw new Error(`the client wrote a state file it cannot read: ${decoded.why}`);
  return decoded.remembered.links.get("wan0");
}
