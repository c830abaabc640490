import { na, pd, ta } from "../../server/rig.js";
import { option } from "../../../shared/wire/options.js";
import { eth0, rapid, fixedTimes, pool, poolClass } from "./given.js";
import { hints } from "./scenes-allocation.js";
import type { Row, Scene } from "./stage.js";
import { ask, say, serverDuid, strangerDuid } from "./step.js";

/** The messages of a lease's life, by clients that do well and by others. */
const messages: readonly Row[] = [
  { what: "S-MSG-20: Solicit, Request", steps: [say("solicit", [pd(1)]), say("request", [pd(1, "P1")])] },
  {
    what: "S-MSG-20: Solicit with Rapid Commit where it is off",
    steps: [say("solicit", [pd(1)], { more: [rapid] }), say("request", [pd(1, "P1")], { more: [rapid] })],
  },
  { what: "S-MSG-23: Solicit without IA", steps: [say("solicit")] },
  { what: "S-MSG-30: Request without IA", steps: [say("request")] },
  {
    what: "S-CCH-3: Request without hint after a Solicit",
    steps: [say("solicit", [pd(1)]), say("request", [pd(1)])],
  },
  {
    what: "S-PD-1: Request again, with another hint, and with other lifetimes",
    steps: [
      say("request", [pd(1)]),
      say("request", [pd(1, "P1")]),
      say("request", [pd(1, "3fff:1:1000:7700::/56")]),
      say("request", [pd(1, ["P1", 100, 200])]),
    ],
  },
  {
    what: "S-MSG-25: Solicit of a client that has a lease, then Renew",
    steps: [say("request", [pd(1)]), say("solicit", [pd(1)]), say("renew", [pd(1, "P1")])],
  },
  {
    what: "S-PD-20: three IA_PDs in one message",
    steps: [
      say("solicit", [pd(1), pd(2), pd(0xfffffff0)]),
      say("request", [pd(1, "P1"), pd(2, "P2"), pd(0xfffffff0, "P3")]),
      say("renew", [pd(1, "P1"), pd(2, "P2"), pd(0xfffffff0, "P3")]),
      say("release", [pd(1, "P1"), pd(2, "P2")]),
      say("renew", [pd(1, "P1"), pd(0xfffffff0, "P3")]),
    ],
  },
  {
    what: "S-MSG-40: Renew; the prefix that it names, its lifetimes and T1 do not matter",
    steps: [
      say("request", [pd(1)]),
      say("renew", [pd(1, "P1")]),
      say("renew", [{ ...pd(1, ["P1", 100, 200]), t1: 50, t2: 60 }]),
      say("renew", [pd(1)]),
    ],
  },
  {
    what: "S-MSG-40: Renew that names another prefix of the pool",
    steps: [say("request", [pd(1)]), say("renew", [pd(1, "3fff:1:1000:5500::/56")])],
  },
  {
    what: "S-MSG-41: Renew of an unknown client, off-pool",
    steps: [say("renew", [pd(1, "2001:db8:9::/56")])],
  },
  {
    what: "S-MSG-41: Renew of an unknown client, in the pool",
    steps: [say("renew", [pd(1, "3fff:1:1000:100::/56")])],
  },
  { what: "S-MSG-41: Renew of an unknown client that names nothing", steps: [say("renew", [pd(1)])] },
  {
    what: "S-MSG-41: Renew of another IAID with the prefix of the first",
    steps: [say("request", [pd(1)]), say("renew", [pd(2, "P1")])],
  },
  {
    what: "S-MSG-50: Rebind of what is known",
    steps: [say("request", [pd(1)]), say("rebind", [pd(1, "P1")]), say("renew", [pd(1, "P1")])],
  },
  {
    what: "S-MSG-50: Rebind of an unknown client, in the pool",
    steps: [say("rebind", [pd(1, "3fff:1:1000:200::/56")])],
  },
  {
    what: "S-MSG-50: Rebind of an unknown client, off-pool",
    steps: [say("rebind", [pd(1, "2001:db8:9::/56")])],
  },
  {
    what: "S-MSG-71: Release, and again, and Request: the same prefix",
    steps: [
      say("request", [pd(1)]),
      say("release", [pd(1, "P1")]),
      say("release", [pd(1, "P1")]),
      say("request", [pd(1)]),
    ],
  },
  {
    what: "S-MSG-70: Release of an unknown client",
    steps: [say("release", [pd(1, "3fff:1:1000:300::/56")])],
  },
  {
    what: "S-MSG-72: Release with another length",
    steps: [
      say("request", [pd(1, "3fff:1:1000:ab00::/56")]),
      say("release", [pd(1, "3fff:1:1000:ab00::/64")]),
    ],
  },
  {
    what: "S-MSG-71: Release of a known IA and of an unknown one",
    steps: [say("request", [pd(1)]), say("release", [pd(1, "P1"), pd(2, "3fff:1:1000:400::/56")])],
  },
  {
    what: "S-ST-9: Release of a prefix that is not the client's, beside nothing",
    steps: [
      say("request", [pd(1)]),
      say("release", [pd(1, "3fff:1:1000:4200::/56")]),
      say("renew", [pd(1, "P1")]),
    ],
  },
  {
    what: "S-MSG-73: Release of one's own prefix and of another",
    steps: [say("request", [pd(1)]), say("release", [pd(1, "P1", "3fff:1:1000:4300::/56")])],
  },
  {
    what: "S-ST-9: Release of an IA that names nothing",
    steps: [say("request", [pd(1)]), say("release", [pd(1)])],
  },
  {
    what: "S-MSG-80: Decline of a prefix",
    steps: [say("request", [pd(1)]), say("decline", [pd(1, "P1")]), say("renew", [pd(1, "P1")])],
  },
  {
    what: "S-MSG-80: Decline of an unknown client",
    steps: [say("decline", [pd(1, "3fff:1:1000:500::/56")])],
  },
  {
    what: "S-MSG-60: Confirm of a prefix, on and off the link, and of nothing",
    steps: [
      say("confirm", [pd(1, "3fff:1:1000:600::/56")]),
      say("confirm", [pd(1, "2001:db8:9::/56")]),
      say("confirm", [pd(1)]),
      say("confirm"),
    ],
  },
];

