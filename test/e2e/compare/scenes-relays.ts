import { type Hop, pd } from "../../server/rig.js";
import { option, type Option } from "../../../shared/wire/options.js";
import { fixedTimes, pool, poolClass } from "./given.js";
import type { Row, Scene } from "./stage.js";
import { ask, say, type Step } from "./step.js";

const interfaceId = (...octets: readonly number[]): Option => option("interfaceId", Uint8Array.from(octets));
const one = interfaceId(0, 0, 0x15, 0xb3);
const two = interfaceId(0x72, 0x32);
const relay: Hop = { options: [one] };
const unknown = interfaceId(9, 9);

/** What one client says through relays, its own first, that send from a global address at port 547. */
const through = (hops: readonly Hop[], otherwise: Partial<Step> = {}): Partial<Step> => ({
  hops,
  from: "its global address",
  port: 547,
  to: "ff05::1:3",
  ...otherwise,
});

const asksAndGets = (hops: readonly Hop[], otherwise?: Partial<Step>): readonly Step[] => [
  say("solicit", [pd(1)], through(hops, otherwise)),
  say("request", [pd(1, "P1")], through(hops, otherwise)),
];

const rows: readonly Row[] = [
  {
    what: "S-REL-3: by Interface-Id, a number; Renew and Release",
    steps: [
      ...asksAndGets([{ options: [one] }]),
      say("renew", [pd(1, "P1")], through([{ options: [one] }])),
      say("release", [pd(1, "P1")], through([{ options: [one] }])),
    ],
  },
  { what: "S-REL-3: by Interface-Id, a text", steps: asksAndGets([{ options: [two] }]) },
  { what: "S-REL-3: by link-address", steps: asksAndGets([{ link: "2001:db8:a::1" }]) },
  {
    what: "S-REL-3: Interface-Id before link-address",
    steps: asksAndGets([{ link: "2001:db8:a::1", options: [two] }]),
  },
  {
    what: "S-REL-3: an unknown Interface-Id, a known link-address",
    steps: asksAndGets([{ link: "2001:db8:a::1", options: [unknown] }]),
  },
  {
    what: "S-REL-3: nothing that is known",
    steps: [say("solicit", [pd(1)], through([{ link: "2001:db8:ffff::1", options: [unknown] }]))],
  },
  { what: "S-REL-3: no Interface-Id, link-address ::", steps: [say("solicit", [pd(1)], through([{}]))] },
  {
    what: "S-REL-7: from another port",
    steps: [say("solicit", [pd(1)], through([{ options: [one] }], { port: 40_546 }))],
  },
  {
    what: "S-NET-10: a relay at a link-local address",
    steps: asksAndGets([{ options: [one] }], { from: "its address" }),
  },
  {
    what: "S-REL-1: a relay that sends to ff02::1:2",
    steps: asksAndGets([{ options: [one] }], { from: "its address", to: "ff02::1:2" }),
  },
  {
    what: "S-REL-1: a relay that sends to the link-local address",
    steps: asksAndGets([{ options: [one] }], { from: "its address", to: "the server" }),
  },
  {
    what: "S-NET-5: a relay that sends to a global address",
    steps: [say("solicit", [pd(1)], through([{ options: [one] }], { to: "the server's global address" }))],
  },
  {
    what: "S-REL-3: two levels: only the outer one is known",
    steps: asksAndGets([{ link: "2001:db8:b::1" }, { options: [one] }]),
  },
  {
    what: "S-REL-3: two levels: only the inner one is known",
    steps: asksAndGets([{ options: [one] }, { link: "2001:db8:b::1" }]),
  },
  {
    what: "S-REL-3: two levels: outer known, inner with an unknown Interface-Id",
    steps: asksAndGets([{ options: [unknown] }, { options: [one] }]),
  },
  { what: "S-REL-3: two levels: two links", steps: asksAndGets([{ options: [two] }, { options: [one] }]) },
  {
    what: "S-REL-8: two levels: both with link-address",
    steps: asksAndGets([{ link: "2001:db8:a::1" }, { link: "2001:db8:b::1" }]),
  },
  {
    what: "S-REL-6: Echo Request of options that are there, in its order",
    steps: asksAndGets([
      {
        options: [
          one,
          option("remoteId", { enterprise: 5, id: Uint8Array.of(1, 2) }),
          option("subscriberId", Uint8Array.of(7)),
          option("echoRequest", [38, 37]),
        ],
      },
    ]),
  },
  {
    what: "S-REL-6: Echo Request of options that are not there",
    steps: asksAndGets([{ options: [one, option("echoRequest", [38])] }]),
  },
  {
    what: "S-REL-6: other options are not echoed",
    steps: asksAndGets([{ options: [one, option("subscriberId", Uint8Array.of(7))] }]),
  },
  {
    what: "S-REL-2: two Interface-Ids",
    steps: [say("solicit", [pd(1)], through([{ options: [one, two] }]))],
  },
  {
    what: "S-REL-5: Information-request, Rebind, Confirm",
    steps: [
      say("informationRequest", [], through([{ options: [one] }], { more: [ask(23)] })),
      say("request", [pd(1)], through([{ options: [one] }])),
      say("rebind", [pd(1, "P1")], through([{ options: [one] }])),
    ],
  },
  {
    what: "S-CFG-72: reservation by Remote-Id",
    steps: [
      say(
        "request",
        [pd(1)],
        through([{ options: [one, option("remoteId", { enterprise: 5, id: Uint8Array.of(1, 2, 3, 4) })] }]),
      ),
    ],
  },
  {
    what: "S-CFG-72: reservation by Remote-Id, enterprise within the octets",
    steps: [
      say(
        "request",
        [pd(1)],
        through([{ options: [one, option("remoteId", { enterprise: 6, id: Uint8Array.of(1, 2, 3, 5) })] }]),
      ),
    ],
  },
  {
    what: "S-CFG-71: reservation by link-local address",
    steps: [say("request", [pd(1)], through([{ peer: "fe80::c5", options: [one] }]))],
  },
  {
    what: "S-REL-6: hop count and addresses come back",
    steps: asksAndGets([{ hops: 7, link: "2001:db8:a::77", peer: "2001:db8::77" }]),
  },
];

