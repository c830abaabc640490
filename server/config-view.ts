import type {
  AddressClass,
  ClientRange,
  InterfaceSelector,
  PdClass,
  Range,
  Reservation,
  ServerConfig,
  ServerInterface,
} from "../shared/config/types.js";
import { type Duid, formatDuid } from "../shared/duid.js";
import { type AddressRange, formatIp6, ip6, rangeOf } from "../shared/prefix.js";
import { codeOf, type Option } from "../shared/wire/options.js";
import type { AnyClass } from "./class-use.js";
import { linkNames, selectorName } from "./link-names.js";
import { optionData, optionText } from "./option-text.js";

/** What the view says beside the configuration. */
export interface ConfigViewFacts {
  readonly duid: Duid;
  /** Where the state is. */
  readonly workDir: string;
  /** The numbers of interfaces and of links behind relays, by name. */
  readonly indexes: ReadonlyMap<string, number>;
  /** How many leases a class has given out. */
  readonly assigned: (of: AnyClass) => number;
}

/**
 * The text of `server-CfgMgr.xml`: what Dibbler's server writes for other programs to read, of the same
 * elements in the same order, comments included, for in these monitoring finds how many prefixes are in use.
 * Reserved prefixes are not shown there. Names that XML cannot hold as they are written are escaped.
 */
export function renderConfigView(config: ServerConfig, facts: ConfigViewFacts): string {
  const { log, shown, interfaceIdOrder } = config;
  const { authMethods } = shown;
  const methods = authMethods.map((method) => `${methodName(method)} `).join("");
  const ids = { pd: 0, na: 0, ta: 0 };
  const lines = [
    "<SrvCfgMgr>",
    `  <workDir>${escape(shown.workDir ?? facts.workDir)}</workDir>`,
    `  <LogName>${escape(log.name)}</LogName>`,
    `  <LogLevel>${log.level}</LogLevel>`,
    `  <InactiveMode>${bit(config.inactiveMode)}</InactiveMode>`,
    `  <GuessMode>${bit(config.guessMode)}</GuessMode>`,
    `  ${duidElement(facts.duid)}`,
    `  <InterfaceIDOrder>${interfaceIdOrder === "omit" ? "none" : interfaceIdOrder}</InterfaceIDOrder>`,
    `  <auth count="${authMethods.length}">${methods}</auth>`,
    config.stateless ? "  <stateless/>" : "  <!-- <stateless/> -->",
    ...config.interfaces.flatMap((link) => interfaceLines(link, facts, ids)),
    "</SrvCfgMgr>",
  ];
  return `${lines.join("\n")}\n`;
}

/** The numbers of classes, which go on from one interface to the next. */
type ClassIds = Record<"pd" | "na" | "ta", number>;

function interfaceLines(link: ServerInterface, facts: ConfigViewFacts, ids: ClassIds): string[] {
  const { pdClasses, addressClasses, temporaryClasses, options, reservations, subnets, unicast } = link;
  const { name } = linkNames(link, facts.indexes);
  const inner = [
    relayLine(link, facts),
    `<!--${subnets.length} subnet(s) -->`,
    ...subnets.map(({ first, last }) => `<subnet>${formatIp6(first)}-${formatIp6(last)}</subnet>`),
    `<preference>${link.preference}</preference>`,
    `<ifaceMaxLease>${link.shownMaxLease}</ifaceMaxLease>`,
    `<clntMaxLease>${link.clientMaxLease}</clntMaxLease>`,
    `<LeaseQuery>${bit(link.leasequery)}</LeaseQuery>`,
    ...times(link, "pref", "valid"),
    unicast === undefined ? "<!-- <unicast/> -->" : `<unicast>${formatIp6(unicast)}</unicast>`,
    link.rapidCommit ? "<rapid-commit/>" : "<!-- <rapid-commit/> -->",
    "",
    `<!-- IA: non-temporary addr class count: ${addressClasses.length}-->`,
    ...addressClasses.flatMap((each) => addressClassLines(each, ids.na++, facts)),
    "",
    `<!-- PD: prefix delegation class count: ${pdClasses.length}-->`,
    ...pdClasses.flatMap((each) => pdClassLines(each, ids.pd++, facts)),
    "",
    `<!-- TA: temporary IPv6 addr class count: ${temporaryClasses.length}-->`,
    ...temporaryClasses.flatMap((each) => temporaryClassLines(each, ids.ta++, facts)),
    "",
    "<!-- options -->",
    `<!-- ${options.length} extra option(s) -->`,
    ...options.map((each) => `  ${optionElement(each)}`),
    "<!-- <fqdnOptions/> -->",
    `<!-- ${reservations.length} per-client parameters (exceptions) -->`,
    ...reservations.flatMap(clientLines),
  ];
  return [
    `  <SrvCfgIface name="${escape(name)}" ifindex="${facts.indexes.get(name) ?? -1}">`,
    ...indent(4, inner),
    "  </SrvCfgIface>",
  ];
}

