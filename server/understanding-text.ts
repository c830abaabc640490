import type { Range } from "../shared/config/types.js";
import type {
  UnderstoodClass,
  UnderstoodLink,
  UnderstoodOption,
  UnderstoodReservation,
  UnderstoodTimes,
  Understanding,
} from "./understanding.js";

/** What was understood, for people: a block of lines for the server and one for each link. */
export function understandingText(understood: Understanding): string {
  const blocks = [serverLines(understood), ...understood.links.map(linkLines)];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function serverLines({ log, script, modes, ...rest }: Understanding): string[] {
  return [
    "server",
    row("log", `${log.mode}, level ${log.level}, as ${quoted(log.name)}${log.colors ? ", in colours" : ""}`),
    row("script", script === null ? "none" : scriptText(script)),
    ...(modes.length === 0 ? [] : [row("modes", modes.join(", "))]),
    row(
      "Interface-Id",
      `${rest.interfaceIdOrder} the Relay Message in a Relay-reply`.replace(/^omit.*/, "left out"),
    ),
    row("remembers", `what ${rest.clientsRemembered} clients had`),
    row("relays supply", `options ${rest.relaySuppliedOptions.join(", ")}`),
  ];
}

const scriptText = ({ path, seconds, atStart }: NonNullable<Understanding["script"]>): string =>
  `${quoted(path)}, ${seconds} s at most${atStart ? "; told of live leases at start" : ""}`;

function linkLines(link: UnderstoodLink): string[] {
  const { limits } = link;
  const isServing = link.prefixes.length + link.addresses.length + link.temporaryAddresses.length > 0;
  return [
    `${link.behind === null ? "interface" : "link behind relays"} ${quoted(link.name)} (line ${link.line})`,
    ...(link.behind === null ? [] : [row("heard on", link.behind)]),
    ...(link.interfaceId === null ? [] : [row("Interface-Id", link.interfaceId)]),
    ...link.subnets.map((subnet) => row("subnet", subnet)),
    ...(link.unicast === null ? [] : [row("unicast", link.unicast)]),
    row("preference", `${link.preference}${link.rapidCommit ? ", with Rapid Commit" : ""}`),
    row("client", `${link.leasesPerClient} leases at most`),
    ...link.prefixes.flatMap((each) => classLines("prefixes", each)),
    ...link.addresses.flatMap((each) => classLines("addresses", each)),
    ...link.temporaryAddresses.flatMap((each) => classLines("temporary", each)),
    ...(isServing ? [] : [row("prefixes", "none: only options are given")]),
    ...link.reservations.flatMap((each) => reservationLines(each, link.times)),
    ...link.options.map((each) => row("option", optionLine(each))),
    ...(link.leasequery ? [row("Leasequery", bulkText(link))] : []),
    ...(["source", "relay", "remoteId"] as const).flatMap((by) => limitLines(by, limits[by])),
    ...(link.quarantine === 0 ? [] : [row("quarantine", `${link.quarantine} s`)]),
  ];
}

function classLines(title: string, of: UnderstoodClass): string[] {
  const { pools, length, count, times, exclude, routes, share, only, not } = of;
  const pieces = title === "prefixes" ? `/${length} out of ${pools.join(" and ")}` : pools.join(" and ");
  return [
    row(title, `${pieces}: ${amount(count)}`),
    ...(pools.length > 1 && title === "prefixes" ? [row("", "a client gets one out of each pool")] : []),
    ...(exclude === null ? [] : [row("", `excluded from each: ${exclude}`)]),
    ...(routes ? [row("", "routes are set by the server")] : []),
    ...(share === null ? [] : [row("", `share ${share}`)]),
    ...only.map((who) => row("", `only for ${who}`)),
    ...not.map((who) => row("", `not for ${who}`)),
    ...timeLines(times),
  ];
}

function reservationLines(of: UnderstoodReservation, times: UnderstoodTimes): string[] {
  const things = [
    ...(of.prefix === null ? [] : [`prefix ${of.prefix}`]),
    ...(of.address === null ? [] : [`address ${of.address}`]),
  ];
  return [
    row("reserved", `${of.client} (line ${of.line}): ${things.join(", ") || "options only"}`),
    ...(of.prefix === null ? [] : [row("", `sent, outside of all pools: ${sentText(times)}`)]),
    ...of.options.map((each) => row("", `option ${optionLine(each)}`)),
  ];
}

function timeLines(times: UnderstoodTimes): string[] {
  const { t1, t2, preferred, valid } = times;
  const bounds = `T1 ${rangeOf(t1)}, T2 ${rangeOf(t2)}, preferred ${rangeOf(preferred)}, valid ${rangeOf(valid)}`;
  return [row("", `sent: ${sentText(times)}`), row("", `within: ${bounds}`)];
}

const sentText = ({ sent }: UnderstoodTimes): string =>
  `T1 ${time(sent.t1)}, T2 ${time(sent.t2)}, preferred ${time(sent.preferred)}, valid ${time(sent.valid)}`;

const optionLine = ({ code, keyword, value }: UnderstoodOption): string =>
  keyword === null ? `${code}: ${value}` : `${code} ${keyword}: ${value}`;

function bulkText({ bulkLeasequery: bulk }: UnderstoodLink): string {
  if (bulk === null) return "over UDP";
  const { port, maxConnections, timeout } = bulk;
  return `over UDP, and TCP port ${port} (${maxConnections} connections, ${timeout} s)`;
}

function limitLines(by: keyof UnderstoodLink["limits"], limit: UnderstoodLink["limits"]["source"]): string[] {
  const whom = { source: "source", relay: "relay", remoteId: "Remote-ID" }[by];
  return limit === null
    ? []
    : [row("limit", `${limit.leases} new leases in ${limit.per} s for each ${whom}`)];
}

const rangeOf = ({ min, max }: Range): string =>
  min === max ? time(min) : `${time(min).replace(/ s$/, "")}-${time(max)}`;

const time = (seconds: number): string => (seconds === INFINITE ? "infinity" : `${seconds} s`);

/** Numbers that are not exact any more are powers of two, or near one. */
const amount = (count: number): string =>
  Number.isSafeInteger(count) ? String(count) : `about 2^${Math.round(Math.log2(count))}`;

const INFINITE = 0xffff_ffff;

const row = (title: string, text: string): string => `  ${title.padEnd(TITLE)} ${text}`.trimEnd();

const TITLE = 13;

/** In quotes, and without what could steer a terminal. */
const quoted = (text: string): string => `"${text.replace(/\p{C}/gu, "?")}"`;
