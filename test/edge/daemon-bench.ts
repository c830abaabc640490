import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { probePidFile } from "../../shared/edge/pid-file.js";
import { bundleProgram, type Finished, run, temporaryDirectory } from "./workbench.js";

/** Programs with the life of ours and no DHCP in them, and verbs to use them. */
export interface DaemonBench {
  /** Path of a bundled program. */
  readonly path: (program: "client" | "server" | "patience") => string;
  readonly node: (...args: readonly string[]) => Promise<Finished>;
  /** `dibbler-client ACTION -w DIRECTORY` */
  readonly act: (action: string, directory: string) => Promise<Finished>;
  /** A running client in a new directory. */
  readonly started: (config?: unknown) => Promise<{ readonly directory: string; readonly pid: number }>;
}

/** Bundles the programs before the tests of a file and removes them afterwards. */
export function useDaemons(): DaemonBench {
  let programs = "";
  const files = {
    client: "dibbler-client.cjs",
    server: "dibbler-server.cjs",
    patience: "patience/dibbler-client.cjs",
  };
  beforeAll(async () => {
    programs = await mkdtemp(join(tmpdir(), "edge-daemon-"));
    await bundleProgram("dibbler", join(programs, files.client));
    await bundleProgram("dibbler", join(programs, files.server));
    await bundleProgram("patience", join(programs, files.patience));
  });
  afterAll(() => {
    rmSync(programs, { recursive: true });
  });
  const path: DaemonBench["path"] = (program) => join(programs, files[program]);
  const node: DaemonBench["node"] = (...args) => run(process.execPath, args);
  const act: DaemonBench["act"] = (action, directory) => node(path("client"), action, "-w", directory);
  return {
    path,
    node,
    act,
    async started(config) {
      const directory = area(config);
      expect(await act("start", directory)).toMatchObject({ status: 0, stderr: "" });
      return { directory, pid: pidIn(directory) };
    },
  };
}

/** A work directory with a configuration; what runs there is killed when the test ends. */
export function area(config: unknown = {}): string {
  const path = temporaryDirectory();
  writeFileSync(`${path}/client.conf`, JSON.stringify(config));
  writeFileSync(`${path}/server.conf`, JSON.stringify(config));
  onTestFinished(() => {
    for (const role of ["client", "server"] as const) {
      const found = probePidFile(`${path}/${role}.pid`, role);
      if (found.state === "running") process.kill(found.pid, "SIGKILL");
    }
  });
  return path;
}

/** The pid in the client's pid file. */
export const pidIn = (directory: string): number => Number(readFileSync(`${directory}/client.pid`, "utf8"));

/** Waits up to five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error("waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A process that has nothing to do with us. */
export function stranger(command = "sleep", args: readonly string[] = ["60"]): number {
  const child = spawn(command, args, { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child.pid ?? 0;
}
