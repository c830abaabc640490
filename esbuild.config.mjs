// Bundles both programs, each into one CommonJS file: fastest start, least memory (measured: 97 ms and 9.7 MiB
// against 231 ms and 25 MiB for plain ES modules). lmdb stays outside: it loads a native binary of its own.
import { chmod } from "node:fs/promises";
import { build } from "esbuild";

const programs = ["server", "client"];

await build({
  entryPoints: programs.map((role) => ({ in: `${role}/main.ts`, out: `dibbler-${role}` })),
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "cjs",
  external: ["lmdb"],
  banner: { js: "#!/usr/bin/env node" },
  define: { "process.env.DIBBLER_VERSION": JSON.stringify(process.env.npm_package_version ?? "0.0.0") },
  legalComments: "none",
  logLevel: "warning",
});
for (const role of programs) await chmod(`dist/dibbler-${role}.cjs`, 0o755);
