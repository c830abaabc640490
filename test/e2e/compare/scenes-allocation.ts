import { pd } from "../../server/rig.js";
import { option } from "../../../shared/wire/options.js";
import { eth0, fixedTimes, pool, poolClass } from "./given.js";
import { clientDuid, say } from "./step.js";
import type { Row, Scene } from "./stage.js";
import { formatDuid } from "../../../shared/duid.js";

const dns = "option dns-server 2001:db8::53\n";

/** What a client names in its IA_PD. */
export const hints: readonly Row[] = [
  {
    what: "S-PD-6: a hint that is free",
    steps: [
      say("solicit", [pd(1, "3fff:1:1000:1200::/56")]),
      say("request", [pd(1, "3fff:1:1000:1200::/56")]),
    ],
  },
  {
    what: "S-PD-7: a hint that is another's",
    steps: [
      say("request", [pd(1, "3fff:1:1000:1300::/56")]),
      say("request", [pd(1, "3fff:1:1000:1300::/56")], { as: 2 }),
    ],
  },
  {
    what: "S-PD-7: a hint that is offered to another",
    steps: [
      say("solicit", [pd(1, "3fff:1:1000:1400::/56")]),
      say("solicit", [pd(1, "3fff:1:1000:1400::/56")], { as: 2 }),
    ],
  },
  {
    what: "S-PD-5: a hint that is not in the pool",
    steps: [say("solicit", [pd(1, "2001:db8:9::/56")]), say("request", [pd(1, "2001:db8:9::/56")])],
  },
  {
    what: "S-PD-4: ::/56 and ::/64",
    steps: [say("solicit", [pd(1, "::/56")]), say("solicit", [pd(1, "::/64")], { as: 2 })],
  },
  {
    what: "S-PD-5: multicast and link-local hints",
    steps: [say("solicit", [pd(1, "ff02::/56")]), say("solicit", [pd(1, "fe80::/56")], { as: 2 })],
  },
  {
    what: "S-PD-15: hints of other lengths",
    steps: [
      say("request", [pd(1, "3fff:1:1000:1500::/60")]),
      say("request", [pd(1, "3fff:1:1000:1600::/64")], { as: 2 }),
      say("request", [pd(1, "3fff:1:1000:2000::/52")], { as: 3 }),
    ],
  },
  { what: "S-PD-5: a hint with host bits", steps: [say("request", [pd(1, "3fff:1:1000:17ab::5/56")])] },
  {
    what: "S-PD-4: two hints",
    steps: [say("request", [pd(1, "3fff:1:1000:1800::/56", "3fff:1:1000:1900::/56")])],
  },
  {
    what: "S-CCH-2: after Release another IAID gets the prefix, without a hint",
    steps: [say("request", [pd(1)]), say("release", [pd(1, "P1")]), say("request", [pd(7)])],
  },
];

/** Lifetimes and T1, T2 that a client wishes. */
const wishes: readonly Row[] = [
  { what: "S-CFG-54: T1 and T2 of 0", steps: [say("request", [pd(1)])] },
  {
    what: "S-CFG-54: T1 and T2 within the ranges",
    steps: [say("request", [{ ...pd(1), t1: 1500, t2: 2500 }])],
  },
  {
    what: "S-CFG-54: T1 and T2 beyond the ranges",
    steps: [say("request", [{ ...pd(1), t1: 9999, t2: 9999 }])],
  },
  { what: "S-CFG-54: lifetimes 0/0", steps: [say("request", [pd(1, ["::/56", 0, 0])])] },
  { what: "S-CFG-54: lifetimes within the ranges", steps: [say("request", [pd(1, ["::/56", 3000, 5000])])] },
  { what: "S-CFG-54: lifetimes below the ranges", steps: [say("request", [pd(1, ["::/56", 100, 200])])] },
  { what: "S-CFG-54: lifetimes beyond the ranges", steps: [say("request", [pd(1, ["::/56", 9999, 99999])])] },
];

const renewedWishes: Row = {
  what: "S-MSG-40: Renew with shorter wishes than those of the Request, then with longer ones",
  steps: [
    say("request", [pd(1, ["::/56", 3000, 5000])]),
    say("renew", [pd(1, ["P1", 2500, 4500])]),
    say("renew", [pd(1, ["P1", 3500, 6000])]),
  ],
};

