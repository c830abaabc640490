import { describe, expect, test } from "vitest";
import { xid } from "../../shared/brand.js";
import {
  clientServerMessage,
  decodeMessage,
  encodeMessage,
  type FaultCode,
} from "../../shared/wire/message.js";
import { opaque } from "../../shared/wire/kinds.js";
import { OPTION_NAMES, type OptionName, OPTIONS, rawOption } from "../../shared/wire/options.js";
import { printMessage } from "../../shared/wire/print.js";
import { fromHex, toHex } from "./vectors.js";

/** One option alone in a message: names it may have, its data in hex, and how it prints. */
type Sample = readonly [names: OptionName | readonly OptionName[], data: string, printed: string];

const ADDRESS = "20010db8000000000000000000000001";
const EXAMPLE_COM = "076578616d706c6503636f6d00";
const NAME_OPTIONS = [
  "sipDomains",
  "domainList",
  "nisDomain",
  "nisPlusDomain",
  "bcmcsDomains",
  "lostServer",
  "accessDomain",
  "sipUaConfigDomains",
  "aftrName",
  "erpLocalDomain",
  "dotsRi",
  "registeredDomain",
] as const;
const ADDRESS_OPTIONS = [
  "sipServers",
  "dnsServers",
  "nisServers",
  "nisPlusServers",
  "sntpServers",
  "bcmcsServers",
  "panaAgents",
  "lqClientLink",
  "capwapControllers",
  "pcpServers",
  "dhcp4oDhcp6Servers",
  "dotsAddresses",
  "andsfServers",
] as const;

