import { describe, expect, test } from "vitest";
import {
  CLIENT_DIRECTIVES,
  CLIENT_GRAMMAR,
  type ClientScope,
} from "../../shared/config/client-directives.js";
import type { Row } from "../../shared/config/grammar.js";
import { SERVER_DIRECTIVES, SERVER_GRAMMAR } from "../../shared/config/server-directives.js";
import type { ServerScope } from "../../shared/config/server-places.js";
import { OPTION_NAMES, type OptionDef, OPTIONS } from "../../shared/wire/options.js";
import { client, errors, PD_CLASS, server, warnings } from "./given.js";

/** Every row of both tables, tried with the example that it carries. */

const CLIENT_CLASS = "client-class cpe { match-if (client.vendor-class.en == 1) }";
const SPARE = `iface spare { ${PD_CLASS} }`;

/** A right file with the statement in a block of that kind. */
const inServer: Readonly<Record<ServerScope, (statement: string) => string>> = {
  global: (statement) => `${SPARE} experimental option dns-server ::1 ${statement} iface s0 { ${PD_CLASS} }`,
  iface: (statement) => `experimental ${SPARE} iface s0 { option dns-server ::1 ${statement} ${PD_CLASS} }`,
  class: (statement) =>
    `${CLIENT_CLASS} experimental iface s0 { class { pool ::/64 ${statement} } ${PD_CLASS} }`,
  "pd-class": (statement) =>
    `${CLIENT_CLASS} iface s0 { pd-class { pd-pool ::/40 pd-length 56 ${statement} } }`,
  "ta-class": (statement) => `${CLIENT_CLASS} iface s0 { ta-class { pool ::/64 ${statement} } ${PD_CLASS} }`,
  client: (statement) => `experimental iface s0 { client duid 0x0102 { ${statement} } ${PD_CLASS} }`,
  "client-class": (statement) => `client-class cc { ${statement} } iface s0 { ${PD_CLASS} }`,
  key: (statement) =>
    `key k { secret "c2VjcmV0"; algorithm hmac-md5; ${statement} }; iface s0 { ${PD_CLASS} }`,
  "next-hop": (statement) => `iface s0 { next-hop ::1 { ${statement} } ${PD_CLASS} }`,
};

const inClient: Readonly<Record<ClientScope, (statement: string) => string>> = {
  global: (statement) => `experimental ${statement} iface wan0 { option dns-server }`,
  iface: (statement) => `experimental iface wan0 { option dns-server ${statement} }`,
  ia: (statement) => `experimental iface wan0 { ia { ${statement} } }`,
  ta: (statement) => `iface wan0 { ta { ${statement} } }`,
  address: (statement) => `iface wan0 { ia { address ::1 { ${statement} } } }`,
  pd: (statement) => `iface wan0 { pd { ${statement} } }`,
  prefix: (statement) => `iface wan0 { pd { prefix { ${statement} } } }`,
};

interface Place {
  readonly role: "server" | "client";
  readonly row: Row<unknown, string>;
  readonly scope: string;
  readonly wrap: (statement: string) => string;
}

const places: readonly Place[] = [
  ...SERVER_DIRECTIVES.flatMap((row) =>
    row.scopes.map((scope) => ({ role: "server" as const, row, scope, wrap: inServer[scope] })),
  ),
  ...CLIENT_DIRECTIVES.flatMap((row) =>
    row.scopes.map((scope) => ({ role: "client" as const, row, scope, wrap: inClient[scope] })),
  ),
];
const accepted = places.filter(({ row }) => row.refused === undefined);
const rows = [
  ...SERVER_DIRECTIVES.map((row: Row<unknown, string>) => ({ role: "server" as const, row })),
  ...CLIENT_DIRECTIVES.map((row: Row<unknown, string>) => ({ role: "client" as const, row })),
];
const nameOf = ({ role, row, scope }: Place): string => `${role}, ${scope}: ${row.keyword}`;

/** What has to stand before some examples. */
function preamble({ row }: Place): string {
  return /^(allow|deny)$/.test(row.keyword) ? CLIENT_CLASS : "";
}

