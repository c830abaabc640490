import { type Ip6, ip6 } from "../prefix.js";

/**
 * Room for datagrams as recvmmsg(2) and sendmmsg(2) want it: an array of struct mmsghdr, and what they point
 * to.
 */
export interface DatagramRoom {
  /** Where in memory the header of a slot is. */
  readonly headerAt: (slot: number) => number;
  /** Puts a datagram of at most `octets` octets and its receiver into a slot. */
  readonly put: (slot: number, bytes: Uint8Array, to: Ip6, port: number) => void;
  /** A copy of the datagram in a slot: as long as the kernel says that it is, or as it was put in. */
  readonly received: (slot: number) => Uint8Array;
  readonly putIn: (slot: number) => Uint8Array;
  /** The other side: sender or receiver. */
  readonly peer: (slot: number) => Ip6;
  readonly port: (slot: number) => number;
  /** The number of the interface on which a link-local sender was heard, 0 with any other. */
  readonly zone: (slot: number) => number;
}

// struct mmsghdr, iovec and sockaddr_in6 of Linux with pointers of 64 bits, and their fields.
const HEADER = { octets: 64, name: 0, nameLength: 8, pieces: 16, pieceCount: 24, length: 56 } as const;
const PIECE = { octets: 16, base: 0, length: 8 } as const;
const NAME = { octets: 32, used: 28, family: 0, port: 2, address: 8, zone: 24 } as const;
const AF_INET6 = 10;

/**
 * `slots` datagrams of `octets` octets, in one piece of memory that `addressOf` tells the place of: the kernel
 * reads and writes there for as long as the room is used.
 */
export function createDatagramRoom(
  slots: number,
  octets: number,
  addressOf: (memory: Uint8Array) => bigint,
): DatagramRoom {
  const piecesAt = slots * HEADER.octets;
  const namesAt = piecesAt + slots * PIECE.octets;
  const bytesAt = namesAt + slots * NAME.octets;
  const memory = new Uint8Array(bytesAt + slots * octets);
  const view = new DataView(memory.buffer);
  const address = addressOf(memory);
  for (let slot = 0; slot < slots; slot++) {
    const [header, piece, name] = [headerOf(slot), pieceOf(slot), nameOf(slot)];
    view.setBigUint64(header + HEADER.name, address + BigInt(name), true);
    view.setUint32(header + HEADER.nameLength, NAME.used, true);
    view.setBigUint64(header + HEADER.pieces, address + BigInt(piece), true);
    view.setUint32(header + HEADER.pieceCount, 1, true);
    view.setBigUint64(piece + PIECE.base, address + BigInt(bytesOf(slot)), true);
    view.setUint32(piece + PIECE.length, octets, true);
    view.setUint16(name + NAME.family, AF_INET6, true);
  }

  function headerOf(slot: number): number {
    return slot * HEADER.octets;
  }
  function pieceOf(slot: number): number {
    return piecesAt + slot * PIECE.octets;
  }
  function nameOf(slot: number): number {
    return namesAt + slot * NAME.octets;
  }
  function bytesOf(slot: number): number {
    return bytesAt + slot * octets;
  }
  const copy = (slot: number, length: number): Uint8Array =>
    memory.slice(bytesOf(slot), bytesOf(slot) + length);

  const base = Number(address);
  return {
    headerAt: (slot) => base + headerOf(slot),
    put(slot, bytes, to, port) {
      memory.set(bytes, bytesOf(slot));
      view.setUint32(pieceOf(slot) + PIECE.length, bytes.length, true);
      memory.set(to, nameOf(slot) + NAME.address);
      view.setUint16(nameOf(slot) + NAME.port, port);
    },
    received: (slot) => copy(slot, view.getUint32(headerOf(slot) + HEADER.length, true)),
    putIn: (slot) => copy(slot, view.getUint32(pieceOf(slot) + PIECE.length, true)),
    peer: (slot) => ip6(memory.slice(nameOf(slot) + NAME.address, nameOf(slot) + NAME.address + 16)),
    port: (slot) => view.getUint16(nameOf(slot) + NAME.port),
    zone: (slot) => view.getUint32(nameOf(slot) + NAME.zone, true),
  };
}

/** A struct sockaddr_in6 read, and undefined when it is none. */
export function readSocketName(
  name: Uint8Array,
): { readonly address: Ip6; readonly port: number; readonly zone: number } | undefined {
  const view = new DataView(name.buffer, name.byteOffset, name.length);
  if (view.getUint16(NAME.family, true) !== AF_INET6) return undefined;
  return {
    address: ip6(name.slice(NAME.address, NAME.address + 16)),
    port: view.getUint16(NAME.port),
    zone: view.getUint32(NAME.zone, true),
  };
}

/** Octets of a struct sockaddr_in6. */
export const SOCKET_NAME_OCTETS: number = NAME.used;
