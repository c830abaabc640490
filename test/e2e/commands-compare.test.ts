import { describe, expect } from "vitest";
import { buildServerHost } from "./bed/guide.js";
import { guidePool } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { requirePeer } from "./bed/peers.js";
import type { Result } from "./bed/process.js";
import { ours } from "./bed/programs.js";
import { sleep, waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const STATE = "/var/lib/dibbler";
const LOGS = "/var/log/dibbler";
const CONFIG = "/etc/dibbler/server.conf";
const PID = `${STATE}/server.pid`;
/** Beyond the highest pid of the kernel. */
const NOBODY = "4194999";

/** What somebody who calls a program sees of it. */
interface Seen {
  readonly status?: number;
  /** Standard output without banner and log lines, numbers of processes as `<pid>`. */
  readonly lines?: readonly string[];
  /** Files that are there afterwards, with their modes. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether somebody listens on port 547. */
  readonly serves?: boolean;
}

/** One condition and one call in it, made on Debian's program and on ours. */
interface Row {
  readonly name: string;
  /** Brings the host into the condition, with the program of the turn. */
  readonly given?: (host: Host, program: string) => Promise<unknown>;
  readonly call: (host: Host, program: string) => Promise<Partial<Result>>;
  /** Where ours differs on purpose: the item of COMPATIBILITY.md, and what each is seen to do. */
  readonly differs?: { readonly because: string; readonly theirs: Seen; readonly ours: Seen };
}

const action =
  (...words: readonly string[]): Row["call"] =>
  (host, program) =>
    host.run([program, ...words]);

const write = (path: string, text: string) => (host: Host) => {
  host.writeFile(path, text);
  return Promise.resolve();
};

/** Debian's `start` returns before it serves, or not. */
async function started(host: Host, program: string): Promise<void> {
  await host.run([program, "start"]);
  await waitFor("the server to listen", () => host.hasUdpPort(547));
}

/** Runs in the foreground, sends a signal once it serves, and sees whether that ends it. */
const signalled =
  (signal: NodeJS.Signals, ends: (program: string) => boolean): Row["call"] =>
  async (host, program) => {
    const running = await host.spawn([program, "run"]);
    await waitFor("the server to listen", () => host.hasUdpPort(547));
    // Debian's opens its sockets shortly before it is done with starting.
    await waitFor("the server to be ready", () => running.output().includes("Accepting connections"));
    await running.signal(signal);
    if (ends(program)) return { status: (await running.ended).status };
    await sleep(300);
    return {};
  };

const isGone = async (host: Host, pid: string): Promise<boolean> =>
  (await host.run(["sh", "-c", `kill -0 ${pid}`])).status !== 0;

/** A start that cannot succeed. Debian's daemon finds that out after `start` has returned. */
const startInVain: Row["call"] = async (host, program) => {
  const result = await host.run([program, "start"]);
  await waitFor("the daemon to be gone", () => host.commandLines().every(([first]) => first !== program));
  return result;
};

/** A signal to the daemon; what is left is looked at when it has ended, or in a while if it shall not. */
const daemonSignalled =
  (signal: string, ends: (program: string) => boolean): Row["call"] =>
  async (host, program) => {
    const pid = host.readFile(PID) ?? "";
    await host.shell(`kill -s ${signal} ${pid}`);
    if (ends(program)) await waitFor("the server to be gone", () => isGone(host, pid));
    else await sleep(300);
    return {};
  };

const always = (): boolean => true;
const never = (): boolean => false;
const isTheirs = (program: string): boolean => program !== ours.server;

const NONE = ["Dibbler server: NOT RUNNING.", "Dibbler client: NOT RUNNING.", "Dibbler relay : NOT RUNNING."];
const STALE = {
  because: "S-CLI-7",
  theirs: { status: 0, lines: ["Dibbler server: RUNNING, pid=<pid>", ...NONE.slice(1)] },
  ours: { status: 1, lines: NONE },
};

const HELP = { because: "S-CLI-4", theirs: { status: 1 }, ours: { status: 0 } };

const words: readonly Row[] = [
  "",
  "frobnicate",
  "help",
  "HELP",
  "helpfoo",
  "-h",
  "--help",
  "-w",
  "install",
  "uninstall",
  "status",
  "statusXX",
  "STATUS more",
  "stop",
].map((line) => ({
  name: line === "" ? "(no word)" : line,
  call: action(...line.split(" ").filter(Boolean)),
  ...(/^-(h|-help)$/.test(line) ? { differs: HELP } : {}),
}));

/** Not an empty one: with that Debian's takes whatever number it finds in its memory. */
const pidFiles: readonly Row[] = [
  { name: "a dead pid: status", given: write(PID, NOBODY), call: action("status"), differs: STALE },
  {
    name: "no number: status",
    given: write(PID, "none"),
    call: action("status"),
    differs: { ...STALE, theirs: { ...STALE.theirs, status: 1 } },
  },
  {
    name: "a dead pid: stop",
    given: write(PID, NOBODY),
    call: action("stop"),
    differs: {
      because: "S-CLI-11",
      theirs: { files: { "server.pid": "644" } },
      ours: { lines: ["Process is not running."], files: {} },
    },
  },
  {
    name: "no number: stop",
    given: write(PID, "none"),
    // Debian's signals its own process group. In the bed that is it and the program that started it.
    call: action("stop"),
    differs: {
      because: "S-CLI-12",
      theirs: { status: 143, files: { "server.pid": "644" } },
      ours: { status: 1, lines: ["Process is not running."], files: {} },
    },
  },
  {
    name: "a dead pid: run",
    given: write(PID, NOBODY),
    call: signalled("SIGTERM", always),
  },
];

const foreground: readonly Row[] = [
  { name: "run without configuration", given: without(CONFIG), call: action("run") },
  { name: "run with a configuration that is wrong", given: write(CONFIG, "iface {"), call: action("run") },
  { name: "run with an empty configuration", given: write(CONFIG, ""), call: action("run") },
  { name: "run without state directory", given: without(STATE), call: action("run") },
  { name: "run without log directory", given: without(LOGS), call: signalled("SIGTERM", always) },
  {
    name: "run with a log directory that cannot be written",
    given: (host) => host.shell(`mount -t tmpfs -o ro bed ${LOGS}`),
    call: signalled("SIGTERM", always),
  },
  {
    name: "run as nobody",
    call: (host, program) =>
      host.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "run"]),
  },
  { name: "run, SIGTERM", call: signalled("SIGTERM", always) },
  { name: "run, SIGINT", call: signalled("SIGINT", always) },
  {
    name: "run, SIGHUP",
    call: signalled("SIGHUP", isTheirs),
    differs: {
      because: "S-SIG-2",
      theirs: { status: 129, serves: false },
      ours: { serves: true },
    },
  },
  {
    name: "run, SIGUSR1",
    call: signalled("SIGUSR1", isTheirs),
    differs: {
      because: "S-SIG-3",
      theirs: { status: 138, serves: false },
      ours: { serves: true },
    },
  },
  {
    name: "run beside a daemon",
    given: started,
    call: action("run"),
    differs: {
      because: "S-RUN-3",
      theirs: { files: { "server-duid": "640" } },
      ours: { files: { "server.pid": "644", "server-duid": "640" } },
    },
  },
];

