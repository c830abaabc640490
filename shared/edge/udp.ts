import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { formatIp6, type Ip6, isLinkLocal, isMulticast } from "../prefix.js";
import { createAddressWriter, parseSender } from "./address-text.js";
import { createBurstSocket } from "./burst-socket.js";
import type { Bursts } from "./bursts.js";
import { codeOf, SystemError, sentenceOf } from "./errors.js";
import { findPortHolder } from "./port-holder.js";

/** What to open. `address` is bound, with the interface as scope when it is link-local or multicast. */
export interface UdpOptions {
  readonly interfaceName: string;
  readonly address: Ip6;
  readonly port: number;
  /** Group to join on the interface, e.g. ff02::1:2 (then normally equal to `address`). */
  readonly multicastGroup?: Ip6;
  /**
   * Client only: bind beside another program's wildcard
   * socket on this port, with a warning through `onTrouble`.
   */
  readonly shareWildcard?: boolean;
  /** Octets to ask for as receive buffer, default 8 MiB; 0 leaves it as the system has it. */
  readonly receiveBuffer?: number;
  /** What is used instead of Node's ways where datagrams come in bursts; with the interface's number. */
  readonly inBursts?: { readonly bursts: Bursts; readonly interfaceIndex: number };
  /**
   * Every datagram, synchronously; `from` carries no zone, as the socket stands for its interface. `sender` is for
   * a socket that stands for several.
   */
  readonly onDatagram: (bytes: Uint8Array, from: Ip6, port: number, sender: Sender) => void;
  /**
   * Trouble that does not end the socket, each kind
   * ("ENETUNREACH", "shared-port", ...) at most every ten minutes.
   */
  readonly onTrouble: (kind: string, sentence: string) => void;
}

/** A sender as Node has it, with its zone, or the number of the interface: 0 when it is not link-local. */
export type Sender = string | number;

/** An open socket. `send` never throws: trouble goes to `onTrouble`. */
export interface UdpSocket {
  readonly address: Ip6;
  /** What the system granted; less than was asked for where net.core.rmem_max is lower. */
  readonly receiveBufferBytes: number;
  readonly send: (bytes: Uint8Array, to: Ip6, port: number) => void;
  /** Joins a group on one more interface; throws a SystemError. */
  readonly join: (group: Ip6, interfaceName: string) => void;
  readonly close: () => Promise<void>;
}

/**
 * Opens, binds and joins. The bind is exclusive, so a second server on the interface
 * is refused instead of stealing its packets. Rejects with a SystemError (code of
 * the kernel) whose sentence says who holds the port, or what else is wrong.
 */
export async function openUdp(options: UdpOptions): Promise<UdpSocket> {
  const socket = await bindSocket(options, false).catch(async (error: unknown) => {
    if (codeOf(error) !== "EADDRINUSE") throw bindError(options, error);
    return await bindBesideOthers(options, error);
  });
  const trouble = throttled(options.onTrouble);
  socket.on("error", (error) => {
    trouble(codeOf(error) ?? "error", `${where(options)}: ${sentenceOf(error)}`);
  });
  const join = (group: Ip6, interfaceName: string): void => {
    try {
      socket.addMembership(formatIp6(group), `::%${interfaceName}`);
    } catch (cause) {
      throw joinError(group, interfaceName, cause);
    }
  };
  try {
    if (options.multicastGroup !== undefined) join(options.multicastGroup, options.interfaceName);
  } catch (error) {
    socket.close();
    throw error;
  }
  const receiveBufferBytes = enlargeBuffer(socket, options.receiveBuffer ?? EIGHT_MIB);
  const sendOne = sender(socket, trouble);
  const { inBursts, onDatagram } = options;
  const burst =
    inBursts &&
    createBurstSocket({
      bursts: inBursts.bursts,
      bound: { ...options, interfaceIndex: inBursts.interfaceIndex },
      onReceived: onDatagram,
      sendOne,
      onTrouble: trouble,
    });
  socket.on("message", (bytes: Uint8Array, { address, port }: RemoteInfo) => {
    const from = parseSender(address);
    if (from !== undefined) onDatagram(bytes, from, port, address);
    burst?.drain();
  });
  return {
    address: options.address,
    receiveBufferBytes,
    send: burst?.send ?? sendOne,
    join,
    close: () => {
      burst?.close();
      return closed(socket);
    },
  };
}

const EIGHT_MIB = 8 * 1024 * 1024;
const QUIET_MS = 600_000;

