import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { CATALOGUE } from "../../shared/catalogue.js";
import { createLog, defaultLogSettings, type LogSettings, type LogWriter } from "../../shared/edge/log.js";
import { createLineFormat, escapeControls, fillTemplate } from "../../shared/edge/log-line.js";
import { temporaryDirectory } from "./workbench.js";

const settings = (more: Partial<LogSettings> = {}): LogSettings => ({
  ...defaultLogSettings("Client"),
  ...more,
});
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function open(file: string, more: Partial<LogSettings> = {}): LogWriter {
  const writer = createLog({ rows: CATALOGUE, file, console: false, settings: settings() });
  onTestFinished(writer.close);
  void writer.configure(settings(more));
  return writer;
}

const call = { script: "/hook", action: "add", count: 7 };

describe("log line: Dibbler's forms", () => {
  const at = new Date(2026, 10, 23, 16, 1, 4, 682).getTime();
  it.each([
    ["full", 6, "2026.11.23 16:01:04 Client Notice    text"],
    ["short", 7, "01:04 Client Info      text"],
    ["precise", 3, "0064s,682000us  Client Critical  text"],
  ] as const)("%s", (mode, level, line) => {
    expect(createLineFormat(settings({ mode }))(level, "text", at)).toBe(line);
  });

  it.each([3, 4, 5, 6, 7, 8] as const)("level %i: the text begins in the same column", (level) => {
    expect(createLineFormat(settings())(level, "text", at).indexOf("text")).toBe(
      "2026.11.23 16:01:04 Client ".length + 10,
    );
  });

  it("the stamp follows the time, and the local time zone", () => {
    const format = createLineFormat(settings());
    expect(format(8, "x", at)).toContain("16:01:04");
    expect(format(8, "x", at + 317)).toContain("16:01:04");
    expect(format(8, "x", at + 318)).toContain("16:01:05");
  });

  it("colours wrap full and short lines, not precise ones", () => {
    const line = (mode: LogSettings["mode"]): string =>
      createLineFormat(settings({ mode, colors: true }))(4, "x", at);
    expect(line("full").startsWith("\u001b[31m2026")).toBe(true);
    expect(line("short").endsWith("\u001b[0m")).toBe(true);
    expect(line("precise")).not.toContain("\u001b");
  });
});

describe("log text", () => {
  it("values take their places; a place without value stays; functions are called", () => {
    expect(fillTemplate("{a} and {b}, {c}; {a}", { a: 1, b: () => "two" })).toBe("1 and two, {c}; 1");
  });

  it("a value cannot add a line, forge a terminal command or turn the direction of text", () => {
    expect(escapeControls("a\nb\r\t\u001b[2J\u007f\u0085\u2028\u202e é €")).toBe(
      "a\\x0ab\\x0d\\x09\\x1b[2J\\x7f\\x85\\u{2028}\\u{202e} é €",
    );
    expect(fillTemplate("<{script}>", { script: "x\n2026.11.23 Client Critical forged" })).not.toContain(
      "\n",
    );
  });

  it("every text of the catalogue is one line, and every note says something", () => {
    for (const { text, note } of Object.values(CATALOGUE)) {
      expect(escapeControls(text)).toBe(text);
      expect(note.length).toBeGreaterThan(10);
    }
  });
});

