import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ControlAnswer, ControlRequest } from "../../shared/control.js";
import { type Paths, pathsFor } from "../../shared/edge/command-line.js";
import { sendCommand } from "../../shared/edge/control-client.js";
import { type ControlChannel, type ControlOptions, openControl } from "../../shared/edge/control-server.js";
import { run, temporaryDirectory } from "./workbench.js";

/** A channel under test, and what it told. */
interface Open {
  readonly channel: ControlChannel;
  readonly paths: Paths;
  readonly requests: ControlRequest[];
  readonly troubles: string[];
}

const pathsIn = (workDir: string): Paths =>
  pathsFor("server", { action: "run", words: [], workDir, configFile: undefined, logDir: undefined });

async function open(options: Partial<ControlOptions> = {}, workDir = temporaryDirectory()): Promise<Open> {
  const paths = pathsIn(workDir);
  const [requests, troubles]: [ControlRequest[], string[]] = [[], []];
  const channel = await openControl({
    path: paths.controlSocket,
    handle: (request) => {
      requests.push(request);
      return { ok: true, message: `did ${request.command}` };
    },
    onTrouble: (sentence) => troubles.push(sentence),
    ...options,
  });
  onTestFinished(() => channel.close());
  return { channel, paths, requests, troubles };
}

const send = (paths: Paths, command = "hello", timeoutMs?: number): Promise<ControlAnswer> =>
  sendCommand("server", paths, { command }, timeoutMs);

/** A caller that says what it likes, and what it hears until the other side ends. */
async function call({ paths }: Open): Promise<{ readonly socket: Socket; readonly heard: Promise<string> }> {
  const socket = connect(paths.controlSocket);
  onTestFinished(() => {
    socket.destroy();
  });
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.on("error", () => undefined);
  const heard = once(socket, "close").then(() => text);
  await once(socket, "connect");
  return { socket, heard };
}

const errorIn = async (heard: Promise<string>): Promise<unknown> =>
  (JSON.parse(await heard) as { error?: unknown }).error;

describe("control: commands", () => {
  test("a command -> carried out and answered; another one after it", async () => {
    const { paths, requests } = await open();
    expect(await send(paths, "one")).toEqual({ ok: true, message: "did one" });
    expect(await send(paths, "two")).toEqual({ ok: true, message: "did two" });
    expect(requests).toEqual([{ command: "one" }, { command: "two" }]);
  });

  test("two callers at once, the first one slow -> the second need not wait", async () => {
    let finish: (answer: ControlAnswer) => void = () => undefined;
    const slow = new Promise<ControlAnswer>((resolve) => {
      finish = resolve;
    });
    const { paths } = await open({
      handle: ({ command }) => (command === "slow" ? slow : { ok: false, error: "no" }),
    });
    const first = send(paths, "slow");
    expect(await send(paths, "quick")).toEqual({ ok: false, error: "no" });
    finish({ ok: true, message: "at last" });
    expect(await first).toEqual({ ok: true, message: "at last" });
  });

  test("a command that fails -> an answer, and the next one is taken", async () => {
    let calls = 0;
    const handle = (): ControlAnswer => {
      if (calls++ === 0) throw new Error("no luck");
      return { ok: true, message: "done" };
    };
    const { paths } = await open({ handle });
    expect(await send(paths)).toEqual({ ok: false, error: "the command failed: no luck" });
    expect(await send(paths)).toEqual({ ok: true, message: "done" });
  });

  test("in pieces, and without the end of its line -> taken all the same", async () => {
    const opened = await open();
    const { socket, heard } = await call(opened);
    for (const piece of ['{"comm', 'and":"é', '"}']) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.end();
    expect(await heard).toBe('{"ok":true,"message":"did é"}\n');
  });
});