/** Resolves to a bound socket without listeners of ours, or rejects with the kernel's error. */
function bindSocket(options: UdpOptions, reuseAddr: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: "udp6",
      ipv6Only: true,
      reuseAddr,
      // All addresses are literals; the ordinary way through
      // the resolver costs a turn of the event loop each.
      lookup: (address, _family, done) => {
        done(null, address, 6);
      },
    });
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.once("listening", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.bind({ port: options.port, address: bindText(options), exclusive: true });
  });
}

/**
 * The port is taken: bind beside a program that holds it
 * for every address, if that is allowed, or say who has it.
 */
async function bindBesideOthers(options: UdpOptions, cause: unknown): Promise<Socket> {
  const holder = findPortHolder(options.address, options.port);
  const text = `port ${options.port} on ${bindText(options)}`;
  if (options.shareWildcard === true && holder?.wildcard === true && !holder.isSelf) {
    const socket = await bindSocket(options, true).catch(() => undefined);
    if (socket !== undefined) {
      const warning = "which listens on every address and may take answers meant for us";
      options.onTrouble("shared-port", `${text} is shared with ${holder.name}, ${warning}`);
      return socket;
    }
  }
  if (holder?.isSelf === true) {
    const question = `is interface ${options.interfaceName} configured twice?`;
    throw new SystemError("EADDRINUSE", `${text} is opened twice by this program; ${question}`, { cause });
  }
  const who = holder?.name ?? "another program (root can see which one: ss -lunp)";
  throw new SystemError("EADDRINUSE", `${text} is already in use by ${who}; stop that first`, { cause });
}

function bindError(options: UdpOptions, cause: unknown): SystemError {
  const code = codeOf(cause) ?? "error";
  const text = `${options.port} on ${bindText(options)}`;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return new SystemError(
        code,
        `no permission to open port ${text}: start as root, or with the capability CAP_NET_BIND_SERVICE`,
        { cause },
      );
    case "EADDRNOTAVAIL":
      return new SystemError(
        code,
        `cannot open port ${text}: interface ${options.interfaceName} does not have this address, ` +
          "or it is still tentative",
        { cause },
      );
    case "EINVAL":
    case "ENODEV":
      return new SystemError(
        code,
        `cannot open port ${text}: there is no interface ${options.interfaceName}`,
        {
          cause,
        },
      );
    default:
      return new SystemError(code, `cannot open port ${text}: ${sentenceOf(cause)}`, { cause });
  }
}

function joinError(group: Ip6, interfaceName: string, cause: unknown): SystemError {
  return new SystemError(
    codeOf(cause) ?? "error",
    `cannot join ${formatIp6(group)} on ${interfaceName}: ${sentenceOf(cause)}; ` +
      "does the interface support multicast?",
    { cause },
  );
}

/**
 * Asks for a buffer that holds a burst; the kernel counts
 * double for its own needs and tells the doubled figure.
 */
function enlargeBuffer(socket: Socket, wanted: number): number {
  try {
    if (wanted > 0) socket.setRecvBufferSize(wanted);
    return socket.getRecvBufferSize() / 2;
  } catch {
    return 0;
  }
}

function sender(socket: Socket, trouble: UdpOptions["onTrouble"]): UdpSocket["send"] {
  const text = createAddressWriter();
  const complain = (error: unknown): void => {
    trouble(codeOf(error) ?? "error", `cannot send: ${sentenceOf(error)}`);
  };
  // Without a callback Node swallows the errors of send; one for all sends costs no closure each.
  const sent = (error: Error | null): void => {
    if (error !== null) complain(error);
  };
  return (bytes, to, port) => {
    try {
      socket.send(bytes, port, text(to), sent);
    } catch (error) {
      complain(error);
    }
  };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(resolve);
    } catch {
      // Closed before.
      resolve();
    }
  });
}

/** Lets each kind through once in a while, so that a dead link does not fill the disk with lines. */
function throttled(report: UdpOptions["onTrouble"]): UdpOptions["onTrouble"] {
  const last = new Map<string, number>();
  return (kind, sentence) => {
    const now = performance.now();
    if (now - (last.get(kind) ?? -Infinity) < QUIET_MS) return;
    last.set(kind, now);
    report(kind, sentence);
  };
}

function bindText(options: UdpOptions): string {
  const scoped = isLinkLocal(options.address) || isMulticast(options.address);
  return `${formatIp6(options.address)}${scoped ? `%${options.interfaceName}` : ""}`;
}

const where = (options: UdpOptions): string => `port ${options.port} on ${bindText(options)}`;