describe("directive table: every row in every block it may stand in", () => {
  test.each(accepted.map((place) => [nameOf(place), place] as const))("%s", (_name, place) => {
    const text = `${preamble(place)} ${place.wrap(place.row.example)}`;
    const lastWord = place.row.keyword.replace(/^.* /, "").replace(/^N$/, "99");
    expect(place.row.example.toLowerCase()).toContain(lastWord.toLowerCase());
    expect(errors(place.role, text)).toEqual([]);
  });

  test.each(
    accepted.filter(({ row }) => row.aliases.length > 0).map((place) => [nameOf(place), place] as const),
  )("other spelling: %s", (_name, { role, row, wrap }) => {
    for (const alias of row.aliases) {
      expect(errors(role, wrap(row.example.replace(row.keyword, alias)))).toEqual([]);
    }
  });
});

describe("directive table: every row where it may not stand", () => {
  const wrong = rows.flatMap(({ role, row }) => {
    const wraps: [string, (statement: string) => string][] = Object.entries(
      role === "server" ? inServer : inClient,
    );
    const opensFile = row.body !== undefined && row.scopes.every((scope) => scope === "global");
    return wraps
      .filter(([scope]) => !row.scopes.includes(scope) && !opensFile)
      .map(([scope, wrap]) => [`${role}, ${scope}: ${row.keyword}`, role, wrap(row.example)] as const);
  });

  test.each(wrong)("%s", (_name, role, text) => {
    const found = errors(role, text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/ cannot stand (at the top level|inside \S+)$/);
  });
});

describe("directive table: what holds without a directive", () => {
  const standards = places.filter(({ row, scope }) => row.standard !== undefined && scope === "global");

  test.each(standards.map((place) => [nameOf(place), place] as const))("%s", (_name, { role, row, wrap }) => {
    const read = role === "server" ? server : client;
    const at = { line: 1, column: 1 };
    const withoutPlaces = (text: string): unknown => {
      const { interfaces, ...others } = read(text);
      return { ...others, interfaces: interfaces.map((each) => ({ ...each, at })) };
    };
    expect(withoutPlaces(wrap(`${row.keyword} ${row.standard ?? ""}`))).toEqual(withoutPlaces(wrap("")));
    // The example says something else, or this test could not fail.
    if (row.standard !== undefined) expect(`${row.keyword} ${row.standard}`).not.toBe(row.example);
  });
});

describe("directive table: what is not acted on", () => {
  const unused = accepted.filter(({ row }) => row.unused !== undefined);

  test.each(unused.map((place) => [nameOf(place), place] as const))(
    "%s is named in a warning",
    (_name, place) => {
      const { role, row, scope, wrap } = place;
      const outer = [...(role === "server" ? SERVER_DIRECTIVES : CLIENT_DIRECTIVES)].find(
        ({ keyword }) => keyword === scope,
      );
      const spokenFor = outer?.unused !== undefined ? outer : row;
      expect(warnings(role, `${preamble(place)} ${wrap(row.example)}`)).toContainEqual(
        expect.stringContaining(`"${spokenFor.keyword}" is read but not acted on: ${spokenFor.unused ?? ""}`),
      );
    },
  );

  test.each([["server", SERVER_GRAMMAR] as const, ["client", CLIENT_GRAMMAR] as const])(
    "%s: a row that neither acts nor says what it lacks is needed by another one",
    (_role, { rows: all }) => {
      const silent = [...all.values()]
        .filter(({ acts, unused, refused }) => !acts && unused === undefined && refused === undefined)
        .map(({ keyword }) => keyword);
      const needed = [...all.values()].map(({ needs }) => needs);
      expect(silent.filter((keyword) => !needed.includes(keyword))).toEqual([]);
      expect(silent).toEqual(["experimental"]);
    },
  );

  test.each(
    places.filter(({ row }) => row.refused !== undefined).map((place) => [nameOf(place), place] as const),
  )("%s is always refused", (_name, { role, row, wrap }) => {
    expect(errors(role, wrap(row.example))).toEqual([
      expect.stringContaining(`"${row.keyword}" cannot be used: ${row.refused ?? ""}`),
    ]);
  });
});

describe("directive table: options", () => {
  const words = OPTION_NAMES.flatMap((name) => {
    const { keyword }: OptionDef = OPTIONS[name];
    return keyword === undefined ? [] : [keyword];
  });

  test.each(words)("option %s, a keyword of the option table, is known to both programs", (word) => {
    expect(SERVER_GRAMMAR.rows.has(`option ${word}`)).toBe(true);
    expect(CLIENT_GRAMMAR.rows.has(`option ${word}`)).toBe(true);
  });
});
