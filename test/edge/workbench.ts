import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";

/** How a child process ended and what it printed. */
export interface Finished {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory that goes when the test ends. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "edge-test-"));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

/** Bundles a program of test/edge/programs to `file`, as the real programs are bundled. */
export async function bundleProgram(name: string, file: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "programs", `${name}.ts`)],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    external: ["koffi"],
    logLevel: "warning",
  });
}

/** Runs a command to its end; a non-zero status is an outcome, not an error. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(command, args, { ...options, encoding: "utf8", timeout: 30_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : (error.code ?? error.signal ?? "killed");
      resolve({ status, stdout, stderr });
    });
  });
}

/** Two links for `inNamespace`, a0 to b0 and c0 to d0, with addresses on three of their ends. */
export const TWO_LINKS = `ip link set lo up
ip link add a0 type veth peer name b0
ip link add c0 type veth peer name d0
for i in a0 b0 c0 d0; do ip link set $i addrgenmode none up; done
ip -6 addr add fe80::a/64 dev a0 nodad
ip -6 addr add fe80::b/64 dev b0 nodad
ip -6 addr add fe80::c/64 dev c0 nodad`;

/**
 * Runs a shell script in a network namespace of its own, rootless where the system allows it. `flags` are
 * further ones of unshare(1). Nothing of the host is touched, and the kernel removes it all when the script
 * ends.
 */
export function inNamespace(script: string, flags: readonly string[] = []): Promise<Finished> {
  return run("unshare", ["--map-root-user", "--net", ...flags, "sh", "-ec", script]);
}
