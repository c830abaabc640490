import { type Ip6, ip6 } from "../prefix.js";
import type { Fault, FaultCode } from "./fault.js";

/**
 * Reads one datagram. It only ever sees the window it has been narrowed to, and it never throws: the first
 * read beyond the window is kept as `fault`, moves to the end, and every later read gives zeros or nothing.
 * What it hands out are views into the datagram, not copies.
 */
export class Reader {
  /** Offset of the next octet. */
  at = 0;
  /** Offset after the last octet of the window. */
  end: number;
  /** The first thing wrong in the part being read; `takeFault` clears it. */
  fault: Fault | undefined;
  /** True when the fault spoils the whole datagram, not just the option around it. */
  fatal = false;
  /** Faults of options that were kept as raw octets, and of repeated ones. */
  readonly faults: Fault[] = [];
  /** Relay headers, levels of options, options and values of lists met so far, for the limits. */
  relayHeaders = 0;
  optionDepth = 0;
  optionCount = 0;
  valueCount = 0;
  /** Length of the delegated prefix whose options are being read, for PD Exclude. */
  delegatedLength: number | undefined;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.end = bytes.length;
    this.#bytes = bytes;
  }

  /** Octets left in the window. */
  get left(): number {
    return this.end - this.at;
  }

  /** The next octet. */
  u8(): number {
    return this.#take(1) ? this.#octet(this.at - 1) : 0;
  }

  /** The next two octets as a number. */
  u16(): number {
    return this.#take(2) ? (this.#octet(this.at - 2) << 8) | this.#octet(this.at - 1) : 0;
  }

  /** The next four octets as a number. */
  u32(): number {
    return ((this.u16() << 16) | this.u16()) >>> 0;
  }

  /** A view of the next `count` octets; an empty one when there are fewer. */
  octets(count: number): Uint8Array {
    return this.#take(count) ? this.slice(this.at - count, count) : new Uint8Array(0);
  }

  /** A view of everything left in the window. */
  rest(): Uint8Array {
    return this.octets(this.left);
  }

  /** The next 16 octets as an address. */
  ip6(): Ip6 {
    return ip6(this.#take(16) ? this.slice(this.at - 16, 16) : new Uint8Array(16));
  }

  /** A view of octets anywhere in the datagram; the caller has checked the bounds. */
  slice(offset: number, count: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + offset, count);
  }

  /** Shrinks the window to the next `count` octets and returns the end to give to `widen` afterwards. */
  narrow(count: number): number {
    const outer = this.end;
    this.end = this.at + count;
    return outer;
  }

  /** Leaves a narrowed window, whatever of it was read. */
  widen(outer: number): void {
    this.at = this.end;
    this.end = outer;
  }

  /** Records a fault, unless there is one, and skips the rest of the window. */
  fail(code: FaultCode, offset = this.at): void {
    this.fault ??= { code, offset };
    this.at = this.end;
  }

  /** As `fail`, for what makes the whole datagram unusable. */
  reject(code: FaultCode): void {
    this.fatal = true;
    this.fail(code);
  }

  /** Notes a fault that leaves every option usable. */
  note(code: FaultCode, offset: number, option: number): void {
    this.faults.push({ code, offset, option });
  }

  /** Clears the fault, adds to it the option it was in, notes it in `faults`, and returns it. */
  takeFault(fault: Fault, option: number): Fault {
    const noted = { code: fault.code, offset: fault.offset, option };
    this.fault = undefined;
    this.faults.push(noted);
    return noted;
  }

  #octet(offset: number): number {
    return this.#bytes[offset] ?? 0;
  }

  #take(count: number): boolean {
    if (this.at + count > this.end) {
      this.fail("option-short");
      return false;
    }
    this.at += count;
    return true;
  }
}

const FEW_OCTETS = 32;

/**
 * Writes messages one after the other into a slab of memory and hands out views of it, so that a message
 * costs neither an allocation of its own nor a copy. Octets that were handed out are never written again.
 */
export class Writer {
  readonly #slabOctets: number;
  #slab: Uint8Array<ArrayBuffer>;
  /** A length that did not fit into 16 bits; the message is then void. */
  overflow: number | undefined;
  /** Where the message begins, and where its next octet goes. */
  #start = 0;
  #at = 0;

  constructor(slabOctets: number) {
    this.#slabOctets = slabOctets;
    this.#slab = new Uint8Array(slabOctets);
  }

  /** Appends one octet. */
  u8(value: number): void {
    this.#reserve(1);
    this.#slab[this.#at++] = value;
  }

  /** Appends two octets. */
  u16(value: number): void {
    this.#reserve(2);
    this.#slab[this.#at++] = value >>> 8;
    this.#slab[this.#at++] = value;
  }

  /** Appends four octets. */
  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value);
  }

  /** Appends octets as they are. */
  octets(value: Uint8Array): void {
    const { length } = value;
    this.#reserve(length);
    // For as few octets as an address or a DUID has a loop is faster.
    if (length > FEW_OCTETS) this.#slab.set(value, this.#at);
    else for (let i = 0; i < length; i++) this.#slab[this.#at + i] = value[i] ?? 0;
    this.#at += length;
  }

  /** Leaves room for a 16-bit length and returns the mark for `closeLength`. */
  openLength(): number {
    this.u16(0);
    return this.#at - this.#start;
  }

  /** Fills in the length of what was written since the mark; see `overflow` when it needs over 16 bits. */
  closeLength(mark: number): void {
    const from = this.#start + mark;
    const length = this.#at - from;
    if (length > 0xffff) this.overflow ??= length;
    this.#slab[from - 2] = length >>> 8;
    this.#slab[from - 1] = length;
  }

  /** Ends the message and returns it. */
  finish(): Uint8Array {
    const message = new Uint8Array(this.#slab.buffer, this.#start, this.#at - this.#start);
    this.#start = this.#at;
    return message;
  }

  /** Forgets a message that was not finished. */
  abandon(): void {
    this.#at = this.#start;
    this.overflow = undefined;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#slab.length) return;
    const written = this.#slab.subarray(this.#start, this.#at);
    this.#slab = new Uint8Array(Math.max(this.#slabOctets, 2 * (written.length + count)));
    this.#slab.set(written);
    this.#start = 0;
    this.#at = written.length;
  }
}
