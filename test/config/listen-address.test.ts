import { describe, expect, test } from "vitest";
import { errors, PD_CLASS } from "./given.js";

describe("server: where to listen", () => {
  test.each([
    "::1:9547",
    "[::1]",
    "[::1]:0",
    "[::1]:65536",
    "localhost:80",
    "1.2.3.256:80",
    "[1.2.3.4]:80",
    "",
  ])('metrics "%s": an error that shows how', (written) => {
    expect(errors("server", `metrics "${written}" iface s0 { ${PD_CLASS} }`)).toEqual([
      expect.stringMatching(/^1:9 expected an address and a port, e\.g\. "\[::1\]:9547", found /),
    ]);
  });
});