/** Dibbler says `interfaceid=null`, which is no XML, where none is configured. */
function relayLine({ relay, interfaceId }: ServerInterface, { indexes }: ConfigViewFacts): string {
  if (relay === undefined) return "<!-- <relay/> -->";
  const nameOf = (selector: InterfaceSelector | undefined): string =>
    selector === undefined ? "" : selectorName(selector, indexes);
  const index = indexes.get(nameOf(relay.over)) ?? -1;
  const id = interfaceId === undefined ? "null" : formatDuid(interfaceId);
  return `<relay name="${escape(nameOf(relay.named))}" ifindex="${index}" interfaceid="${id}"/>`;
}

function pdClassLines(of: PdClass, id: number, facts: ConfigViewFacts): string[] {
  const [first] = of.pools;
  const total = shownTotal(first === undefined ? 0 : 2 ** (of.length - first.length));
  return [
    `<PD id="${id}">`,
    ...indent(2, [
      `<!-- total prefixes in class: ${total}, prefixes assigned: ${facts.assigned(of)} -->`,
      ...times(of, "prefered-lifetime", "valid-lifetime"),
      `<PDMaxLease>${maxLease(of, total)}</PDMaxLease>`,
      "<!-- prefix range -->",
      ...of.pools.map((pool) => rangeElement(rangeOf(pool))),
    ]),
    "</PD>",
  ];
}

function addressClassLines(of: AddressClass, id: number, facts: ConfigViewFacts): string[] {
  const { access, share } = of;
  return [
    `<class id="${id}" share="${share}">`,
    ...indent(2, [
      ...addressCounts(of, facts)[0],
      ...times(of, "pref", "valid"),
      ...addressCounts(of, facts)[1],
      `<!-- reject-clients ranges:${access.reject.length} -->`,
      ...access.reject.flatMap(clientRangeLines),
      `<!-- accept-only ranges:${access.acceptOnly.length} -->`,
      ...access.acceptOnly.flatMap(clientRangeLines),
    ]),
    "</class>",
  ];
}

function temporaryClassLines(of: AddressClass, id: number, facts: ConfigViewFacts): string[] {
  const { access, preferred, valid } = of;
  return [
    `<taClass id="${id}" pref="${preferred.min}" valid="${valid.min}">`,
    ...indent(2, [
      ...addressCounts(of, facts).flat(),
      `<!-- reject-clients (black list) ranges:${access.reject.length} -->`,
      ...access.reject.flatMap(clientRangeLines),
      `<!-- accept-only (white list) ranges:${access.acceptOnly.length} -->`,
      ...access.acceptOnly.flatMap(clientRangeLines),
    ]),
    "</taClass>",
  ];
}

