import { describe, expect, test } from "vitest";
import { codeOf } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, pd } from "../server/rig.js";
import { SERVER_ID } from "../server/settings.js";
import {
  BAIT,
  CLIENT,
  CLIENT_TYPES,
  HOST_BITS,
  iaNa,
  iaPd,
  iaPrefix,
  iaTa,
  inEach,
  join,
  message,
  octets,
  prefixData,
  REQUEST,
  SERVER,
  tlv,
} from "./broken.js";
import { givenIn } from "./lines.js";
import { createScene, endure, expectIgnored, expectNoBait, NEAR } from "./survival.js";

/** What one message makes a new server answer. */
const answerTo = (bytes: Uint8Array): Answer | undefined => endure([bytes])[0];
const typesOf = (answers: readonly Answer[]): ReadonlySet<string> => new Set(answers.map(({ type }) => type));
/** All options that are in use. */
const codes = Array.from({ length: 150 }, (_, i) => i + 1);

describe("conformance: malformed input", () => {
  test("S-MAL-01 a datagram of no octets -> dropped", () => {
    expectIgnored([octets(0)]);
  });

  test("S-MAL-02 one, two, three octets, of each message type -> dropped", () => {
    expectIgnored(
      Array.from({ length: 40 }, (_, type) =>
        [1, 2, 3].map((count) => Uint8Array.of(type, 0, 0).subarray(0, count)),
      ).flat(),
    );
  });

  test("S-MAL-03 a header alone, of each message type -> dropped, but for an Information-request, which needs no more", () => {
    const types = Array.from({ length: 256 }, (_, type) => type);
    expectIgnored(types.filter((type) => type !== 11).map((type) => message(type)));
    expect(answerTo(message(11))).toMatchObject({ type: "reply", codes: [2] });
  });

  test("S-MAL-04 the header of an option cut after one, two, three octets -> nothing is given for it", () => {
    const cut = [1, 2, 3].map((count) => tlv(26, octets(0)).subarray(0, count));
    expectNoBait(endure(cut.flatMap((part) => [...inEach(iaPd(), part), ...inEach(part)])));
    expectNoBait(endure(cut.flatMap((part) => inEach(iaPd(iaPrefix(57), part)))));
  });

  test("S-MAL-05 an option longer than the message, of every code in use -> no lease for it", () => {
    const scene = createScene();
    for (const code of codes) {
      for (const bytes of [
        message(1, CLIENT, tlv(code, octets(4), 500)),
        message(3, CLIENT, SERVER, tlv(code, prefixData(), 9999)),
      ]) {
        expect(scene.send(bytes).flatMap(givenIn), `${code}`).toEqual([]);
      }
      scene.check();
    }
    endure(
      codes.map((code) => join(REQUEST, tlv(code, octets(3), 4))),
      scene,
    );
  });

  test("S-MAL-06 a Client Identifier of no octets, in every message -> dropped", () => {
    const empty = tlv(1, octets(0));
    expectIgnored(
      CLIENT_TYPES.flatMap((type) => [
        message(type, empty, iaPd()),
        message(type, empty, SERVER, iaPd()),
        message(type, empty),
      ]),
    );
  });

  test("S-MAL-07 a Client Identifier of one or two octets -> dropped: it is no DUID", () => {
    expectIgnored(
      [1, 2].flatMap((count) =>
        CLIENT_TYPES.map((type) => message(type, tlv(1, octets(count)), SERVER, iaPd())),
      ),
    );
    expectIgnored([1, 2].map((count) => message(1, tlv(1, octets(count)), iaPd())));
  });

  test("S-MAL-08 a Client Identifier of 131 to 20000 octets -> dropped; one of 130 -> served, all of it sent back", () => {
    for (const count of [131, 255, 1000, 20_000]) {
      const long = tlv(1, octets(count));
      expectIgnored([
        message(1, long, iaPd()),
        message(3, long, SERVER, iaPd()),
        message(6, long, iaPd(iaPrefix())),
        message(11, long),
      ]);
    }
    const most = answerTo(message(3, tlv(1, octets(130)), SERVER, iaPd()));
    expect(most?.options[0]).toEqual({ name: "clientId", value: octets(130) });
    expect(givenIn(most)).toHaveLength(1);
  });

  test("S-MAL-09 a Server Identifier of 0, 1, 131, 20000 octets, or cut or drawn out -> dropped", () => {
    const wrong = [
      octets(0),
      octets(1),
      octets(131),
      octets(20_000),
      SERVER_ID.subarray(0, 9),
      join(SERVER_ID, octets(1)),
    ];
    expectIgnored(
      wrong.flatMap((id) => CLIENT_TYPES.map((type) => message(type, CLIENT, tlv(2, id), iaPd(iaPrefix())))),
    );
  });

  test("S-MAL-10 an IA_PD of 0 to 11 octets -> no prefix", () => {
    const answers = endure([0, 1, 4, 8, 11].flatMap((count) => inEach(tlv(25, octets(count)))));
    expect(answers.flatMap(givenIn)).toEqual([]);
    // Beside a whole one it does not stand in its way.
    expect(givenIn(answerTo(message(3, CLIENT, SERVER, tlv(25, octets(11)), iaPd())))).toHaveLength(1);
  });

  test("S-MAL-11 an IAPREFIX of 0 to 24 octets -> what it names is not given, nor taken from anybody", () => {
    const cut = [0, 1, 8, 9, 24].map((count) => iaPd(tlv(26, prefixData().subarray(0, count))));
    expectNoBait(endure(cut.flatMap((part) => inEach(part))));
    // Whole, it is a hint: so it is the cut that counts.
    expect(givenIn(answerTo(message(3, CLIENT, SERVER, iaPd(iaPrefix()))))).toEqual([BAIT]);
  });

  test("S-MAL-12 an IAPREFIX longer than its IA_PD, or octets behind it -> what it names is not given by its length", () => {
    const overlong = [26, 100, 65_535].map((length) => iaPd(tlv(26, prefixData(), length)));
    expectNoBait(endure(overlong.flatMap((part) => inEach(part))));
    const stray = [1, 2, 3].map((count) => iaPd(iaPrefix(), octets(count)));
    expect(
      new Set(
        endure(stray.flatMap((part) => inEach(part)))
          .flatMap(givenIn)
          .filter((given) => given !== BAIT),
      ).size,
    ).toBeLessThan(2);
  });

  test("S-MAL-13 a prefix-length of 129, 200, 255 -> never comes back", () => {
    const scene = createScene();
    for (const length of [129, 200, 255]) {
      for (const bytes of inEach(iaPd(iaPrefix(length)))) {
        const given = endure([bytes], scene).flatMap(({ ias }) => ias.flatMap(({ leases }) => leases));
        expect(given.filter(({ prefix, valid }) => valid > 0 && !prefix.endsWith("/56"))).toEqual([]);
        expect(given.map(({ prefix }) => prefix)).not.toContain(BAIT);
      }
    }
  });

  test("S-MAL-14 a prefix-length of 0 -> neither ::/0 nor all there is; the pool stays as it was", () => {
    const everything = [iaPrefix(0), iaPrefix(0, octets(16, 0)), iaPrefix(0, octets(16, 255))];
    const scene = createScene();
    const answers = endure(
      everything.flatMap((part) => inEach(iaPd(part))),
      scene,
    );
    const leases = answers.flatMap(({ ias }) => ias.flatMap((ia) => ia.leases));
    expect(leases.filter(({ prefix, valid }) => valid > 0 && !prefix.endsWith("/56"))).toEqual([]);
    expect(givenIn(createClient(scene.rig, 500).request(pd(1, BAIT)))).toEqual([BAIT]);
  });

  test("S-MAL-15 an IAPREFIX with bits behind its length -> none of them in an answer", () => {
    for (const type of [1, 3, 5, 6]) {
      const heads = type === 3 || type === 5 ? [CLIENT, SERVER] : [CLIENT];
      expect(givenIn(answerTo(message(type, ...heads, iaPd(iaPrefix(56, HOST_BITS)))))).toEqual([BAIT]);
    }
    // Of a prefix that is not had, the refusal has none either: readers of answers check it.
    const elsewhere = HOST_BITS.map((octet, i) => (i === 3 ? 0xb9 : octet));
    endure(inEach(iaPd(iaPrefix(56, elsewhere))));
  });

  test("S-MAL-16 an IA_PD that names 1000 prefixes -> one lease, and a short answer", () => {
    const many = Array.from({ length: 1000 }, (_, n) => {
      const address = prefixData().slice(9);
      address.set([n >>> 8, n & 0xff], 5);
      return iaPrefix(56, address);
    });
    const scene = createScene();
    const answers = endure(inEach(iaPd(...many)), scene);
    for (const answer of answers) {
      expect(givenIn(answer).length).toBeLessThan(2);
      expect(answer.ias.flatMap(({ leases }) => leases).length).toBeLessThan(20);
    }
    expect(scene.rig.table.size).toBeLessThan(6);
  });

  test("S-MAL-17 500 IA_PDs -> no more leases than one client may have, and an answer that fits a datagram", () => {
    const many = Array.from({ length: 500 }, (_, n) =>
      tlv(25, join(Uint8Array.of(0, 0, n >>> 8, n), octets(8, 0))),
    );
    for (const bytes of inEach(...many)) {
      const scene = createScene();
      for (const answer of endure([bytes], scene)) {
        expect(answer.bytes.length).toBeLessThanOrEqual(65_527);
        expect(givenIn(answer).length).toBeLessThanOrEqual(10);
      }
      expect(scene.rig.table.size).toBeLessThanOrEqual(3 + 10);
    }
  });

  test("S-MAL-18 all-ones IAID, T1, T2 and lifetimes -> an ordinary IA with the configured times", () => {
    const ones = tlv(25, join(octets(12, 255), tlv(26, join(octets(8, 255), prefixData().subarray(8)))));
    const [offer, reply] = endure([message(1, CLIENT, ones), message(3, CLIENT, SERVER, ones)]);
    for (const answer of [offer, reply]) {
      expect(answer?.ias).toEqual([
        {
          type: "pd",
          iaid: 0xffffffff,
          t1: 500,
          t2: 800,
          status: 0,
          leases: [{ prefix: BAIT, preferred: 1000, valid: 2000 }],
        },
      ]);
    }
    endure(inEach(ones, tlv(3, octets(12, 255)), tlv(4, octets(4, 255))));
  });

  test("S-MAL-19 an Option Request of odd length, of no octets, of 30000 codes -> each option once at most", () => {
    const all = Uint8Array.from({ length: 60_000 }, (_, i) => (i % 2 === 0 ? (i >>> 1) >>> 8 : i >>> 1));
    const answers = endure(
      [octets(3, 0), octets(0), all, join(all, octets(1))].flatMap((data) => inEach(tlv(6, data), iaPd())),
    );
    expect(typesOf(answers)).toEqual(new Set(["advertise", "reply"]));
    const asked = answerTo(message(3, CLIENT, SERVER, iaPd(), tlv(6, all)));
    expect(asked?.codes).toEqual([1, 2, 25, 23, 31]);
  });

  test("S-MAL-20 two Client Identifiers -> one binding at most", () => {
    const other = tlv(1, Uint8Array.of(0, 3, 0, 1, 7, 7));
    const scene = createScene();
    const before = scene.rig.records.size;
    endure(
      [
        message(3, CLIENT, other, SERVER, iaPd()),
        message(1, other, CLIENT, iaPd()),
        message(1, other, CLIENT, tlv(14, octets(0)), iaPd()),
      ],
      scene,
    );
    expect(scene.rig.records.size).toBeLessThanOrEqual(before + 1);
  });

  test("S-MAL-21 two Server Identifiers, one of them right -> not more than one binding, nothing released", () => {
    const foreign = tlv(2, Uint8Array.of(0, 3, 0, 1, 9, 9));
    const scene = createScene();
    const both = [3, 5, 8, 9].flatMap((type) => [
      message(type, CLIENT, SERVER, foreign, iaPd()),
      message(type, CLIENT, foreign, SERVER, iaPd()),
    ]);
    endure(both, scene);
    expect(scene.rig.table.ofClient(createClient(scene.rig, NEAR).duid)).toHaveLength(2);
    expect(scene.rig.records.size).toBeLessThanOrEqual(4);
  });

  test("S-MAL-22 one IAID in two IA_PDs -> one IA in the answer, one binding", () => {
    const scene = createScene();
    const [reply] = endure(
      [
        message(
          3,
          CLIENT,
          SERVER,
          iaPd(iaPrefix()),
          iaPd(
            iaPrefix(
              56,
              HOST_BITS.map((o, i) => (i === 6 ? 0xbb : o)),
            ),
          ),
        ),
      ],
      scene,
    );
    expect(reply?.ias).toHaveLength(1);
    expect(givenIn(reply)).toEqual([BAIT]);
    expect(scene.rig.records.size).toBe(4);
  });

  test("S-MAL-23 Elapsed Time, Rapid Commit, Preference, Status Code and others of wrong sizes -> as if they were not there", () => {
    const sizes: readonly (readonly [number, readonly number[]])[] = [
      [7, [0, 2]],
      [8, [0, 1, 3]],
      [12, [0, 15]],
      [13, [0, 1]],
      [14, [1, 3]],
      [19, [0, 2]],
      [20, [1]],
      [32, [0, 3]],
      [82, [5]],
    ];
    const parts = sizes.flatMap(([code, counts]) => counts.map((count) => tlv(code, octets(count))));
    for (const part of parts) {
      const answer = answerTo(message(1, CLIENT, iaPd(), part));
      expect([answer?.type, answer?.codes]).toEqual(["advertise", [1, 2, 25]]);
    }
    endure(parts.flatMap((part) => inEach(part, iaPd())));
  });

  test("S-MAL-24 IA_NA, IA_TA, IAADDR cut short -> no address for the cut part", () => {
    const bare = [0, 1, 4, 11].map((count) => tlv(3, octets(count)));
    const temporary = [0, 1, 3].map((count) => tlv(4, octets(count)));
    expect(endure([...bare, ...temporary].flatMap((part) => inEach(part))).flatMap(givenIn)).toEqual([]);
    const address = join(
      Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0xf, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x77),
      octets(8, 0),
    );
    for (const ia of [iaNa, iaTa]) {
      const cut = [0, 1, 15, 16, 23].map((count) => ia(tlv(5, address.subarray(0, count))));
      expect(endure(cut.flatMap((part) => inEach(part))).flatMap(givenIn)).not.toContain(
        "2001:db8:f::177/128",
      );
    }
    expect(givenIn(answerTo(message(3, CLIENT, SERVER, iaNa(tlv(5, address)))))).toEqual([
      "2001:db8:f::177/128",
    ]);
  });

  test("S-MAL-25 IAADDR in IA_PD, IAPREFIX in IA_NA, identifiers and IA_NA in IA_PD -> none of it counts", () => {
    const address = tlv(5, join(prefixData().subarray(9), octets(8, 0)));
    const wrong = [
      iaPd(address),
      iaNa(iaPrefix()),
      iaTa(iaPrefix()),
      iaPd(CLIENT, SERVER),
      iaPd(iaNa()),
      iaPd(iaPd(iaPrefix())),
      iaPrefix(),
      address,
    ];
    const answers = endure(wrong.flatMap((part) => inEach(part)));
    expectNoBait(answers);
    expect(
      answers.flatMap(({ ias }) => ias.flatMap(({ leases }) => leases.map(({ prefix }) => prefix))),
    ).not.toContain(BAIT);
    // An identifier inside of an IA is none of the message.
    expectIgnored([message(1, iaPd(CLIENT)), message(3, CLIENT, iaPd(SERVER))]);
  });

  test("S-MAL-26 an IA_PD in an IA_PD, 1000 deep -> the outermost is answered at most", () => {
    let deep = iaPd(iaPrefix());
    for (let level = 1; level < 1000; level++) deep = iaPd(deep);
    const answers = endure(inEach(deep));
    expectNoBait(answers);
    expect(answers.filter(({ ias }) => ias.length > 1)).toEqual([]);
  });

  test("S-MAL-27 User Class, Vendor Class, Vendor Options whose inner lengths go past the end -> served without them", () => {
    const inner = join(Uint8Array.of(0, 0, 4, 0xd2), Uint8Array.of(0, 1, 0xff, 0xff, 97));
    const parts = [
      tlv(15, Uint8Array.of(0, 9, 97)),
      tlv(15, Uint8Array.of(9)),
      tlv(16, inner),
      tlv(16, octets(3)),
      tlv(17, inner),
      tlv(17, octets(2)),
      tlv(17, octets(4)),
    ];
    const answers = endure(parts.flatMap((part) => inEach(part, iaPd())));
    expect(
      answers.flatMap(({ options }) => options.map(codeOf)).filter((code) => [15, 16, 17].includes(code)),
    ).toEqual([]);
    expect(answers.flatMap(givenIn).length).toBeGreaterThan(2 * parts.length);
  });

  test("S-MAL-28 Authentication empty, cut, of an unknown protocol, of 5000 octets -> neither a key nor harm", () => {
    const auths = [octets(0), octets(1), octets(10), octets(11, 255), octets(28, 3), octets(5000)].map(
      (data) => tlv(11, data),
    );
    const answers = endure(auths.flatMap((part) => inEach(part, iaPd())));
    expect(answers.flatMap(({ options }) => options.map(codeOf))).not.toContain(11);
    expect(answers.flatMap(givenIn).length).toBeGreaterThan(2 * auths.length);
  });
});
