import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import type { Datagram } from "../../shared/datagram.js";
import { ip6 } from "../../shared/prefix.js";
import { createIntake, STALE_MS } from "../../server/intake.js";
import type { ServerEvent } from "../../server/state.js";

/** A message of that type with an octet to tell it by, relayed so many times. */
function datagram(type: number, mark: number, relays = 0): Datagram {
  let bytes = Uint8Array.of(type, 0, 0, mark);
  for (let n = 0; n < relays; n++) {
    const option = [0, 18, 0, 1, 7, 0, 9, bytes.length >> 8, bytes.length & 0xff, ...bytes];
    bytes = Uint8Array.of(12, n, ...new Uint8Array(32), ...option);
  }
  const from = ip6(new Uint8Array(16));
  return {
    type: "datagram",
    bytes,
    from,
    port: 546,
    interfaceName: "eth0",
    interfaceIndex: 2,
    multicast: true,
  };
}

const [SOLICIT, REQUEST, RENEW, INFORM] = [1, 3, 5, 11];
const markOf = (event: ServerEvent | undefined): number | string | undefined =>
  event?.type === "datagram" ? event.bytes.at(-1) : event?.type;

/** Puts these in, at the times given, and takes all out. */
function through(limit: number, puts: readonly (readonly [ServerEvent, at: number])[], takeAt = 0): unknown {
  const intake = createIntake(limit);
  for (const [event, at] of puts) intake.put(event, millis(at));
  const taken: unknown[] = [];
  for (let next = intake.take(millis(takeAt)); next !== undefined; next = intake.take(millis(takeAt))) {
    taken.push(markOf(next));
  }
  return [taken, intake.dropped()];
}

describe("server: what waits, and in which order", () => {
  test.each([0, 1, 3])("what goes on comes before what begins, behind %i relays", (relays) => {
    const puts = [SOLICIT, INFORM, REQUEST, SOLICIT, RENEW].map(
      (type, n) => [datagram(type, n + 1, relays), 0] as const,
    );
    expect(through(100, [...puts, [{ type: "timer" }, 0]])).toEqual([[3, 5, "timer", 1, 2, 4], 0]);
  });

  test("full: the oldest Solicit gives way, whatever comes; without any the newcomer does; a timer never", () => {
    const puts = [SOLICIT, SOLICIT, REQUEST, REQUEST, SOLICIT].map(
      (type, n) => [datagram(type, n + 1), 0] as const,
    );
    expect(through(3, [...puts, [{ type: "timer" }, 0]])).toEqual([[3, 4, "timer", 5], 2]);
    const requests = [1, 2, 3].map((n) => [datagram(REQUEST, n), 0] as const);
    expect(through(2, requests)).toEqual([[1, 2], 1]);
  });

  // 8192 datagrams of 64 KiB would be half a GiB.
  test("so many octets of each kind: the oldest Solicits give way to Solicits, Requests to nobody", () => {
    const intake = createIntake(100, 51);
    const put = (type: number, mark: number, relays = 0): boolean =>
      intake.put(datagram(type, mark, relays), millis(0));
    const take = (count: number): unknown =>
      Array.from({ length: count }, () => markOf(intake.take(millis(0))));
    // 4 octets each, and 47 with a relay around it.
    expect([1, 2, 3].map((n) => put(SOLICIT, n))).toEqual([true, true, true]);
    expect([put(REQUEST, 4, 1), put(REQUEST, 5), put(REQUEST, 6)]).toEqual([true, true, false]);
    expect([intake.size(), intake.dropped()]).toEqual([5, 1]);
    expect([put(SOLICIT, 7, 1), intake.size(), intake.dropped()]).toEqual([false, 4, 2]);
    expect([take(5), intake.size()]).toEqual([[4, 5, 3, 7, undefined], 0]);
    intake.putBack([datagram(REQUEST, 8, 1), { type: "timer" }, datagram(REQUEST, 9)]);
    expect([put(REQUEST, 10), put(SOLICIT, 11, 1), put(SOLICIT, 12)]).toEqual([false, true, true]);
    expect([take(5), intake.dropped()]).toEqual([[8, "timer", 9, 11, 12], 1]);
    // What has given way, or become too old, takes no room.
    expect([put(SOLICIT, 13, 1), intake.take(millis(STALE_MS + 1)), put(SOLICIT, 14, 1)]).toEqual([
      true,
      undefined,
      true,
    ]);
  });

  test("a Solicit that has waited too long is not answered, a Request is", () => {
    const puts = [
      [datagram(SOLICIT, 1), 0],
      [datagram(REQUEST, 2), 0],
      [datagram(SOLICIT, 3), 1],
    ] as const;
    expect(through(100, puts, STALE_MS + 1)).toEqual([[2, 3], 1]);
  });

  test.each([
    { wish: "first", order: [2, 4, 1, 3] },
    { wish: "later", order: [1, 3, 2, 4] },
    { wish: "onlyFirst", order: [2, 4] },
  ] as const)("taken with the wish $wish -> $order", ({ wish, order }) => {
    const intake = createIntake();
    for (const [n, type] of [SOLICIT, REQUEST, SOLICIT, RENEW].entries()) {
      intake.put(datagram(type, n + 1), millis(0));
    }
    const taken = [1, 2, 3, 4].map(() => markOf(intake.take(millis(0), wish)));
    expect(taken.filter((mark) => mark !== undefined)).toEqual(order);
  });

  test("what cannot be read is no Solicit: it waits its turn with the rest", () => {
    const broken = { ...datagram(SOLICIT, 1, 1), bytes: Uint8Array.of(12, 0, 0) };
    expect(through(100, [[broken, 0]])).toEqual([[0], 0]);
  });

  test("what is put back goes first, in its order", () => {
    const intake = createIntake();
    intake.put(datagram(REQUEST, 1), millis(0));
    intake.putBack([datagram(SOLICIT, 2), datagram(REQUEST, 3)]);
    expect([1, 2, 3].map(() => markOf(intake.take(millis(0))))).toEqual([2, 3, 1]);
    expect(intake.size()).toBe(0);
  });

  test("the order stays through thousands", () => {
    const puts = Array.from({ length: 10_000 }, (_none, n) => [datagram(SOLICIT, n & 0xff), 0] as const);
    expect(through(20_000, puts)).toEqual([puts.map((_put, n) => n & 0xff), 0]);
  });
});
