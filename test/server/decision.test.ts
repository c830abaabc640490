import { describe, expect, test } from "vitest";
import type { LeaseChange } from "../../shared/lease/changes.js";
import { leaseId } from "../../shared/lease/lease.js";
import { encodeRecord } from "../../shared/lease/record.js";
import { type Decision, endsIn, grantsIn, overtakenIn } from "../../server/decision.js";
import { leaseOf } from "../lease/model.js";

const grant = (id: number): LeaseChange => ({
  ...{ type: "put", id: leaseId(id), record: encodeRecord(leaseOf(id)) },
});
const rest = (id: number): LeaseChange => ({
  ...{ type: "put", id: leaseId(id), record: encodeRecord(leaseOf(id, { state: "resting" })) },
});
const remove = (id: number): LeaseChange => ({ type: "remove", id: leaseId(id) });

const decide = (...changes: readonly LeaseChange[]): Decision => ({
  ...{ event: { type: "timer" }, changes, effects: [] },
});

describe("what decisions grant and end", () => {
  test("a lease that is kept for its client has ended", () => {
    const changes = [grant(1), rest(2), remove(3)];
    expect(grantsIn(changes)).toEqual([1]);
    expect(endsIn(changes)).toEqual([2, 3]);
  });

  test.each<[string, readonly Decision[], readonly Decision[], readonly number[]]>([
    ["nothing ends -> none", [decide(grant(1)), decide(grant(2))], [decide(grant(1))], []],
    ["ended by the next in the same commit", [decide(grant(1)), decide(remove(1))], [], [0]],
    ["by one that has yet to be committed", [decide(grant(1), grant(2))], [decide(rest(2))], [0]],
    ["of another -> none", [decide(grant(1))], [decide(remove(2))], []],
    ["ended before it is granted anew -> none", [decide(remove(1)), decide(grant(1))], [], []],
    ["ended in between", [decide(grant(1)), decide(remove(1)), decide(grant(1))], [], [0]],
    ["what replaces its own -> none", [decide(remove(1), grant(2))], [], []],
  ])("%s", (_what, decisions, behind, expected) => {
    const overtaken = overtakenIn(decisions, behind);
    expect(decisions.flatMap((decision, n) => (overtaken.has(decision) ? [n] : []))).toEqual(expected);
  });
});
