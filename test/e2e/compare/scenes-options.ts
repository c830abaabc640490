import { na, pd } from "../../server/rig.js";
import { option } from "../../../shared/wire/options.js";
import { eth0, fixedTimes, pool, poolClass } from "./given.js";
import type { Row, Scene } from "./stage.js";
import { ask, clientDuid, say } from "./step.js";
import { ip } from "../../server/settings.js";

const all = [17, 21, 22, 23, 24, 27, 28, 29, 30, 31, 64, 99, 100, 101];

const configured = `option vendor-spec 5678-2-0x0000,1234-3-0x0102
option dns-server 2001:db8::53,2001:db8::54
option domain example.com,sub.example.com
option ntp-server 2001:db8::123
option sip-server 2001:db8::60,2001:db8::61
option sip-domain sip.example.com
option nis-server 2001:db8::70
option nis+-server 2001:db8::71
option nis-domain nis.example.com
option nis+-domain nisplus.example.com
option aftr aftr.example.com
option 99 duid 0xaabbcc
option 100 address 2001:db8::100
option 101 address-list 2001:db8::101,2001:db8::102
`;

const requested: readonly Row[] = [
  { what: "S-MSG-101: all in a Solicit", steps: [say("solicit", [pd(1)], { more: [ask(...all)] })] },
  {
    what: "S-MSG-101: all in a Request, a Renew, a Rebind, a Release",
    steps: [
      say("request", [pd(1)], { more: [ask(...all)] }),
      say("renew", [pd(1, "P1")], { more: [ask(...all)] }),
      say("release", [pd(1, "P1")], { more: [ask(...all)] }),
    ],
  },
  {
    what: "S-MSG-90: all in an Information-request",
    steps: [say("informationRequest", [], { more: [ask(...all)] })],
  },
  {
    what: "S-MSG-90: Information-request without Client Identifier",
    steps: [say("informationRequest", [], { more: [ask(23)], clientIds: 0 })],
  },
  {
    what: "S-MSG-90: nothing that is configured",
    steps: [say("informationRequest", [], { more: [ask(82, 83, 77)] }), say("informationRequest")],
  },
  { what: "S-MSG-101: unknown codes", steps: [say("solicit", [pd(1)], { more: [ask(82, 83, 4242, 23)] })] },
  {
    what: "S-MSG-101: the order of the request does not matter",
    steps: [say("solicit", [pd(1)], { more: [ask(24, 23)] })],
  },
  { what: "S-MSG-101: two Option Requests", steps: [say("solicit", [pd(1)], { more: [ask(24), ask(23)] })] },
  {
    what: "S-MSG-100: an option in the message asks for it",
    steps: [
      say("solicit", [pd(1)], { more: [option("dnsServers", [])] }),
      say("informationRequest", [], { more: [option("dnsServers", [ip("2001:db8::1")])] }),
    ],
  },
  {
    what: "S-MSG-101: vendor options: without a request, of one vendor, of another",
    steps: [
      say("informationRequest", [], { more: [option("vendorOptions", { enterprise: 5678, options: [] })] }),
      say("solicit", [pd(1)], {
        more: [
          ask(17),
          option("vendorOptions", { enterprise: 5678, options: [{ code: 1, data: Uint8Array.of(1) }] }),
        ],
      }),
      say("solicit", [pd(1)], {
        more: [
          ask(17),
          option("vendorOptions", { enterprise: 4, options: [{ code: 1, data: Uint8Array.of(1) }] }),
        ],
      }),
      say("solicit", [pd(1)], { more: [ask(17)] }),
    ],
  },
  { what: "S-MSG-101: nothing is asked for", steps: [say("solicit", [pd(1)])] },
];

/** A Leasequery for a client of a row, or for an address. */
const query = (queryType: number, options: Parameters<typeof option<"lqQuery">>[1]["options"]) =>
  option("lqQuery", { queryType, linkAddress: ip("::"), options });

const leasequeries: readonly Row[] = [
  {
    what: "S-LQ-1: by Client Identifier, a prefix",
    steps: [
      say("request", [pd(1)]),
      say("leasequery", [], { as: 9, more: [query(2, [option("clientId", clientDuid(0, 1))])] }),
    ],
  },
  {
    what: "S-LQ-1: by address",
    steps: [
      say("request", [na(1, "2001:db8:5::7:177/128")]),
      say("leasequery", [], {
        as: 9,
        more: [
          query(1, [
            option("iaAddr", {
              address: ip("2001:db8:5::7:177"),
              preferred: 0 as never,
              valid: 0 as never,
              options: [],
            }),
          ]),
        ],
      }),
    ],
  },
  {
    what: "S-LQ-2: no binding",
    steps: [say("leasequery", [], { as: 9, more: [query(2, [option("clientId", clientDuid(77, 1))])] })],
  },
  {
    what: "S-LQ-2: an unknown type of query",
    steps: [say("leasequery", [], { as: 9, more: [query(77, [])] })],
  },
  { what: "S-LQ-2: no query", steps: [say("leasequery", [], { as: 9 })] },
  {
    what: "S-LQ-2: a query by Client Identifier without one",
    steps: [say("leasequery", [], { as: 9, more: [query(2, [])] })],
  },
  {
    what: "S-LQ-1: no Client Identifier",
    steps: [
      say("leasequery", [], { clientIds: 0, more: [query(2, [option("clientId", clientDuid(0, 1))])] }),
    ],
  },
];

const otherwise = `option dns-server 2001:db8::53
option time-zone "CET"
option lifetime 1800
option 102 string "text"
option vendor-spec 5678-2-0x0000
`;

/** What goes with the leases. */
export const options: readonly Scene[] = [
  {
    name: "options on the wire",
    configuration: eth0(`${fixedTimes}${otherwise}${poolClass}`),
    pools: [pool],
    rows: [
      { what: "S-OPT-4, S-OPT-15: texts", steps: [say("informationRequest", [], { more: [ask(42, 102)] })] },
      {
        what: "S-OPT-9: lifetime",
        steps: [
          say("informationRequest", [], { more: [ask(32)] }),
          say("solicit", [pd(1)], { more: [ask(32)] }),
        ],
      },
      {
        what: "S-MSG-101: vendor options that are configured last",
        steps: [say("informationRequest", [], { more: [ask(17, 23)] })],
      },
    ],
  },
  {
    name: "options",
    configuration: eth0(`${fixedTimes}${configured}${poolClass}`),
    pools: [pool],
    rows: requested,
  },
  {
    name: "leasequery",
    configuration: eth0(
      `${fixedTimes}option dns-server 2001:db8::53\naccept-leasequery 1\nclass { pool 2001:db8:5::1:0-2001:db8:5::ff:ffff }\n${poolClass}`,
    ),
    pools: [pool, "2001:db8:5::/64"],
    rows: leasequeries,
  },
  {
    name: "leasequery that is not allowed",
    configuration: eth0(`${fixedTimes}option dns-server 2001:db8::53\n${poolClass}`),
    pools: [pool],
    rows: [
      {
        what: "S-LQ-1: by Client Identifier",
        steps: [
          say("request", [pd(1)]),
          say("leasequery", [], { as: 9, more: [query(2, [option("clientId", clientDuid(0, 1))])] }),
        ],
      },
    ],
  },
];
