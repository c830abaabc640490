import { asDuid, asIp6 } from "../shared/log-form.js";
import type { ClientConfig, ClientInterface } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import { createAlarm } from "../shared/edge/clock.js";
import type { HookRunner } from "../shared/edge/hooks.js";
import { openWhenReady, type Place } from "../shared/edge/place.js";
import type { UdpOptions, UdpSocket } from "../shared/edge/udp.js";
import type { HookCall } from "../shared/hook.js";
import type { Condition } from "../shared/notify.js";
import type { Random } from "../shared/proto/retransmit.js";
import { CLIENT_PORT, SERVER_PORT, SERVERS_GROUP } from "../shared/proto/well-known.js";
import { isLive } from "./binding.js";
import type { LeaseUser } from "./lease-user.js";
import { createClientState, deadline, step } from "./machine.js";
import type { AddressService } from "./serve-addresses.js";
import { keepLink, type LinkSystem } from "./serve-link.js";
import type { Memory } from "./serve-memory.js";
import type { OptionWriter } from "./serve-options.js";
import { setupOf } from "./setup.js";
import type { ClientAction, ClientEvent, ClientState, HmacMd5 } from "./state.js";

/** What the client needs of the system; tests put something else there. */
export interface ClientSystem extends LinkSystem {
  readonly random: Random;
  /** Called only when Reconfigure is accepted. */
  readonly hmacMd5: HmacMd5;
  readonly duid: Duid;
  readonly memory: Memory;
  readonly hooks: Pick<HookRunner, "run" | "drain"> | undefined;
  /** Puts addresses on the interfaces; `undefined` where none are asked for. */
  readonly addresses?: AddressService | undefined;
  /** Divides the prefixes; `undefined` with `downlink-prefix-ifaces "none"`. */
  readonly downlinks?: LeaseUser | undefined;
  /** Keeps what was asked for in files; `undefined` when nothing is and was. */
  readonly setOptions?: OptionWriter["set"] | undefined;
  readonly openSocket: (options: UdpOptions) => Promise<UdpSocket>;
}

/** A client at work on all its interfaces. `stop` gives everything back, waits for the last hook, closes. */
export interface RunningClient {
  readonly stop: () => Promise<void>;
  /** How it does. Nothing of it waits for a disk in the background. */
  readonly condition: () => Condition;
}

/** How long a stop waits for scripts that have not begun. */
const HOOK_DRAIN_MS = 5000;

/**
 * Opens the sockets of all interfaces, then begins to ask. Rejects, with nothing sent, when an interface
 * cannot be used; with inactive-mode such an interface is taken up once it can be.
 */
export async function runClient(config: ClientConfig, system: ClientSystem): Promise<RunningClient> {
  const stopping = new AbortController();
  const links: Link[] = [];
  const latecomers: Promise<void>[] = [];
  for (const wanted of config.interfaces) {
    if (!config.inactiveMode) {
      links.push(await openLink(config, system, wanted));
      continue;
    }
    const open = async (): Promise<void> => {
      // It is looked at again and again anyway, and a stop waits for the look.
      const link = await openLink(config, system, wanted, 0);
      links.push(link);
      link.begin();
    };
    const onWaiting = (sentence: string): void => {
      system.log("CLIENT-WAITING", { sentence });
    };
    latecomers.push(openWhenReady(open, stopping.signal, onWaiting));
  }
  system.log("CLIENT-DUID", { duid: asDuid(system.duid) });
  for (const link of links) link.begin();
  return {
    condition: () => ({
      doing: `at work on ${links.map(({ name }) => name).join(", ") || "no interface yet"}`,
      troubles: [
        ...links.filter(({ isServed }) => !isServed()).map(({ name }) => `${name} waits for leases`),
        ...(links.length < config.interfaces.length ? ["an interface cannot be used yet"] : []),
      ],
      waitingMs: 0,
    }),
    async stop() {
      stopping.abort();
      for (const user of usersOf(system)) user.giveBack();
      await Promise.all(latecomers);
      await Promise.all(links.map((link) => link.end()));
      for (const user of usersOf(system)) await user.close();
      system.memory.close();
      await system.hooks?.drain(HOOK_DRAIN_MS);
    },
  };
}

