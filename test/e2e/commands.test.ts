import { describe, expect } from "vitest";
import { configureGuideServer, startServer } from "./bed/guide-server.js";
import { buildServerHost } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const pidFile = "/var/lib/dibbler/server.pid";

/** What a program prints after its four lines of banner, each of which begins with "| ". */
async function printed(host: Host, command: readonly string[]): Promise<{ status: number; lines: string[] }> {
  const { status, stdout } = await host.run(command);
  const lines = stdout.split("\n").slice(0, -1);
  for (const line of lines.slice(0, 4)) expect(line).toMatch(/^\| /);
  return { status, lines: lines.slice(4) };
}

describe("e2e commands: actions, exit statuses and lines as Dibbler's", () => {
  scenario()("server: status, start, status, stop, status, stop", async () => {
    const host = await buildServerHost(await testWorld());
    configureGuideServer(host);
    const nothing = [
      "Dibbler server: NOT RUNNING.",
      "Dibbler client: NOT RUNNING.",
      "Dibbler relay : NOT RUNNING.",
    ];
    expect(await printed(host, [ours.server, "status"])).toEqual({ status: 1, lines: nothing });

    expect(await printed(host, [ours.server, "start"])).toEqual({ status: 0, lines: ["Starting daemon..."] });
    const pid = host.readFile(pidFile) ?? "";
    expect(pid).toMatch(/^\d+$/);
    expect(host.fileMode(pidFile)).toBe(0o644);
    const running = [`Dibbler server: RUNNING, pid=${pid}`, ...nothing.slice(1)];
    expect(await printed(host, [ours.server, "status"])).toEqual({ status: 0, lines: running });

    const stopped = [
      `Sending TERM signal to process ${pid}`,
      "Waiting for signalled process termination... Done.",
    ];
    expect(await printed(host, [ours.server, "stop"])).toEqual({ status: 0, lines: stopped });
    expect(host.readFile(pidFile)).toBeUndefined();
    expect(host.hasUdpPort(547)).toBe(false);
    expect(await printed(host, [ours.server, "status"])).toEqual({ status: 1, lines: nothing });
    expect(await printed(host, [ours.server, "stop"])).toEqual({
      status: 1,
      lines: ["Process is not running."],
    });
  });

  scenario()("server: stop and start back to back, ten times", async () => {
    const host = await buildServerHost(await testWorld());
    configureGuideServer(host);
    await startServer(host, ours.server);
    for (let round = 0; round < 10; round++) {
      expect((await host.run([ours.server, "stop"])).status).toBe(0);
      expect(await host.run([ours.server, "start"])).toMatchObject({ status: 0, stderr: "" });
    }
  });

  scenario()(
    "server: pid files of the dead, of strangers and of nobody do not keep it from starting",
    async () => {
      const host = await buildServerHost(await testWorld());
      configureGuideServer(host);
      for (const stale of ["4194000", String(host.anchor), "", "nonsense"]) {
        host.writeFile(pidFile, stale);
        expect((await host.run([ours.server, "status"])).status).toBe(1);
        expect(await host.run([ours.server, "start"])).toMatchObject({ status: 0, stderr: "" });
        expect((await host.run([ours.server, "stop"])).status).toBe(0);
      }
      expect(host.commandLine(host.anchor)).toBeDefined();
    },
  );

  const signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];
  scenario().each(signals)(
    "server in the foreground: %s ends it with status 0, SIGHUP does not",
    async (signal) => {
      const host = await buildServerHost(await testWorld());
      configureGuideServer(host);
      const server = await host.spawn([ours.server, "run"]);
      await waitFor("the server to listen", () => host.hasUdpPort(547));
      await server.signal("SIGHUP");
      await server.signal("SIGUSR1");
      expect((await host.run([ours.server, "status"])).status).toBe(0);
      await server.signal(signal);
      expect((await server.ended).status).toBe(0);
      expect(host.readFile(pidFile)).toBeUndefined();
    },
  );

  const words = [
    [["help"], 0, "Usage:"],
    [["HELP"], 0, "Usage:"],
    [["install"], 0, "Function not available in Linux/Unix systems."],
    [["uninstall"], 0, "Function not available in Linux/Unix systems."],
    [["frobnicate"], 1, "Usage:"],
    [[], 1, "Usage:"],
  ] as const;
  scenario().each([ours.server, ours.client])(
    "%s: help, words unknown and not available",
    async (program) => {
      const host = await buildServerHost(await testWorld());
      for (const [args, status, text] of words) {
        const result = await host.run([program, ...args]);
        expect({ args, status: result.status }).toEqual({ args, status });
        expect(result.stdout).toContain(text);
      }
      // Neutron's sanity check looks for this option on standard output.
      expect((await host.run([program, "help"])).stdout).toContain("-w");
    },
  );
});
