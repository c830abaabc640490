// Bundles both programs, each into one CommonJS file: fastest start, least memory (measured: 97 ms and 9.7 MiB
// against 231 ms and 25 MiB for plain ES modules). lmdb and koffi stay outside: each loads a native binary of its own.
// `--dev` also bundles the demo, the benchmarks and the simulation, which Node 20 could not run as TypeScript; `--fuzz`
// bundles the fuzzer alone, in which our programs count their blocks.
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { build, transform } from "esbuild";

if (process.argv.includes("--fuzz")) {
  const { instrument } = await import("./test/fuzz/instrument.mjs");
  await build({
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    packages: "external",
    logLevel: "warning",
    sourcemap: "inline",
    plugins: [instrument],
    entryPoints: ["test/fuzz/main.ts", "test/fuzz/worker.ts"],
    outdir: "dist/fuzz",
    outExtension: { ".js": ".mjs" },
  });
  process.exit();
}

const { version } = JSON.parse(await readFile("package.json", "utf8"));
const common = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  external: ["lmdb", "koffi"],
  legalComments: "none",
  logLevel: "warning",
};
const programs = ["server", "client"];
const bundles = {
  ...common,
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  // import() becomes require(): Node's loader of ES modules costs 3 MiB and 70 ms more, at its first use.
  supported: { "dynamic-import": false },
  // yargs asks for import.meta.url, which CommonJS does not have.
  banner: { js: 'const BUNDLE_URL = require("node:url").pathToFileURL(__filename).href;' },
  define: { DIBBLER_VERSION: JSON.stringify(version), "import.meta.url": "BUNDLE_URL" },
};

// What few runs need is in files of their own, loaded when it is needed: nobody else holds them in memory.
const lateFiles = {
  "shared/edge/json-line": "dibbler-json",
  "shared/edge/systemd": "dibbler-systemd",
  "shared/edge/kernel-calls": "dibbler-bursts",
  "server/serve-metrics": "dibbler-metrics",
  "server/serve-page": "dibbler-page",
  "server/serve-sinks": "dibbler-events",
  "server/reading": "dibbler-server-reading",
  "server/take-over": "dibbler-server-take-over",
  "server/commands/all": "dibbler-server-commands",
  "client/take-over": "dibbler-take-over",
  "client/serve-addresses": "dibbler-addresses",
  "client/serve-downlinks": "dibbler-downlinks",
  "client/serve-options": "dibbler-options",
  "client/serve-radvd": "dibbler-radvd",
  "client/reading": "dibbler-reading",
  "client/commands/all": "dibbler-client-commands",
};
const late = {
  name: "late",
  setup: (it) => {
    it.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir, kind }) => {
      const source = relative(".", join(resolveDir, path)).replace(/\.js$/, "");
      const file = kind === "dynamic-import" ? lateFiles[source] : undefined;
      return file === undefined ? undefined : { path: `./${file}.cjs`, external: true };
    });
  },
};
// Node keeps every module that it has loaded, with its text; what is needed once takes itself out again.
const usedOnce = new Set(["client/reading", "server/take-over"]);
const letGo = `delete require.cache[module.id];
for (const { children } of Object.values(require.cache)) {
  const at = children.indexOf(module);
  if (at >= 0) children.splice(at, 1);
}`;
// What browsers get: files as they are, in the bundle as texts.
const pageFiles = {
  PAGE_SCRIPT: JSON.stringify(await readFile("server/page/page.js", "utf8")),
  PAGE_STYLE: JSON.stringify(await readFile("server/page/page.css", "utf8")),
};
bundles.define = { ...bundles.define, ...pageFiles };
for (const [source, file] of Object.entries(lateFiles)) {
  const footer = usedOnce.has(source) ? { footer: { js: letGo } } : {};
  await build({ ...bundles, ...footer, entryPoints: [{ in: `${source}.ts`, out: file }] });
}

// A program of its own, small in memory, that starts the server's scripts.
await build({ ...bundles, entryPoints: [{ in: "shared/edge/hook-helper-main.ts", out: "dibbler-hooks" }] });

await build({
  ...bundles,
  entryPoints: programs.map((role) => ({ in: `${role}/main.ts`, out: `dibbler-${role}` })),
  plugins: [late],
  banner: { js: `#!/usr/bin/env node\n${bundles.banner.js}` },
});
for (const role of programs) await chmod(`dist/dibbler-${role}.cjs`, 0o755);

// One character beyond ASCII has V8 hold a whole text with two octets each: 1.2 MiB of the server's memory. esbuild leaves
// none but in comments of libraries.
for (const name of (await readdir("dist")).filter((name) => name.endsWith(".cjs"))) {
  const text = await readFile(`dist/${name}`, "utf8");
  const ascii = text.replace(/[^\0-\x7f]/g, "?");
  if (ascii === text) continue;
  const [code, asciiCode] = await Promise.all(
    [text, ascii].map((one) => transform(one, { minifyWhitespace: true })),
  );
  if (code.code !== asciiCode.code) throw new Error(`dist/${name} is not ASCII, and not in comments only`);
  await writeFile(`dist/${name}`, ascii);
}

// Manual pages and completions, made from what the programs take: dist/man, dist/completions.
for (const folder of ["man", "completions/bash", "completions/zsh", "completions/fish"]) {
  await rm(`dist/${folder}`, { recursive: true, force: true });
  await mkdir(`dist/${folder}`, { recursive: true });
}
for (const role of programs) {
  const outfile = `dist/manual-${role}.mjs`;
  const entryPoints = [`${role}/commands/manual.ts`];
  await build({ ...common, packages: "external", format: "esm", entryPoints, outfile });
  const { manual } = await import(`./${outfile}`);
  const { pages, completions } = manual(version);
  for (const [file, text] of Object.entries(pages)) await writeFile(`dist/man/${file}`, text);
  await writeFile(`dist/completions/bash/dibbler-${role}`, completions.bash);
  await writeFile(`dist/completions/zsh/_dibbler-${role}`, completions.zsh);
  await writeFile(`dist/completions/fish/dibbler-${role}.fish`, completions.fish);
  await rm(outfile);
}

if (process.argv.includes("--dev")) {
  await rm("dist/dev", { recursive: true, force: true });
  await mkdir("dist/dev", { recursive: true });
  await build({
    ...common,
    // The test bed bundles the programs that it runs inside a host.
    external: [...common.external, "esbuild"],
    entryPoints: ["test/e2e/demo.ts", "test/bench/*.bench.ts", "test/sim/sim.ts"],
    outdir: "dist/dev",
    entryNames: "[name]",
    outExtension: { ".js": ".mjs" },
    format: "esm",
  });
}