/** What is not in order. */
const disorder: readonly Row[] = [
  {
    what: "S-MSG-2: two Client Identifiers, and none",
    steps: (["solicit", "request", "renew", "rebind", "release", "decline", "confirm"] as const).flatMap(
      (type) => [say(type, [pd(1)], { clientIds: 2 }), say(type, [pd(1)], { clientIds: 0 })],
    ),
  },
  {
    what: "S-MSG-2: another server's identifier, and none",
    steps: (["request", "renew", "release", "decline"] as const).flatMap((type) => [
      say(type, [pd(1)], { serverIds: [strangerDuid] }),
      say(type, [pd(1)], { serverIds: [] }),
    ]),
  },
  {
    what: "S-MSG-2: two Server Identifiers",
    steps: [say("request", [pd(1)], { serverIds: [serverDuid, serverDuid] })],
  },
  {
    what: "S-MSG-3: Solicit with a Server Identifier",
    steps: [say("solicit", [pd(1)], { serverIds: [serverDuid] })],
  },
  {
    what: "S-MSG-3: Solicit with another server's identifier",
    steps: [say("solicit", [pd(1)], { serverIds: [strangerDuid] })],
  },
  {
    what: "S-MSG-3: Rebind with a Server Identifier",
    steps: [say("request", [pd(1)]), say("rebind", [pd(1, "P1")], { serverIds: [serverDuid] })],
  },
  {
    what: "S-MSG-3: Information-request with another server's identifier, and with an IA",
    steps: [
      say("informationRequest", [], { serverIds: [strangerDuid], more: [ask(23)] }),
      say("informationRequest", [pd(1)], { more: [ask(23)] }),
      say("informationRequest", [], { serverIds: [serverDuid], more: [ask(23)] }),
    ],
  },
  {
    what: "S-MSG-1: messages that no client sends",
    steps: [say("advertise", [pd(1)]), say("reply", [pd(1)]), say("reconfigure"), say("leasequeryReply")],
  },
  {
    what: "S-MSG-6: other ports to send from",
    steps: [say("solicit", [pd(1)], { port: 547 }), say("solicit", [pd(1)], { port: 40_546 })],
  },
  {
    what: "S-MSG-8: options that say nothing to a server of prefixes",
    steps: [
      say("solicit", [pd(1)], {
        more: [
          option("userClass", [Uint8Array.of(1, 2, 3)]),
          option("vendorClass", { enterprise: 5, classes: [Uint8Array.of(1)] }),
          { name: "raw", code: 4242, data: Uint8Array.of(1) },
          option("reconfigureAccept", null),
        ],
      }),
    ],
  },
  {
    what: "S-MSG-4: options that do not belong into the message",
    steps: [
      say("solicit", [pd(1)], { more: [option("interfaceId", Uint8Array.of(1)), option("preference", 9)] }),
    ],
  },
  {
    what: "S-MSG-10: unicast to a link-local address, without `unicast`",
    steps: [
      say("request", [pd(1)]),
      say("renew", [pd(1, "P1")], { to: "the server" }),
      say("solicit", [pd(2)], { to: "the server" }),
      say("release", [pd(1, "P1")], { to: "the server" }),
    ],
  },
  {
    what: "S-NET-10: a client at a global address",
    steps: [say("solicit", [pd(1)], { from: "its global address" })],
  },
  {
    what: "S-CFG-90: IA_NA and IA_TA where there are no addresses",
    steps: [
      say("solicit", [na(1)]),
      say("solicit", [na(1), pd(1)]),
      say("request", [na(1), pd(1)]),
      say("solicit", [ta(1), pd(2)]),
    ],
  },
  { what: "two IA_PDs of one IAID", steps: [say("request", [pd(1), pd(1)])] },
];