const samples: readonly Sample[] = [
  [["clientId", "serverId", "relayId"], "00030001020000000001", " 00:03:00:01:02:00:00:00:00:01"],
  ["iaNa", "0000000100000e1000001680", " iaid=1 t1=3600 t2=5760"],
  [
    "iaPd",
    "00000001ffffffffffffffff000d00020006",
    " iaid=1 t1=infinity t2=infinity {statusCode NoPrefixAvail}",
  ],
  ["iaTa", "80000001", " iaid=2147483649"],
  ["iaAddr", `${ADDRESS}0000003c00000078`, " 2001:db8::1 preferred=60 valid=120"],
  ["iaPrefix", `0000003c0000007838${ADDRESS}`, " 2001:db8::1/56 preferred=60 valid=120"],
  [["optionRequest", "echoRequest", "s46Priority"], "00170043fde9", " dnsServers pdExclude option 65001"],
  ["preference", "ff", " 255"],
  ["elapsedTime", "ffff", " 65535"],
  ["relayMessage", "0b00000100080002000a", " INFORMATION-REQUEST xid=000001 {elapsedTime 10}"],
  [
    "auth",
    `0301000000000000000001 01${"aa".repeat(16)}`,
    " protocol=3 algorithm=1 rdm=0 replay=00:00:00:00:00:00:00:01 information=17 octets",
  ],
  [["unicast", "linkAddress", "s46Br"], ADDRESS, " 2001:db8::1"],
  ["statusCode", "0001 6e6f", ' UnspecFail "no"'],
  ["statusCode", "000f", " TLSConnectionRefused"],
  ["statusCode", "0063 1b0a22ff", ' status 99 "\\u001b\\n\\"\ufffd"'],
  ["statusCode", "0001 c29b e280ae e280a8 f3a08081", ' UnspecFail "\\u009b\\u202e\\u2028\\udb40\\udc01"'],
  [["rapidCommit", "reconfigureAccept", "addrRegEnable"], "", ""],
  [["userClass", "bootfileParameters"], "0001aa 0000 0002bbcc", " aa  bb:cc"],
  ["vendorClass", "00007ed9 0001aa", " enterprise=32473 aa"],
  ["vendorOptions", "00007ed9 0001 0001 aa 0002 0000", " enterprise=32473 1=aa 2="],
  [["interfaceId", "subscriberId"], "0001", " 00:01"],
  ["reconfigureMessage", "05", " RENEW"],
  ["reconfigureMessage", "c8", " message 200"],
  [NAME_OPTIONS, `${EXAMPLE_COM}016100`, " example.com. a."],
  [ADDRESS_OPTIONS, ADDRESS + ADDRESS, " 2001:db8::1 2001:db8::1"],
  ["dhcp4oDhcp6Servers", "", ""],
  [["informationRefreshTime", "solMaxRt", "infMaxRt", "cltTime"], "00000e10", " 3600"],
  [["lqBaseTime", "lqStartTime", "lqEndTime"], "ffffffff", " 4294967295"],
  ["remoteId", "00007ed9 01", " enterprise=32473 01"],
  ["clientFqdn", "01 0463706531", " flags=1 cpe1"],
  ["clientFqdn", "00", " flags=0"],
  [["posixTimezone", "tzdbTimezone", "bootfileUrl", "captivePortal", "mudUrl"], "7a2f61", ' "z/a"'],
  ["lqQuery", `01${"00".repeat(16)}`, " by address link=::"],
  ["lqQuery", `09${"00".repeat(16)}0006000200 17`, " by type 9 link=:: {optionRequest dnsServers}"],
  [["clientData", "rsoo"], `0041000d${EXAMPLE_COM}`, " {erpLocalDomain example.com.}"],
  [
    "lqRelayData",
    `${ADDRESS}0c00${"00".repeat(32)}00120001aa`,
    " peer=2001:db8::1 {RELAY-FORW hops=0 link=:: peer=:: {interfaceId aa}}",
  ],
  ["ntpServer", `00010010${ADDRESS}`, " 2001:db8::1"],
  [
    "ntpServer",
    `00020010ff0${ADDRESS.slice(3)}0003000d${EXAMPLE_COM}00090001aa`,
    " ff01:db8::1 example.com. 9=aa",
  ],
  ["clientArchitectures", "00060007", " 6 7"],
  ["bootInterface", "010203", " type=1 version=2.3"],
  ["pdExclude", "4078", " /64 subnet-id=78"],
  ["vss", "01aabb", " type=1 aa:bb"],
  ["clientLinkLayerAddress", "0001020000000001", " ethernet 02:00:00:00:00:01"],
  ["clientLinkLayerAddress", "0200aa", " 512 aa"],
  ["radius", "0104aabb 0202", " 1=aa:bb 2="],
  ["addrSel", `03005500070a0a2020010db8`, " flags=3 {addrSelPolicy 2001:db8::/32 precedence=10 label=10}"],
  ["addrSelPolicy", "010200", " ::/0 precedence=2 label=1"],
  [
    "s46Rule",
    "01 10 18 c0000200 28 20010db8a0 005d000406080000",
    " flags=1 ea-length=16 192.0.2.0/24 2001:db8:a000::/40 {s46PortParameters offset=6 psid=0/8}",
  ],
  [["s46Dmr", "s46BindPrefix"], "4020010db800000001", " 2001:db8:0:1::/64"],
  ["s46V4V6Bind", "c0000201 2820010db8a0", " 192.0.2.1 2001:db8:a000::/40"],
  ["s46PortParameters", "06083400", " offset=6 psid=13312/8"],
  [["s46MapE", "s46MapT", "s46Lw4o6", "fourRd"], `005a0010${ADDRESS}`, " {s46Br 2001:db8::1}"],
  ["relayPort", "0223", " 547"],
  ["iaLl", "0000000100000e1000001680", " iaid=1 t1=3600 t2=5760"],
  ["llAddr", "00010006020000000001 00000003 ffffffff", " 020000000001 extra=3 valid=infinity"],
  ["slapQuadrants", "00010203", " 0:1 2:3"],
  ["dnr", `0001000d${EXAMPLE_COM}`, " priority=1 example.com."],
  [
    "dnr",
    `0001000d${EXAMPLE_COM}0010${ADDRESS}000100026832`,
    " priority=1 example.com. 2001:db8::1 00:01:00:02:68:32",
  ],
  [
    ["forwardDistributionManager", "reverseDistributionManager"],
    `8000${EXAMPLE_COM}`,
    " transports=32768 example.com.",
  ],
  [OPTION_NAMES.filter((name) => OPTIONS[name].kind === opaque), "beef", " be:ef"],
];

const sampled = samples.flatMap(([names, data, printed]) =>
  [names].flat().map((name) => ({ name, data: fromHex(data), printed })),
);

describe("option samples", () => {
  test.each(sampled)("$name ->$printed", ({ name, data, printed }) => {
    const bytes = encodeMessage(clientServerMessage("reply", xid(7), [rawOption(OPTIONS[name].code, data)]));
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.fault.code);
    expect(decoded.faults).toEqual([]);
    expect(printMessage(decoded.message)).toBe(`REPLY xid=000007 {${name}${printed}}`);
    expect(toHex(encodeMessage(decoded.message))).toBe(toHex(bytes));
  });

  test("every row of the option table has a sample", () => {
    const missing = OPTION_NAMES.filter((name) => !sampled.some((sample) => sample.name === name));
    expect(missing).toEqual([]);
  });
});

