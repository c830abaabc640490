import { describe, expect, test } from "vitest";
import { isBorne, type Outcome, readReport } from "./perfdhcp.js";

const part = (name: string, sent: number, received: number): string => `***Statistics for: ${name}***
sent packets: ${sent}
received packets: ${received}
drops: ${sent - received}
orphans: 3

min delay: 0.611 ms
`;

describe("bench: what perfdhcp reports", () => {
  test("exchanges and renewals per second, and the shares that were lost", () => {
    const report =
      "***Malformed Packets***\nMalformed packets: 0\n" +
      part("SOLICIT-ADVERTISE", 200, 190) +
      part("REQUEST-REPLY", 190, 150) +
      part("RENEW-REPLY", 80, 60);
    expect(readReport(report, 2)).toEqual({
      begun: 100,
      completed: 75,
      renewed: 30,
      lost: 0.25,
      lostRenewals: 0.25,
    });
  });

  test("without renewals, nothing answered", () => {
    const report = part("SOLICIT-ADVERTISE", 200, 0) + part("REQUEST-REPLY", 0, 0);
    expect(readReport(report, 2)).toEqual({ begun: 100, completed: 0, renewed: 0, lost: 1, lostRenewals: 0 });
  });

  test("no report", () => {
    expect(readReport("Interface wan0 not found", 2)).toBeUndefined();
  });
});

describe("bench: a rate is borne", () => {
  const good: Outcome = { begun: 980, completed: 975, renewed: 900, lost: 0.01, lostRenewals: 0.01 };

  test.each([
    { what: "at the limits", rate: 1000, outcome: {}, borne: true },
    { what: "not: more lost", rate: 1000, outcome: { lost: 0.011 }, borne: false },
    { what: "not: more renewals lost", rate: 1000, outcome: { lostRenewals: 0.011 }, borne: false },
    { what: "not: fewer begun", rate: 1000, outcome: { begun: 977 }, borne: false },
    { what: "not: fewer renewed", rate: 1000, outcome: { renewed: 897 }, borne: false },
    { what: "a low one, of which perfdhcp leaves one out", rate: 25, outcome: { begun: 24 }, borne: true },
  ])("$what", ({ rate, outcome, borne }) => {
    expect(isBorne({ rate, seconds: 1, renewals: rate }, { ...good, ...outcome })).toBe(borne);
  });
});
