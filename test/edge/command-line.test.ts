import { describe, expect, it } from "vitest";
import {
  banner,
  type CommandLine,
  parseCommandLine,
  pathsFor,
  usage,
} from "../../shared/edge/command-line.js";

const none = { json: false, words: [], workDir: undefined, configFile: undefined, logDir: undefined };
const parse = (line: string): ReturnType<typeof parseCommandLine> =>
  parseCommandLine(line === "" ? [] : line.split(" "), () => "/here");

describe("command line", () => {
  const good: readonly (readonly [string, Partial<CommandLine>])[] = [
    ["start", { action: "start" }],
    ["STATUS", { action: "status" }],
    ["statusXX", { action: "status" }],
    ["running", { action: "run" }],
    ["helpfoo", { action: "help" }],
    ["Install", { action: "install" }],
    ["uninstall", { action: "uninstall" }],
    ["stop now please", { action: "stop" }],
    ["status --json", { action: "status", json: true }],
    ["--json STATUS -w /area", { action: "status", json: true, workDir: "/area" }],
    ["start -w /area", { action: "start", workDir: "/area" }],
    ["start -w/area", { action: "start", workDir: "/area" }],
    ["-w /area start", { action: "start", workDir: "/area" }],
    ["run -w rel/area", { action: "run", workDir: "/here/rel/area" }],
    ["run -w .", { action: "run", workDir: "/here" }],
    [
      "run --config c.conf --log-dir logs",
      { action: "run", configFile: "/here/c.conf", logDir: "/here/logs" },
    ],
    [
      "--config=/c.conf run --log-dir=/logs -w /a",
      { action: "run", configFile: "/c.conf", logDir: "/logs", workDir: "/a" },
    ],
    ["run -w /one -w /two", { action: "run", workDir: "/two" }],
    [
      "start -w /var/lib/neutron/pd/cb9b:ea13:qr-a7e4d663-e3",
      { action: "start", workDir: "/var/lib/neutron/pd/cb9b:ea13:qr-a7e4d663-e3" },
    ],
  ];
  it.each(good)("%s", (line, command) => {
    expect(parse(line)).toEqual({ ok: true, command: { ...none, ...command } });
  });

  it.each([
    ["--help", "help"],
    ["-h", "help"],
    ["start --help -w /area", "help"],
    ["--version", "version"],
    ["run --version", "version"],
  ])("%s -> says it, and does nothing else", (line, action) => {
    expect(parse(line)).toEqual({ ok: true, command: { ...none, action } });
  });

  it.each([
    ["", undefined],
    ["-w /area", undefined],
    ["frobnicate", "unknown action frobnicate"],
    ["st", "unknown action st"],
    ["run -x", "unknown option -x"],
    ["-help", "unknown option -help"],
    ["--configuration=x run", "unknown option --configuration=x"],
    ["run -w", "option -w needs a value"],
    ["run --config=", "option --config needs a value"],
  ])("%j is refused", (line, complaint) => {
    expect(parse(line)).toEqual({ ok: false, complaint });
  });
});