const small = "2001:db8:3000::/54";

/** Two hints into the two pools of a class. */
const severalPools: readonly Row[] = [
  { what: "S-PD-8: a Solicit", steps: [say("solicit", [pd(1)])] },
  {
    what: "S-PD-8: Request without Solicit and hint, Renew, Release",
    steps: [say("request", [pd(1)]), say("renew", [pd(1, "P1", "P2")]), say("release", [pd(1, "P1", "P2")])],
  },
  {
    what: "S-PD-16: Request of what was offered",
    steps: [say("solicit", [pd(1)]), say("request", [pd(1, "P1", "P2")])],
  },
  {
    what: "S-PD-6: a hint into the second pool",
    steps: [say("request", [pd(1, "3fff:11:2000:4400::/56")])],
  },
];

const twoClasses: readonly Row[] = [
  { what: "S-PD-8: no hint: the first class", steps: [say("request", [pd(1)])] },
  {
    what: "S-PD-6: a hint into the second class",
    steps: [say("request", [pd(1, "3fff:11:2000:1000::/60")])],
  },
  { what: "S-PD-15: a length of the second class", steps: [say("solicit", [pd(1, "::/60")])] },
];

const exhaustion: readonly Row[] = [
  {
    what: "S-PD-11: five IA_PDs, four prefixes",
    steps: [
      say("request", [pd(1), pd(2), pd(3), pd(4), pd(5)]),
      say("release", [pd(1, "P1")]),
      say("request", [pd(5)]),
    ],
  },
];

const reservedOf = (row: number): string => `0x${formatDuid(clientDuid(row, 1)).replaceAll(":", "")}`;

const reservations: readonly Row[] = [
  {
    what: "S-CFG-74: by DUID, in the pool",
    steps: [
      say("solicit", [pd(1)]),
      say("request", [pd(1, "3fff:1:1000:9900::/56")]),
      say("renew", [pd(1, "3fff:1:1000:9900::/56")]),
      say("release", [pd(1, "3fff:1:1000:9900::/56")]),
    ],
  },
  {
    what: "S-CFG-74: by DUID, not in the pool, of another length",
    steps: [
      say("solicit", [pd(1)]),
      say("request", [pd(1)]),
      say("renew", [pd(1, "2001:db8:77::/48")]),
      say("release", [pd(1, "2001:db8:77::/48")]),
    ],
  },
  { what: "S-CFG-76: a second IA_PD of who has a reservation", steps: [say("request", [pd(1), pd(2)])] },
  {
    what: "S-CFG-77: a block without prefix, with an option",
    steps: [say("request", [pd(1)], { more: [option("optionRequest", [23, 24])] })],
  },
  {
    what: "S-CFG-78: a hint for what is another's reservation",
    steps: [say("request", [pd(1, "3fff:1:1000:9900::/56")])],
  },
  { what: "S-CFG-71: by link-local address", steps: [say("request", [pd(1)], { from: "fe80::77" })] },
  { what: "S-CFG-73: two blocks of one DUID: the first", steps: [say("request", [pd(1)])] },
  {
    what: "S-CFG-74: a hint for another prefix than the reserved one",
    steps: [say("request", [pd(1, "3fff:1:1000:3100::/56")])],
  },
];

const reservationBlocks = `
client duid ${reservedOf(0)} { prefix 3fff:1:1000:9900::/56 }
client duid ${reservedOf(1)} { prefix 2001:db8:77::/48 }
client duid ${reservedOf(2)} { prefix 3fff:1:1000:9a00::/56 }
client duid ${reservedOf(3)} { address 2001:db8:5::99
 option dns-server 2001:db8::99 }
client link-local fe80::77 { prefix 3fff:1:1000:9b00::/56 }
client duid ${reservedOf(6)} { prefix 3fff:1:1000:9c00::/56 }
client duid ${reservedOf(6)} { prefix 3fff:1:1000:9d00::/56 }
client duid ${reservedOf(7)} { prefix 3fff:1:1000:9e00::/56 }
`;

const vendor = (enterprise: number, text: string) =>
  option("vendorClass", { enterprise, classes: [Buffer.from(text)] });

