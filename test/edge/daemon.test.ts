import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { probePidFile } from "../../shared/edge/pid-file.js";
import { isAlive } from "../../shared/edge/process-info.js";
import { area, pidIn, until, useDaemons } from "./daemon-bench.js";
import { inNamespace, run, temporaryDirectory } from "./workbench.js";

const { act, node, path, started } = useDaemons();

const withoutBanner = (text: string): string => text.split("\n").slice(4).join("\n");
const eventsIn = (directory: string): string[] =>
  readFileSync(`${directory}/events.txt`, "utf8").trim().split("\n");

describe("daemon: start", () => {
  it("exit status 0, Dibbler's words, and a daemon as Neutron needs it", async () => {
    const directory = area();
    const { status, stdout, stderr } = await act("start", directory);
    expect({ status, stderr, stdout: withoutBanner(stdout) }).toEqual({
      status: 0,
      stderr: "",
      stdout: "Starting daemon...\n",
    });
    const pid = pidIn(directory);
    expect(readFileSync(`${directory}/client.pid`, "utf8")).toBe(String(pid));
    expect(statSync(`${directory}/client.pid`).mode & 0o777).toBe(0o644);
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    expect(commandLine.slice(-4)).toEqual(["start", "-w", directory, ""]);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(directory);
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^Umask:\t0027$/m);
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toContain("DIBBLER_DAEMON");
    // Session leader: field 6 of stat.
    expect(readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[5]).toBe(String(pid));
    for (const fd of [0, 1, 2]) expect(readlinkSync(`/proc/${pid}/fd/${fd}`)).toBe("/dev/null");
    expect(eventsIn(directory)).toEqual(["open"]);
  });

  it("keeps nothing that the caller had open: low and high descriptors, files, pipes", async () => {
    const directory = area();
    const lock = openSync(`${directory}/lock`, "w");
    const child = spawn(
      "bash",
      [
        "-c",
        'exec 9>&3 12>&4 200>&3 251>&4 4>&-; exec "$@"',
        "bash",
        process.execPath,
        path("client"),
        "start",
        "-w",
        directory,
      ],
      { stdio: ["ignore", "pipe", "pipe", lock, "pipe"] },
    );
    closeSync(lock);
    await new Promise((resolve) => child.once("close", resolve));
    expect(child.exitCode).toBe(0);
    const pid = pidIn(directory);
    const kept = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    const own = /^(?:\/dev\/null|anon_inode:.*|pipe:.*|.*\/client\.log)$/;
    expect(kept.filter((target) => !own.test(target))).toEqual([]);
    const counts = kept.filter((target) => target.startsWith("pipe:"));
    // Node's own pipes have both ends here.
    for (const pipe of counts) expect(counts.filter((other) => other === pipe)).toHaveLength(2);
  });

  it("a relative directory is made absolute", async () => {
    const directory = area();
    const finished = await run(process.execPath, [path("client"), "start", "-w", basename(directory)], {
      cwd: tmpdir(),
    });
    expect(finished.status).toBe(0);
    expect(readFileSync(`/proc/${pidIn(directory)}/cmdline`, "utf8")).toContain(`\0${directory}\0`);
  });

  it("a directory with colons, as Neutron names it", async () => {
    const directory = `${temporaryDirectory()}/cb9b7a2c:ea139dcd:qr-a7e4d663-e3`;
    mkdirSync(directory);
    writeFileSync(`${directory}/client.conf`, "{}");
    expect((await act("start", directory)).status).toBe(0);
    expect((await act("stop", directory)).status).toBe(0);
  });

  it.each([
    [
      "the system is not as needed",
      { fail: "interface eth9 does not exist" },
      "interface eth9 does not exist\n",
    ],
    ["it dies", { crash: true }, /^dibbler-client ended while starting; see .*client\.log\n$/],
  ])("%s -> exit status 1, one sentence, no pid file", async (_name, config, sentence) => {
    const directory = area(config);
    const { status, stderr } = await act("start", directory);
    expect(stderr).toMatch(sentence);
    expect(status).toBe(1);
    const found = probePidFile(`${directory}/client.pid`, "client");
    expect(found.state).toBe("crash" in config ? "dead" : "absent");
  });

  it("not ready in time -> ended, exit status 1, no pid file", async () => {
    const directory = area();
    const { status, stderr } = await node(path("patience"), "hang", directory);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `dibbler-client was not ready within 0.3 s and was ended; see ${directory}/client.log\n`,
    });
    expect(existsSync(`${directory}/client.pid`)).toBe(false);
  });

  it.each([
    [
      "missing",
      "mkdir /tmp/x",
      /cannot read \/tmp\/area\/client\.conf: the directory \/tmp\/area does not exist/,
    ],
    [
      "read-only",
      `mkdir /tmp/area; mount -t tmpfs none /tmp/area; echo {} > /tmp/area/client.conf
       mount -o remount,ro /tmp/area`,
      /cannot write \/tmp\/area\/client\.pid: its file system is mounted read-only/,
    ],
  ])("work directory %s -> one sentence, exit status 1", async (_name, script, sentence) => {
    const { status, stdout } = await inNamespace(
      `mount -t tmpfs none /mnt; cp '${path("client")}' /mnt/dibbler-client.cjs
       mount -t tmpfs none /tmp; mkdir /tmp/p; cp /mnt/dibbler-client.cjs /tmp/p/
       ${script}
       for action in start run; do
         '${process.execPath}' /tmp/p/dibbler-client.cjs $action -w /tmp/area 2>&1 || echo status $?
       done`,
      ["--mount"],
    );
    expect(status).toBe(0);
    expect(stdout.match(new RegExp(sentence, "g"))).toHaveLength(2);
    expect(stdout.match(/^status 1$/gm)).toHaveLength(2);
  });
});