const background: readonly Row[] = [
  {
    name: "start",
    call: async (host, program) => {
      const result = await host.run([program, "start"]);
      await waitFor("the server to listen", () => host.hasUdpPort(547));
      return result;
    },
  },
  {
    name: "start with a configuration that is wrong",
    given: write(CONFIG, "iface {"),
    call: startInVain,
    differs: {
      because: "S-CLI-9",
      theirs: { status: 0, lines: ["Starting daemon..."] },
      ours: { status: 1, lines: [] },
    },
  },
  { name: "start, status", given: started, call: action("status") },
  { name: "start, stop", given: started, call: action("stop") },
  {
    name: "start, stop, start",
    given: async (host, program) => {
      await started(host, program);
      const pid = host.readFile(PID) ?? "";
      await host.run([program, "stop"]);
      // On a busy machine Debian's is still there then, and takes the pid file of the next one along.
      await waitFor("the server to be gone", () => isGone(host, pid));
    },
    call: async (host, program) => {
      await started(host, program);
      return {};
    },
  },
  {
    name: "start, start",
    given: started,
    call: async (host, program) => {
      const result = await host.run([program, "start"]);
      await sleep(500);
      return result;
    },
    differs: {
      because: "S-RUN-3",
      theirs: { status: 0, files: { "server-duid": "640" } },
      ours: { status: 1, files: { "server.pid": "644", "server-duid": "640" } },
    },
  },
  { name: "start, SIGTERM", given: started, call: daemonSignalled("TERM", always) },
  { name: "start, SIGINT", given: started, call: daemonSignalled("INT", always) },
  { name: "start, SIGHUP", given: started, call: daemonSignalled("HUP", never) },
  {
    name: "start, SIGUSR1",
    given: started,
    call: daemonSignalled("USR1", isTheirs),
    differs: { because: "S-SIG-3", theirs: { serves: false }, ours: { serves: true } },
  },
];

