import { describe, expect, test } from "vitest";
import { askedBy, isAlive, notifyLine, statusOf } from "../../shared/notify.js";

const well = { doing: "serving 2 interfaces, 1234 leases", troubles: [], waitingMs: 0 };

describe("what systemd asks", () => {
  const socket = { NOTIFY_SOCKET: "/run/systemd/notify" };
  test.each([
    ["nothing without a socket", {}, undefined],
    ["nothing with an empty one", { NOTIFY_SOCKET: "" }, undefined],
    ["readiness without a watchdog", socket, { watchdogMs: undefined }],
    ["pings, half a minute apart", { ...socket, WATCHDOG_USEC: "60000000" }, { watchdogMs: 60_000 }],
    ["pings of us", { ...socket, WATCHDOG_USEC: "500000", WATCHDOG_PID: "42" }, { watchdogMs: 500 }],
    ["none of us", { ...socket, WATCHDOG_USEC: "500000", WATCHDOG_PID: "43" }, { watchdogMs: undefined }],
    ["none for nonsense", { ...socket, WATCHDOG_USEC: "-5s" }, { watchdogMs: undefined }],
    ["none for 0", { ...socket, WATCHDOG_USEC: "0" }, { watchdogMs: undefined }],
  ])("%s", (_what, environment, expected) => {
    expect(askedBy(environment, 42)).toEqual(expected);
  });
});

describe("what it is told", () => {
  test("a message is one line, and nothing in it can begin another", () => {
    expect(notifyLine(["READY=1", "STATUS=a\nWATCHDOG=1\tb\u0000c"])).toBe(
      "READY=1\tSTATUS=a WATCHDOG=1 b c\n",
    );
  });

  test("troubles come first", () => {
    expect(statusOf(well)).toBe("serving 2 interfaces, 1234 leases");
    expect(statusOf({ ...well, troubles: ["one", "two"] })).toBe(
      "one; two (serving 2 interfaces, 1234 leases)",
    );
    expect(statusOf({ ...well, waitingMs: 10_000 })).toContain("the disk takes long to store leases");
  });

  test("a full disk is no reason for a restart, a store that hangs is", () => {
    expect(isAlive({ ...well, troubles: ["leases cannot be stored: no space left on device"] }, 60_000)).toBe(
      true,
    );
    expect(isAlive({ ...well, waitingMs: 59_999 }, 60_000)).toBe(true);
    expect(isAlive({ ...well, waitingMs: 60_000 }, 60_000)).toBe(false);
  });
});
