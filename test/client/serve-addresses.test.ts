import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { millis } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import type { AddressRow } from "../../shared/edge/interface-tables.js";
import type { IpFailure } from "../../shared/edge/ip-batch.js";
import { formatIp6 } from "../../shared/prefix.js";
import type { HookCall } from "../../shared/hook.js";
import type { RememberedLink } from "../../client/remembered.js";
import { type AddressService, type AddressSystem, openAddresses } from "../../client/serve-addresses.js";
import { ADDRESS, bind, createBench, ip, na } from "./workbench.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The addresses of a machine of our making, and what `ip` was told to do to it. */
interface Rig {
  readonly open: (remembered?: RememberedLink, length?: 64 | 128) => AddressService;
  readonly rows: AddressRow[];
  readonly told: () => readonly string[];
  readonly logged: LogId[];
  readonly duplicates: string[];
  /** The reason why `ip` can do nothing. */
  trouble: string;
}

function createRig(): Rig {
  const rows: AddressRow[] = [row("fe80::2")];
  const lines: string[] = [];
  const logged: LogId[] = [];
  const duplicates: string[] = [];
  const system: AddressSystem = {
    clock: { now: () => millis(Date.now()) },
    log: (id) => logged.push(id),
    readAddresses: () => rows,
    ip: {
      batch: (batch) => {
        lines.push(...batch);
        if (rig.trouble !== "") {
          return Promise.resolve(batch.map((_line, line): IpFailure => ({ line, why: rig.trouble })));
        }
        for (const line of batch) {
          const [, verb, text = ""] = /^address (\w+) ([^/]+)/.exec(line) ?? [];
          const at = rows.findIndex(({ address }) => formatIp6(address) === text);
          if (at >= 0) rows.splice(at, 1);
          if (verb === "replace") rows.push(row(text));
        }
        return Promise.resolve([]);
      },
    },
  };
  const rig: Rig = {
    open: (remembered, length = 128) => {
      const links = new Map(remembered === undefined ? [] : [["wan0", remembered]]);
      const service = openAddresses(length, system, links);
      service.onDuplicate("wan0", (address) => duplicates.push(formatIp6(address)));
      return service;
    },
    rows,
    told: () => lines.splice(0),
    logged,
    duplicates,
    trouble: "",
  };
  return rig;
}

function row(text: string): AddressRow {
  const linkLocal = text.startsWith("fe80");
  const flags = { tentative: false, dadFailed: false, deprecated: false };
  return { name: "wan0", index: 2, address: ip(text), length: 128, linkLocal, ...flags };
}

/** What a client with the usual address, or with none any more, keeps. */
function holding(what: "address" | "nothing"): RememberedLink {
  const bench = createBench({ wanted: [na(1)] }, () => 0.5, Date.now() - 500);
  bind(bench, [ADDRESS]);
  if (what === "nothing") bench.stop();
  const saved = bench.saved();
  if (saved === undefined) throw new Error("nothing was saved");
  return saved;
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
const SET = "address replace 2001:db8:a::1/128 dev wan0 valid_lft 4000 preferred_lft 3000";
const DELETED = "address delete 2001:db8:a::1/128 dev wan0";

describe("client: leased addresses on the interface", () => {
  test("set with the lifetimes of the lease, then the script; renewed, and taken away when it is gone", async () => {
    const rig = createRig();
    const service = rig.open();
    const order: string[] = [];
    service.update("wan0", holding("address"));
    const hook: HookCall = { action: "add", order: [], variables: {} };
    service.afterwards("wan0", hook, () => order.push(...rig.told(), "hook"));
    await settle();
    expect(order).toEqual([SET, "hook"]);
    expect(rig.logged).toEqual(["ADDRESS-SET"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rig.told()).toEqual([]);
    service.update("wan0", holding("address"));
    await settle();
    expect(rig.told()).toEqual([SET]);
    service.update("wan0", holding("nothing"));
    await settle();
    expect(rig.told()).toEqual([DELETED]);
    await service.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("strict-rfc-no-routing 0: 64 bits long, as Dibbler does", async () => {
    const rig = createRig();
    rig.open(undefined, 64).update("wan0", holding("address"));
    await settle();
    expect(rig.told()[0]).toContain("2001:db8:a::1/64 ");
  });

  test.each<[string, (rows: AddressRow[]) => void]>([
    ["takes a fresh one away", (rows) => void rows.pop()],
    [
      "marks it as failed",
      (rows) => void (rows[1] = { ...row("2001:db8:a::1"), tentative: true, dadFailed: true }),
    ],
  ])("the kernel %s: a duplicate", async (_what, happens) => {
    const rig = createRig();
    const service = rig.open();
    service.update("wan0", holding("address"));
    await settle();
    happens(rig.rows);
    await vi.advanceTimersByTimeAsync(250);
    expect(rig.duplicates).toEqual(["2001:db8:a::1"]);
    await service.close();
  });

  test("lost later, or with the whole interface: no duplicate, it is set again when the interface is back", async () => {
    const rig = createRig();
    const service = rig.open();
    service.update("wan0", holding("address"));
    await settle();
    const all = rig.rows.splice(0);
    await vi.advanceTimersByTimeAsync(1000);
    rig.rows.push(...all.slice(0, 1));
    rig.told();
    await vi.advanceTimersByTimeAsync(3000);
    expect(rig.told()).toEqual([expect.stringContaining("replace 2001:db8:a::1/128")]);
    await vi.advanceTimersByTimeAsync(60_000);
    rig.rows.pop();
    await vi.advanceTimersByTimeAsync(3000);
    expect(rig.told()).toEqual([expect.stringContaining("replace 2001:db8:a::1/128")]);
    expect(rig.duplicates).toEqual([]);
    await service.close();
  });

  test("after kill -9: what is leased still gets its lifetimes, what is not is taken away", async () => {
    const rig = createRig();
    rig.rows.push(row("2001:db8:a::1"));
    const service = rig.open(holding("address"));
    await settle();
    expect(rig.told()).toEqual([SET]);
    service.update("wan0", holding("nothing"));
    await settle();
    expect(rig.told()).toEqual([DELETED]);
    await service.close();
  });

  test("`ip` cannot: said once, tried again, and the script is called", async () => {
    const rig = createRig();
    rig.trouble = "Operation not permitted";
    const service = rig.open();
    service.update("wan0", holding("address"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rig.logged).toEqual(["ADDRESS-FAILED"]);
    expect(rig.told().length).toBeGreaterThan(2);
    rig.trouble = "";
    await vi.advanceTimersByTimeAsync(4000);
    expect(rig.logged).toEqual(["ADDRESS-FAILED", "ADDRESS-SET"]);
    service.giveBack();
    await service.close();
    expect(rig.told().at(-1)).toBe(DELETED);
  });
});
