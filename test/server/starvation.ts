import { readFileSync } from "node:fs";
import { iaid } from "../../shared/brand.js";
import { formatPrefix, parsePrefix } from "../../shared/prefix.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { type Option, option } from "../../shared/wire/options.js";
import { server } from "../config/given.js";
import { createClient, createRig, type Hop, na, pd, prefixIn, type Rig, type Whereabouts } from "./rig.js";
import { ip } from "./settings.js";

/** The links of examples/isp/server.conf that tests use. */
export type Line = "vlan100" | "olt-east" | "olt-west";

/** The server of the ISP example with nothing leased. */
export const ispRig = (): Rig =>
  createRig(
    server(readFileSync("examples/isp/server.conf", "utf8")),
    undefined,
    undefined,
    new Map([
      ["vlan100", 2],
      ["vlan200", 3],
      ["core0", 4],
    ]),
  );

/** Prefixes of a pool that are not free: leased, offered, at rest. */
export function takenIn(rig: Rig, link: Line): number {
  let count = 0;
  rig.table.forEach((id) => {
    if (rig.table.nameOf(id) === link && rig.table.iaTypeOf(id) === "pd") count += 1;
  });
  return count;
}

/** What a relay says of whom it hears. */
export interface Heard {
  readonly line?: string;
  readonly mac?: number;
  readonly relay?: string;
}

/** Where a host on this link is, whose own address is `fe80::n`. */
export function whereabouts(link: Line, n: number, { line, mac, relay }: Heard = {}): Whereabouts {
  const from = ip(`fe80::${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}`);
  if (link === "vlan100") return { interfaceName: link, from };
  const options: Option[] = [];
  if (link === "olt-east") options.push(option("interfaceId", octetsOf("east/1")));
  if (line !== undefined) options.push(option("remoteId", { enterprise: 3561, id: octetsOf(line) }));
  if (mac !== undefined) {
    const address = Uint8Array.of(2, 0, mac >>> 24, mac >>> 16, mac >>> 8, mac);
    options.push(option("clientLinkLayerAddress", { hardwareType: 1, address }));
  }
  const hop: Hop = { link: link === "olt-east" ? "::" : "2001:db8:e2::1", options };
  return { interfaceName: "core0", from, hops: [hop], relay: relay ?? "2001:db8:c0::1" };
}

/** A host, or a relay, that wants all of a pool, and the only thing it cannot choose: where it is. */
export interface Attack {
  /** Whereabouts for its n-th invention. */
  readonly where: (n: number) => Whereabouts;
  /** Any prefix of the pool, by number. */
  readonly piece: (n: number) => string;
}

const wish = option("optionRequest", [67]);
/** What a client has to ask for on olt-west, whose prefixes have a part left out. */
export const wished = { options: [wish] };
const hurried = { options: [wish, option("rapidCommit", null)] };

/**
 * One round of everything it can do under names nobody has heard before: Solicits, with Rapid Commit too,
 * Requests without a Solicit, Rebinds and Renews of prefixes it never had, Declines; then some of what it got
 * is given back, asked for again, and given back by somebody else.
 */
export function attackOnce(rig: Rig, { where, piece }: Attack, first: number, size: number): number {
  let n = first;
  const another = () => createClient(rig, (n += 1), where(n));
  for (let i = 0; i < size * 2; i++) another().ask("solicit", [pd(1), pd(2)], wished);
  for (let i = 0; i < size; i++) {
    another().ask("solicit", [pd(1)], hurried);
    another().ask("request", [pd(1), pd(2), na(3)], wished);
    another().ask("rebind", [pd(1, piece(n), piece(n + 1))], wished);
    another().ask("renew", [pd(1, piece(n))], wished);
    another().ask("renew", [pd(1)], wished);
    const cycling = another();
    const held = prefixIn(cycling.ask("request", [pd(1)], wished));
    if (held === undefined) continue;
    cycling.ask("decline", [pd(1, held)]);
    cycling.release(pd(1, held));
    another().release(pd(1, held));
    // Not the same IA: what rests for the other one is not for this one.
    cycling.ask("request", [pd(2)], wished);
  }
  return n;
}

/** The n-th /56 of a pool. */
export function pieceOf(pool: string): (n: number) => string {
  const base = parsePrefix(pool);
  if (base === undefined) throw new Error(`no prefix: ${pool}`);
  return (n) => {
    const address = new Uint8Array(base.address);
    address.set([n >>> 8, n], 5);
    return formatPrefix({ address: address as typeof base.address, length: 56 });
  };
}

/** A customer's router with several IA_PDs, who expects all of them whenever it asks, and the same ones. */
export interface Router {
  /** Switched on: Solicit and Request; what it did not get, or got anew although it had it, as text. */
  readonly boot: () => readonly string[];
  readonly renew: () => readonly string[];
  readonly shutDown: () => void;
}

/** The n-th router, there. */
export function createRouter(rig: Rig, n: number, where: Whereabouts, count: number): Router {
  const client = createClient(rig, n, where);
  const ids = Array.from({ length: count }, (_, i) => iaid(i + 1));
  const held = new Map<number, string>();
  const all = ids.map((id) => pd(id));
  const own = () => ids.map((id) => pd(id, held.get(id) ?? "::/56"));
  const check = (what: string, answer: ReturnType<typeof client.renew>): readonly string[] =>
    ids.flatMap((id, i) => {
      const given = prefixIn(answer, i);
      const before = held.get(id);
      if (given !== undefined && what !== "Solicit") held.set(id, given);
      if (given === undefined) return [`${what}: nothing for IA_PD ${id}`];
      return before === undefined || before === given ? [] : [`${what}: ${given} instead of ${before}`];
    });
  return {
    boot: () => [
      ...check("Solicit", client.ask("solicit", all, wished)),
      ...check("Request", client.ask("request", all, wished)),
    ],
    renew: () => check("Renew", client.ask("renew", own(), wished)),
    shutDown: () => void client.ask("release", own()),
  };
}
