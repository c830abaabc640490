import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid, millis } from "../../shared/brand.js";
import { changeFor, restore } from "../../shared/lease/changes.js";
import { leaseId, type Lease, type LeaseId } from "../../shared/lease/lease.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import type { Prefix } from "../../shared/prefix.js";
import { anyDuid, anyLease, anyPrefix, createModel, SEED, type Model } from "./model.js";

interface World {
  table: LeaseTable;
  /** Records as they were at some time, to go back to. */
  readonly saved: Map<LeaseId, Uint8Array | undefined>;
}

type Step = fc.Command<Model, World>;

const idAt = (model: Model, index: number): LeaseId => [...model.leases.keys()][index] ?? leaseId(0);
const step = (text: string, run: Step["run"], check: Step["check"] = () => true): Step => ({
  check,
  run,
  toString: () => text,
});
/** A step on one of the leases that exist, chosen by a number between 0 and 1. */
const stepOn = (
  text: string,
  at: number,
  run: (model: Model, world: World, id: LeaseId, lease: Lease) => void,
): Step =>
  step(
    `${text} #${at}`,
    (model, world) => {
      const id = idAt(model, Math.floor(at * model.leases.size));
      const lease = model.leases.get(id);
      if (lease === undefined) throw new Error("the model has lost a lease");
      run(model, world, id, lease);
    },
    (model) => model.leases.size > 0,
  );

const at = fc.double({ min: 0, max: 0.999, noNaN: true });
const name = ({ prefix, until }: Lease): string => `${prefix.address.join(".")}/${prefix.length} ${until}`;

const anyPut = anyLease.map((lease) =>
  step(`put ${name(lease)}`, (model, { table }) => {
    model.leases.set(table.put(lease), lease);
  }),
);

const steps = [
  ...[1, 2, 3, 4].map(() => anyPut),
  fc.tuple(at, anyLease).map(([where, lease]) =>
    stepOn(`replace by ${name(lease)}`, where, (model, { table }, id) => {
      table.replace(id, lease);
      model.leases.set(id, lease);
    }),
  ),
  fc.tuple(at, anyLease).map(([where, { until, since, valid, state, trail, key }]) =>
    stepOn(`renew until ${until}`, where, (model, { table }, id, old) => {
      const lease = { ...old, until, since, valid, state, trail, key };
      table.replace(id, lease);
      model.leases.set(id, lease);
    }),
  ),
  at.map((where) =>
    stepOn("remove", where, (model, { table }, id) => {
      table.remove(id);
      model.leases.delete(id);
    }),
  ),
  at.map((where) =>
    stepOn("save", where, (_model, { table, saved }, id) => {
      saved.set(id, table.recordOf(id));
    }),
  ),
  at.map((where) =>
    step(`restore ${where}`, (model, { table, saved }) => {
      const id = [...saved.keys()][Math.floor(where * saved.size * 1.2)] ?? leaseId(Math.floor(where * 10));
      const record = saved.get(id);
      expect(restore(table, id, record)).toBe(true);
      model.leases.delete(id);
      if (record !== undefined) model.leases.set(id, table.read(id));
    }),
  ),
  fc.constantFrom(0, 1, 2, 5, 10, 50).map((tenths) =>
    step(`expire by ${tenths}`, (model, { table }) => {
      const now = millis(tenths * 0.1);
      const due = table.due(now);
      expect(sorted(due)).toEqual(sorted(model.due(now)));
      expect(due.map((id) => table.untilOf(id))).toEqual(
        due.map((id) => table.untilOf(id)).sort((a, b) => a - b),
      );
      for (const id of due) {
        table.remove(id);
        model.leases.delete(id);
      }
    }),
  ),
  fc.constant(
    step("start again", (_model, world) => {
      world.table = refilled(world.table);
    }),
  ),
  fc.constantFrom(0, 48, 63, 64).map((length) =>
    step(`watch /${length}`, (_model, { table }) => {
      table.watchLength(length);
    }),
  ),
  anyPrefix.map((prefix) =>
    step(`look at ${prefix.address.join(".")}/${prefix.length}`, (model, { table }) => {
      agreeOn(model, table, prefix);
    }),
  ),
];

