import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
}
interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const locked = Object.entries(lock.packages).filter(([path]) => path !== "");
const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

describe("dependencies: pinned, checked, few", () => {
  test("every version in package.json is one version", () => {
    const { dependencies, optionalDependencies, devDependencies, overrides } = manifest;
    const all = Object.entries({
      ...dependencies,
      ...optionalDependencies,
      ...devDependencies,
      ...overrides,
    });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test("every package of the lock file comes from the registry and has a checksum", () => {
    const wrong = locked.filter(
      ([, { resolved, integrity }]) =>
        resolved?.startsWith("https://registry.npmjs.org/") === false ||
        integrity?.startsWith("sha512-") !== true,
    );
    expect(wrong.map(([path]) => path)).toEqual([]);
  });

  test("what runs beside our own code is what SECURITY.md says", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["lmdb"]);
    expect(Object.keys(manifest.optionalDependencies)).toEqual(["koffi"]);
    const used = locked.filter(([, { dev }]) => dev !== true).map(([path]) => nameOf(path));
    const binaries = /^@(?:lmdb\/lmdb|koromix\/koffi|msgpackr-extract\/msgpackr-extract)-/;
    const named = used.filter((name) => !binaries.test(name));
    const text = readFileSync("SECURITY.md", "utf8");
    const [list = ""] = /(?<=^<!-- runtime -->\n)[^]*?(?=\n<!-- end -->)/m.exec(text) ?? [];
    expect(named.toSorted()).toEqual(Array.from(list.matchAll(/`([^`]+)`/g), ([, name]) => name));
  });
});

test("SECURITY.md names tests and examples that are there", () => {
  const text = readFileSync("SECURITY.md", "utf8");
  const tests = Array.from(text.matchAll(/`(test\/[\w/-]+)`/g), ([, path]) => `${path}.test.ts`);
  const links = Array.from(text.matchAll(/\]\(([^)#]+)[^)]*\)/g), ([, path = ""]) => path);
  expect(tests.length).toBeGreaterThan(20);
  expect([...tests, ...links].filter((path) => !existsSync(path))).toEqual([]);
});