describe("log file", () => {
  it("appends, is readable for all, and writes once per turn of the event loop", async () => {
    const file = `${temporaryDirectory()}/client.log`;
    const umask = process.umask(0o027);
    const writer = open(file);
    process.umask(umask);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    writer.log("HOOK-START", call);
    writer.log("HOOK-START", call);
    expect(readFileSync(file, "utf8")).toBe("");
    await nextTurn();
    expect(
      readFileSync(file, "utf8").match(
        /Client Debug {5}About to execute \/hook script \(add\), 7 variables\.\n/g,
      ),
    ).toHaveLength(2);
    writer.close();
    open(file).log("HOOK-START", call);
    await nextTurn();
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(4);
  });

  it("many lines -> written once in a while, none is lost or out of order", async () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    let writes = 0;
    let size = 0;
    for (let count = 0; count < 300; count++) {
      writer.log("HOOK-START", { ...call, count });
      await nextTurn();
      if (statSync(file).size > size) writes++;
      size = statSync(file).size;
    }
    writer.close();
    const numbers = readFileSync(file, "utf8").match(/(?<=, )\d+(?= variables)/g);
    expect(numbers?.map(Number)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(writes).toBeLessThan(300);
  });

  it("flush and close write at once what is pending", () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    writer.log("HOOK-START", call);
    writer.flush();
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(2);
    writer.log("HOOK-START", call);
    writer.close();
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
    writer.log("HOOK-START", call);
    writer.flush();
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
  });

  it("lines above the level are not written and not even formatted", () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file, { level: 7 });
    const reason = vi.fn(() => "why");
    writer.log("HOOK-START", { ...call, count: reason });
    writer.log("HOOK-NOT-RUN", { ...call, reason });
    writer.flush();
    expect(readFileSync(file, "utf8")).toMatch(/Error {5}Script \/hook add could not be run: why\n$/);
    expect(reason).toHaveBeenCalledTimes(1);
  });

  it("configure changes level, form and name from then on", () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    writer.log("HOOK-START", call);
    void writer.configure(settings({ mode: "short", name: "Edge", level: 4 }));
    writer.log("HOOK-START", call);
    writer.log("HOOK-NOT-RUN", { ...call, reason: "why" });
    writer.flush();
    const [first, second, ...rest] = readFileSync(file, "utf8").trim().split("\n");
    expect(first).toMatch(/^\d{4}\.\d\d\.\d\d .* Client Debug/);
    expect(second).toMatch(/^\d\d:\d\d Edge Error {5}Script/);
    expect(rest).toEqual([]);
  });

  it("moved away by logrotate -> opened anew within a second or so", () => {
    const file = `${temporaryDirectory()}/client.log`;
    const now = vi.spyOn(performance, "now");
    onTestFinished(() => {
      now.mockRestore();
    });
    now.mockReturnValue(1000);
    const writer = open(file);
    renameSync(file, `${file}.1`);
    now.mockReturnValue(1500);
    writer.log("HOOK-START", call);
    writer.flush();
    now.mockReturnValue(2600);
    writer.log("HOOK-DONE", { ...call, status: 0, says: "" });
    writer.flush();
    expect(readFileSync(`${file}.1`, "utf8")).toContain("About to execute");
    expect(readFileSync(file, "utf8")).toContain("execution complete");
  });

  it("truncated by logrotate (copytruncate) -> goes on at the beginning, without a hole", () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    writer.log("HOOK-START", call);
    writer.flush();
    writeFileSync(file, "");
    writer.log("HOOK-START", call);
    writer.flush();
    expect(readFileSync(file, "latin1")).not.toContain("\0");
  });

  it.each([
    ["directory missing", (directory: string) => `${directory}/gone/client.log`],
    [
      "directory in its place",
      (directory: string) => {
        mkdirSync(`${directory}/client.log`);
        return `${directory}/client.log`;
      },
    ],
    ["full disk", () => "/dev/full"],
  ])("%s -> runs on without a log file", (_name, prepare) => {
    const writer = open(prepare(temporaryDirectory()));
    writer.log("HOOK-START", call);
    expect(writer.flush).not.toThrow();
  });

  it("an existing file keeps the mode its owner gave it", () => {
    const file = `${temporaryDirectory()}/client.log`;
    appendFileSync(file, "before\n");
    chmodSync(file, 0o600);
    open(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe("log in JSON", () => {
  const lines = (file: string): readonly Record<string, unknown>[] =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("one object per line: severity, time, who, which row, its values, the sentence of the other modes", async () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    await writer.configure(settings({ mode: "json", name: "Edge" }));
    writer.log("HOOK-START", call);
    writer.log("HOOK-NOT-RUN", { ...call, reason: () => "100 %s %d" });
    writer.flush();
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
    const common = { time: iso, pid: process.pid, name: "Edge", ...call };
    expect(lines(file)).toEqual([
      {
        ...common,
        level: "debug",
        id: "HOOK-START",
        msg: "About to execute /hook script (add), 7 variables.",
      },
      {
        ...common,
        level: "error",
        id: "HOOK-NOT-RUN",
        reason: "100 %s %d",
        msg: "Script /hook add could not be run: 100 %s %d",
      },
    ]);
  });

  it("levels above log-level are left out, and severity is a word of syslog's", async () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    await writer.configure(settings({ mode: "json", level: 7 }));
    writer.log("HOOK-START", call);
    writer.log("PROGRAM-FAILED", { sentence: "why" });
    writer.log("PROGRAM-STOPPING", { signal: "SIGTERM" });
    writer.log("HOOK-STATUS", { ...call, status: 3, says: "" });
    writer.flush();
    expect(lines(file).map(({ level }) => level)).toEqual(["critical", "notice", "warning"]);
  });

  it("what clients and scripts say cannot add a line or a terminal command, and is not lost", async () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    await writer.configure(settings({ mode: "json" }));
    const reason = 'a\nb\r"\\\u001b[2J\u007f\u0085\u2028\u202e \u00e9';
    writer.log("HOOK-NOT-RUN", { ...call, reason });
    writer.flush();
    expect(readFileSync(file, "utf8")).toMatch(/^[^\p{Cc}\u2028\u202e]+\n$/u);
    expect(lines(file)[0]?.["reason"]).toBe(reason);
  });

  it("colours are not for it; back to text when the configuration says so", async () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    await writer.configure(settings({ mode: "json", colors: true }));
    writer.log("HOOK-START", call);
    await writer.configure(settings({ mode: "short" }));
    writer.log("HOOK-START", call);
    writer.flush();
    expect(readFileSync(file, "utf8")).toMatch(/^\{"level":"debug".*\}\n\d\d:\d\d Client Debug {5}About/);
  });

  it("settings that come while its code is being loaded are the ones that hold", async () => {
    const file = `${temporaryDirectory()}/client.log`;
    const writer = open(file);
    const loading = writer.configure(settings({ mode: "json" }));
    await writer.configure(settings({ mode: "short" }));
    await loading;
    writer.log("HOOK-START", call);
    writer.flush();
    expect(readFileSync(file, "utf8")).toMatch(/^\d\d:\d\d Client/);
  });
});