describe("lease table", { timeout: 30_000 }, () => {
  test("whatever is put, replaced, removed, restored, expired -> it answers as a plain list would", () => {
    const leasesSeen = { most: 0 };
    fc.assert(
      fc.property(
        fc.commands(steps, { maxCommands: 200, size: "max" }),
        fc.array(anyPrefix),
        (commands, prefixes) => {
          const model = createModel();
          const world: World = { table: createLeaseTable({ seed: SEED }), saved: new Map() };
          fc.modelRun(() => ({ model, real: world }), commands);
          leasesSeen.most = Math.max(leasesSeen.most, model.leases.size);
          const { table } = world;
          agree(model, table);
          for (const prefix of prefixes) agreeOn(model, table, prefix);
        },
      ),
      { numRuns: 100 },
    );
    expect(leasesSeen.most).toBeGreaterThan(15);
  });

  test("a table of any content, loaded from its records -> the same table", () => {
    fc.assert(
      fc.property(fc.array(anyLease, { maxLength: 30 }), fc.array(fc.nat({ max: 29 })), (leases, removed) => {
        const table = createLeaseTable({ seed: SEED });
        const ids = leases.map((lease) => table.put(lease));
        for (const id of new Set(removed.map((index) => ids[index]))) if (id !== undefined) table.remove(id);

        const other = createLeaseTable({ seed: Uint8Array.from(SEED).reverse() });
        table.forEach((id) => {
          expect(restore(other, id, table.recordOf(id))).toBe(true);
        });
        for (const loaded of [other, refilled(table)]) {
          expect(contentOf(loaded)).toEqual(contentOf(table));
          expect(loaded.nextExpiry()).toBe(table.nextExpiry());
        }
      }),
    );
  });

  test("a change -> put with the record for a lease, remove for an offer and for nothing", () => {
    fc.assert(
      fc.property(anyLease, (lease) => {
        const table = createLeaseTable({ seed: SEED });
        const id = table.put(lease);
        const record = table.recordOf(id);
        expect(changeFor(table, id)).toEqual(
          lease.state === "offered" ? { type: "remove", id } : { type: "put", id, record },
        );
        table.remove(id);
        expect(changeFor(table, id)).toEqual({ type: "remove", id });
      }),
    );
  });
});

/** A table as a start makes it: filled with all records at once, and with one that cannot be read. */
function refilled(table: LeaseTable): LeaseTable {
  const next = createLeaseTable({ seed: SEED });
  const filling = next.fill();
  expect(filling.add(leaseId(1000), new Uint8Array(128), 0, 128)).toBe(false);
  table.forEach((id) => {
    const record = table.recordOf(id);
    // In the middle of something else, as in a page of the store.
    const page = Uint8Array.of(...[1, 2, 3], ...record, 4);
    expect(filling.add(id, page, 3, 3 + record.length)).toBe(true);
  });
  filling.done();
  return next;
}

function agree(model: Model, table: LeaseTable): void {
  expect(contentOf(table)).toEqual(new Map([...model.leases].sort(([a], [b]) => a - b)));
  expect(table.size).toBe(model.leases.size);
  expect(table.nextExpiry()).toBe(model.nextExpiry());
  for (const [id, lease] of model.leases) {
    expect(partsOf(table, id)).toEqual([
      lease.state,
      lease.since,
      lease.until,
      lease.prefix,
      lease.iaType,
      lease.duid,
      lease.interfaceName,
      lease.trail,
      lease.key,
    ]);
    agreeOn(model, table, lease.prefix);
  }
  for (const owner of fc.sample(anyDuid, { seed: 1, numRuns: 30 })) {
    expect(sorted(table.ofClient(owner))).toEqual(sorted(model.ofClient(owner)));
    expect(table.countOf(owner)).toBe(model.ofClient(owner).length);
    for (const iaType of ["pd", "na", "ta"] as const) {
      for (const number of [0, 1, 0xffffffff]) {
        const found = table.find(owner, iaType, iaid(number));
        expect(sorted(found)).toEqual(sorted(model.find(owner, iaType, number)));
      }
    }
  }
}

function partsOf(table: LeaseTable, id: LeaseId): unknown[] {
  return [
    table.stateOf(id),
    table.sinceOf(id),
    table.untilOf(id),
    table.prefixOf(id),
    table.iaTypeOf(id),
    table.duidOf(id),
    table.nameOf(id),
    table.trailOf(id),
    table.keyOf(id),
  ];
}

function agreeOn(model: Model, table: LeaseTable, prefix: Prefix): void {
  const holder = table.holder(prefix);
  const holders = model.holders(prefix);
  if (holders.length === 0) expect(holder).toBeUndefined();
  else expect(holders).toContain(holder);
  expect(sorted(table.holders(prefix))).toEqual(sorted(holders));
  expect(table.countWithin(prefix)).toBe(model.countWithin(prefix));
}

function contentOf(table: LeaseTable): Map<LeaseId, Lease> {
  const content = new Map<LeaseId, Lease>();
  table.forEach((id) => {
    content.set(id, table.read(id));
  });
  return content;
}

const sorted = (ids: readonly LeaseId[]): LeaseId[] => [...ids].sort((a, b) => a - b);
