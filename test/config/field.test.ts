import { describe, expect, test } from "vitest";
import { warnings } from "./given.js";
import { DIFFERENCES, duidOf, FIELD_FILES, ourView } from "./field-files.js";

describe("configurations in the field: understood as by Dibbler's server", () => {
  test("there are twenty at least, one of them with line ends of Windows", () => {
    expect(FIELD_FILES.length).toBeGreaterThanOrEqual(20);
    expect(FIELD_FILES.filter(({ text }) => text.includes("\r\n")).map(({ name }) => name)).toEqual([
      "odd-writing",
    ]);
  });

  test.each(FIELD_FILES)(
    "$name: our view is Dibbler's, but for differences that are meant",
    ({ text, dump }) => {
      const expected = DIFFERENCES.reduce((changed, { apply }) => apply(changed), dump);
      expect(ourView(text, duidOf(dump)).split("\n")).toEqual(expected.split("\n"));
    },
  );

  test.each(DIFFERENCES)("$what: at least one file shows it", ({ apply }) => {
    expect(FIELD_FILES.filter(({ dump }) => apply(dump) !== dump)).not.toEqual([]);
  });

  test.each(FIELD_FILES)("$name: what is not acted on is said", ({ name, text }) => {
    expect(warnings("server", text)).toEqual(WARNINGS[name] ?? []);
  });
});

const NAMES = "clients are given no names, and no DNS update is made";
const NO_DNS = "no DNS update is made";
const ROUTES = "routes are not sent to clients";
const UNSIGNED = "messages are neither signed nor checked";
const unused = (at: string, directive: string, reason: string): string =>
  `${at} "${directive}" is read but not acted on: ${reason}`;

/** All warnings, for the files that have any. */
const WARNINGS: Readonly<Record<string, readonly string[]>> = {
  "campus-names": [
    unused("2:1", "fqdn-ddns-address", NAMES),
    unused("3:1", "ddns-protocol", NO_DNS),
    unused("4:1", "ddns-timeout", NO_DNS),
    unused("5:1", "key", NAMES),
    unused("13:5", "option fqdn", NAMES),
    unused("14:5", "accept-unknown-fqdn", NAMES),
  ],
  "lab-contradictions": [
    "3:5 T1 (1000 s) is above T2 (500 s) in this pd-class: it is lowered in answers",
    "3:5 the preferred lifetime (9000 s) is above the valid lifetime (8000 s) in this pd-class: it is lowered in answers",
    "4:9 2001:db8:1234:5678::1/40 has bits beyond its length: the pool is 2001:db8:1200::/40",
    "6:9 the range of T1 is upside down: it is read as 1000-2000",
    "11:43 the pool 2001:db8:2000::/56 is a single prefix of this length: one client can be served",
    "12:5 no client has a DUID of 2 octets: nobody gets this",
    "12:26 2001:db8:9::1/48 has bits beyond its length: 2001:db8:9::/48 is reserved",
  ],
  "mobile-core": [
    "13:16 this pool overlaps the pool 2001:db8::/32 of line 12: a prefix of both is delegated once",
  ],
  "odd-writing": ["17:1 this comment is never closed: the rest of the file is not read"],
  routes: [
    unused("4:5", "next-hop", `${ROUTES} (here and once more)`),
    unused("10:5", "route", ROUTES),
    unused("11:5", "option neighbors", "it is not sent to clients"),
    unused("13:34", "addr-params", "addresses are sent without parameters"),
  ],
  signed: [
    ...["auth-protocol", "auth-replay", "auth-methods", "auth-realm", "auth-required"].map((each, index) =>
      unused(`${index + 2}:1`, each, UNSIGNED),
    ),
    unused("7:1", "work-dir", "the option -w of the command line says where the state is kept"),
  ],
  university: [
    unused("3:1", "class-max-lease", "every address of a pool can be handed out (here and 2 times more)"),
    unused("5:5", "iface-max-lease", "an interface has as many leases as its pools hold"),
  ],
};
