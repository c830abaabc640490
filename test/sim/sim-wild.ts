import { iaid, seconds, xid } from "../../shared/brand.js";
import { type Duid, formatDuid, makeDuid } from "../../shared/duid.js";
import { parsePrefix, UNSPECIFIED, type Prefix } from "../../shared/prefix.js";
import type { ClientServerType } from "../../shared/wire/codes.js";
import { type ClientServerMessage, clientServerMessage, encodeMessage } from "../../shared/wire/message.js";
import { find, findAll, type Option, option } from "../../shared/wire/options.js";
import { messageIn, namedIn, namesOf } from "./answers.js";
import type { Chance } from "./chance.js";
import type { Holdings } from "./uniqueness.js";
import type { Node, World } from "./world.js";

/** A client that sends what RFC 8415 allows, but in no sensible order. */
export interface WildClient {
  readonly name: string;
  readonly start: () => void;
  /** It says nothing any more, and lets its leases run out. */
  readonly hush: () => void;
  readonly heldCount: () => number;
}

/** What a wild client is made with. */
export interface WildCast {
  readonly number: number;
  readonly servers: readonly string[];
  readonly holdings: Holdings;
  readonly chance: Chance;
  /** Milliseconds between two messages, on average. */
  readonly pace: number;
  /** It asks for addresses too. */
  readonly addresses: boolean;
  /** No datagram is on its way for longer, in milliseconds. */
  readonly longestWay: number;
}

interface Held {
  readonly type: "pd" | "na";
  readonly iaid: number;
  readonly until: number;
}

type Kind = "pd" | "na";
const TYPES = [
  ...["solicit", "solicit", "request", "request", "renew", "rebind"],
  ...["release", "decline", "confirm", "informationRequest", "again", "again"],
] as const;
const TO_ONE: ReadonlySet<string> = new Set(["request", "renew", "release", "decline"]);

