import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import type { LogId } from "../../shared/catalogue.js";
import { openOptionFiles, type OptionWriter } from "../../client/serve-options.js";
import { temporaryDirectory } from "../edge/workbench.js";

const HAVE = { "dns-servers": ["2001:db8::53"], domains: ["example.org"] };

interface Bench extends OptionWriter {
  readonly directory: string;
  readonly resolvConf: string;
  readonly file: (name: string) => string | undefined;
  readonly logged: () => readonly LogId[];
  /** The client after a restart. */
  readonly again: () => OptionWriter;
}

function createBench(resolver: string | null = "nameserver 192.0.2.1\n"): Bench {
  const directory = temporaryDirectory();
  const resolvConf = `${directory}/etc/resolv.conf`;
  for (const name of ["etc", "work"]) mkdirSync(`${directory}/${name}`);
  if (resolver !== null) writeFileSync(resolvConf, resolver);
  const ids: LogId[] = [];
  const again = (): OptionWriter =>
    openOptionFiles({ workDir: `${directory}/work`, resolvConf }, (id) => {
      ids.push(id);
    });
  const file = (name: string): string | undefined =>
    existsSync(`${directory}/${name}`) ? readFileSync(`${directory}/${name}`, "utf8") : undefined;
  return { ...again(), directory, resolvConf, file, logged: () => ids.splice(0), again };
}

describe("options in files", () => {
  test("one value a line, replaced when they change, removed when there are none", () => {
    const bench = createBench();
    bench.set("wan0", { "dns-servers": ["2001:db8::53", "2001:db8::54"], domains: ["example.org"] });
    expect(bench.file("work/option-dns-servers")).toBe("2001:db8::53\n2001:db8::54\n");
    expect(bench.file("work/option-domains")).toBe("example.org\n");
    expect(statSync(`${bench.directory}/work/option-domains`).mode & 0o777).toBe(0o640);
    const { ino } = statSync(`${bench.directory}/work/option-domains`);
    bench.set("wan0", HAVE);
    expect(bench.file("work/option-dns-servers")).toBe("2001:db8::53\n");
    expect(statSync(`${bench.directory}/work/option-domains`).ino).toBe(ino);
    bench.logged();
    bench.set("wan0", {});
    expect(readdirSync(`${bench.directory}/work`)).toEqual([]);
    expect(bench.logged()).toEqual(["OPTION-FILE", "OPTION-FILE", "RESOLV-WRITTEN"]);
  });

  test("two interfaces: what both have said, each value once", () => {
    const bench = createBench();
    bench.set("wan0", HAVE);
    bench.set("wan1", { "dns-servers": ["2001:db8::54", "2001:db8::53"] });
    expect(bench.file("work/option-dns-servers")).toBe("2001:db8::53\n2001:db8::54\n");
    bench.set("wan0", {});
    expect(bench.file("work/option-dns-servers")).toBe("2001:db8::54\n2001:db8::53\n");
    expect(bench.file("work/option-domains")).toBeUndefined();
  });

  test("time and its zone are told, not set; said once for each", () => {
    const bench = createBench();
    bench.set("wan0", { "ntp-servers": ["2001:db8::123"], timezone: ["Europe/Berlin"] });
    bench.set("wan0", { "ntp-servers": ["2001:db8::124"], timezone: ["Europe/Berlin"] });
    expect(bench.logged().filter((id) => id === "OPTION-FILE-ONLY")).toHaveLength(2);
    expect(bench.file("work/option-ntp-servers")).toBe("2001:db8::124\n");
    expect(readdirSync(`${bench.directory}/etc`)).toEqual(["resolv.conf"]);
  });

  test("a directory that is not there: said, and resolv.conf is written all the same", () => {
    const bench = createBench();
    const ids: LogId[] = [];
    const lost = openOptionFiles(
      { workDir: `${bench.directory}/none`, resolvConf: bench.resolvConf },
      (id) => {
        ids.push(id);
      },
    );
    lost.set("wan0", { "dns-servers": ["2001:db8::53"] });
    expect(ids).toEqual(["OPTION-TROUBLE", "RESOLV-WRITTEN"]);
  });
});

describe("options in resolv.conf", () => {
  test("our part comes and goes, mode and everything else stay", () => {
    const bench = createBench();
    chmodSync(bench.resolvConf, 0o664);
    bench.set("wan0", HAVE);
    expect(bench.file("etc/resolv.conf")).toMatch(
      /^nameserver 192.0.2.1\n# begin .*\nnameserver 2001:db8::53\nsearch example.org\n/,
    );
    expect(statSync(bench.resolvConf).mode & 0o777).toBe(0o664);
    expect(bench.logged()).toContain("RESOLV-WRITTEN");
    bench.set("wan0", {});
    expect(bench.file("etc/resolv.conf")).toBe("nameserver 192.0.2.1\n");
    expect(readdirSync(`${bench.directory}/etc`)).toEqual(["resolv.conf"]);
  });

  test("other options: it is not touched, and not made when it is not there", () => {
    const bench = createBench(null);
    bench.set("wan0", { "ntp-servers": ["2001:db8::123"] });
    expect(bench.file("etc/resolv.conf")).toBeUndefined();
    bench.set("wan0", HAVE);
    expect(bench.file("etc/resolv.conf")).toContain("nameserver 2001:db8::53\n");
  });

  test("killed, and started again without leases: nothing is left", () => {
    const bench = createBench();
    bench.set("wan0", HAVE);
    bench.again().set("wan0", {});
    expect(bench.file("etc/resolv.conf")).toBe("nameserver 192.0.2.1\n");
    expect(readdirSync(`${bench.directory}/work`)).toEqual([]);
  });

  test("a link-local server is named with its link", () => {
    const bench = createBench();
    bench.set("wan0", { "dns-servers": ["fe80::53"] });
    expect(bench.file("etc/resolv.conf")).toContain("nameserver fe80::53%wan0\n");
    expect(bench.file("work/option-dns-servers")).toBe("fe80::53\n");
  });

  test("a link stays a link: the file behind it is written", () => {
    const bench = createBench(null);
    writeFileSync(`${bench.directory}/real.conf`, "search a.example\n");
    symlinkSync("../real.conf", bench.resolvConf);
    bench.set("wan0", HAVE);
    expect(bench.file("real.conf")).toContain("search a.example example.org\n");
    bench.set("wan0", {});
    expect(bench.file("real.conf")).toBe("search a.example\n");
    expect(readdirSync(`${bench.directory}/etc`)).toEqual(["resolv.conf"]);
  });
});