describe.each([
  ["the word", words],
  ["with a pid file that holds", pidFiles],
  ["in the foreground:", foreground],
  ["in the background:", background],
] as const)("e2e commands beside Debian's dibbler-server: %s", (_what, rows) => {
  scenario("dibblerServer").each(rows.map((row) => [row.name, row] as const))("%s", async (_name, row) => {
    const world = await testWorld();
    const see = async (program: string): Promise<Seen> =>
      await seenOf(await buildServerHost(world), program, row);
    const [theirsAsIs, mine] = await Promise.all([requirePeer("dibblerServer"), ours.server].map(see));
    if (theirsAsIs === undefined || mine === undefined) throw new Error("one of the two was not seen");
    const theirs = withOurPidMode(theirsAsIs);
    if (row.differs === undefined) {
      expect(mine).toEqual(theirs);
      return;
    }
    expect(theirs).toMatchObject(row.differs.theirs);
    expect(mine).toMatchObject(row.differs.ours);
    // What the list does not name is alike.
    const named = Object.keys({ ...row.differs.theirs, ...row.differs.ours });
    const rest = (seen: Seen): Seen =>
      Object.fromEntries(Object.entries(seen).filter(([key]) => !named.includes(key)));
    expect(rest(mine)).toEqual(rest(theirs));
  });
});

/**
 * S-FIL-3: Debian's daemon writes its pid file under umask 027, so that only root can read it, while `run`
 * leaves it readable for all. Ours always is: monitoring reads it.
 */
function withOurPidMode(seen: Seen): Seen {
  const { files = {} } = seen;
  return files["server.pid"] === "640" ? { ...seen, files: { ...files, "server.pid": "644" } } : seen;
}

async function seenOf(host: Host, program: string, { given, call }: Row): Promise<Seen> {
  host.writeFile(CONFIG, `iface "br-ex" { pd-class { pd-pool ${guidePool} pd-length 64 } }\n`);
  await given?.(host, program);
  const { status, stdout } = await call(host, program);
  return {
    ...(status === undefined ? {} : { status }),
    ...(stdout === undefined ? {} : { lines: shapeOf(stdout, program) }),
    files: filesOf(host),
    serves: host.hasUdpPort(547),
  };
}

/** The banner is four lines with "| "; what follows is compared, but for the log: its sentences are ours. */
function shapeOf(stdout: string, program: string): readonly string[] {
  const lines = stdout.split("\n").slice(0, -1);
  expect(lines.slice(0, 4).map((line) => line.slice(0, 2))).toEqual(["| ", "| ", "| ", "| "]);
  const text = lines.slice(4).filter((line) => !/^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d Server \w+ +/.test(line));
  const usage = text.findIndex((line) => line.startsWith("Usage:"));
  const shown = usage < 0 ? text : [...text.slice(0, usage), ...actionsOf(text.slice(usage))];
  return shown.map((line) => line.replace(/\b(pid=|process )\d+/g, "$1<pid>").replace(program, "<program>"));
}

/** The usage text: the words that it explains, of those that Dibbler has. */
function actionsOf(usage: readonly string[]): readonly string[] {
  const dibbler = ["status", "start", "stop", "install", "uninstall", "run", "help"];
  const explained = usage.flatMap((line) => /^ (\w+) +- /.exec(line)?.[1] ?? []);
  return ["Usage:", ...dibbler.filter((word) => explained.includes(word))];
}

function filesOf(host: Host): Readonly<Record<string, string>> {
  const names = ["server.pid", "server-duid"].filter((name) => host.listFolder(STATE).includes(name));
  return Object.fromEntries(
    names.map((name) => [name, (host.fileMode(`${STATE}/${name}`) ?? 0).toString(8)]),
  );
}

function without(path: string): (host: Host) => Promise<void> {
  return (host) => {
    host.remove(path);
    return Promise.resolve();
  };
}
