import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../shared/wire/options.js";
import { splitFrames } from "../../shared/wire/tcp-frames.js";
import { createClient, createRig, na, pd, prefixIn } from "../server/rig.js";
import { START } from "../server/settings.js";
import { loadVectors } from "../wire/vectors.js";
import {
  BAD_NAMES,
  CLIENT,
  iaNa,
  iaPd,
  iaPrefix,
  iaTa,
  inEach,
  join,
  message,
  nested,
  noise,
  octets,
  relayForward,
  REQUEST,
  SERVER,
  SOLICIT,
  tlv,
} from "./broken.js";
import { LINES, lineOf, RELAY, relayed } from "./lines.js";
import { createScene, datagram, endure, expectIgnored, FAR, NEAR } from "./survival.js";

/** Octets that an IPv6 datagram without jumbo payload carries at most. */
const MOST = 65_527;
/** All packets of the vectors, as they came over the wire. */
const VECTORS = loadVectors().map(({ bytes }) => bytes);
/** Good messages of every kind, direct and relayed. */
const OWN = [
  ...inEach(
    iaPd(iaPrefix()),
    iaNa(),
    iaTa(),
    tlv(6, Uint8Array.of(0, 23, 0, 31)),
    tlv(14, octets(0)),
    tlv(20, octets(0)),
  ),
  nested(1, REQUEST),
  nested(3, message(5, CLIENT, SERVER, iaPd(iaPrefix()))),
  relayForward([tlv(18, octets(4)), tlv(43, Uint8Array.of(0, 37)), tlv(37, octets(9)), tlv(9, SOLICIT)]),
];
const GOOD = [...OWN, ...VECTORS];

