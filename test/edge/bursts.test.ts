import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Bursts, createBursts } from "../../shared/edge/bursts.js";
import { createDatagramRoom, readSocketName, SOCKET_NAME_OCTETS } from "../../shared/edge/datagram-room.js";
import { formatIp6, parseIp6, UNSPECIFIED } from "../../shared/prefix.js";
import { bundleProgram, inNamespace, TWO_LINKS } from "./workbench.js";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edge-bursts-"));
  for (const way of ["with", "without", "broken"])
    await bundleProgram("bursts", join(directory, way, "it.cjs"));
  const modules = join(directory, "with/node_modules");
  symlinkSync(join(import.meta.dirname, "../../node_modules"), modules);
  const broken = join(directory, "broken/node_modules/koffi");
  mkdirSync(broken, { recursive: true });
  writeFileSync(join(broken, "index.js"), 'throw new Error("no binary for this machine");');
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function exchange(way: string): Promise<unknown> {
  const { status, stdout, stderr } = await inNamespace(
    `${TWO_LINKS}\n'${process.execPath}' '${join(directory, way, "it.cjs")}'`,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

const all = (count: number, from: string, batched: unknown): object => ({
  count,
  wrong: [],
  from: [from],
  batched,
});

/** What two clients and a server send each other, which is the same whatever it is read and sent with. */
const traffic = (batched: boolean): object => ({
  first: all(300, "fe80::a 546", expect.any(Boolean)),
  both: [all(300, "fe80::a 546", batched), all(300, "fe80::c 546", batched)],
  answers: all(300, "fe80::b 547", batched),
  long: ["2048 octets", "2049 octets", "60000 octets"],
  last: all(5, "fe80::b 547", batched),
  reopened: all(20, "fe80::b 547", batched),
  troubles: ["ENETUNREACH", "ERR_SOCKET_DGRAM_NOT_RUNNING"],
});

describe("bursts: real sockets", () => {
  it("koffi is installed -> each datagram once, in order, from the right link, most of them in batches", async () => {
    expect(await exchange("with")).toEqual({ outcomes: [{ type: "used" }], ...traffic(true) });
  });

  it.each([
    ["koffi is not installed", "without", "the optional package koffi is not installed"],
    ["koffi does not work", "broken", "no binary for this machine"],
  ])("%s -> the same one by one, and it is said why", async (_name, way, sentence) => {
    const outcomes = [{ type: "singly", sentence: expect.stringContaining(sentence) as unknown }];
    expect(await exchange(way)).toEqual({ outcomes, ...traffic(false) });
  });
});

describe("bursts: when there is one", () => {
  function hear(bursts: Bursts, count: number): void {
    for (let heard = 0; heard < count; heard++) bursts.heard();
  }

  it("255 datagrams in each second -> nothing is loaded", () => {
    const now = vi.spyOn(performance, "now");
    const bursts = createBursts(() => {
      expect.unreachable();
    });
    for (let second = 1; second < 20; second++) {
      now.mockReturnValue(second * 1001);
      hear(bursts, 255);
    }
    now.mockRestore();
    expect(bursts.calls()).toBeUndefined();
  });

  it("256 within a second -> loaded, once", async () => {
    const outcomes: unknown[] = [];
    const bursts = createBursts((outcome) => outcomes.push(outcome));
    hear(bursts, 1000);
    expect(bursts.calls()).toBeUndefined();
    await expect.poll(() => bursts.calls()).toBeDefined();
    expect(outcomes).toEqual([{ type: "used" }]);
  });
});

describe("bursts: memory that the kernel reads and writes", () => {
  const address = parseIp6("2001:db8::547") ?? UNSPECIFIED;

  it("what is put in comes out, slot by slot", () => {
    const room = createDatagramRoom(3, 8, () => 4096n);
    room.put(0, Uint8Array.of(1, 2, 3), address, 547);
    room.put(2, Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9), UNSPECIFIED, 65_535);
    room.put(2, new Uint8Array(0), UNSPECIFIED, 546);
    room.put(1, Uint8Array.of(4, 5, 6, 7, 8, 9, 10, 11), UNSPECIFIED, 1);
    const slots = [0, 1, 2].map((slot) => [
      [...room.putIn(slot)],
      formatIp6(room.peer(slot)),
      room.port(slot),
    ]);
    expect(slots).toEqual([
      [[1, 2, 3], "2001:db8::547", 547],
      [[4, 5, 6, 7, 8, 9, 10, 11], "::", 1],
      [[], "::", 546],
    ]);
  });

  it("headers are 64 octets apart and point to name and pieces, as on Linux with pointers of 64 bits", () => {
    let memory: Uint8Array = new Uint8Array();
    const room = createDatagramRoom(2, 16, (it) => {
      memory = it;
      return 0x7f00_0000_1000n;
    });
    const view = new DataView(memory.buffer);
    expect([room.headerAt(0), room.headerAt(1)]).toEqual([0x7f00_0000_1000, 0x7f00_0000_1040]);
    for (const slot of [0, 1]) {
      const header = slot * 64;
      const at = (field: number): number =>
        Number(view.getBigUint64(header + field, true) - 0x7f00_0000_1000n);
      const [name, pieces] = [at(0), at(16)];
      expect({
        nameLength: view.getUint32(header + 8, true),
        count: view.getBigUint64(header + 24, true),
      }).toEqual({ nameLength: 28, count: 1n });
      expect(view.getUint16(name, true)).toBe(10);
      expect(view.getBigUint64(pieces + 8, true)).toBe(16n);
      expect(Number(view.getBigUint64(pieces, true) - 0x7f00_0000_1000n) + 16).toBeLessThanOrEqual(
        memory.length,
      );
    }
  });

  it("the name of a socket: family, port, address, zone; anything else is none", () => {
    const name = new Uint8Array(SOCKET_NAME_OCTETS);
    name.set([10, 0, 0x02, 0x23]);
    name.set(address, 8);
    name.set([7, 0, 0, 0], 24);
    expect(readSocketName(name)).toEqual({ address, port: 547, zone: 7 });
    name[0] = 2;
    expect(readSocketName(name)).toBeUndefined();
  });
});