/** Data that break the layout of the option, and what is wrong with them, counted from the option's data. */
const broken: readonly (readonly [name: OptionName, data: string, code: FaultCode, at: number])[] = [
  ["iaPd", "000000010000000000", "option-short", 8],
  ["iaNa", "0000000100000000000000000001", "option-header", 12],
  ["iaPd", "000000010000000000000000000d0003", "option-overrun", 12],
  ["iaTa", "000001", "option-short", 2],
  ["iaAddr", ADDRESS, "option-short", 16],
  ["iaPrefix", `000000000000000081${ADDRESS}`, "prefix-length", 8],
  ["optionRequest", "001700", "option-short", 2],
  ["preference", "", "option-short", 0],
  ["preference", "0000", "option-long", 1],
  ["rapidCommit", "00", "option-long", 0],
  ["relayMessage", "", "message-short", 0],
  ["relayMessage", "0c0000", "message-short", 0],
  ["relayMessage", "180000000000", "message-short", 0],
  ["relayMessage", "01000001 0001000100 0001000101", "option-repeated", 9],
  ["auth", "03010000000000000001", "option-short", 3],
  ["statusCode", "00", "option-short", 0],
  ["userClass", "0002aa", "option-short", 2],
  ["vendorClass", "00007ed9 0009aa", "option-short", 6],
  ["vendorOptions", "00007ed9 0001000200", "option-short", 8],
  ["dnsServers", "", "option-short", 0],
  ["dnsServers", `${ADDRESS}00`, "option-short", 16],
  ["domainList", "", "option-short", 0],
  ["domainList", "0161", "domain-name", 2],
  ["domainList", "c00c", "domain-name", 0],
  ["domainList", "016140", "domain-name", 2],
  ["domainList", `${`3f${"61".repeat(63)}`.repeat(4)}00`, "domain-name", 0],
  ["clientFqdn", "", "option-short", 0],
  ["clientFqdn", "00 016100 00", "domain-name", 4],
  ["clientFqdn", "00 0261", "domain-name", 1],
  ["ntpServer", "", "option-short", 0],
  ["ntpServer", "00010011", "option-overrun", 4],
  ["ntpServer", `00010011${ADDRESS}00`, "option-long", 20],
  ["ntpServer", "0003000201610000", "domain-name", 6],
  ["pdExclude", "40", "prefix-exclude", 0],
  ["pdExclude", "8100", "prefix-exclude", 0],
  ["pdExclude", `80${"00".repeat(17)}`, "prefix-exclude", 0],
  ["lqQuery", "01", "option-short", 1],
  ["radius", "0101", "option-short", 2],
  ["radius", "0105aa", "option-short", 2],
  ["addrSelPolicy", "010281", "prefix-length", 2],
  ["s46Rule", "0110 21 c0000200 00", "prefix-length", 2],
  ["s46Rule", "0110 18 c0000200 81", "prefix-length", 7],
  ["s46Dmr", "4020010db8", "option-short", 1],
  ["s46Br", `${ADDRESS}00`, "option-long", 16],
  ["llAddr", "00010006 0200", "option-short", 4],
  ["dnr", `0001000e${EXAMPLE_COM}`, "option-overrun", 4],
  ["dnr", `0001000e${EXAMPLE_COM}00`, "option-long", 17],
  ["dnr", `0001000d${EXAMPLE_COM}00`, "option-short", 17],
  ["dnr", `0001000d${EXAMPLE_COM}0008${"00".repeat(8)}`, "option-short", 19],
  ["slapQuadrants", "", "option-short", 0],
  ["addrRegEnable", "01", "option-long", 0],
];

describe("broken option data", () => {
  test.each(broken)("%s %s -> %s at %i, kept raw", (name, hex, code, at) => {
    const option = OPTIONS[name].code;
    const data = fromHex(hex);
    const bytes = encodeMessage(clientServerMessage("reply", xid(7), [rawOption(option, data)]));
    const fault = { code, offset: 8 + at, option };
    const message = clientServerMessage("reply", xid(7), [{ name: "raw", code: option, data, fault }]);
    expect(decodeMessage(bytes)).toEqual({ ok: true, message, faults: [fault] });
    expect(printMessage(message)).toContain(`${name} (${code})`);
  });
});