/** Adds a wild client to the world, not started. */
export function addWildClient(world: World, cast: WildCast): WildClient {
  const { number, servers, holdings, chance, pace, longestWay } = cast;
  const name = `client${number}`;
  const duid = makeDuid({ kind: "en", enterprise: 8888, identifier: Uint8Array.of(0, 0, 0, number) });
  const who = formatDuid(duid);
  const held = new Map<string, Held>();
  /** Transaction-ids of what is out; what was out before something was given up does not count any more. */
  let open = new Set<number>();
  let offered: readonly { readonly prefix: string; readonly type: Kind }[] = [];
  let known: Duid | undefined;
  let earlier: { readonly bytes: Uint8Array; readonly type: string; readonly xid: number }[] = [];
  let quietUntil = 0;
  let running = false;

  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(chance.next() * list.length)];
  const node: Node = {
    name,
    receive: (bytes, from, cargo) => {
      const message = messageIn(bytes, from);
      if (!open.has(message.xid)) return;
      known = find(message.options, "serverId") ?? known;
      const named = namedIn(message);
      if (message.type === "advertise") offered = named;
      if (message.type !== "reply") return;
      for (const { prefix, type, iaid: id, valid } of named) {
        if (valid === 0) {
          held.delete(prefix);
          holdings.drops(who, prefix);
          continue;
        }
        const until = cargo instanceof Map ? Number(cargo.get(prefix)) : world.now();
        held.set(prefix, { type, iaid: id, until });
        holdings.takes(who, prefix, until);
      }
    },
  };

  function act(): void {
    if (!running) return;
    world.at(world.now() + chance.between(0.1, 1.9) * pace, act, false);
    if (world.now() < quietUntil) {
      // Told twice, or more often: the client has forgotten that it has said so.
      const last = earlier.at(-1);
      if (last?.type === "release" && chance.happens(0.5)) transmit(last);
      return;
    }
    for (const [prefix, { until }] of held) if (until <= world.now()) held.delete(prefix);
    const type = pick(TYPES);
    if (type === "again") {
      const before = pick(earlier);
      if (before !== undefined && before.type !== "release" && before.type !== "decline") transmit(before);
    } else if (type !== undefined) say(type);
  }

  function say(type: ClientServerType): void {
    const server = chance.happens(0.95) ? known : makeDuid({ kind: "en", enterprise: 1, identifier: duid });
    if (TO_ONE.has(type) && server === undefined) return;
    const id = xid(Math.floor(chance.next() * 2 ** 24));
    const ias = type === "informationRequest" ? [] : someIas(type);
    if (ias.length === 0 && type !== "informationRequest") return;
    const options: Option[] = [
      option("clientId", duid),
      ...(TO_ONE.has(type) && server !== undefined ? [option("serverId", server)] : []),
      option("elapsedTime", Math.floor(chance.between(0, 65_536))),
      ...(type === "solicit" && chance.happens(0.4) ? [option("rapidCommit", null)] : []),
      ...ias,
    ];
    const message = { bytes: encodeMessage(clientServerMessage(type, id, options)), type, xid: id };
    if (type === "release" || type === "decline") {
      for (const { prefix } of namedIn(messageIn(message.bytes, name))) {
        held.delete(prefix);
        holdings.drops(who, prefix);
      }
      // What is still on its way must not be taken for news after this.
      open = new Set();
      quietUntil = world.now() + 2 * longestWay + 1000;
    }
    earlier = [...earlier.slice(-9), message];
    transmit(message);
  }

  function transmit({ bytes, type, xid: id }: (typeof earlier)[number]): void {
    if (type !== "release" && type !== "decline") open.add(id);
    const message = messageIn(bytes, name);
    world.note(`${name} (wild) sends ${type} ${id.toString(16)}${namesOf(message)}`);
    if (type === "solicit") beginAnew(message);
    for (const server of servers) world.send(name, bytes, server);
  }

  /** Who looks for a server for an IA has nothing of it (RFC 8415 18.2.1). */
  function beginAnew({ options }: ClientServerMessage): void {
    const asked = { pd: findAll(options, "iaPd"), na: findAll(options, "iaNa") };
    for (const [prefix, lease] of held)
      if (asked[lease.type].some((ia) => ia.iaid === lease.iaid)) holdings.drops(who, prefix);
  }

  function someIas(type: ClientServerType): readonly Option[] {
    const kinds: Kind[] = type === "confirm" || type === "decline" ? ["na"] : ["pd", "na"];
    const ias: Option[] = [];
    for (const kind of kinds) {
      if (kind === "na" && !cast.addresses) continue;
      const count = Math.floor(chance.between(kind === "pd" ? 1 : 0, 3));
      for (let n = 1; n <= count; n++) {
        const leases = someLeases(type, kind, n);
        if (leases.length === 0 && (type === "release" || type === "decline" || type === "confirm")) continue;
        const times = { t1: seconds(chance.happens(0.2) ? 5 : 0), t2: seconds(0) };
        ias.push(option(kind === "pd" ? "iaPd" : "iaNa", { iaid: iaid(n), ...times, options: leases }));
      }
    }
    return ias;
  }

  /** Its own, what was offered, what others have, or a mere length. */
  function someLeases(type: ClientServerType, kind: Kind, id: number): readonly Option[] {
    const own = [...held].filter(([, lease]) => lease.type === kind && lease.iaid === id);
    const mine = own.map(([prefix]) => prefix);
    const others = holdings.known().filter((text) => text.endsWith("/128") === (kind === "na"));
    const texts = chance.happens(0.6) ? mine : [];
    if (chance.happens(0.3))
      texts.push(...offered.filter((one) => one.type === kind).map((one) => one.prefix));
    const other = pick(others);
    if (other !== undefined && chance.happens(0.3)) texts.push(other);
    const prefixes = [...new Set(texts)].map(mustParse);
    const isWish = type === "solicit" || type === "request" || type === "renew" || type === "rebind";
    if (kind === "pd" && isWish && chance.happens(0.3))
      prefixes.push({ address: UNSPECIFIED, length: Math.floor(chance.between(0, 129)) });
    return prefixes.map((prefix) => leaseOption(prefix, kind));
  }

  function leaseOption(prefix: Prefix, kind: Kind): Option {
    const valid = seconds(chance.happens(0.5) ? 0 : chance.between(1, 5000));
    const preferred = seconds(chance.between(0, valid));
    if (kind === "pd") return option("iaPrefix", { prefix, preferred, valid, options: [] });
    return option("iaAddr", { address: prefix.address, preferred, valid, options: [] });
  }

  return {
    name,
    start: () => {
      world.note(`${name} (wild) starts`);
      running = true;
      world.add(node);
      act();
    },
    hush: () => {
      running = false;
      world.remove(node);
    },
    heldCount: () => held.size,
  };
}

function mustParse(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`not a prefix: ${text}`);
  return prefix;
}