describe("conformance: names, floods, noise and strangers", () => {
  test("S-MAL-29 Client FQDN empty, over the end, with a pointer, too long, with NUL and markup -> nothing that a shell reacts to goes on", () => {
    const scene = createScene();
    scene.rig.hooks();
    const answers = endure(
      BAD_NAMES.flatMap((name) => inEach(tlv(39, name), iaPd())),
      scene,
    );
    expect(answers.flatMap(({ options }) => options.map(codeOf))).not.toContain(39);
    const told = scene.rig.hooks().flatMap(({ variables }) => Object.values(variables));
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter((value) => !/^(?:[\w.:/ -]*|\[generic\])$/.test(value))).toEqual([]);
  });

  test("S-MAL-37 65527 octets of zeros, ones, noise, empty options -> no answer to them, nothing bound", () => {
    const fills = [octets(MOST, 0), octets(MOST, 255), noise(MOST, 1), noise(MOST, 77)];
    const empty = octets(4 * 15_000, 0);
    expectIgnored([
      ...fills,
      ...fills.map((fill) => join(Uint8Array.of(1), fill.subarray(1))),
      ...fills.map((fill) => join(Uint8Array.of(12), fill.subarray(1))),
      message(1, empty),
    ]);
    endure([
      ...fills.map((fill) => join(REQUEST, fill).subarray(0, MOST)),
      message(3, CLIENT, SERVER, iaPd(), empty),
    ]);
  });

  test("S-MAL-38 5000 mutations of good messages -> the leases stay, good clients are served, all that is sent is whole", () => {
    const scene = createScene();
    const change = fc.record({ at: fc.nat(), to: fc.oneof(fc.constantFrom(0, 1, 255), fc.nat(255)) });
    const cut = fc.record({ at: fc.nat(), gone: fc.nat(6) });
    let answers = 0;
    let count = 0;
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...OWN), fc.constantFrom(...VECTORS)),
        fc.array(change, { maxLength: 5 }),
        fc.option(cut, { freq: 1 }),
        fc.option(fc.constantFrom(...GOOD), { freq: 1 }),
        (good, changes, cutting, tail) => {
          let bytes: Uint8Array = good.slice();
          for (const { at, to } of changes) if (bytes.length > 0) bytes[at % bytes.length] = to;
          if (cutting !== null) {
            const at = cutting.at % (bytes.length + 1);
            bytes = join(bytes.subarray(0, at), bytes.subarray(at + cutting.gone));
          }
          if (tail !== null) bytes = join(bytes, tail.subarray(4)).subarray(0, MOST);
          answers += scene.send(bytes).length;
          if (++count % 20 === 0) scene.check();
        },
      ),
      { numRuns: 5000 },
    );
    scene.check();
    expect(answers).toBeGreaterThan(500);
  });

  test("S-MAL-39 500 Solicits at once from 500 DUIDs, the pool as large -> an ordinary client is served at once", () => {
    const scene = createScene();
    for (let n = 1000; n < 1500; n++) {
      expect(createClient(scene.rig, n).solicit(pd(1))?.type).toBe("advertise");
    }
    scene.check();
    expect([scene.rig.now(), scene.rig.records.size]).toEqual([START, 3]);
  });

  test("S-MAL-40 source port 547, or a DHCPv4 datagram -> answered to port 546; dropped", () => {
    const scene = createScene();
    for (const port of [547, 1, 65_535]) {
      const [answer] = scene.rig.give(datagram(SOLICIT, port));
      expect(answer?.to).toBe("fe80::bad port 546 over eth0");
    }
    // DHCPDISCOVER: op 1, htype 1, hlen 6, hops 0, xid and so on, magic cookie, options.
    const bootp = join(
      Uint8Array.of(1, 1, 6, 0, 0x39, 3, 0xf3, 0x26),
      octets(20, 0),
      Uint8Array.of(2, 0, 0, 0, 0, 9),
      octets(202, 0),
      Uint8Array.of(0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255),
    );
    expect(bootp).toHaveLength(244);
    expectIgnored([bootp]);
    scene.check();
  });

  test("S-MAL-41 transaction-ids 000000 and ffffff -> answered with the same ones", () => {
    const client = createClient(createRig(LINES), 1);
    for (const xid of [0, 0xffffff]) {
      for (const type of ["solicit", "request", "renew", "rebind"] as const) {
        const answer = client.ask(type, [pd(1)], { xid });
        expect([answer?.xid, prefixIn(answer) === undefined], type).toEqual([xid, false]);
        expect([...(answer?.bytes.subarray(1, 4) ?? [])]).toEqual([xid & 255, xid & 255, xid & 255]);
      }
    }
  });

  test("S-MAL-42 Leasequery without query, cut, of an unknown type -> dropped or an error, without any client's data", () => {
    const address = octets(16);
    const queries = [
      [],
      [tlv(44, octets(0))],
      [tlv(44, join(Uint8Array.of(1), address).subarray(0, 9))],
      [tlv(44, join(Uint8Array.of(99), address))],
      [tlv(44, join(Uint8Array.of(1), address, tlv(5, octets(3))))],
      [tlv(44, join(Uint8Array.of(2), address, tlv(1, octets(0))))],
      [tlv(44, join(Uint8Array.of(2), address), 900)],
    ];
    const answers = endure(
      queries.flatMap((parts) => [
        message(14, CLIENT, ...parts),
        message(14, ...parts),
        message(14, CLIENT, tlv(2, octets(9)), ...parts),
        nested(1, message(14, CLIENT, ...parts)),
      ]),
    );
    for (const { type, codes, status } of answers) {
      expect([type, codes.includes(45), status === 0]).toEqual(["leasequeryReply", false, false]);
    }
  });

  test("S-MAL-43 leases of before, then all that is broken, each a hundred times in other words -> they are as they were", () => {
    const scene = createScene();
    const all = [
      ...GOOD,
      ...BAD_NAMES.map((name) => tlv(39, name)).flatMap((part) => inEach(part)),
      ...GOOD.flatMap((bytes) => [
        bytes.subarray(0, bytes.length >>> 1),
        bytes.subarray(1),
        bytes.subarray(0, -1),
      ]),
    ];
    for (const bytes of all) scene.send(bytes);
    for (let seed = 1; seed < 100; seed++) {
      for (const type of [1, 3, 4, 5, 6, 8, 9, 11, 12, 14])
        scene.send(join(Uint8Array.of(type), noise(3 * seed, seed)));
    }
    scene.check();
    // Their own Renews find them, and so they do after a restart.
    for (const rig of [scene.rig, scene.rig.restart()]) {
      expect(createClient(rig, NEAR).renew(pd(1), na(1))?.ias).toMatchObject([
        { status: 0, leases: [{ valid: 2000 }] },
        { status: 0, leases: [{ valid: 2000 }] },
      ]);
      expect(lineOf(relayed(rig, FAR, RELAY).renew(pd(1)))).toBe("line1");
    }
  });

  test("S-MAL-44 what comes over TCP is junk -> cut into frames without harm, and each frame is no message", () => {
    const streams = [
      noise(5000, 3),
      octets(3000, 0),
      octets(3000, 255),
      Uint8Array.of(0, 9, 1),
      join(Uint8Array.of(0, 3, 14, 0, 0), noise(900, 5)),
    ];
    for (const stream of streams) {
      const { messages, rest } = splitFrames(stream);
      const length = messages.reduce((sum, each) => sum + 2 + each.length, rest.length);
      expect(length).toBe(stream.length);
      endure([stream, rest, ...messages.slice(0, 40)]);
    }
  });
});