/**
 * One interface with its socket; `begin` starts the machine, `end` resolves when it has given everything
 * back.
 */
interface Link {
  readonly name: string;
  /** It has of everything that it asks for. */
  readonly isServed: () => boolean;
  readonly begin: () => void;
  readonly end: () => Promise<void>;
}

async function openLink(
  config: ClientConfig,
  system: ClientSystem,
  wanted: ClientInterface,
  patienceMs?: number,
): Promise<Link> {
  const { log, memory } = system;
  const place = await system.findPlace(wanted, patienceMs);
  const { name, index, address } = place;
  const state = createClientState(setupOf(config, wanted, system.duid, name, index, system.hmacMd5));
  const { push, ended, isServed } = drive(state, system, (bytes) => {
    socket.send(bytes, SERVERS_GROUP, SERVER_PORT);
  });
  const open = (place: Place): Promise<UdpSocket> =>
    system.openSocket({
      interfaceName: name,
      address: place.address,
      port: CLIENT_PORT,
      shareWildcard: true,
      receiveBuffer: 0,
      onDatagram: (bytes, from) => {
        push({ type: "datagram", bytes, from, multicast: false });
      },
      onTrouble: (kind, sentence) => {
        log("CLIENT-SOCKET-TROUBLE", { kind, sentence });
      },
    });
  const onLink = (interfaceIndex: number): void => {
    push({ type: "link", interfaceIndex });
  };
  const socket = await keepLink(system, { wanted, place, open, onLink });
  system.addresses?.onDuplicate(name, (duplicate) => {
    push({ type: "duplicate", address: duplicate });
  });
  log("CLIENT-STARTED", {
    interface: name,
    address: asIp6(address),
    prefixes: wanted.pds.length,
    addresses: wanted.ias.length,
  });
  return {
    name,
    isServed,
    begin: () => {
      push({ type: "start", remembered: memory.of(name) });
    },
    end: async () => {
      push({ type: "stop" });
      await ended;
      await socket.close();
    },
  };
}

/**
 * Moves events through the machine, and what it decides to disk, downlinks, socket, script and log, in this
 * order.
 */
function drive(
  initial: ClientState,
  system: ClientSystem,
  send: (bytes: Uint8Array) => void,
): {
  readonly push: (event: ClientEvent) => void;
  readonly ended: Promise<void>;
  readonly isServed: () => boolean;
} {
  const { clock, random, log, memory, hooks, setOptions } = system;
  const { interfaceName } = initial.setup;
  const users = usersOf(system);
  let state = initial;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const alarm = createAlarm(clock, () => {
    push({ type: "timer" });
  });
  const push = (event: ClientEvent): void => {
    if (state.phase.phase === "stopped") return;
    const result = step(state, event, { now: clock.now(), random });
    state = result.state;
    for (const action of result.actions) perform(action);
    alarm.set(deadline(state).at);
  };
  const perform = (action: ClientAction): void => {
    switch (action.type) {
      case "save":
        memory.save(interfaceName, action.remembered);
        for (const user of users) user.update(interfaceName, action.remembered);
        break;
      case "options":
        setOptions?.(interfaceName, action.options);
        break;
      case "send":
        send(action.bytes);
        break;
      case "run":
        runHook(action.hook);
        break;
      case "log":
        log(action.id, action.values);
        break;
      case "ended":
        end();
        break;
      default:
        action satisfies never;
    }
  };
  /** A script finds addresses and routes set at `add` and `update`, and gone at `delete`. */
  const runHook = users.reduceRight<(hook: HookCall) => void>(
    (run, user) => (hook) => {
      user.afterwards(interfaceName, hook, run);
    },
    (hook) => void hooks?.run(hook),
  );
  const isServed = (): boolean => state.bindings.every(isLive) && state.phase.phase !== "informing";
  return { push, ended, isServed };
}

const usersOf = ({ addresses, downlinks }: ClientSystem): readonly LeaseUser[] =>
  [addresses, downlinks].filter((user) => user !== undefined);
