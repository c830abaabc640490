import { describe, expect, test } from "vitest";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { type Duid, duid } from "../../shared/duid.js";
import { DROP, SERVER_RULES, whyInvalid } from "../../shared/proto/validity.js";
import { clientServerMessage } from "../../shared/wire/message.js";
import { type Option, option } from "../../shared/wire/options.js";

const US = duid(Uint8Array.of(0, 3, 0, 1, 1, 1));
const OTHER = duid(Uint8Array.of(0, 3, 0, 1, 2, 2));
const client = (value: Duid = duid(Uint8Array.of(0, 2, 9, 9, 9, 9, 1))): Option => option("clientId", value);
const server = (value: Duid): Option => option("serverId", value);
const octets = (count: number): Duid => duid(new Uint8Array(count).fill(7));

type Type = keyof typeof SERVER_RULES;
const judge = (
  type: Type,
  options: readonly Option[],
  sent: "multicast" | "unicast" | "told" = "multicast",
) =>
  whyInvalid(clientServerMessage(type, xid(1), options), SERVER_RULES[type], {
    server: US,
    multicast: sent === "multicast",
    unicastAllowed: sent === "told",
  });

const ALL = Object.keys(SERVER_RULES) as Type[];
const UNDIRECTED: readonly Type[] = ["solicit", "confirm", "rebind"];
const DIRECTED: readonly Type[] = ["request", "renew", "release", "decline"];
const good = (type: Type): readonly Option[] => [client(), ...(DIRECTED.includes(type) ? [server(US)] : [])];

describe("a server drops by RFC 8415 16", () => {
  test.each(ALL)("%s: as a good client sends it -> answered", (type) => {
    expect(judge(type, good(type))).toBeUndefined();
  });

  test.each(ALL.filter((type) => type !== "informationRequest"))("%s without Client Identifier", (type) => {
    expect(judge(type, good(type).slice(1))).toBe(DROP.noClientId);
  });

  test.each(ALL)("%s with a Client Identifier of illegal length", (type) => {
    const rest = good(type).slice(1);
    const judged = [0, 1, 2, 3, 130, 131, 20_000].map((count) =>
      judge(type, [client(octets(count)), ...rest]),
    );
    const bad = DROP.badClientId;
    expect(judged).toEqual([bad, bad, bad, undefined, undefined, bad, bad]);
  });

  test.each(UNDIRECTED)("%s with a Server Identifier, even its own", (type) => {
    expect(judge(type, [client(), server(US)])).toBe(DROP.unexpectedServerId);
    expect(judge(type, [client(), server(OTHER)])).toBe(DROP.unexpectedServerId);
  });

  test.each(DIRECTED)("%s without Server Identifier, or with another server's", (type) => {
    expect(judge(type, [client()])).toBe(DROP.noServerId);
    expect(judge(type, [client(), server(OTHER)])).toBe(DROP.foreignServerId);
    expect(judge(type, [client(), server(octets(0))])).toBe(DROP.foreignServerId);
  });

  test("Information-request: identifiers are optional, a foreign server and IAs are not allowed", () => {
    const ia = { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [] };
    expect(judge("informationRequest", [])).toBeUndefined();
    expect(judge("informationRequest", [server(US)])).toBeUndefined();
    expect(judge("informationRequest", [server(OTHER)])).toBe(DROP.foreignServerId);
    expect(judge("informationRequest", [client(), option("iaPd", ia)])).toBe(DROP.unexpectedIa);
    expect(judge("informationRequest", [client(), option("iaNa", ia)])).toBe(DROP.unexpectedIa);
    // Cut short, it is still an IA option.
    expect(judge("informationRequest", [{ name: "raw", code: 25, data: new Uint8Array(3) }])).toBe(
      DROP.unexpectedIa,
    );
  });

  test.each(ALL)("%s by unicast that was never allowed", (type) => {
    expect(judge(type, good(type), "unicast")).toBe(DROP.unicast);
  });

  test.each(ALL)("%s by unicast to an address that clients are told of", (type) => {
    expect(judge(type, good(type), "told")).toBe(DIRECTED.includes(type) ? undefined : DROP.unicast);
  });
});