describe("log to syslog", () => {
  /** A stand-in for logger(1) that notes its arguments and what it is fed. */
  function fakeLogger(script: string): string {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/logger`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    vi.stubEnv("PATH", `${directory}:${process.env["PATH"] ?? ""}`);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    return directory;
  }

  it("facility daemon, ident and pid; nothing more in the file; one logger for all lines", async () => {
    const directory = fakeLogger(`cd "$(dirname "$0")"; echo "$@" >> args; cat > lines; touch ended`);
    const writer = open(`${directory}/client.log`, { mode: "syslog", name: "Edge" });
    void writer.configure(settings({ mode: "syslog", name: "Edge" }));
    writer.log("HOOK-START", call);
    writer.log("HOOK-NOT-RUN", { ...call, reason: "a\nb" });
    writer.close();
    await vi.waitUntil(() => existsSync(`${directory}/ended`), { timeout: 5000 });
    expect(readFileSync(`${directory}/args`, "utf8")).toBe(
      `--prio-prefix --id=${process.pid} -t DibblerEdge\n`,
    );
    expect(readFileSync(`${directory}/lines`, "utf8")).toBe(
      "<31>About to execute /hook script (add), 7 variables.\n" +
        "<27>Script /hook add could not be run: a\\x0ab\n",
    );
    expect(readFileSync(`${directory}/client.log`, "utf8")).toBe("");
  });

  it("logger ends -> said once in the file, which is used from then on", async () => {
    const directory = fakeLogger("exit 3");
    const writer = open(`${directory}/client.log`);
    void writer.configure(settings({ mode: "syslog" }));
    const text = (): string => {
      writer.flush();
      return readFileSync(`${directory}/client.log`, "utf8");
    };
    await vi.waitUntil(() => text() !== "", { timeout: 5000 });
    writer.log("HOOK-START", call);
    expect(text()).toMatch(
      /Error {5}Cannot write to the system log \(logger ended with status 3\).*\n.*About to execute.*\n$/,
    );
    expect(CATALOGUE["LOG-NO-SYSLOG"].level).toBe(4);
  });

  it("no logger on the machine -> the same", async () => {
    const directory = temporaryDirectory();
    vi.stubEnv("PATH", directory);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const writer = open(`${directory}/client.log`);
    void writer.configure(settings({ mode: "syslog" }));
    await vi.waitUntil(
      () => {
        writer.flush();
        return readFileSync(`${directory}/client.log`, "utf8").includes("ENOENT");
      },
      { timeout: 5000 },
    );
  });
});