/** Both kinds of IA on one link. */
const addresses: readonly Row[] = [
  {
    what: "S-PD-21: IA_NA beside IA_PD through a lease's life",
    steps: [
      say("solicit", [na(1), pd(1)]),
      say("request", [na(1, "P1"), pd(1, "P2")]),
      say("renew", [na(1, "P1"), pd(1, "P2")]),
      say("rebind", [na(1, "P1"), pd(1, "P2")]),
      say("confirm", [na(1, "P1")]),
      say("release", [na(1, "P1"), pd(1, "P2")]),
    ],
  },
  {
    what: "S-MSG-51: Rebind of an address that nobody knows",
    steps: [say("rebind", [na(1, "2001:db8:5::7:105/128")])],
  },
  { what: "Renew of an address that nobody knows", steps: [say("renew", [na(1, "2001:db8:5::7:106/128")])] },
  { what: "S-MSG-60: Confirm off the link", steps: [say("confirm", [na(1, "2001:db8:6::1/128")])] },
  {
    what: "S-MSG-61: Confirm of a prefix within `subnet`, and of one that is not",
    steps: [say("confirm", [pd(1, "2001:db8:5::/72")]), say("confirm", [pd(1, "3fff:1:1000:100::/56")])],
  },
  {
    what: "S-MSG-80: Decline of an address",
    steps: [
      say("request", [na(1), pd(1)]),
      say("decline", [na(1, "P1")]),
      say("renew", [na(1, "P1"), pd(1, "P2")]),
    ],
  },
];

const offered = `${fixedTimes}option dns-server 2001:db8::53\n`;

