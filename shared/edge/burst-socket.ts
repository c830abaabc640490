import type { Bursts } from "./bursts.js";
import { sentenceOf } from "./errors.js";
import type { Bound, KernelCalls, OnReceived, SendOne } from "./kernel-calls.js";

/** The part of a socket that works without Node where datagrams come in bursts. */
export interface BurstSocket {
  /** Node has handed over a datagram: reads those behind it. */
  readonly drain: () => void;
  readonly send: SendOne;
  /** Before Node closes the socket: its descriptor is another's afterwards. */
  readonly close: () => void;
}

/** What Node does all the same, and what is told when nothing else can be done. */
export interface BurstSocketParts {
  readonly bursts: Bursts;
  readonly bound: Bound;
  readonly onReceived: OnReceived;
  readonly sendOne: SendOne;
  readonly onTrouble: (kind: string, sentence: string) => void;
}

/** Works by way of Node until there has been a burst, and where the kernel's calls cannot be had. */
export function createBurstSocket(parts: BurstSocketParts): BurstSocket {
  const { bursts, bound, onReceived, sendOne, onTrouble } = parts;
  let fd: number | undefined;
  let isLookedFor = false;

  function descriptor(calls: KernelCalls): number | undefined {
    if (isLookedFor) return fd;
    isLookedFor = true;
    try {
      fd = calls.find(bound);
      if (fd === undefined) onTrouble("descriptor", `${SINGLY}: its descriptor was not found`);
    } catch (error) {
      onTrouble("descriptor", `${SINGLY}: ${sentenceOf(error)}`);
    }
    return fd;
  }

  return {
    drain() {
      bursts.heard();
      const calls = bursts.calls();
      const from = calls && descriptor(calls);
      if (from !== undefined) calls?.receive(from, onReceived);
    },
    send(bytes, to, port) {
      const calls = bursts.calls();
      const by = calls && descriptor(calls);
      if (by === undefined) sendOne(bytes, to, port);
      else calls?.send(by, bytes, to, port, sendOne);
    },
    close() {
      bursts.calls()?.flush();
      isLookedFor = true;
      fd = undefined;
    },
  };
}

const SINGLY = "datagrams of a socket are read and sent one by one";
