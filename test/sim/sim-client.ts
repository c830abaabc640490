import { millis } from "../../shared/brand.js";
import { makeDuid } from "../../shared/duid.js";
import { ip6, type Ip6 } from "../../shared/prefix.js";
import { messageLabel } from "../../shared/wire/codes.js";
import { decodeMessage } from "../../shared/wire/message.js";
import type { WantedIa } from "../../client/binding.js";
import { createClientState, deadline, step } from "../../client/machine.js";
import { decodeState, encodeState, type RememberedLink } from "../../client/remembered.js";
import type { ClientAction, ClientEvent, ClientState } from "../../client/state.js";
import type { Node, World } from "./world.js";

/** A prefix as the hook script believes it is held: until when (Unix ms). */
export interface Believed {
  readonly prefix: string;
  readonly until: number;
}

/** A client program in the world: its process comes and goes, its state file stays. */
export interface SimClient {
  readonly name: string;
  readonly address: Ip6;
  /** What a script that follows the hook calls believes. Stays through kill -9, as routes do. */
  readonly believed: ReadonlyMap<string, Believed>;
  readonly hooks: readonly string[];
  /** When messages left. */
  readonly sends: readonly number[];
  readonly phase: () => string;
  readonly start: () => void;
  /** kill -9. */
  readonly kill: () => void;
  /** An orderly stop. */
  readonly stop: () => void;
}

/** Adds a client to the world, not started. */
export function addClient(world: World, number: number, wanted: readonly WantedIa[]): SimClient {
  const name = `client${number}`;
  const address = ip6(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, number));
  const duid = makeDuid({ kind: "en", enterprise: 8888, identifier: Uint8Array.of(0, 0, 0, number) });
  const chance = world.chance.fork();
  const believed = new Map<string, Believed>();
  const hooks: string[] = [];
  const sends: number[] = [];
  let file: string | undefined;
  let state: ClientState | undefined;

  const node: Node = {
    name,
    receive: (bytes) => {
      push({ type: "datagram", bytes, from: address, multicast: false });
    },
    deadline: () => (state === undefined ? Infinity : deadline(state).at),
    timer: () => {
      push({ type: "timer" });
    },
  };
  const push = (event: ClientEvent): void => {
    if (state === undefined) return;
    const result = step(state, event, { now: millis(world.now()), random: chance.octets });
    state = result.state;
    for (const action of result.actions) perform(action);
  };
  const perform = (action: ClientAction): void => {
    switch (action.type) {
      case "save":
        file = encodeState({ duid, links: new Map([["wan0", action.remembered]]) });
        break;
      case "options":
        break;
      case "send":
        sends.push(world.now());
        world.note(`${name} sends ${describe(action.bytes)}`);
        world.send(node, action.bytes, (other) => other.name.startsWith("server"));
        break;
      case "run":
        follow(believed, action.hook.action, action.hook.variables, world.now());
        hooks.push(action.hook.action);
        world.note(`${name} hook ${action.hook.action} ${JSON.stringify(action.hook.variables)}`);
        break;
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
  return {
    name,
    address,
    believed,
    hooks,
    sends,
    phase: () => state?.phase.phase ?? "not running",
    start: () => {
      world.note(`${name} starts`);
      state = createClientState({
        interfaceName: "wan0",
        interfaceIndex: 2,
        duid,
        wanted,
        stateless: false,
        hmacMd5: undefined,
        rapidCommit: false,
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
    kill: () => {
      world.note(`${name} is killed`);
      state = undefined;
      world.remove(node);
    },
    stop: () => {
      world.note(`${name} is told to stop`);
      push({ type: "stop" });
    },
  };
}

/** What a script does that keeps a route for each prefix it is told of. */
function follow(
  believed: Map<string, Believed>,
  action: string,
  variables: Readonly<Record<string, string>>,
  now: number,
): void {
  if (action !== "delete" && variables["PREFIX1"] === undefined) throw new Error(`${action} without PREFIX1`);
  for (let n = 1; variables[`PREFIX${n}`] !== undefined; n++) {
    const prefix = `${variables[`PREFIX${n}`] ?? ""}/${variables[`PREFIX${n}LEN`] ?? ""}`;
    const valid = Number(variables[`PREFIX${n}VALID`]);
    if (valid === 0) believed.delete(prefix);
    else believed.set(prefix, { prefix, until: now + valid * 1000 });
  }
}

function read(file: string | undefined): RememberedLink | undefined {
  if (file === undefined) return undefined;
  const decoded = decodeState(file);
  if (!decoded.ok) throw new Error(`the client wrote a state file it cannot read: ${decoded.why}`);
  return decoded.remembered.links.get("wan0");
}

function describe(bytes: Uint8Array): string {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.faults.length > 0 || decoded.message.form !== "message") {
    throw new Error("the client sent a faulty message");
  }
  return `${messageLabel(decoded.message.code)} ${decoded.message.xid.toString(16)}`;
}
