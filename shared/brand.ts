declare const brand: unique symbol;

/** A primitive or buffer that carries its meaning in the type; nothing exists of it at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A duration in seconds as the wire carries it: 0..0xffffffff, the last meaning infinity (RFC 8415 7.7). */
export type Seconds = Brand<number, "Seconds">;
/** An instant or duration in milliseconds; a wish without end is `Infinity`. */
export type Millis = Brand<number, "Millis">;
/** Identity Association identifier, 32 bits, opaque (RFC 8415 12). */
export type Iaid = Brand<number, "Iaid">;
/** Transaction identifier, 24 bits (RFC 8415 16.1). */
export type Xid = Brand<number, "Xid">;

/** Whole seconds, reduced to 32 bits, as read from the wire or a configuration. */
export const seconds = (value: number): Seconds => (value >>> 0) as Seconds;
/** Milliseconds, fractions allowed. */
export const millis = (value: number): Millis => value as Millis;
/** An IAID out of any integer, modulo 2^32 (Dibbler wrote large ones as negative numbers). */
export const iaid = (value: number): Iaid => (value >>> 0) as Iaid;
/** A transaction identifier out of any integer, modulo 2^24. */
export const xid = (value: number): Xid => (value & 0xffffff) as Xid;

/** The lifetime that never ends (RFC 8415 7.7). */
export const INFINITY: Seconds = seconds(0xffffffff);

/** Seconds of the wire as milliseconds of the clock: INFINITY becomes `Infinity`. */
export const toMillis = (value: Seconds): Millis => millis(value === INFINITY ? Infinity : value * 1000);
