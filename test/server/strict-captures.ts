import type { HookCall } from "../../shared/hook.js";
import { type DomainName, parseDomainName } from "../../shared/wire/domain-name.js";
import { type Option, option } from "../../shared/wire/options.js";
import { createClient, createRig, type Rig, type TestClient } from "./rig.js";
import { configure, iface, ip, pdClass } from "./settings.js";

/** The pool of the captures. */
export const POOL = "2001:db8:1000::/40";
/** A class with it. */
export const CLASS = pdClass(56, [POOL]);
/** An option that is configured. */
export const DNS = option("dnsServers", [ip("2001:db8::53"), ip("2001:db8::54")]);
const DOMAINS = option("domainList", [name("example.com")]);
/** A link as the captures had it. */
export const LAN = iface("eth0", [CLASS], { unicast: ip("2001:db8:5::1"), options: [DNS, DOMAINS] });
/** What the clients asked for. */
export const ASKING: Option = option("optionRequest", [23, 24]);

/** DUID of the first client. */
export const CLIENT = "00:03:00:01:02:00:00:00:00:01";
/** DUID of the server. */
export const SERVER = "00:03:00:01:02:00:00:00:00:fe";
/** A prefix of the pool that nobody has. */
export const NO_PREFIX = "2001:db8:10ff:ff00::/56";

/** A domain name that is known to be one. */
export function name(text: string): DomainName {
  const parsed = parseDomainName(text);
  if (parsed === undefined) throw new Error(`no name: ${text}`);
  return parsed;
}

/** A server in strict mode. */
export const strict = (block = LAN, settings = {}): Rig =>
  createRig(configure([block], { compatibility: "strict", scriptReplay: false, ...settings }));

/** A call as the script sees it: its argument, then its variables in their order. */
export const seen = ({ action, variables }: HookCall): readonly string[] => [
  action,
  ...Object.entries(variables).map(([key, value]) => `${key}=${value}`),
];
/** The calls since this was last asked. */
export const calls = (rig: Rig): readonly (readonly string[])[] => rig.hooks().map(seen);

/** The address of a prefix. */
export const address = (prefix: string): string => prefix.replace(/\/.*/, "");
/** Variables of the n-th prefix. */
export const told = (n: number, prefix: string, preferred: number, valid: number): readonly string[] => [
  `PREFIX${n}=${address(prefix)}`,
  `PREFIX${n}LEN=56`,
  `PREFIX${n}PREF=${preferred}`,
  `PREFIX${n}VALID=${valid}`,
];
/** Variables of a direct client. */
export const DIRECT = ["RELAYS=0", "IFACE=eth0", "IFINDEX=2", "REMOTE_ADDR=fe80::1"];
/** Variables of an answered message. */
export const messages = (type: string): readonly string[] => [`CLNT_MESSAGE=${type}`, "SRV_MESSAGE=REPLY"];
/** Options of every answer. */
export const COMMON = [
  `SRV_OPTION2=${SERVER}`,
  `SRV_OPTION1=${CLIENT}`,
  "SRV_OPTION7=0",
  "SRV_OPTION12=2001:db8:5::1",
];
/** Options that were asked for. */
export const ASKED = ["SRV_OPTION23=2001:db8::53 2001:db8::54 ", "SRV_OPTION24=example.com "];
/** Options of every message with a Server Identifier. */
export const FROM = [`CLNT_OPTION1=${CLIENT}`, `CLNT_OPTION2=${SERVER}`];

/** A client with a lease, after the call for that. */
export function holder(rig: Rig): { readonly client: TestClient; readonly held: string } {
  const client = createClient(rig, 1);
  const held = client.lease();
  rig.hooks();
  return { client, held };
}