/** The lines before the times of a class of addresses, and those behind them. */
function addressCounts(of: AddressClass, facts: ConfigViewFacts): readonly [string[], string[]] {
  const total = shownTotal(of.ranges.reduce((sum, range) => sum + sizeOf(range), 0));
  return [
    [`<!-- total addrs in class: ${total}, addrs assigned: ${facts.assigned(of)} -->`],
    [
      `<ClassMaxLease>${maxLease(of, total)}</ClassMaxLease>`,
      "<!-- address range -->",
      ...of.ranges.map(rangeElement),
    ],
  ];
}

function clientLines({ selector, address }: Reservation): string[] {
  const isDuid = selector.by === "duid";
  const isRemoteId = selector.by === "remoteId";
  const id = isRemoteId ? (selector.ids.at(-1) ?? new Uint8Array()) : new Uint8Array();
  return [
    "<client>",
    ...indent(2, [
      isDuid ? duidElement(selector.duid) : "<!-- <duid/> -->",
      isRemoteId
        ? `<RemoteID enterprise="${selector.enterprise}" length="${id.length}">${formatDuid(id)}</RemoteID>`
        : "<!-- <RemoteID/> -->",
      // Spelled as Dibbler does.
      "<!-- paramteres start here -->",
      address === undefined ? "<!-- <addr/> -->" : `<addr>${formatIp6(address)}</addr>`,
    ]),
    "</client>",
  ];
}

function clientRangeLines({ by, first, last }: ClientRange): string[] {
  if (by === "address") return [rangeElement({ first: ip6(first), last: ip6(last) })];
  const ends = [first, last].map((end) => `   <duid length="${end.length}">${formatDuid(end)}</duid>`);
  return ['<range type="duid">', ...ends, "</range>"];
}

const times = (
  { t1, t2, preferred, valid }: Readonly<Record<"t1" | "t2" | "preferred" | "valid", Range>>,
  preferredName: string,
  validName: string,
): string[] => {
  const rows = [
    ["T1", t1],
    ["T2", t2],
    [preferredName, preferred],
    [validName, valid],
  ] as const;
  return rows.map(([name, { min, max }]) => `<${name} min="${min}" max="${max}" />`);
};

const rangeElement = ({ first, last }: AddressRange): string =>
  `<range type="addr" min="${formatIp6(first)}" max="${formatIp6(last)}"/>`;

const duidElement = (duid: Uint8Array): string => `<duid length="${duid.length}">${formatDuid(duid)}</duid>`;

/** The length is that of the whole option, header included. */
const optionElement = (option: Option): string =>
  `<extraOption type="${codeOf(option)}" length="${4 + optionData(option).length}">` +
  `${escape(optionText(option))}</extraOption>`;

const MOST = 0xffff_ffff;

/** Dibbler's count of a pool: beyond 2^32 it is the highest number of 32 bits. */
const shownTotal = (count: number): number => (count > MOST + 1 ? MOST : count);

const maxLease = ({ shownMaxLease }: AnyClass, total: number): number => Math.min(shownMaxLease, total);

/** How many addresses a range has; not exact beyond 2^53. */
function sizeOf({ first, last }: AddressRange): number {
  let size = 0;
  for (let i = 0; i < 16; i++) size = size * 256 + (last[i] ?? 0) - (first[i] ?? 0);
  return size + 1;
}

/** `digest-hmac-sha256` is shown as `HMAC-SHA-256`, `digest-none` as `NONE`. */
const methodName = (method: string): string =>
  method
    .replace(/^digest-/, "")
    .toUpperCase()
    .replace(/-SHA(?=\d)/, "-SHA-");

const bit = (value: boolean): number => (value ? 1 : 0);

const indent = (columns: number, lines: readonly string[]): string[] =>
  lines.map((line) => (line === "" ? "" : " ".repeat(columns) + line));

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Without what has a meaning in XML, and without control characters, which XML cannot hold. */
const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (mark) => ESCAPES[mark] ?? "").replace(/\p{Cc}/gu, "?");