const classes: readonly Row[] = [
  {
    what: "S-CLS-3: allowed by the first class",
    steps: [say("request", [pd(1)], { more: [vendor(7, "gold-1")] })],
  },
  {
    what: "S-CLS-3: denied by the second class too",
    steps: [say("request", [pd(1)], { more: [vendor(9, "bad")] })],
  },
  {
    what: "S-CLS-3: not allowed by the first class",
    steps: [say("request", [pd(1)], { more: [vendor(9, "other")] })],
  },
  { what: "S-CLS-3: without Vendor Class", steps: [say("solicit", [pd(1)])] },
  {
    what: "S-PD-5: a hint into a class that does not want the client",
    steps: [say("solicit", [pd(1, "3fff:1:1000:6600::/56")])],
  },
  {
    what: "S-CLS-4: no class is for it: all messages",
    steps: (["solicit", "request", "renew", "rebind", "release", "informationRequest"] as const).map((type) =>
      say(type, [pd(1)].slice(0, type === "informationRequest" ? 0 : 1), { more: [vendor(9, "bad")] }),
    ),
  },
];

/** Which prefix it is. */
export const allocation: readonly Scene[] = [
  {
    name: "lifetimes within ranges",
    configuration: eth0(
      `T1 1000-2000\nT2 1500-3000\npreferred-lifetime 2000-3600\nvalid-lifetime 4000-7200\n${dns}${poolClass}`,
    ),
    pools: [pool],
    rows: [...wishes, renewedWishes],
  },
  {
    name: "lifetimes without configuration",
    configuration: eth0(`${dns}${poolClass}`),
    pools: [pool],
    rows: wishes,
  },
  {
    name: "several pools in a class",
    configuration: eth0(
      `${fixedTimes}${dns}pd-class {\npd-pool ${pool}\npd-pool 3fff:10::/28\npd-length 56\n}\n`,
    ),
    pools: [pool, "3fff:10::/28"],
    rows: severalPools,
  },
  {
    name: "two classes",
    configuration: eth0(`${fixedTimes}${dns}${poolClass}pd-class {\npd-pool 3fff:10::/28\npd-length 60\n}\n`),
    pools: [pool, "3fff:10::/28"],
    rows: twoClasses,
  },
  {
    name: "a small pool",
    configuration: eth0(`${fixedTimes}${dns}pd-class {\npd-pool ${small}\npd-length 56\n}\n`),
    pools: [small],
    rows: exhaustion,
  },
  {
    name: "a small pool before a large one",
    configuration: eth0(`${fixedTimes}${dns}pd-class {\npd-pool ${small}\npd-length 56\n}\n${poolClass}`),
    pools: [small, pool],
    rows: exhaustion,
  },
  {
    name: "client-max-lease",
    configuration: eth0(`${fixedTimes}${dns}client-max-lease 4\n${poolClass}`),
    pools: [pool],
    rows: [
      {
        what: "S-PD-30: six IA_PDs where four are allowed",
        steps: [
          say("request", [pd(1), pd(2), pd(3), pd(4), pd(5), pd(6)]),
          say("request", [pd(1, "P1"), pd(6)]),
          say("release", [pd(2, "P2")]),
          say("request", [pd(6)]),
        ],
      },
    ],
  },
  {
    name: "no pd-class",
    configuration: eth0(`${fixedTimes}${dns}class { pool 2001:db8:5::1:0-2001:db8:5::ff:ffff }\n`),
    pools: ["2001:db8:5::/64"],
    rows: [
      {
        what: "S-ST-5: IA_PD",
        steps: [say("solicit", [pd(1)]), say("request", [pd(1)]), say("renew", [pd(1, "3fff:1:1000::/56")])],
      },
    ],
  },
  {
    name: "reservations",
    configuration: eth0(`${fixedTimes}${dns}${poolClass}${reservationBlocks}`),
    pools: [pool],
    rows: reservations,
  },
  {
    name: "client classes",
    configuration: `Client-class "gold" { match-if (client.vendor-class.data contain gold) }
Client-class "bad" { match-if (client.vendor-class.data == bad) }
iface "eth0" {\n${fixedTimes}${dns}
pd-class { pd-pool ${pool}\npd-length 56\nallow gold }
pd-class { pd-pool 3fff:10::/28\npd-length 56\ndeny bad }
}\n`,
    pools: [pool, "3fff:10::/28"],
    rows: classes,
  },
];
