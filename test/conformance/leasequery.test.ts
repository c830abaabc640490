import { describe, expect } from "vitest";
import { parsePrefix, UNSPECIFIED } from "../../shared/prefix.js";
import { seconds } from "../../shared/brand.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { find, type Option, option } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, type Oddity, type Rig } from "../server/rig.js";
import { configure, iface, OTHER_ID, pdClass } from "../server/settings.js";
import { row } from "./row.js";

const config = (leasequery: boolean): ServerConfig =>
  configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], { leasequery })]);
/** The requestor; clients have lower numbers. */
const REQUESTOR = 1000;

const query = (queryType: number, ...options: readonly Option[]): Option =>
  option("lqQuery", { queryType, linkAddress: UNSPECIFIED, options });
const byClient = (rig: Rig, n: number): Option => query(2, option("clientId", createClient(rig, n).duid));

function ask(rig: Rig, asked: readonly Option[], oddity: Oddity = {}): Answer | undefined {
  return createClient(rig, REQUESTOR).ask("leasequery", [], { ...oddity, options: asked });
}

/** Whose leases an answer tells, and their prefix, lifetimes and the time since. */
function told(answer: Answer | undefined): unknown {
  const data = find(answer?.options ?? [], "clientData")?.options;
  if (data === undefined) return undefined;
  const lease = find(data, "iaPrefix");
  return [find(data, "clientId"), lease?.prefix, lease?.preferred, lease?.valid, find(data, "cltTime")];
}

/** A server with one lease, made 100 s ago. */
function leased(allowed = true): { readonly rig: Rig; readonly held: string; readonly expected: unknown } {
  const rig = createRig(config(allowed));
  const client = createClient(rig, 1);
  const held = client.lease();
  rig.wait(100);
  return { rig, held, expected: [client.duid, parsePrefix(held), 900, 1900, 100] };
}

describe("conformance: Leasequery", () => {
  row("S-LQ-01", () => {
    const { rig, expected } = leased();
    const answer = ask(rig, [byClient(rig, 1)]);
    expect(answer?.type).toBe("leasequeryReply");
    expect(told(answer)).toEqual(expected);
  });

  row("S-LQ-02", () => {
    const { rig } = leased();
    expect(ask(rig, [byClient(rig, 2)])?.codes).toEqual([1, 2]);
  });

  row("S-LQ-03", () => {
    const { rig } = leased();
    expect(ask(rig, [query(99, option("clientId", OTHER_ID))])?.status).toBe(7);
  });

  row("S-LQ-04", () => {
    const { rig } = leased(false);
    const answer = ask(rig, [byClient(rig, 1)]);
    expect([answer?.status, told(answer)]).toEqual([10, undefined]);
  });

  row("S-LQ-05", () => {
    const { rig, held, expected } = leased();
    const address = parsePrefix(held.replace("::/56", ":0:1234::1/128"))?.address ?? UNSPECIFIED;
    const lifetimes = { preferred: seconds(0), valid: seconds(0) };
    const inside = query(1, option("iaAddr", { address, ...lifetimes, options: [] }));
    expect(told(ask(rig, [inside]))).toEqual(expected);
  });

  row("S-LQ-06", () => {
    const { rig } = leased();
    const answers = [
      ask(rig, [byClient(rig, 1)], { clientId: null }),
      ask(rig, []),
      ask(rig, [byClient(rig, 1)], { serverId: OTHER_ID }),
      ask(rig, [query(2)]),
    ];
    expect(answers.map((answer) => answer?.status)).toEqual([undefined, undefined, undefined, 8]);
    expect(answers.map(told)).toEqual([undefined, undefined, undefined, undefined]);
    expect(told(ask(rig, [byClient(rig, 1)]))).toBeDefined();
  });
});
