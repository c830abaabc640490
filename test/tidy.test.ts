import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../shared/catalogue.js";
import { CLIENT_ROWS } from "../shared/catalogue-client.js";
import { SERVER_ROWS } from "../shared/catalogue-server.js";

/** One source file, as the rules see it. */
interface Source {
  readonly path: string;
  readonly text: string;
  /** Text without comments and string contents, so that prose cannot break a rule. */
  readonly code: string;
  readonly imports: readonly string[];
}

const roots = ["shared", "server", "client", "test"];
const sources = roots.flatMap((root) => listFiles(root)).map(readSource);
const programs = sources.filter((source) => !source.path.startsWith("test/"));
const inner = programs.filter(
  ({ path }) =>
    !path.startsWith("shared/edge/") &&
    !/^(server|client)\/((main|loop|serve|serve-[a-z]+)\.ts$|commands\/)/.test(path),
);

/** Rings from the inside out: a file may import from its own ring and from those before it. */
const rings: readonly (readonly [name: string, member: RegExp])[] = [
  ["base", /^shared\/[a-z0-9-]+\.ts$/],
  ["wire", /^shared\/wire\//],
  ["proto", /^shared\/proto\//],
  ["lease and config", /^shared\/(lease|config)\//],
  ["edge", /^shared\/edge\//],
  ["role", /^(server|client)\//],
];

describe("tidy: pure rings", () => {
  const banned: readonly (readonly [string, RegExp])[] = [
    ["a node: import", /from "node:/],
    ["Date", /\bDate\b/],
    ["Math.random", /\bMath\.random\b/],
    ["a timer", /\bset(Timeout|Interval|Immediate)\b/],
    ["process", /\bprocess\./],
    ["a clock or chance of the platform", /\b(performance|crypto)\./],
    ["the network", /\bfetch\(/],
    ["console", /\bconsole\./],
    ["await", /\bawait\b|\basync\b/],
    ["the edge", /from "[^"]*\/edge\//],
  ];
  test.each(banned)("no %s outside the edge", (_what, pattern) => {
    expect(offenders(inner, (source) => pattern.test(withImports(source)))).toEqual([]);
  });
});

describe("tidy: structure", () => {
  test("imports point inwards only", () => {
    const wrong = programs.flatMap((source) =>
      source.imports
        .filter((target) => ringOf(target) > ringOf(source.path))
        .map((target) => `${source.path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("server and client never import each other", () => {
    const wrong = programs.flatMap(({ path, imports }) =>
      imports
        .filter((target) => /^(server|client)\//.test(target) && target.split("/")[0] !== path.split("/")[0])
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no import cycles", () => {
    expect(findCycle(programs)).toEqual([]);
  });

  test("no file over 400 lines, no line over 110 columns but for a string that cannot be broken", () => {
    const long = sources.filter(({ text }) => text.split("\n").length > 401).map(({ path }) => path);
    const wide = sources.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => (isWide(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect({ long, wide }).toEqual({ long: [], wide: [] });
  });
});

describe("tidy: habits", () => {
  const leftovers: readonly (readonly [string, RegExp])[] = [
    ["default export", /^export default/m],
    ["enum", /^\s*(export )?(const )?enum /m],
    ["any", /: any\b|<any\b|\bas any\b/],
    ["debugger", /\bdebugger\b/],
    ["focused or unexplained skipped test", /\.(only|todo)\(|\b(it|test|describe)\.skip\(/],
    ["switched-off rule", /@ts-ignore|@ts-expect-error|eslint-disable/],
    ["leftover note", new RegExp(["\\b(FIX", "ME|TO", "DO|XX", "X)\\b"].join(""))],
  ];
  test.each(leftovers)("no %s", (what, pattern) => {
    const searched = what === "switched-off rule" || what === "leftover note" ? "text" : "code";
    const others = sources.filter(({ path }) => path !== "test/tidy.test.ts");
    expect(offenders(others, (source) => pattern.test(source[searched]))).toEqual([]);
  });

  test("tests share processes: what looks at their memory or replaces modules runs apart", () => {
    const units = sources.filter(({ path }) => /^test\/(?!e2e\/|tidy).*\.test\.ts$/.test(path));
    const needing = offenders(units, ({ code }) => /memoryUsage\(|\bvi\.(mock|doMock)\(/.test(code));
    const apart = readFileSync("vitest.config.ts", "utf8").matchAll(/^ {2}"(test\/.*)",$/gm);
    expect(Array.from(apart, ([, path]) => path)).toEqual(needing.toSorted());
  });

  test("every export has a docstring", () => {
    const bare = programs.flatMap(({ path, text }) => {
      const lines = text.split("\n");
      return lines.flatMap((line, index) => {
        const name = /^export (?:declare )?(?:const|function|interface|type|class) (\w+)/.exec(line)?.[1];
        return name !== undefined && !/\*\/\s*$/.test(lines[index - 1] ?? "") ? [`${path}: ${name}`] : [];
      });
    });
    expect(bare).toEqual([]);
  });

  test("the project stands alone: nothing names what lies outside it", () => {
    const outside = new RegExp(String.raw`\.\./shared/(spec|design|style|vectors)|\.\./\.library`);
    expect(offenders(sources, ({ text }) => outside.test(text))).toEqual([]);
  });
});

describe("tidy: no shell between a packet and a program", () => {
  /** How other programs are started, with their names as they stand in the code. */
  const starts = [
    "shared/edge/daemon.ts spawn(process.execPath",
    "shared/edge/hook-helper.ts spawn(process.execPath",
    'shared/edge/hook-output.ts spawn("mkfifo"',
    // The script, or for one without `#!` the shell with the script as its argument.
    "shared/edge/hook-process.ts spawn(shell ?? file",
    'shared/edge/interfaces.ts spawnSync("ip"',
    'shared/edge/ip-batch.ts spawn("ip"',
    'shared/edge/store-lock.ts spawnSync("flock"',
    'shared/edge/syslog.ts spawn("logger"',
    // A shell with a script of ours, which hands lines on to systemd-notify.
    'shared/edge/systemd.ts spawn("sh"',
  ];
  test("only these programs are started, and none through a shell", () => {
    const call = /(?<![.\w])((?:spawn|exec|execFile)(?:Sync)?|fork)\(\s*([^,)]+)/g;
    const found = programs.flatMap(({ path, text }) =>
      Array.from(text.matchAll(call), ([, how = "", what = ""]) => `${path} ${how}(${what}`),
    );
    expect(found.toSorted()).toEqual(starts);
    const asText = /\bshell: ?(true|")|\beval\(|\bnew Function\b/;
    expect(offenders(programs, ({ code }) => asText.test(code))).toEqual([]);
  });
});

describe("tidy: log catalogue", () => {
  const uses = (source: Source, id: string): number => source.text.split(`"${id}"`).length - 1;

  test.each(Object.keys(CATALOGUE))("%s is logged at one place and asserted in a test", (id) => {
    const logged = programs.filter(({ path }) => !path.startsWith("shared/catalogue"));
    const places = logged.reduce((sum, source) => sum + uses(source, id), 0);
    const asserted = sources.some(({ path, text }) => path.startsWith("test/") && text.includes(`"${id}"`));
    expect({ places, asserted }).toEqual({ places: 1, asserted: true });
  });

  test.each([
    { program: "server", others: Object.keys(CLIENT_ROWS) },
    { program: "client", others: Object.keys(SERVER_ROWS) },
  ])("the $program logs no line that only the other program has", ({ program, others }) => {
    const logging = reachable(`${program}/main.ts`).filter(
      ({ path }) => !path.startsWith("shared/catalogue"),
    );
    expect(logging.length).toBeGreaterThan(50);
    expect(logging.flatMap((source) => others.filter((id) => uses(source, id) > 0))).toEqual([]);
  });
});

/** All that a program may come to run. */
function reachable(start: string): readonly Source[] {
  const found = new Map<string, Source>();
  const follow = (path: string): void => {
    const source = programs.find((each) => each.path === path);
    if (source === undefined || found.has(path)) return;
    found.set(path, source);
    source.imports.forEach(follow);
  };
  follow(start);
  return [...found.values()];
}

function isWide(line: string): boolean {
  return line.length > 110 && line.replace(/"[^"]{20,}"|`[^`]{20,}`|\/\S{20,}\//g, "").length > 90;
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

function readSource(path: string): Source {
  const text = readFileSync(path, "utf8");
  const imports = [...text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map((match) =>
    normalize(join(dirname(path), match[1] ?? "")).replace(/\.js$/, ".ts"),
  );
  return { path, text, code: stripProse(text), imports };
}

function stripProse(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:"'`])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replace(/`(?:[^`\\$]|\\.)*`/g, "``");
}

/** The code with its import lines as they are: `stripProse` empties the module names. */
function withImports({ code, text }: Source): string {
  return `${code}\n${text
    .split("\n")
    .filter((line) => line.includes('from "'))
    .join("\n")}`;
}

function offenders(files: readonly Source[], wrong: (source: Source) => boolean): string[] {
  return files.filter(wrong).map(({ path }) => path);
}

function ringOf(path: string): number {
  const index = rings.findIndex(([, member]) => member.test(path));
  return index < 0 ? rings.length : index;
}

/** The first import cycle found, as the list of files along it; empty when there is none. */
function findCycle(files: readonly Source[]): string[] {
  const byPath = new Map(files.map((source) => [source.path, source]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const target of byPath.get(path)?.imports ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const { path } of files) {
    const cycle = visit(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
