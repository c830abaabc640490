import { spawn } from "node:child_process";
import { describe, expect, test } from "vitest";
import { openIpSession } from "../../shared/edge/ip-session.js";

/** Stands in for `ip -force -batch -`: fails each line with `fail` in it, and ends at one with `die`. */
const STAND_IN = `
n=0
while read -r line; do
  n=$((n + 1))
  case "$line" in
    *fail*) echo "RTNETLINK answers: $line" >&2; echo "Command failed -:$n" >&2 ;;
    *die*) echo 'Error: what is "die"?' >&2; exit 1 ;;
    link*) echo 'Device "dibbler-no-dev" does not exist.' >&2; echo "Command failed -:$n" >&2 ;;
  esac
done
`;
let started = 0;
const start = () => {
  started += 1;
  return spawn("sh", ["-c", STAND_IN]);
};

describe("ip: one process for many changes", () => {
  test("batches in turn -> each with its own failures, by one process", async () => {
    started = 0;
    const session = openIpSession(start);
    const [one, two, none] = await Promise.all([
      session.submit(["a", "b fail", "c"]),
      session.submit(["d fail", "e", "f fail"]),
      session.submit([]),
    ]);
    expect(one).toEqual([{ line: 1, why: "b fail" }]);
    expect(two.map(({ line }) => line)).toEqual([0, 2]);
    expect(none).toEqual([]);
    expect(await session.submit(["g"])).toEqual([]);
    await session.close();
    expect(started).toBe(1);
  });

  test("it ends in the middle -> what is not known to be done has failed; the next batch has another one", async () => {
    started = 0;
    const session = openIpSession(start);
    const [one, two] = await Promise.all([session.submit(["a fail", "die", "c"]), session.submit(["d"])]);
    expect(one).toEqual([
      { line: 0, why: "a fail" },
      { line: 1, why: 'what is "die"?' },
      { line: 2, why: 'what is "die"?' },
    ]);
    expect(two).toEqual([{ line: 0, why: 'what is "die"?' }]);
    expect(await session.submit(["e fail"])).toEqual([{ line: 0, why: "e fail" }]);
    await session.close();
    expect(started).toBe(2);
  });

  test("it cannot be run -> every line has failed, with what to do", async () => {
    const session = openIpSession(() => spawn("/nowhere/ip", []));
    const [failure] = await session.submit(["a"]);
    expect(failure?.why).toMatch(/ip cannot be run .*install iproute2/);
    await session.close();
  });

  test("nothing was ever to be done -> nothing is started", async () => {
    started = 0;
    await openIpSession(start).close();
    expect(started).toBe(0);
  });
});
