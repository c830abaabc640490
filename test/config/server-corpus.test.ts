import { describe, expect, test } from "vitest";
import { errors, PD_CLASS as P, server } from "./given.js";
import { ACCEPTED, REFUSED, STRICTER, WIDER } from "./server-corpus-rows.js";

// What Dibbler's server makes of the same files is tried in test/e2e/field.test.ts.

describe("server: accepted as by Dibbler", () => {
  test.each(ACCEPTED)("%s", (_name, text) => {
    expect(errors("server", text)).toEqual([]);
  });
});

describe("server: accepted though Dibbler refuses it", () => {
  test.each(WIDER)("%s", (_name, text) => {
    expect(errors("server", text)).toEqual([]);
  });

  test("the bare word is what is written, not a number", () => {
    expect(server(`iface nova0 { ${P} }`).interfaces[0]?.selector).toEqual({ name: "nova0" });
    expect(server(`iface no { ${P} }`).interfaces[0]?.selector).toEqual({ name: "no" });
  });
});

describe("server: refused, with one error at the right place", () => {
  test.each([...REFUSED, ...STRICTER])("%s", (_name, text, column) => {
    expect(errors("server", text).map((error) => error.replace(/ .*/, ""))).toEqual([`1:${column}`]);
  });
});
