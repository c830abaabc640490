import { describe, expect, test } from "vitest";
import { describeMachine, gapsOf } from "./machine.js";

describe("bench: what the machine gives", () => {
  test.each([
    { what: "nothing seen", times: [], lost: 0, gapMs: 0 },
    { what: "one look", times: [7], lost: 0, gapMs: 0 },
    { what: "looks close together", times: [0, 0.25, 0.5, 1], lost: 0, gapMs: 0 },
    {
      what: "two gaps in ten",
      times: [5, 5.5, 7.5, 8, 12, 12.5, 13, 13.5, 14, 14.5, 15],
      lost: 0.6,
      gapMs: 4,
    },
  ])("gaps: $what", ({ times, lost, gapMs }) => {
    expect(gapsOf(times)).toEqual({ lost, gapMs });
  });

  test("all of it on one line", () => {
    const line = describeMachine({ programMs: 2.34, syncMs: 0.181, pageUs: 12.6, lost: 0.0123, gapMs: 7.04 });
    expect(line).toBe(
      "machine: a program takes 2.3 ms, fdatasync 0.18 ms, a page of memory 12.6 us, a busy loop loses 1.2 %, 7.0 ms at a time",
    );
  });
});
