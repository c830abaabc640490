import { describe, expect, test } from "vitest";
import { exchangesOf, percentile, readPackets, summarize } from "./packets.js";

const SOLICIT = 1;
const ADVERTISE = 2;
const REQUEST = 3;
const REPLY = 7;
const RELAY_FORW = 12;

interface Frame {
  readonly seconds: number;
  readonly fraction: number;
  readonly octets: Uint8Array;
}

/** An Ethernet frame with one message: by IPv6 and UDP between these ports unless said otherwise. */
function frame(type: number, transaction: number, ports = [546, 547], etherType = 0x86dd): Uint8Array {
  const octets = new Uint8Array(80);
  const view = new DataView(octets.buffer);
  view.setUint16(12, etherType);
  view.setUint8(20, 17);
  view.setUint16(54, ports[0] ?? 0);
  view.setUint16(56, ports[1] ?? 0);
  view.setUint32(62, type * 2 ** 24 + transaction);
  return octets;
}

function pcap(frames: readonly Frame[], { magic = 0xa1b2c3d4, little = true, link = 1 } = {}): Uint8Array {
  const length = frames.reduce((sum, { octets }) => sum + 16 + octets.length, 24);
  const file = new Uint8Array(length);
  const view = new DataView(file.buffer);
  view.setUint32(0, magic, little);
  view.setUint32(20, link, little);
  let at = 24;
  for (const { seconds, fraction, octets } of frames) {
    view.setUint32(at, seconds, little);
    view.setUint32(at + 4, fraction, little);
    view.setUint32(at + 8, octets.length, little);
    view.setUint32(at + 12, octets.length, little);
    file.set(octets, at + 16);
    at += 16 + octets.length;
  }
  return file;
}

describe("bench: a capture file", () => {
  const frames = [
    { seconds: 1_795_954_194, fraction: 250_000, octets: frame(SOLICIT, 0xabcdef) },
    { seconds: 1_795_954_194, fraction: 252_500, octets: frame(ADVERTISE, 0xabcdef, [547, 546]) },
  ];
  const packets = [
    { time: 1_795_954_194_250, type: SOLICIT, transaction: 0xabcdef },
    { time: 1_795_954_194_252.5, type: ADVERTISE, transaction: 0xabcdef },
  ];

  test.each([
    { what: "little-endian, microseconds", options: {}, perMicro: 1 },
    { what: "big-endian, microseconds", options: { little: false }, perMicro: 1 },
    { what: "little-endian, nanoseconds", options: { magic: 0xa1b23c4d }, perMicro: 1000 },
  ])("$what", ({ options, perMicro }) => {
    const file = pcap(
      frames.map((one) => ({ ...one, fraction: one.fraction * perMicro })),
      options,
    );
    expect(readPackets(file)).toEqual(packets);
  });

  test("a part of a larger buffer", () => {
    const file = pcap(frames);
    const larger = new Uint8Array(file.length + 7);
    larger.set(file, 7);
    expect(readPackets(larger.subarray(7))).toEqual(packets);
  });

  test("a record that breaks off is left out", () => {
    expect(readPackets(pcap(frames).subarray(0, -1))).toEqual(packets.slice(0, 1));
  });

  test.each([
    { what: "IPv4", octets: frame(SOLICIT, 1, [546, 547], 0x0800) },
    { what: "other ports", octets: frame(SOLICIT, 1, [53, 546]) },
    { what: "a relayed message", octets: frame(RELAY_FORW, 1, [547, 547]) },
    { what: "too few octets", octets: frame(SOLICIT, 1).subarray(0, 65) },
  ])("no message: $what", ({ octets }) => {
    expect(readPackets(pcap([{ seconds: 1, fraction: 0, octets }]))).toEqual([]);
  });

  test.each([
    { what: "pcapng", file: pcap([], { magic: 0x0a0d0d0a }) },
    { what: "not of Ethernet", file: pcap([], { link: 113 }) },
    { what: "empty", file: new Uint8Array() },
  ])("refused: $what", ({ file }) => {
    expect(() => readPackets(file)).toThrow("not a pcap file of Ethernet frames");
  });
});

describe("bench: delays", () => {
  test("questions are matched with the first answer of the right type by transaction", () => {
    const packets = [
      { time: 0, type: SOLICIT, transaction: 1 },
      { time: 1, type: REQUEST, transaction: 2 },
      { time: 3, type: REPLY, transaction: 1 },
      { time: 5, type: ADVERTISE, transaction: 1 },
      { time: 6, type: ADVERTISE, transaction: 1 },
      { time: 8, type: REPLY, transaction: 2 },
      { time: 9, type: SOLICIT, transaction: 3 },
      { time: 10, type: REPLY, transaction: 4 },
    ];
    expect(exchangesOf(packets)).toEqual([
      { from: 0, to: 5 },
      { from: 1, to: 8 },
    ]);
  });

  test.each([
    { what: "none", values: [], p99: NaN },
    { what: "one", values: [4], p99: 4 },
    { what: "a hundred", values: Array.from({ length: 100 }, (_none, index) => index + 1), p99: 99 },
    { what: "a hundred and one", values: Array.from({ length: 101 }, (_none, index) => index), p99: 99 },
  ])("99th percentile of $what", ({ values, p99 }) => {
    expect(percentile(values, 0.99)).toBe(p99);
  });

  test("summary of unsorted values", () => {
    expect(summarize([10, 9, 2].map((delay) => ({ from: 100, to: 100 + delay })))).toEqual({
      average: 7,
      p99: 10,
      worst: 10,
    });
  });
});
