import { expect } from "vitest";
import type {
  Access,
  ClientRange,
  Reservation,
  ServerConfig,
  ServerInterface,
} from "../../shared/config/types.js";
import type { Duid } from "../../shared/duid.js";
import { decodeRecord } from "../../shared/lease/record.js";
import { contains, formatPrefix, parsePrefix } from "../../shared/prefix.js";
import type { ClientServerType } from "../../shared/wire/codes.js";
import { type DomainName, parseDomainName } from "../../shared/wire/domain-name.js";
import { type Option, option } from "../../shared/wire/options.js";
import type { Answer, AnsweredLease } from "../server/answer.js";
import { createRig, type IaSpec, type Oddity, type Rig, type TestClient } from "../server/rig.js";
import {
  addressClass,
  configure,
  EVERYBODY,
  iface,
  ip,
  pdClass,
  prefix,
  subnet,
} from "../server/settings.js";

/** The pool of eth0, delegated in /56s; 65,536 of them. */
export const POOL = "2001:db8:1000::/40";
/** A prefix of the pool that no test client is led to by itself. */
export const FREE = "2001:db8:1000:700::/56";
/** Another one. */
export const ALSO_FREE = "2001:db8:1000:800::/56";
/** A prefix of a network that the server does not know. */
export const ELSEWHERE = "2001:db8:dead::/56";
/** The addresses of eth0, the range that it gives, and one of it. */
export const SUBNET = "2001:db8:2000::/64";
const RANGE = "2001:db8:2000::100-2001:db8:2000::1ff";
export const ADDRESS = "2001:db8:2000::100/128";
/** The pool and an address of eth1, where it is configured. */
export const OTHER_POOL = "2001:db8:1100::/40";
export const OTHER_ADDRESS = "2001:db8:2100::100/128";

/** What a client gets who asks for options 23 and 24. */
export const DNS = option("dnsServers", [ip("2001:db8::53"), ip("2001:db8::54")]);
export const DOMAINS = option("domainList", [domain("example.com"), domain("example.org")]);

/** eth0 with prefixes, addresses, DNS servers and domains. T1 500, T2 800, lifetimes 1000 and 2000. */
export const eth0 = (settings: Partial<ServerInterface> = {}): ServerInterface =>
  iface("eth0", [pdClass(56, [POOL])], {
    subnets: [subnet(SUBNET)],
    addressClasses: [addressClass([RANGE])],
    options: [DNS, DOMAINS],
    ...settings,
  });

const eth1 = iface("eth1", [pdClass(56, [OTHER_POOL])], {
  subnets: [subnet("2001:db8:2100::/64")],
  addressClasses: [addressClass(["2001:db8:2100::100-2001:db8:2100::1ff"])],
});

/** A server on eth0. */
export const LAN = configure([eth0()]);
/** The same, and on eth1. */
export const TWO_LINKS = configure([eth0(), eth1]);

/** A server on eth0 that has so many /56s, 1, 2, 4 and so on. */
export const withPrefixes = (count: number, settings: Partial<ServerInterface> = {}): ServerConfig =>
  configure([eth0({ pdClasses: [pdClass(56, [`2001:db8:1000::/${56 - Math.log2(count)}`])], ...settings })]);

/** A class that shuts these clients out. */
export const refusing = (range: ClientRange): Access => ({ ...EVERYBODY, reject: [range] });

/** A `client` block for a DUID. */
export const reserve = (duid: Duid, kept: string): Reservation => ({
  selector: { by: "duid", duid },
  prefix: prefix(kept),
  address: undefined,
  options: [],
  at: { line: 1, column: 1 },
});

/** An Option Request. */
export const asks = (...codes: number[]): Option => option("optionRequest", codes);

/** A domain name that is known to be one. */
function domain(text: string): DomainName {
  const name = parseDomainName(text);
  if (name === undefined) throw new Error(`no name: ${text}`);
  return name;
}

/** A lease with the lifetimes of the configuration. */
export const whole = (text: string): AnsweredLease => ({ prefix: text, preferred: 1000, valid: 2000 });
/** A lease that the client shall stop using. */
export const gone = (text: string): AnsweredLease => ({ prefix: text, preferred: 0, valid: 0 });

/** What an answer gives, or takes away with lifetimes 0: the prefixes and addresses of all its IAs. */
export const leasesOf = (answer: Answer | undefined): readonly AnsweredLease[] =>
  (answer?.ias ?? []).flatMap(({ leases }) => leases);
/** What an answer gives: all in it that has a lifetime. */
export const liveIn = (answer: Answer | undefined): readonly string[] =>
  leasesOf(answer)
    .filter(({ valid }) => valid > 0)
    .map(({ prefix: text }) => text);

/** Fails unless the text is a prefix of this length out of a pool. */
export function expectPiece(text: string | undefined, pool: string, length: number): void {
  const given = parsePrefix(text ?? "");
  expect({ text, length: given?.length }).toEqual({ text, length });
  expect(given !== undefined && contains(prefix(pool), given.address), `${text} is in ${pool}`).toBe(true);
}

/** Everything that outlasts an event: the records in the store, as text. */
export const stored = ({ records }: Rig): readonly string[] =>
  Array.from(records, ([id, record]) => `${id} ${Buffer.from(record).toString("hex")}`);

/** The stored prefixes and addresses that clients have: not what is over and rests. */
export const boundIn = ({ records }: Rig): readonly string[] =>
  [...records.values()].flatMap((record) => {
    const lease = decodeRecord(record);
    return lease?.state === "bound" ? [formatPrefix(lease.prefix)] : [];
  });

/** Fails unless the message gets no packet in return and changes nothing. */
export function expectDropped(rig: Rig, ...[client, type, ias, oddity]: Message): void {
  const before = { stored: stored(rig), size: rig.table.size };
  const sent = rig.give(client.event(type, ias, oddity)).map((answer) => answer.type);
  expect({ sent, stored: stored(rig), size: rig.table.size }).toEqual({ sent: [], ...before });
}

/** A message of a client, as for `TestClient.ask`. */
type Message = readonly [client: TestClient, type: ClientServerType, ias: readonly IaSpec[], oddity: Oddity];

/** The same, and that without its oddity the message is answered: so it is this that made it be dropped. */
export function expectOddityDropped(rig: Rig, ...[client, type, ias, oddity]: Message): void {
  expectDropped(rig, client, type, ias, oddity);
  expect(client.ask(type, ias)?.type).toBe("reply");
}

/** A server with nothing leased; as a rule the one on eth0. */
export const start = (config: ServerConfig = LAN): Rig => createRig(config);
