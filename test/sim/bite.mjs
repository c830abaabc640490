// Proves that the simulation bites: builds it once for each fault below, with that fault put into the program,
// and tells in which world it was found. `npm run sim:bite [NAME…]`; exit status 1 when one was not found. With
// `--check` it only sees to it that all that would be replaced is there.
import { execFile } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

const SEEDS = 1000;

/** Each fault: what it is called, and the passages of the program that it replaces. */
const FAULTS = {
  "commit after send": [
    [
      "server/loop.ts",
      "    committingSince = began;\n",
      "    committingSince = began;\n    decisions.forEach(perform);\n",
    ],
    [
      "server/loop.ts",
      "perform(overtaken.has(decision) ? withoutSends(decision) : decision);",
      "void [overtaken, withoutSends];",
    ],
  ],
  "expiry forgotten": [
    ["server/engine.ts", "Math.min(ledger.table.nextExpiry(), replay.next,", "Math.min(replay.next,"],
  ],
  "stale overlay: a failed commit is not undone": [
    [
      "server/loop.ts",
      "    undo(parts.state, ids, (id) => parts.store.read(id));\n",
      "    void ids, undo;\n",
    ],
  ],
  "an offer does not count as taken": [
    [
      "server/ledger.ts",
      "ledger.table.holder(prefix) === undefined;",
      'ledger.table.holders(prefix).every((id) => ledger.table.stateOf(id) === "offered");',
    ],
    ["server/ledger.ts", "  mark(ledger.pools, lease.prefix);\n  note(", "  note("],
  ],
  "no delete after a release": [
    [
      "server/hook-env.ts",
      'call("delete", ENDS[query.type] ?? "withdrawn", gone);',
      'if (query.type !== "release") call("delete", ENDS[query.type] ?? "withdrawn", gone);',
    ],
  ],
  "lifetimes as the client asks for them": [
    [
      "server/lifetimes.ts",
      "const valid = clamp(wished(wish?.valid), bounds.valid);",
      "const valid = wish?.valid || bounds.valid.max;",
    ],
  ],
  "a release is not stored": [
    ["server/ledger.ts", "if (!offers.delete(id)) touched.add(id);", "offers.delete(id);"],
  ],
  "owed calls are not made again": [
    [
      "server/serve-owing.ts",
      "        numbers.set(call, number);\n        void run(call);",
      "        void number, call;",
    ],
  ],
  "owed calls are not noted": [
    [
      "server/serve-owing.ts",
      "calls.filter(isRemoval).map(",
      "calls.filter((call) => isRemoval(call) && false).map(",
    ],
  ],
  "a reload forgets what is taken": [
    ["server/reload.ts", "  changePools(state.ledger, network.pools);\n", "  void changePools;\n"],
  ],
  "a client uses its prefix beyond the valid lifetime": [
    [
      "client/binding.ts",
      "filter(({ until }) => until <= now)",
      "filter(({ until }) => until + 60_000 <= now)",
    ],
    [
      "client/binding.ts",
      "Math.min(Infinity, ...binding.leases.map(({ until }) => until))",
      "Math.min(Infinity, ...binding.leases.map(({ until }) => until + 60_000))",
    ],
  ],
  "leases are not loaded": [
    [
      "server/serve-state.ts",
      "if (!filling.add(id, octets, from, to)) unreadable",
      "if (!filling.add) unreadable",
    ],
  ],
  "two scripts of one prefix at once": [
    ["shared/edge/hook-queue.ts", "place.blockers = previous.size;", "place.blockers = 0;"],
  ],
  "a shorter lifetime cuts what was promised": [
    [
      "server/settle.ts",
      "return millis(Math.max(now + toMillis(valid), told));",
      "return millis(now + toMillis(valid) + told - told);",
    ],
  ],
  "a restart goes by the wall clock": [
    ["shared/edge/boot-clock.ts", "return millis(saved.now + passed);", "return millis(sources.wall());"],
  ],
  "the Interface-Id of a relay is not given back": [
    ["shared/proto/relay.ts", 'if (order === "before") copyNamed("interfaceId", options, answer);', ""],
  ],
};

if (process.argv[2] === "--check") {
  for (const [file, before] of Object.values(FAULTS).flat())
    mustHaveOnce(await readFile(file, "utf8"), file, before);
  process.exit(0);
}
await mkdir("dist/dev/bite", { recursive: true });
const wanted = process.argv.slice(2);
for (const name of wanted) if (!(name in FAULTS)) throw new Error(`no fault is called "${name}"`);
let missed = 0;
for (const [name, patches] of Object.entries(FAULTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const outfile = `dist/dev/bite/${name.replace(/\W+/g, "-")}.mjs`;
  await compile(patches, outfile);
  const found = await firstFailure(outfile);
  await rm(outfile);
  console.log(
    found === undefined
      ? `NOT FOUND  ${name}`
      : `${String(found.seed).padStart(9)}  ${name}: ${found.failure}`,
  );
  if (found === undefined) missed += 1;
}
process.exitCode = missed === 0 ? 0 : 1;

/** The simulation with these passages replaced; each must be there exactly once. */
async function compile(patches, outfile) {
  const left = new Set(patches);
  await build({
    entryPoints: ["test/sim/sim.ts"],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    external: ["lmdb"],
    logLevel: "error",
    plugins: [
      {
        name: "bite",
        setup: (it) => {
          it.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            let contents = await readFile(path, "utf8");
            for (const patch of patches) {
              const [file, before, after] = patch;
              if (relative(resolve("."), path) !== file) continue;
              mustHaveOnce(contents, file, before);
              contents = contents.replace(before, () => after);
              left.delete(patch);
            }
            return { contents, loader: "ts" };
          });
        },
      },
    ],
  });
  for (const [file] of left) throw new Error(`${file} is no part of the simulation`);
}

function mustHaveOnce(contents, file, passage) {
  if (contents.split(passage).length !== 2) throw new Error(`${file} does not have once: ${passage}`);
}

async function firstFailure(program) {
  const args = [program, "--seeds", String(SEEDS), "--first"];
  const { stdout } = await promisify(execFile)("node", args).catch((error) => error);
  const [, seed, failure] = /^seed (\d+): (.*)$/m.exec(stdout) ?? [];
  return seed === undefined ? undefined : { seed: Number(seed), failure };
}