describe("control: callers that are no good", () => {
  test.each([
    ["text", "reconfigure all\n", "not a JSON object"],
    ["octets", Buffer.from([0xff, 0xfe, 0x00, 0x0a]), "not a JSON object"],
    ["no command", "{}\n", 'no "command"'],
    ["a line without end", "x".repeat(5000), "longer than 4096"],
    ["a flood", `${"x".repeat(5_000_000)}\n`, "longer than 4096"],
  ])("%s -> an error, nothing carried out, the next caller is served", async (_what, junk, words) => {
    const opened = await open();
    const { socket, heard } = await call(opened);
    socket.write(junk);
    expect(await errorIn(heard)).toContain(words);
    expect(opened.requests).toEqual([]);
    expect(await send(opened.paths)).toMatchObject({ ok: true });
  });

  test("several lines -> the first one only", async () => {
    const opened = await open();
    const { socket, heard } = await call(opened);
    socket.write('{"command":"a"}\n{"command":"b"}\n');
    expect(await heard).toBe('{"ok":true,"message":"did a"}\n');
    expect(opened.requests).toEqual([{ command: "a" }]);
  });

  test("one that says nothing -> told so and left in time", async () => {
    const { heard } = await call(await open({ timeoutMs: 50 }));
    expect(await errorIn(heard)).toContain("not complete in time");
  });

  test("one that goes at once, before its answer -> no harm", async () => {
    const opened = await open();
    const { socket } = await call(opened);
    socket.write('{"command":"a"}\n', () => socket.destroy());
    await vi.waitFor(() => {
      expect(opened.requests).toHaveLength(1);
    });
    expect(await send(opened.paths)).toMatchObject({ ok: true });
  });

  test("more than eight at a time -> turned away, until one has gone", async () => {
    const opened = await open();
    const callers = await Promise.all(Array.from({ length: 8 }, () => call(opened)));
    expect(await send(opened.paths)).toEqual({ ok: false, error: "too many commands are being given" });
    callers[0]?.socket.destroy();
    await vi.waitFor(async () => {
      expect(await send(opened.paths)).toMatchObject({ ok: true });
    });
  });
});

describe("control: the socket", () => {
  test("is its owner's alone, whatever the umask, and the umask stays", async () => {
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const { paths, channel } = await open();
    expect(statSync(paths.controlSocket).mode & 0o777).toBe(0o600);
    expect(process.umask(before)).toBe(0);
    await channel.close();
    expect(existsSync(paths.controlSocket)).toBe(false);
  });

  test("close -> ends the connections that are open", async () => {
    const opened = await open();
    const { heard } = await call(opened);
    await opened.channel.close();
    expect(await heard).toBe("");
  });

  test("one that a killed run left -> replaced", async () => {
    const workDir = temporaryDirectory();
    const { controlSocket } = pathsIn(workDir);
    const killed = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, 9))`;
    await run(process.execPath, ["-e", killed, controlSocket]);
    expect(statSync(controlSocket).isSocket()).toBe(true);
    const { paths, troubles } = await open({}, workDir);
    expect(await send(paths)).toMatchObject({ ok: true });
    expect(troubles).toEqual([]);
  });

  test("a file that is no socket -> left alone, one sentence, no channel", async () => {
    const workDir = temporaryDirectory();
    writeFileSync(pathsIn(workDir).controlSocket, "mine");
    const { troubles, channel } = await open({}, workDir);
    expect(troubles).toEqual([expect.stringContaining("is not a socket")]);
    await channel.close();
    expect(statSync(pathsIn(workDir).controlSocket).size).toBe(4);
  });

  test.each([
    ["a path that is too long", "d".repeat(108), "octets"],
    ["a directory that is not there", "gone", "/gone/server.sock"],
  ])("%s -> one sentence, no channel", async (_what, name, words) => {
    const { troubles } = await open({}, `${temporaryDirectory()}/${name}`);
    expect(troubles).toEqual([expect.stringContaining(words)]);
  });
});

describe("control: who asks in vain", () => {
  test("nobody runs -> says so: no socket, a left one, a pid file of nobody", async () => {
    const paths = pathsIn(temporaryDirectory());
    const refused = { ok: false, error: `no dibbler-server runs in ${paths.workDir}` };
    expect(await send(paths)).toEqual(refused);
    writeFileSync(paths.pidFile, "4194000");
    expect(await send(paths)).toEqual(refused);
    writeFileSync(paths.controlSocket, "");
    expect(await send(paths)).toEqual(refused);
  });

  test("a path that is too long -> says so", async () => {
    const answer = await send(pathsIn(`/${"d".repeat(108)}`));
    expect(answer).toEqual({ ok: false, error: expect.stringContaining("octets") as string });
  });

  test.each([
    ["nothing", "", "gave no answer that can be read"],
    ["junk", "hello\n", "gave no answer that can be read"],
    ["silence", undefined, "did not answer within 0.05 s"],
  ])("%s for an answer -> says so", async (_what, text, words) => {
    const paths = pathsIn(temporaryDirectory());
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      if (text !== undefined) socket.end(text);
    }).listen(paths.controlSocket);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    expect(await send(paths, "hello", 50)).toEqual({
      ok: false,
      error: expect.stringContaining(words) as string,
    });
  });
});