/** Leases and their messages. */
export const bindings: readonly Scene[] = [
  {
    name: "one pool",
    configuration: eth0(`${offered}${poolClass}`),
    pools: [pool],
    rows: [...messages, ...disorder, ...hints],
  },
  {
    name: "addresses beside prefixes",
    configuration: eth0(
      `${offered}subnet 2001:db8:5::/64\nclass { pool 2001:db8:5::1:0-2001:db8:5::ff:ffff }\n${poolClass}`,
    ),
    pools: [pool, "2001:db8:5::/64"],
    rows: addresses,
  },
  {
    name: "rapid commit",
    configuration: eth0(`${offered}rapid-commit 1\npreference 9\n${poolClass}`),
    pools: [pool],
    rows: [
      {
        what: "S-MSG-22: Solicit with Rapid Commit, Renew, Release",
        steps: [
          say("solicit", [pd(1)], { more: [rapid, ask(23)] }),
          say("renew", [pd(1, "P1")]),
          say("release", [pd(1, "P1")]),
        ],
      },
      {
        what: "S-CFG-31: Preference without Rapid Commit",
        steps: [say("solicit", [pd(1)]), say("request", [pd(1, "P1")])],
      },
      { what: "S-MSG-22: Rapid Commit without IA", steps: [say("solicit", [], { more: [rapid] })] },
    ],
  },
  {
    name: "drop-unicast",
    configuration: `drop-unicast\n${eth0(`${offered}${poolClass}`)}`,
    pools: [pool],
    rows: [
      {
        what: "S-MSG-11: unicast to a link-local address",
        steps: [
          say("request", [pd(1)]),
          say("renew", [pd(1, "P1")], { to: "the server" }),
          say("request", [pd(2)], { to: "the server" }),
          say("solicit", [pd(2)], { to: "the server" }),
          say("rebind", [pd(1, "P1")], { to: "the server" }),
          say("informationRequest", [], { to: "the server", more: [ask(23)] }),
          say("release", [pd(1, "P1")], { to: "the server" }),
          say("renew", [pd(1, "P1")]),
        ],
      },
    ],
  },
  {
    name: "unicast",
    configuration: eth0(`${offered}unicast 2001:db8:c::1\n${poolClass}`),
    pools: [pool],
    rows: [
      {
        what: "S-CFG-33: a lease, then unicast to the address that is offered, from a global address",
        steps: [
          say("solicit", [pd(1)]),
          say("request", [pd(1, "P1")]),
          say("renew", [pd(1, "P1")], { to: "the server's global address", from: "its global address" }),
          say("solicit", [pd(2)], { to: "the server's global address", from: "its global address" }),
          say("informationRequest", [], { more: [ask(23)] }),
          say("release", [pd(1, "P1")], { to: "the server's global address", from: "its global address" }),
        ],
      },
      {
        what: "S-NET-10: a client at a global address by multicast",
        steps: [say("solicit", [pd(1)], { from: "its global address" })],
      },
    ],
  },
  {
    name: "reconfigure-enabled",
    configuration: `reconfigure-enabled 1\n${eth0(`${offered}${poolClass}`)}`,
    pools: [pool],
    rows: [
      {
        what: "S-MSG-32: Reconfigure Accept in all messages",
        steps: [
          say("solicit", [pd(1)], { more: [option("reconfigureAccept", null)] }),
          say("request", [pd(1, "P1")], { more: [option("reconfigureAccept", null)] }),
          say("renew", [pd(1, "P1")], { more: [option("reconfigureAccept", null)] }),
          say("request", [pd(1, "P1")]),
        ],
      },
    ],
  },
  {
    name: "stateless",
    configuration: `stateless\n${eth0(offered)}`,
    pools: [],
    rows: [
      {
        what: "S-MSG-91: all messages",
        steps: [
          say("informationRequest", [], { more: [ask(23)] }),
          say("solicit", [pd(1)], { more: [ask(23)] }),
          say("request", [pd(1)]),
          say("renew", [pd(1)]),
          say("rebind", [pd(1)]),
          say("release", [pd(1)]),
          say("confirm", [pd(1)]),
        ],
      },
    ],
  },
];
