import { build } from "esbuild";
import type { Host, Running } from "./host.js";

/** A program of the test bed that runs inside a host: a file beside this one, without its `.ts`. */
export type BedProgram = "craft-main" | "talk-main" | "mouth-main" | "radvd-main" | "swarm-main";

/** Runs a program with a job to its end; gives what it printed, or throws what it said when it failed. */
export async function runBundled<Outcome>(host: Host, name: BedProgram, job: object): Promise<Outcome> {
  const running = await startBundled(host, name, job);
  const { status, stdout, stderr } = await running.ended;
  if (status !== 0) throw new Error(`${name} of ${host.name} failed: ${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

/** Starts a program in a host; it finds its job as JSON in its first argument. */
export async function startBundled(host: Host, name: BedProgram, job: object): Promise<Running> {
  const path = `/run/bed/${name}.cjs`;
  if (host.readFile(path) === undefined) host.writeFile(path, await bundle(name));
  return host.spawn([process.execPath, path, JSON.stringify(job)]);
}

const bundles = new Map<BedProgram, Promise<string>>();

function bundle(name: BedProgram): Promise<string> {
  const known = bundles.get(name) ?? makeBundle(name);
  bundles.set(name, known);
  return known;
}

/** Node 20 runs no TypeScript, so the program goes into the host as one file of JavaScript. */
async function makeBundle(name: BedProgram): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`test/e2e/bed/${name}.ts`],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node20.19",
  });
  return outputFiles[0]?.text ?? "";
}
