import type { Host } from "./host.js";
import { type Bindings, compareShown, namesIn, type PageStep, readPage, withBound } from "./page.js";
import { waitFor } from "./wait.js";

/** Who takes part in what a page tells. */
export interface Cast {
  /** By the names that the page's blocks have. */
  readonly hosts: Readonly<Record<string, Host>>;
  /** What its `<!-- test: NAME -->` lines mean. */
  readonly acts: Readonly<Record<string, () => Promise<unknown>>>;
  /** Addresses and DUIDs that the page has as they are, besides those of its files. */
  readonly names?: readonly string[];
}

/**
 * Does all that a page says, as its reader would. Rejects with the page's line when a command fails, what it
 * prints is not what the page shows, or an act is not known; and when an act of the cast is never called.
 */
export async function followPage(path: string, cast: Cast): Promise<void> {
  const steps = readPage(path);
  const inFiles = steps.flatMap((step) => (step.kind === "file" ? namesIn(step.text) : []));
  const fixed = new Set([...inFiles, ...(cast.names ?? [])]);
  const called = new Set<string>();
  let bindings: Bindings = new Map();
  let last: { readonly again: () => Promise<string>; readonly printed: string } | undefined;
  for (const step of steps) {
    if (step.kind === "see") {
      if (last === undefined) throw new Error(`${step.at}: nothing was run before`);
      bindings = await see(step, last, bindings, fixed);
      continue;
    }
    if (step.kind === "act") {
      called.add(step.name);
      await actOf(step, cast)();
      continue;
    }
    const host = cast.hosts[step.host];
    if (host === undefined) throw new Error(`${step.at}: there is no host ${step.host}`);
    if (step.kind === "file") {
      host.writeFile(step.path, step.text, step.text.startsWith("#!") ? 0o755 : 0o644);
      continue;
    }
    const block = { at: step.at, script: withBound(step.script, bindings) };
    const again = (): Promise<string> => runBlock(block, host);
    last = { again, printed: await again() };
  }
  const idle = Object.keys(cast.acts).filter((name) => !called.has(name));
  if (idle.length > 0) throw new Error(`${path} never calls for: ${idle.join(", ")}`);
}

async function see(
  { at, text, isAwaited }: Extract<PageStep, { kind: "see" }>,
  { again, printed }: { readonly again: () => Promise<string>; readonly printed: string },
  bindings: Bindings,
  fixed: ReadonlySet<string>,
): Promise<Bindings> {
  const first = compareShown(text, printed, bindings, fixed);
  if (first !== undefined) return first;
  if (!isAwaited) throw new Error(`${at}: the page shows\n${text}\nbut what came is\n${printed}`);
  const seen = await waitFor(
    `what ${at} shows:\n${text}\n`,
    again,
    (came) => compareShown(text, came, bindings, fixed) !== undefined,
  );
  return compareShown(text, seen, bindings, fixed) ?? bindings;
}

function actOf({ at, name }: Extract<PageStep, { kind: "act" }>, { acts }: Cast): () => Promise<unknown> {
  const act = acts[name];
  if (act === undefined) throw new Error(`${at}: the test knows no "${name}"`);
  return act;
}

async function runBlock(
  { at, script }: { readonly at: string; readonly script: string },
  host: Host,
): Promise<string> {
  const { status, stdout } = await host.run(["sh", "-ec", `{ ${script}\n} 2>&1`]);
  if (process.env["SHOW_PAGES"] !== undefined) console.log(`${at}\n${script}\n--\n${stdout}`);
  if (status !== 0) throw new Error(`${at}: "${script}" ended with status ${status}: ${stdout}`);
  return stdout;
}
