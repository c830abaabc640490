import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogId, LogValues } from "../../shared/catalogue.js";
import { openNotifier } from "../../shared/edge/systemd.js";
import { temporaryDirectory } from "./workbench.js";

/** A directory that is all of PATH, and what the `systemd-notify` in it was called with. */
interface Bench {
  readonly calls: () => readonly string[];
  readonly provide: (program: string) => void;
}

let bench: Bench;
const logged: { readonly id: LogId; readonly values: LogValues }[] = [];
const log = (id: LogId, values: LogValues = {}): void => {
  logged.push({ id, values });
};

beforeEach(() => {
  const directory = temporaryDirectory();
  // The shell is found; systemd's own program is not.
  writeFileSync(`${directory}/sh`, '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
  vi.stubEnv("PATH", directory);
  logged.length = 0;
  const file = `${directory}/calls`;
  bench = {
    calls: () => {
      try {
        return readFileSync(file, "utf8").trimEnd().split("\n");
      } catch {
        return [];
      }
    },
    provide: (program) => {
      writeFileSync(`${directory}/systemd-notify`, program.replace("FILE", file));
      chmodSync(`${directory}/systemd-notify`, 0o755);
    },
  };
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const RECORDING = '#!/bin/sh\nIFS="|"; echo "$*" >>FILE\n';
const well = { doing: "serving 1 interface, 5 leases", troubles: [], waitingMs: 0 };
const FAST = { watchdogMs: 200, lookMs: 20 } as const;

test("start, readiness, a reload, the end of all of several, a stop: in this order", async () => {
  bench.provide(RECORDING);
  const notifier = openNotifier({ watchdogMs: undefined, log });
  notifier.ready(() => well);
  const first = Promise.resolve();
  let end = (): void => undefined;
  const second = new Promise<void>((resolve) => {
    end = resolve;
  });
  notifier.reloading(first);
  notifier.reloading(second);
  await first;
  end();
  await vi.waitFor(() => {
    expect(bench.calls()).toHaveLength(5);
  }, 5000);
  notifier.stopping();
  await vi.waitFor(() => {
    expect(bench.calls()).toHaveLength(6);
  }, 5000);
  expect(bench.calls().map((call) => call.replace(/=\d{4,}/, "=…"))).toEqual([
    "STATUS=starting",
    "READY=1|STATUS=serving 1 interface, 5 leases",
    "RELOADING=1|MONOTONIC_USEC=…|STATUS=reloading",
    "RELOADING=1|MONOTONIC_USEC=…|STATUS=reloading",
    "READY=1|STATUS=serving 1 interface, 5 leases",
    "STOPPING=1|STATUS=stopping",
  ]);
  expect(logged).toEqual([]);
});

test("pings while it is alive, troubles when they begin and end, no ping while a commit hangs", async () => {
  bench.provide(RECORDING);
  let waitingMs = 0;
  let troubles: readonly string[] = [];
  openNotifier({ ...FAST, log }).ready(() => ({ ...well, troubles, waitingMs }));
  const pings = (): number => bench.calls().filter((call) => call.startsWith("WATCHDOG=1")).length;
  await vi.waitFor(() => {
    expect(pings()).toBeGreaterThan(2);
  }, 5000);
  troubles = ["leases cannot be stored: it's $(full)"];
  const told = "STATUS=leases cannot be stored: it's $(full) (serving 1 interface, 5 leases)";
  await vi.waitFor(() => {
    expect(bench.calls()).toContain(told);
  }, 5000);
  const during = pings();
  await vi.waitFor(() => {
    expect(pings()).toBeGreaterThan(during + 1);
  }, 5000);
  troubles = [];
  await vi.waitFor(() => {
    expect(bench.calls().at(-1)).toContain("STATUS=serving 1 interface, 5 leases");
  }, 5000);
  waitingMs = 200;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = pings();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(pings()).toBe(before);
});

test("no systemd-notify, or one that fails: said once, and nothing else happens", async () => {
  openNotifier({ ...FAST, log }).ready(() => well);
  await vi.waitFor(() => {
    expect(logged).toEqual([{ id: "SYSTEMD-NOT-TOLD", values: { reason: "there is no systemd-notify" } }]);
  }, 5000);
  logged.length = 0;
  bench.provide("#!/bin/sh\nexit 1\n");
  openNotifier({ ...FAST, log }).ready(() => well);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(logged).toEqual([{ id: "SYSTEMD-NOT-TOLD", values: { reason: "its end: status 1" } }]);
});