describe("command line with commands of the program's own", () => {
  const commands = [{ name: "reconfigure", synopsis: "[WHO]", help: ["ask"] }];
  const parseOwn = (line: string): ReturnType<typeof parseCommandLine> =>
    parseCommandLine(line.split(" "), () => "/here", commands);

  it.each([
    ["reconfigure", ["reconfigure"]],
    ["RECONFIGURE all renew -w /here", ["reconfigure", "all", "renew"]],
    ["-w /here reconfigure 00:03:AB", ["reconfigure", "00:03:AB"]],
    ["reconfigure --json -x --help", ["reconfigure", "--json", "-x", "--help"]],
    ["reconfigure --config c.conf --json all", ["reconfigure", "--json", "all"]],
    ["-w /here reconfigure -- -w --config", ["reconfigure", "--", "-w", "--config"]],
  ])("%s -> the command with its words", (line, words) => {
    expect(parseOwn(line)).toMatchObject({ ok: true, command: { action: "command", words } });
  });

  it.each([
    ["reconfigured", parseOwn],
    ["reconf", parseOwn],
    ["reconfigure", parse],
  ])("%s, not one of them -> unknown", (line, read) => {
    expect(read(line)).toEqual({ ok: false, complaint: `unknown action ${line}` });
  });

  it.each([
    ["--json reconfigure", "unknown option --json"],
    ["stop --json", "unknown option --json"],
    ["reconfigure all -w", "option -w needs a value"],
  ])("%s -> refused: an option of nobody's", (line, complaint) => {
    expect(parseOwn(line)).toEqual({ ok: false, complaint });
  });

  it("Dibbler's actions stay, the usage text names both", () => {
    expect(parseOwn("stop now")).toMatchObject({ command: { action: "stop", words: [] } });
    const lines = usage("server", commands).split("\n");
    expect(lines[2]).toBe(" ACTION = status|start|stop|run|install|uninstall|help|reconfigure");
    expect(lines).toContain(" reconfigure [WHO]");
    expect(lines).toContain("           - ask");
    expect(usage("client")).not.toContain("reconfigure");
  });
});

describe("command line in a directory that has been removed", () => {
  const gone = (): string => {
    throw new Error("uv_cwd");
  };
  it("absolute paths -> understood; a relative one cannot be", () => {
    expect(parseCommandLine(["stop", "-w", "/area/"], gone)).toMatchObject({ command: { workDir: "/area" } });
    expect(() => parseCommandLine(["stop", "-w", "area"], gone)).toThrow("uv_cwd");
  });
});

describe("paths", () => {
  const paths = (role: "server" | "client", line: string): unknown => {
    const parsed = parse(line);
    return parsed.ok ? pathsFor(role, parsed.command) : undefined;
  };

  it("without options: Dibbler's", () => {
    expect(paths("client", "run")).toEqual({
      workDir: "/var/lib/dibbler",
      configFile: "/etc/dibbler/client.conf",
      logFile: "/var/log/dibbler/dibbler-client.log",
      pidFile: "/var/lib/dibbler/client.pid",
      duidFile: "/var/lib/dibbler/client-duid",
      controlSocket: "/var/lib/dibbler/client.sock",
    });
    expect(paths("server", "run")).toMatchObject({
      configFile: "/etc/dibbler/server.conf",
      pidFile: "/var/lib/dibbler/server.pid",
      logFile: "/var/log/dibbler/dibbler-server.log",
    });
  });

  it.each(["client", "server"] as const)("%s with -w: everything in the directory", (role) => {
    expect(paths(role, "run -w /area")).toEqual({
      workDir: "/area",
      configFile: `/area/${role}.conf`,
      logFile: `/area/${role}.log`,
      pidFile: `/area/${role}.pid`,
      duidFile: `/area/${role}-duid`,
      controlSocket: `/area/${role}.sock`,
    });
  });

  it("--config and --log-dir are stronger than -w", () => {
    expect(paths("client", "run -w /area --config /c.conf --log-dir /logs")).toMatchObject({
      workDir: "/area",
      configFile: "/c.conf",
      logFile: "/logs/dibbler-client.log",
      pidFile: "/area/client.pid",
    });
  });
});

describe("texts", () => {
  it.each(["client", "server"] as const)(
    "%s: a banner of four lines with a bar, usage naming every option",
    (role) => {
      const lines = banner(role, "1.2.3").split("\n");
      expect(lines).toHaveLength(5);
      expect(lines.slice(0, 4).every((line) => line.startsWith("| "))).toBe(true);
      expect(lines[0]).toContain("1.2.3");
      expect(lines[0]).toContain(role.toUpperCase());
      for (const word of [
        "status",
        "start",
        "stop",
        "install",
        "uninstall",
        "run",
        "help",
        " -w <directory>",
        "--config",
        "--log-dir",
      ]) {
        expect(usage(role)).toContain(word);
      }
    },
  );
});