const unicastRow: readonly Row[] = [
  {
    what: "S-NET-10: a relay at a global address",
    steps: asksAndGets([{ options: [one] }], { to: "the server's global address" }),
  },
  { what: "S-NET-10: the relay sends to ff05::1:3", steps: asksAndGets([{ options: [one] }]) },
];

const configuration = (head: string, outer = ""): string => `${head}iface "eth0" {
${fixedTimes}option dns-server 2001:db8::53
${outer}${poolClass}}
iface "relay1" {
${fixedTimes}relay "eth0"
interface-id 5555
option dns-server 2001:db8::53
pd-class { pd-pool 3fff:10::/28
pd-length 56 }
client remote-id 5-0x01020304 { prefix 3fff:11:2000:7700::/56 }
client remote-id 6-0x0000000601020305 { prefix 3fff:11:2000:7800::/56 }
client link-local fe80::c5 { prefix 3fff:11:2000:7900::/56 }
}
iface "relay2" {
${fixedTimes}relay "eth0"
interface-id "r2"
subnet 2001:db8:a::/48
option dns-server 2001:db8::53
pd-class { pd-pool 2001:db8:3000::/40
pd-length 60 }
}
`;
const pools = [pool, "3fff:10::/28", "2001:db8:3000::/40"];

const orders = (where: string): readonly Row[] => [
  { what: `S-CFG-10: Interface-Id ${where}`, steps: asksAndGets([{ options: [one] }]) },
  {
    what: `S-CFG-10: Interface-Id ${where}, at the outer of two levels`,
    steps: asksAndGets([{ link: "2001:db8:b::1" }, { options: [one] }]),
  },
];

/** Clients behind relays. */
export const relays: readonly Scene[] = [
  { name: "relays", configuration: configuration(""), pools, relay, rows },
  {
    name: "relays, Interface-Id after",
    configuration: configuration("interface-id-order after\n"),
    pools,
    relay,
    rows: orders("after"),
  },
  {
    name: "relays, Interface-Id omitted, guess-mode",
    configuration: configuration("interface-id-order omit\nguess-mode\n"),
    pools,
    relay,
    rows: [
      ...orders("omitted"),
      { what: "S-CFG-9: guess-mode", steps: asksAndGets([{ link: "2001:db8:ffff::1" }]) },
      { what: "S-CFG-9: guess-mode, unknown Interface-Id", steps: asksAndGets([{ options: [unknown] }]) },
    ],
  },
  {
    name: "relays and unicast",
    configuration: configuration("", "unicast 2001:db8:c::1\n"),
    pools,
    relay,
    rows: unicastRow,
  },
];
