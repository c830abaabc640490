import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { CLIENT_DECLARATIONS, manual as clientManual } from "../../client/commands/manual.js";
import { clientCommands } from "../../client/commands/commands.js";
import { serverCommands } from "../../server/commands/commands.js";
import { manual as serverManual, SERVER_DECLARATIONS } from "../../server/commands/manual.js";
import { CLIENT_ABOUT } from "../../shared/config/about-client.js";
import { SERVER_ABOUT } from "../../shared/config/about-server.js";
import { CLIENT_DIRECTIVES } from "../../shared/config/client-directives.js";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import { SERVER_DIRECTIVES } from "../../shared/config/server-directives.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import { escapeText } from "../../shared/edge/pages/roff.js";

const server = serverManual("1.2.3");
const client = clientManual("1.2.3");
const pages = { ...server.pages, ...client.pages };
const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

/** A folder that goes with the test, with these files. */
function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), "manual-"));
  onTestFinished(() => {
    rmSync(path, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** The terms of the items between two sections. */
function termsOf(page: string, from: string, to: string): readonly string[] {
  const part = page.slice(page.indexOf(`.SH "${from}"`), page.indexOf(`.SH "${to}"`));
  return Array.from(part.matchAll(/^\.TP\n\\fB(.*)\\fR$/gm), ([, term = ""]) => term);
}

describe("manual pages of configurations", () => {
  const tables = [
    {
      role: "server",
      rows: SERVER_DIRECTIVES.map((row) => ({ ...row, read: undefined })),
      about: SERVER_ABOUT,
      page: server.pages["dibbler-server.conf.5"] ?? "",
      parse: parseServerConfig,
    },
    {
      role: "client",
      rows: CLIENT_DIRECTIVES.map((row) => ({ ...row, read: undefined })),
      about: CLIENT_ABOUT,
      page: client.pages["dibbler-client.conf.5"] ?? "",
      parse: parseClientConfig,
    },
  ] as const;

  test.each(tables)("$role: each directive is told about, and nothing else is", ({ rows, about }) => {
    const known = new Set(rows.map(({ keyword }) => keyword));
    expect(Object.keys(about).filter((name) => !known.has(name))).toEqual([]);
    const untold = rows.filter(({ keyword }) => !/^[A-Z].{8,}[.]$/s.test(about[keyword] ?? ""));
    expect(untold.map(({ keyword }) => keyword)).toEqual([]);
  });

  test.each(tables)("$role: the page has each directive once, none that is not known", ({ rows, page }) => {
    const names = termsOf(page, "DIRECTIVES", "HOOK SCRIPT");
    expect(names.toSorted()).toEqual(rows.map(({ keyword }) => escapeText(keyword)).toSorted());
  });

  test.each(tables)("$role: with its blocks, its standard value and its example", ({ rows, page }) => {
    const missing = rows.filter(({ keyword, scopes, standard, example }) => {
      const item = page.split(`\n.TP\n\\fB${escapeText(keyword)}\\fR\n`)[1]?.split("\n.TP\n")[0] ?? "";
      const shown = standard === '""' ? "none" : standard;
      return ![
        `In: ${scopes.join(", ")}.`,
        ...(shown === undefined ? [] : [`Standard: ${shown}.`]),
        example,
      ].every((text) => item.includes(escapeText(text)));
    });
    expect(missing.map(({ keyword }) => keyword)).toEqual([]);
  });

  test.each(tables)("$role: its examples are configurations without a complaint", ({ page, parse }) => {
    const examples = page.slice(page.indexOf('.SH "EXAMPLES"')).matchAll(/^\.EX\n([^]*?)\n\.EE$/gm);
    const texts = Array.from(examples, ([, text = ""]) =>
      text.replaceAll("\\-", "-").replaceAll("\\(dq", '"'),
    );
    expect(texts).toHaveLength(2);
    for (const text of texts) expect({ text, found: parse(text).diagnostics }).toEqual({ text, found: [] });
  });
});

describe("manual pages of programs", () => {
  test.each([
    ["server", serverCommands, SERVER_DECLARATIONS],
    ["client", clientCommands, CLIENT_DECLARATIONS],
  ] as const)("%s: every command that it has", (role, commands, declarations) => {
    expect(declarations.map(({ name }) => name)).toEqual(
      commands.map(({ name }) => `dibbler-${role} ${name}`),
    );
    const page = pages[`dibbler-${role}.8`] ?? "";
    const terms = termsOf(page, "COMMANDS", "OPTIONS");
    for (const { name, options } of declarations) {
      expect(page).toContain(`.SS "${escapeText(name.split(" ")[1] ?? "")}"`);
      for (const option of Object.keys(options))
        expect(terms.some((term) => term.includes(escapeText(`--${option}`)))).toBe(true);
    }
  });

  test.runIf(has("man")).each(Object.entries(pages))("%s: man finds nothing to complain of", (file, text) => {
    const words = ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", join(folder({ [file]: text }), file)];
    const { status, stderr } = spawnSync("man", words, { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("completions", () => {
  const files = { server: server.completions, client: client.completions };

  /** What bash offers behind these words; the last one is what has been typed of the next. */
  function offered(role: "server" | "client", ...words: readonly string[]): readonly string[] {
    const path = folder({ script: files[role].bash });
    const list = [`dibbler-${role}`, ...words].map((word) => `'${word}'`).join(" ");
    const script =
      `source ${path}/script && complete -p dibbler-${role} >/dev/null && COMP_WORDS=(${list}) ` +
      `&& COMP_CWORD=${words.length} && _dibbler_${role}; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const text = execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8", cwd: path });
    return text.split("\n").filter(Boolean);
  }

  test.each([
    ["server", ["re"], ["reload", "reconfigure", "release"]],
    ["server", ["st"], ["status", "start", "stop"]],
    ["client", ["p"], ["plan"]],
    ["server", ["leases", "--s"], ["--state"]],
    ["server", ["leases", "--state", "r"], ["resting"]],
    ["server", ["leases", "--client", ""], []],
    ["server", ["-w", "/tmp", "reconfigure", "re"], ["renew", "rebind"]],
    ["client", ["status", "--j"], ["--json"]],
    ["client", ["--v"], ["--version"]],
    ["server", ["check", "scr"], ["script"]],
    ["server", ["run", "--config", "scr"], ["script"]],
    ["server", ["nonsense", ""], []],
  ] as const)("bash: %s %j -> %j", (role, words, expected) => {
    expect(offered(role, ...words).toSorted()).toEqual([...expected].toSorted());
  });

  test.runIf(has("zsh")).each(["server", "client"] as const)("zsh reads that of the %s", (role) => {
    const { status, stderr } = spawnSync("zsh", ["-n"], { input: files[role].zsh, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test.runIf(has("fish")).each(["server", "client"] as const)("fish offers what the %s has", (role) => {
    const path = folder({ "it.fish": files[role].fish });
    const script = `source ${path}/it.fish; complete -C 'dibbler-${role} c'`;
    const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", script], {
      encoding: "utf8",
      env: { ...process.env, HOME: path },
    });
    expect(stderr).toBe("");
    expect(stdout.split("\n").map((line) => line.split("\t")[0])).toContain("check");
  });
});
