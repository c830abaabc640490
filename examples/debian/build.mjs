// Builds dist/dibbler-node_VERSION_ARCH.deb out of what `npm run bundle` has built: `npm run deb`.
// It takes dpkg-deb, and strip (binutils) where that is to be had; no debhelper, no root.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const architectures = { x64: "amd64", arm64: "arm64", arm: "armhf" };
const architecture = architectures[process.arch];
if (architecture === undefined)
  throw new Error(`lmdb has no binary for ${process.arch}: no package can be built`);
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const here = import.meta.dirname;
/** Where the package goes: the first argument, or dist. */
const out = process.argv[2] ?? "dist";
const root = join(out, "dibbler-node");
const { DEBFULLNAME = "The dibbler-node authors", DEBEMAIL = "dibbler-node@localhost" } = process.env;
const home = "/usr/lib/dibbler-node";
const doc = "/usr/share/doc/dibbler-node";

const md5 = (content) => createHash("md5").update(content).digest("hex");

rmSync(root, { recursive: true, force: true });
putPrograms();
await putLibrary("lmdb", `node_modules/@lmdb/lmdb-linux-${process.arch}`);
// It is used with pointers of 64 bits only.
if (process.arch !== "arm") await putLibrary("koffi", `node_modules/@koromix/koffi-linux-${process.arch}`);
putUnits();
putPages();
putControl();
const file = join(out, `dibbler-node_${version}-1_${architecture}.deb`);
execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "--build", root, file], { stdio: "inherit" });
rmSync(root, { recursive: true });

/** The bundles, and the programs by the names that Dibbler's packages have them under. */
function putPrograms() {
  const bundles = readdirSync("dist").filter((name) => name.endsWith(".cjs"));
  for (const name of bundles) {
    const isProgram = /^dibbler-(server|client)\.cjs$/.test(name);
    put(`${home}/${name}`, readFileSync(join("dist", name)), isProgram ? 0o755 : 0o644);
  }
  mkdirSync(join(root, "usr/sbin"), { recursive: true });
  for (const role of ["server", "client"]) {
    execFileSync("ln", ["-s", `../lib/dibbler-node/dibbler-${role}.cjs`, `${root}/usr/sbin/dibbler-${role}`]);
  }
}

/** Of a library and what it needs only the files that are loaded, and of `native` what is for this machine and glibc. */
async function putLibrary(name, native) {
  const require = createRequire(join(process.cwd(), "package.json"));
  const { metafile } = await build({
    entryPoints: [require.resolve(name)],
    bundle: true,
    platform: "node",
    format: "cjs",
    metafile: true,
    write: false,
    logLevel: "error",
    external: ["bun:ffi", "msgpackr-extract", "*.node"],
  });
  const loaded = Object.keys(metafile.inputs).map((path) => path.slice(path.lastIndexOf("node_modules/")));
  const binaries = filesIn(native).filter(
    (path) => !/musl/.test(relative(native, path)) && /\.node$|\/(index\.js|package\.json)$/.test(path),
  );
  const packages = [...loaded, ...binaries].map(
    (path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
  );
  const notes = [...new Set(packages)].flatMap((path) =>
    readdirSync(path)
      .filter((note) => note === "package.json" || /^licen[cs]e/i.test(note))
      .map((note) => `${path}/${note}`),
  );
  for (const path of new Set([...loaded, ...binaries, ...notes])) {
    put(`${home}/${path}`, readFileSync(path), 0o644);
    if (path.endsWith(".node")) spawnSync("strip", ["--strip-unneeded", join(root, home, path)]);
  }
}

function putUnits() {
  for (const unit of ["dibbler-server.service", "dibbler-client@.service"]) {
    const text = readFileSync(`examples/systemd/${unit}`, "utf8").replaceAll("/usr/local/bin/", "/usr/sbin/");
    const [program] = /^dibbler-(?:server|client)/.exec(unit);
    put(
      `/usr/lib/systemd/system/${unit}`,
      text.replace("[Unit]\n", `[Unit]\nDocumentation=man:${program}(8)\n`),
    );
  }
  put("/usr/lib/sysusers.d/dibbler-node.conf", readFileSync("examples/systemd/dibbler.sysusers.conf"));
}

function putPages() {
  for (const page of readdirSync("dist/man")) {
    put(`/usr/share/man/man${page.at(-1)}/${page}.gz`, packed(readFileSync(`dist/man/${page}`)));
  }
  for (const role of ["server", "client"]) {
    const from = "dist/completions";
    put(
      `/usr/share/bash-completion/completions/dibbler-${role}`,
      readFileSync(`${from}/bash/dibbler-${role}`),
    );
    put(`/usr/share/zsh/vendor-completions/_dibbler-${role}`, readFileSync(`${from}/zsh/_dibbler-${role}`));
    put(
      `/usr/share/fish/vendor_completions.d/dibbler-${role}.fish`,
      readFileSync(`${from}/fish/dibbler-${role}.fish`),
    );
  }
  for (const path of filesIn("examples")) {
    if (/^examples\/(debian|docker|systemd)\//.test(path)) continue;
    put(`${doc}/${path}`, readFileSync(path), statSync(path).mode & 0o111 ? 0o755 : 0o644);
  }
  for (const path of ["README.md", "SECURITY.md", "server/README.md", "client/README.md"]) {
    put(`${doc}/${path}.gz`, packed(readFileSync(path)));
  }
  for (const role of ["server", "client"]) {
    put(`${doc}/${role}/COMPATIBILITY.md.gz`, packed(readFileSync(`${role}/COMPATIBILITY.md`)));
  }
  put(`${doc}/changelog.gz`, packed(readFileSync("CHANGELOG.md")));
  put(`${doc}/changelog.Debian.gz`, packed(filled("changelog")));
  put(`${doc}/NEWS.Debian.gz`, packed(filled("NEWS")));
  put(`${doc}/copyright`, readFileSync(join(here, "copyright")));
  put("/usr/share/lintian/overrides/dibbler-node", readFileSync(join(here, "lintian-overrides")));
}

function putControl() {
  mkdirSync(join(root, "etc/dibbler"), { recursive: true });
  mkdirSync(join(root, "var/lib/dibbler"), { recursive: true });
  const files = filesIn(root);
  const size = files.reduce((sum, path) => sum + Math.ceil(statSync(path).size / 1024), 0);
  const sums = files.map((path) => `${md5(readFileSync(path))}  ${relative(root, path)}\n`);
  const control = filled("control").replace("@ARCHITECTURE@", architecture).replace("@SIZE@", String(size));
  put("/DEBIAN/control", control);
  put("/DEBIAN/md5sums", sums.join(""));
  for (const name of ["preinst", "postinst", "prerm", "postrm"]) {
    put(`/DEBIAN/${name}`, readFileSync(join(here, name)), 0o755);
  }
}

function filled(name) {
  return readFileSync(join(here, name), "utf8")
    .replaceAll("@VERSION@", version)
    .replaceAll("@MAINTAINER@", `${DEBFULLNAME} <${DEBEMAIL}>`);
}

function put(path, content, mode = 0o644) {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  writeFileSync(target, content);
  chmodSync(target, mode);
}

/** Without name and time of day: the same sources give the same package. */
function packed(content) {
  return gzipSync(content, { level: 9 });
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