describe("daemon: double start", () => {
  it.each(["start", "run"])(
    "a second %s is refused, and the first keeps its pid file and runs on",
    async (action) => {
      const { directory, pid } = await started();
      const { status, stderr } = await act(action, directory);
      expect(stderr).toContain(`already runs in ${directory} with pid ${pid}`);
      expect(status).toBe(1);
      expect(pidIn(directory)).toBe(pid);
      expect((await act("status", directory)).status).toBe(0);
      expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
    },
  );

  it("six at the same moment, beside a stale pid file -> exactly one runs", async () => {
    const directory = area();
    writeFileSync(`${directory}/client.pid`, "4194000");
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => act("start", directory)));
    expect(outcomes.filter(({ status }) => status === 0)).toHaveLength(1);
    expect(probePidFile(`${directory}/client.pid`, "client")).toEqual({
      state: "running",
      pid: pidIn(directory),
    });
    expect(eventsIn(directory)).toEqual(["open"]);
  });

  it("server and client in one directory, and clients in two -> all run", async () => {
    const { directory, pid } = await started();
    const server = await node(path("server"), "start", "-w", directory);
    expect(server).toMatchObject({ status: 0, stderr: "" });
    await started();
    const { status, stdout } = await act("status", directory);
    const serverPid = readFileSync(`${directory}/server.pid`, "utf8");
    expect({ status, stdout: withoutBanner(stdout) }).toEqual({
      status: 0,
      stdout:
        `Dibbler server: RUNNING, pid=${serverPid}\n` +
        `Dibbler client: RUNNING, pid=${pid}\nDibbler relay : NOT RUNNING.\n`,
    });
  });
});

describe("daemon: stop", () => {
  it("waits for the end, Dibbler's words, pid file gone", async () => {
    const { directory, pid } = await started({ slowStop: 300 });
    const { status, stdout, stderr } = await act("stop", directory);
    expect({ status, stderr, stdout: withoutBanner(stdout) }).toEqual({
      status: 0,
      stderr: "",
      stdout: `Sending TERM signal to process ${pid}\nWaiting for signalled process termination... Done.\n`,
    });
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(`${directory}/client.pid`)).toBe(false);
    expect(eventsIn(directory)).toEqual(["open", "stop SIGTERM", "stopped"]);
    const log = readFileSync(`${directory}/client.log`, "utf8");
    expect(log.trim().split("\n").at(-1)).toMatch(/^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d Client \w+ +\S/);
  });

  it("nothing runs -> Dibbler's words, exit status 1", async () => {
    const { status, stdout } = await act("stop", area());
    expect({ status, stdout: withoutBanner(stdout) }).toEqual({
      status: 1,
      stdout: "Process is not running.\n",
    });
  });

  it("a process that will not end -> says so after its time, exit status 1", async () => {
    const directory = area();
    const child = spawn(process.execPath, [path("patience"), "deaf", directory], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const pid = child.pid ?? 0;
    const { status, stderr } = await node(path("patience"), "stop", directory, "300");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `process ${pid} has not ended within 0.3 s; to end it by force: kill -9 ${pid}\n`,
    });
    expect(pidIn(directory)).toBe(child.pid);
  });

  it("two stops at once -> both wait, nothing is harmed", async () => {
    const { directory, pid } = await started({ slowStop: 1000 });
    const outcomes = await Promise.all([act("stop", directory), act("stop", directory)]);
    expect(outcomes.map(({ status }) => status)).toEqual([0, 0]);
    expect(isAlive(pid)).toBe(false);
    expect(eventsIn(directory)).toEqual(["open", "stop SIGTERM", "stopped"]);
  });
});

describe("daemon: signals", () => {
  it("HUP reloads, USR1 neither ends it nor opens the debugger, INT stops as TERM does, once", async () => {
    const { directory, pid } = await started({ slowStop: 200 });
    process.kill(pid, "SIGUSR1");
    process.kill(pid, "SIGHUP");
    await until(() => eventsIn(directory).includes("reload"));
    const descriptors = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(descriptors.filter((target) => target.startsWith("socket:"))).toEqual([]);
    process.kill(pid, "SIGINT");
    await until(() => eventsIn(directory).includes("stop SIGINT"));
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGINT");
    await until(() => !isAlive(pid));
    expect(eventsIn(directory)).toEqual(["open", "reload", "stop SIGINT", "stopped"]);
  });

  it("run: the log on stdout too, exit status 0 after TERM", async () => {
    const directory = area();
    const child = spawn(process.execPath, [path("client"), "run", "-w", directory], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    await until(() => existsSync(`${directory}/events.txt`));
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("close", resolve));
    expect(child.exitCode).toBe(0);
    expect(withoutBanner(stdout)).toBe(readFileSync(`${directory}/client.log`, "utf8"));
    expect(existsSync(`${directory}/client.pid`)).toBe(false);
  });

  it("the work directory vanishes -> it runs on, stops in order, and makes no new one", async () => {
    const directory = area();
    const child = spawn(process.execPath, [path("client"), "run", "-w", directory], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    await until(() => existsSync(`${directory}/events.txt`));
    rmSync(directory, { recursive: true });
    child.kill("SIGHUP");
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("close", resolve));
    expect({ status: child.exitCode, signal: child.signalCode }).toEqual({ status: 0, signal: null });
    expect(output).not.toContain("Error");
    expect(existsSync(directory)).toBe(false);
  });
});
