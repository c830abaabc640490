import { readdirSync } from "node:fs";
import { endianness } from "node:os";
import koffi, { type KoffiFunc, type LibraryHandle } from "koffi";
import { type Ip6, sameIp6 } from "../prefix.js";
import { createDatagramRoom, readSocketName, SOCKET_NAME_OCTETS } from "./datagram-room.js";
import { SystemError } from "./errors.js";

/** What a socket is bound to; the interface's number counts where the address is of one link. */
export interface Bound {
  readonly address: Ip6;
  readonly port: number;
  readonly interfaceIndex: number;
}

/** A datagram and where it is from; see DatagramRoom for `zone`. */
export type OnReceived = (bytes: Uint8Array, from: Ip6, port: number, zone: number) => void;
/** Sends one datagram by way of Node. */
export type SendOne = (bytes: Uint8Array, to: Ip6, port: number) => void;

/**
 * recvmmsg(2) and sendmmsg(2). Node reads and sends datagrams one by one, and asks the kernel for the name of
 * the interface of each link-local sender: six system calls of the ten of an exchange.
 */
export interface KernelCalls {
  /** The descriptor of this program's UDP socket that is bound so; undefined when there is not just one. */
  readonly find: (bound: Bound) => number | undefined;
  /** Reads up to 512 datagrams that wait at a socket. What goes wrong is left to Node, which reads next. */
  readonly receive: (fd: number, onReceived: OnReceived) => void;
  /** Sends with all others of this turn, at its end; what the kernel does not take, `sendOne` gets. */
  readonly send: (fd: number, bytes: Uint8Array, to: Ip6, port: number, sendOne: SendOne) => void;
  /** Sends what is waiting for the end of this turn: before its socket is closed. */
  readonly flush: () => void;
}

/** Datagrams of a call, and calls at most for one look at a socket. */
const SLOTS = 64;
const CALLS = 8;
/** No datagram is longer (RFC 768); what has too little room is cut off. */
const RECEIVED_OCTETS = 65_536;
/** Replies are shorter as a rule; one that is not goes by way of Node. */
const SENT_OCTETS = 2048;

const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SOCK_DGRAM = 2;

/** Throws a SystemError where the calls are not known to be as they are used here, and what koffi throws. */
export function openKernelCalls(): KernelCalls {
  if (process.platform !== "linux" || endianness() !== "LE" || koffi.sizeof("void *") !== 8)
    throw new SystemError("ENOTSUP", `recvmmsg is not known on ${process.platform} ${process.arch}`);
  const library = koffi.load(null);
  const batch = "int fd, uintptr_t headers, unsigned int count, int flags";
  const recvmmsg: KoffiFunc<ReceiveBatch> = library.func(`int recvmmsg(${batch}, uintptr_t timeout)`);
  const sendmmsg: KoffiFunc<SendBatch> = library.func(`int sendmmsg(${batch})`);
  const heard = createDatagramRoom(SLOTS, RECEIVED_OCTETS, koffi.address);
  const queued = createDatagramRoom(SLOTS, SENT_OCTETS, koffi.address);
  const sendOnes = new Array<SendOne | undefined>(SLOTS);
  let waiting = 0;
  let waitingFd = -1;

  function flush(): void {
    const count = waiting;
    waiting = 0;
    for (let next = 0; next < count; ) {
      const sent = sendmmsg(waitingFd, queued.headerAt(next), count - next, MSG_DONTWAIT);
      if (sent > 0) {
        next += sent;
        continue;
      }
      sendOnes[next]?.(queued.putIn(next), queued.peer(next), queued.port(next));
      next++;
    }
  }

  return {
    find: createFinder(library),
    receive(fd, onReceived) {
      for (let call = 0; call < CALLS; call++) {
        const count = recvmmsg(fd, heard.headerAt(0), SLOTS, MSG_DONTWAIT, 0);
        for (let slot = 0; slot < count; slot++) {
          onReceived(heard.received(slot), heard.peer(slot), heard.port(slot), heard.zone(slot));
        }
        if (count < SLOTS) return;
      }
    },
    send(fd, bytes, to, port, sendOne) {
      if (bytes.length > SENT_OCTETS) {
        sendOne(bytes, to, port);
        return;
      }
      if (waiting === SLOTS || (waiting > 0 && fd !== waitingFd)) flush();
      if (waiting === 0) queueMicrotask(flush);
      waitingFd = fd;
      queued.put(waiting, bytes, to, port);
      sendOnes[waiting++] = sendOne;
    },
    flush,
  };
}

type SendBatch = (fd: number, headers: number, count: number, flags: number) => number;
type ReceiveBatch = (fd: number, headers: number, count: number, flags: number, timeout: number) => number;

type GetName = (fd: number, name: Uint8Array, length: Uint32Array) => number;
type GetOption = (
  fd: number,
  level: number,
  option: number,
  value: Int32Array,
  length: Uint32Array,
) => number;

/** Node has a socket's descriptor, but no way to tell it that is not deprecated. */
function createFinder(library: LibraryHandle): KernelCalls["find"] {
  const getsockname: KoffiFunc<GetName> = library.func("int getsockname(int fd, void *name, void *length)");
  const getsockopt: KoffiFunc<GetOption> = library.func(
    "int getsockopt(int fd, int level, int option, void *value, void *length)",
  );
  const isUdp = (fd: number): boolean => {
    const value = new Int32Array(1);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, value, Uint32Array.of(4)) === 0 && value[0] === SOCK_DGRAM;
  };
  const isBound = (fd: number, { address, port, interfaceIndex }: Bound): boolean => {
    const octets = new Uint8Array(SOCKET_NAME_OCTETS);
    if (getsockname(fd, octets, Uint32Array.of(octets.length)) !== 0) return false;
    const name = readSocketName(octets);
    if (name?.port !== port || !sameIp6(name.address, address)) return false;
    return name.zone === 0 || name.zone === interfaceIndex;
  };
  return (bound) => {
    const all = readdirSync("/proc/self/fd").map(Number);
    const [fd, ...others] = all.filter((one) => isUdp(one) && isBound(one, bound));
    return others.length === 0 ? fd : undefined;
  };
}
