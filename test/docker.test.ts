import { execFile, execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ALLOCATOR_ENVIRONMENT, SEMI_SPACE_FLAG } from "../server/memory.js";

const text = readFileSync("examples/docker/Dockerfile", "utf8");
const isRoot = process.geteuid?.() === 0;
const has = (program: string): boolean => spawnSync("which", [program]).status === 0;
/** The two bits that the image is for, as the kernel tells them. */
const BITS = "0000000000001400";

describe("Dockerfile: what can be seen without a registry", () => {
  test("all that it copies is there, and let in by its ignore file", () => {
    const copies = Array.from(text.matchAll(/^COPY (?!--from)(.*) \S+$/gm), ([, names = ""]) =>
      names.split(" "),
    );
    const names = copies.flat();
    expect(names.length).toBeGreaterThan(4);
    expect(names.filter((name) => !existsSync(name))).toEqual([]);
    const ignore = readFileSync("examples/docker/Dockerfile.dockerignore", "utf8").trim().split("\n");
    expect(ignore.toSorted()).toEqual(["*", ...names.map((name) => `!${name}`)].toSorted());
  });

  test("memory as with `start`, but for what secure execution drops", () => {
    const environment = /^ENV (.*)$/m.exec(text)?.[1]?.split(" ");
    const { MALLOC_MMAP_THRESHOLD_: threshold } = ALLOCATOR_ENVIRONMENT;
    expect(environment).toEqual([`NODE_OPTIONS=${SEMI_SPACE_FLAG}`, `MALLOC_MMAP_THRESHOLD_=${threshold}`]);
  });

  // With it went iproute2, which depends on it: no route, no address, and nobody said so.
  test("no package is taken away again", () => {
    expect(text).not.toMatch(/apt(-get)? .*(purge|remove)/);
  });

  test.runIf(has("bash"))("its health command says what /healthz says", async () => {
    const command = /--health-cmd '(.*)'$/m.exec(text)?.[1] ?? "false";
    let status = 200;
    const server = createServer(({ url, headers }, response) => {
      response.statusCode = url === "/healthz" && headers.host === "localhost" ? status : 421;
      response.end("{}");
    }).listen(0, "::1");
    onTestFinished(() => {
      server.close();
    });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const codes: unknown[] = [];
    for (status of [200, 503]) {
      const shell = execFile("sh", ["-c", command.replace("9547", `${port}`)]);
      codes.push((await once(shell, "exit"))[0]);
    }
    server.close();
    await once(server, "close");
    const nobody = execFile("sh", ["-c", command.replace("9547", `${port}`)]);
    codes.push((await once(nobody, "exit"))[0]);
    expect(codes).toEqual([0, 1, 1]);
  });

  test.runIf(isRoot && has("setcap"))(
    "its entry gives a plain user both capabilities, and to what that starts",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "docker-"));
      onTestFinished(() => {
        rmSync(folder, { recursive: true });
      });
      execFileSync("chmod", ["755", folder]);
      const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? "[]") as readonly string[];
      const [program = "", ...words] = entry.slice(entry.indexOf("with-net"));
      const file = join(folder, program);
      execFileSync("cp", ["/usr/bin/setpriv", file]);
      const grant = /&& setcap (\S+) \/usr\/local\/bin\/with-net/.exec(text)?.[1] ?? "";
      execFileSync("setcap", [grant, file]);
      // As Docker starts it: a user, these two in the bounding set, and none else.
      const bound = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
      const only = "--bounding-set=-all,+net_admin,+net_bind_service";
      const script = "sh -c 'grep CapEff /proc/self/status'; id -u";
      const out = execFileSync("setpriv", [...bound, only, file, ...words, "sh", "-c", script], {
        encoding: "utf8",
      });
      expect(out.split(/\s+/).filter(Boolean)).toEqual(["CapEff:", BITS, "65534"]);
    },
  );
});
