import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { probePidFile } from "../../shared/edge/pid-file.js";
import { isAlive } from "../../shared/edge/process-info.js";
import { area, pidIn, stranger, until, useDaemons } from "./daemon-bench.js";

const { act, started } = useDaemons();

describe("pid file that others left", () => {
  const zombie = (): number => {
    const parent = stranger("sh", ["-c", "sleep 0 & exec sleep 60"]);
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8");
    return Number(children.trim());
  };
  const cases: readonly (readonly [string, () => string, string])[] = [
    ["dead pid", () => "4194000", "dead"],
    ["dead pid with newline, by hand", () => "4194000\n", "dead"],
    ["foreign process", () => String(stranger()), "foreign"],
    ["init", () => "1", "foreign"],
    ["ourselves, a test runner", () => String(process.pid), "foreign"],
    [
      "another program that only mentions us",
      () => String(stranger("tail", ["-f", "/dev/null", "dibbler-client"])),
      "foreign",
    ],
    ["empty", () => "", "garbage"],
    ["zero", () => "0", "garbage"],
    ["minus one", () => "-1", "garbage"],
    ["letters", () => "abc", "garbage"],
    ["huge", () => "99999999999999999999", "garbage"],
  ];

  it.each(cases)(
    "%s -> not running, never signalled; stop removes it, start takes it over",
    async (_name, text, state) => {
      const directory = area();
      const file = `${directory}/client.pid`;
      const content = text();
      writeFileSync(file, content);
      expect(probePidFile(file, "client").state).toBe(state);
      expect((await act("status", directory)).status).toBe(1);
      expect(await act("stop", directory)).toMatchObject({ status: 1, stderr: "" });
      expect(existsSync(file)).toBe(false);
      writeFileSync(file, content);
      expect(await act("start", directory)).toMatchObject({ status: 0, stderr: "" });
      expect(probePidFile(file, "client").state).toBe("running");
      if (state === "foreign") expect(isAlive(Number(content))).toBe(true);
    },
  );

  it("a zombie counts as gone", async () => {
    const file = `${area()}/client.pid`;
    await until(() => {
      try {
        writeFileSync(file, String(zombie()));
        return probePidFile(file, "client").state === "dead";
      } catch {
        return false;
      }
    });
  });

  it("the pid now belongs to the client of another subnet -> not ours", async () => {
    const other = await started();
    const directory = area();
    writeFileSync(`${directory}/client.pid`, String(other.pid));
    expect(probePidFile(`${directory}/client.pid`, "client").state).toBe("foreign");
    expect((await act("start", directory)).status).toBe(0);
    expect((await act("stop", directory)).status).toBe(0);
    expect((await act("status", other.directory)).status).toBe(0);
  });

  it("killed by force -> the next start works", async () => {
    const { directory, pid } = await started();
    process.kill(pid, "SIGKILL");
    await until(() => probePidFile(`${directory}/client.pid`, "client").state === "dead");
    expect((await act("start", directory)).status).toBe(0);
    expect(pidIn(directory)).not.toBe(pid);
  });
});
