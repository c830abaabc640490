import { millis } from "../../shared/brand.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { makeDuid } from "../../shared/duid.js";
import { createMemoryStore, createStoreMemory } from "../../shared/lease/memory-store.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { sameIp6 } from "../../shared/prefix.js";
import {
  createServerState,
  deadline,
  type ServerEvent,
  type ServerState,
  step,
} from "../../server/engine.js";
import { hmacMd5 } from "../hmac.js";
import type { SimClient } from "./sim-client.js";
import type { Node, World } from "./world.js";

/** A server program in the world: the real engine over a store that outlives it. */
export interface SimServer {
  readonly name: string;
  readonly start: () => void;
  /** kill -9: what was not committed is gone, what was committed is there at the next start. */
  readonly kill: () => void;
  /** Throws the store away, as a lost disk would. */
  readonly loseStore: () => void;
  /** Another configuration, from the next start on. */
  readonly configure: (text: string) => void;
  readonly isUp: () => boolean;
}

/** Adds a server to the world, not started. `text` is its server.conf for the interface `srv0`. */
export function addServer(
  world: World,
  number: number,
  text: string,
  clients: readonly SimClient[],
): SimServer {
  const name = `server${number}`;
  const duid = makeDuid({ kind: "en", enterprise: 8888, identifier: Uint8Array.of(9, number) });
  const chance = world.chance.fork();
  let memory = createStoreMemory();
  let config = parsed(text);
  let running: { readonly state: ServerState; readonly commit: (event: ServerEvent) => void } | undefined;

  const node: Node = {
    name,
    receive: (bytes, from) => {
      const client = clients.find((one) => one.name === from.name);
      if (client === undefined) return;
      running?.commit({
        type: "datagram",
        bytes,
        from: client.address,
        port: 546,
        interfaceName: "srv0",
        interfaceIndex: 2,
        multicast: true,
      });
    },
    deadline: () => (running === undefined ? Infinity : deadline(running.state)),
    timer: () => running?.commit({ type: "timer" }),
  };
  const begin = (): typeof running => {
    const store = createMemoryStore({ memory });
    const table = createLeaseTable({ seed: chance.octets(16) });
    store.load((id, octets, from, to) => table.setRecord(id, octets.slice(from, to)));
    const interfaces = new Map([["srv0", 2]]);
    const secret = new Uint8Array(16).fill(number);
    const state = createServerState({ config, duid, table, secret, interfaces, epoch: 1, hmacMd5 });
    const commit = (event: ServerEvent): void => {
      for (const action of step(state, event, { now: millis(world.now()), random: chance.octets })) {
        if (action.type === "commit") void store.commit(action.changes);
        if (action.type === "send") {
          const client = clients.find(({ address }) => sameIp6(address, action.to));
          world.send(node, action.bytes, (other) => other.name === client?.name);
        }
      }
    };
    return { state, commit };
  };
  return {
    name,
    start: () => {
      if (running !== undefined) return;
      world.note(`${name} starts`);
      running = begin();
      world.add(node);
      running?.commit({ type: "started" });
    },
    kill: () => {
      world.note(`${name} is killed`);
      running = undefined;
      world.remove(node);
    },
    loseStore: () => {
      memory = createStoreMemory();
    },
    configure: (next) => {
      config = parsed(next);
    },
    isUp: () => running !== undefined,
  };
}

function parsed(text: string): ServerConfig {
  const { config, diagnostics } = parseServerConfig(text);
  if (config === undefined) throw new Error(JSON.stringify(diagnostics));
  return config;
}
