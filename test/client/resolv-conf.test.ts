import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { managerOf, withResolver } from "../../client/resolv-conf.js";

const WORK = "/var/lib/dibbler";
const NONE = { nameservers: [], domains: [] };
const OURS = { nameservers: ["2001:db8::53"], domains: ["example.org"] };
const part = (dir: string, ...lines: readonly string[]): string =>
  `${[`# begin of dibbler-client in ${dir}`, ...lines, `# end of dibbler-client in ${dir}`].join("\n")}\n`;

describe("resolv.conf", () => {
  test("our part is at the end and marked", () => {
    expect(withResolver("nameserver 192.0.2.1\n", WORK, OURS)).toBe(
      `nameserver 192.0.2.1\n${part(WORK, "nameserver 2001:db8::53", "search example.org")}`,
    );
  });

  test.each([
    ["search a.example b.example\n", "search a.example b.example example.org"],
    ["domain a.example\nsearch b.example\n", "search b.example example.org"],
    ["domain a.example\n", "search a.example example.org"],
    ["search example.org\n", "search example.org"],
    ["# search a.example\n", "search example.org"],
  ])("of several search lines the last one counts: after %j ours is %j", (text, expected) => {
    expect(withResolver(text, WORK, OURS).split("\n").at(-3)).toBe(expected);
  });

  test("without domains there is no search line, so that the others' holds", () => {
    expect(withResolver("search a.example\n", WORK, { ...OURS, domains: [] })).not.toContain("\nsearch");
  });

  test("names that a resolver would take for something else are left out", () => {
    const odd = ["a\\032b.example", "x y", "ok.example", "..", "", "-n_1.example"];
    expect(withResolver("", WORK, { nameservers: [], domains: odd })).toContain(
      "search ok.example -n_1.example\n",
    );
  });

  test("two clients: each has a part of its own, and takes only that away", () => {
    const both = withResolver(withResolver("", "/a", OURS), "/a.b", { nameservers: ["::2"], domains: [] });
    expect(withResolver(both, "/a", NONE)).toBe(part("/a.b", "nameserver ::2"));
    expect(withResolver(both, "/a.b", NONE)).toBe(withResolver("", "/a", OURS));
  });

  test("a part whose end somebody has cut off", () => {
    const cut = withResolver("search a.example\n", WORK, OURS).replace(/# end.*\n/, "options edns0\n");
    expect(withResolver(cut, WORK, NONE)).toBe("search a.example\noptions edns0\n");
  });

  test("a part of which there is only the first line, without its end", () => {
    const begun = `search a.example\n# begin of dibbler-client in ${WORK}`;
    expect(withResolver(begun, WORK, NONE)).toBe("search a.example\n");
    expect(withResolver(begun, WORK, OURS)).toBe(withResolver("search a.example\n", WORK, OURS));
  });

  test("whatever was there before: put in again it is the same, taken out it is as before", () => {
    const line = fc.constantFrom(
      "nameserver ::1",
      "search a b",
      "domain c",
      "options x",
      "# note",
      "",
      "  odd",
    );
    const file = fc.array(line).map((lines) => lines.map((one) => `${one}\n`).join(""));
    fc.assert(
      fc.property(file, (text) => {
        const once = withResolver(text, WORK, OURS);
        expect(withResolver(once, WORK, OURS)).toBe(once);
        expect(withResolver(once, WORK, NONE)).toBe(text);
        expect(withResolver(text, WORK, NONE)).toBe(text);
      }),
    );
  });

  test.each([
    ["/run/systemd/resolve/stub-resolv.conf", "systemd-resolved"],
    ["/run/NetworkManager/resolv.conf", "NetworkManager"],
    ["/run/resolvconf/resolv.conf", "resolvconf"],
    ["/run/resolv.conf", undefined],
    ["/etc/resolv.conf.real", undefined],
  ])("%s is written by %s", (target, expected) => {
    expect(managerOf(target)).toBe(expected);
  });
});
