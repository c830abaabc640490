import { describe, expect, test } from "vitest";
import { codeOf, option } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { ip } from "../server/settings.js";
import {
  BAIT,
  CLIENT,
  iaPd,
  iaPrefix,
  message,
  nested,
  octets,
  relayForward,
  REQUEST,
  SERVER,
  SOLICIT,
  tlv,
} from "./broken.js";
import { givenIn, lineOf } from "./lines.js";
import { createScene, endure, expectIgnored } from "./survival.js";

const inside = (bytes: Uint8Array): Uint8Array => tlv(9, bytes);
/** What a Solicit in this Relay-forward makes a new server answer. */
const answerTo = (bytes: Uint8Array): Answer | undefined => endure([bytes])[0];
const octetsOf = (text: string): Uint8Array => ip(text);

describe("conformance: malformed input through relays", () => {
  test("S-MAL-30 a Relay-forward with a cut header, without Relay Message, with one of 0 to 3 octets -> dropped", () => {
    const whole = relayForward([]);
    const cut = Array.from({ length: whole.length }, (_, count) => whole.subarray(0, count));
    const empty = [0, 1, 2, 3].map((count) => relayForward([inside(SOLICIT.subarray(0, count))]));
    expectIgnored([
      ...cut,
      whole,
      relayForward([tlv(18, octets(4))]),
      ...empty,
      relayForward([inside(cut[20] ?? whole)]),
    ]);
    expectIgnored([
      relayForward([tlv(9, REQUEST, REQUEST.length + 1)]),
      relayForward([inside(REQUEST).subarray(0, 20)]),
    ]);
  });

  test("S-MAL-31 40 relay levels -> no answer, nothing bound; 8 of them are served", () => {
    expectIgnored([nested(40, SOLICIT), nested(40, REQUEST)]);
    const answer = answerTo(nested(8, SOLICIT));
    expect([answer?.path.length, lineOf(answer)]).toEqual([8, "line1"]);
  });

  test("S-MAL-32 1000 relay levels -> no answer, nothing bound", () => {
    expectIgnored([nested(1000, REQUEST), nested(1000, octets(0))]);
  });

  test("S-MAL-33 a hop-count of 8, 31, 32, 33, 255 -> answered with the same one, or dropped", () => {
    for (const hops of [8, 31, 32, 33, 255]) {
      const answer = answerTo(relayForward([inside(SOLICIT)], { hops }));
      if (answer !== undefined) expect([answer.path[0]?.hopCount, lineOf(answer)]).toEqual([hops, "line1"]);
      endure([relayForward([inside(relayForward([inside(REQUEST)], { hops }))], { hops: 255 })]);
    }
  });

  test("S-MAL-34 link-address or peer-address multicast, unspecified, loopback -> no lease of a link that it does not name", () => {
    const odd = ["ff02::1", "::", "::1", "ff05::1:3", "::ffff:127.0.0.1"].map((text) => octetsOf(text));
    for (const address of odd) {
      const byLink = answerTo(relayForward([inside(REQUEST)], { link: address }));
      // Without link-address the interface tells (RFC 6221); the others are of no link.
      const isUnspecified = address.every((octet) => octet === 0);
      expect(lineOf(byLink)).toBe(isUnspecified ? "eth0" : undefined);
      const byPeer = answerTo(relayForward([inside(REQUEST)], { peer: address }));
      expect([lineOf(byPeer), byPeer?.path[0]?.peerAddress, byPeer?.to]).toEqual([
        "line1",
        address,
        "fe80::bad port 547 over eth0",
      ]);
    }
    expectIgnored([
      relayForward([inside(SOLICIT)], { link: octetsOf("ff02::1") }),
      relayForward([inside(SOLICIT)], { link: octetsOf("::1") }),
    ]);
  });

  test("S-MAL-35 Interface-Id of 0 to 4000 octets -> echoed; Remote-Id, Echo Request, RSOO cut short -> served without", () => {
    for (const count of [0, 255, 4000]) {
      const answer = answerTo(relayForward([tlv(18, octets(count)), inside(SOLICIT)]));
      expect(answer?.path[0]?.options[0]).toEqual(option("interfaceId", octets(count)));
      expect(lineOf(answer)).toBe("line1");
    }
    const cut = [0, 1, 3].flatMap((count) =>
      [37, 38, 43, 53, 66, 79, 135].map((code) => tlv(code, octets(count))),
    );
    const rsoo = [
      tlv(66, tlv(65, octets(3), 90)),
      tlv(66, tlv(65, octets(3))),
      tlv(66, tlv(65, octets(0)).subarray(0, 3)),
      tlv(43, octets(4000, 255)),
    ];
    for (const part of [...cut, ...rsoo]) {
      const answer = answerTo(relayForward([part, inside(SOLICIT)]));
      expect([lineOf(answer), answer?.codes]).toEqual(["line1", [1, 2, 25]]);
    }
    // Asked to echo what is cut, the server leaves it out.
    const asking = tlv(43, Uint8Array.of(0, 37, 0, 38));
    const echo = answerTo(relayForward([tlv(37, octets(3)), tlv(38, octets(2)), asking, tlv(9, SOLICIT)]));
    expect(echo?.path.map(({ options }) => options.map(codeOf))).toEqual([[9, 38]]);
  });

  test("S-MAL-36 two Relay Messages -> one answer at most, and one binding", () => {
    const other = message(3, tlv(1, Uint8Array.of(0, 3, 0, 1, 7, 7)), SERVER, iaPd());
    const scene = createScene();
    const answers = endure([relayForward([inside(REQUEST), inside(other)])], scene);
    expect(answers.length).toBeLessThan(2);
    expect(scene.rig.records.size).toBeLessThanOrEqual(4);
    // The wrong half of what is inside does not count either.
    const halved = endure([
      relayForward([inside(message(3, CLIENT, SERVER, iaPd(iaPrefix().subarray(0, 20))))]),
    ]);
    expect(halved.flatMap(givenIn)).not.toContain(BAIT);
  });
});
