import type { ClientConfig, ClientInterface, Downlinks, DuidType } from "../shared/config/types.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import { codeOf } from "../shared/wire/options.js";

/** What a configuration means, in plain values: for people through `understandingText`, and as JSON. */
export interface Understanding {
  readonly log: ClientConfig["log"];
  readonly script: { readonly path: string; readonly seconds: number } | null;
  /** The kind of DUID that is made when there is none yet. */
  readonly duid: DuidType["kind"];
  readonly downlinks: string;
  /** The directives in force that only stand there or not. */
  readonly modes: readonly string[];
  readonly interfaces: readonly UnderstoodInterface[];
}

/** One `iface` block. */
export interface UnderstoodInterface {
  readonly name: string;
  readonly line: number;
  /** The address that everything is sent from; null for the first link-local one. */
  readonly from: string | null;
  readonly rapidCommit: boolean;
  readonly stateless: boolean;
  readonly prefixes: readonly UnderstoodIa[];
  readonly addresses: readonly UnderstoodIa[];
  /** Codes of the options that are asked for, and of those that are sent along. */
  readonly options: readonly number[];
  readonly sent: readonly number[];
}

/** An IA that is asked for, and what is wished for in it. */
export interface UnderstoodIa {
  readonly iaid: number;
  readonly hints: readonly string[];
}

/** What the client will do by this configuration. */
export function understand(config: ClientConfig): Understanding {
  const { log, script, scriptTimeout, duidType, downlinks, interfaces } = config;
  return {
    log,
    script: script === undefined ? null : { path: script, seconds: scriptTimeout },
    duid: duidType.kind,
    downlinks: downlinksText(downlinks),
    modes: modesOf(config),
    interfaces: interfaces.map(understandInterface),
  };
}

/** For people: a block of lines for the client and one for each interface. */
export function understandingText({
  log,
  script,
  duid,
  downlinks,
  modes,
  interfaces,
}: Understanding): string {
  const client = [
    "client",
    row("log", `${log.mode}, level ${log.level}, as "${log.name}"${log.colors ? ", in colours" : ""}`),
    row("script", script === null ? "none" : `"${script.path}", ${script.seconds} s at most`),
    row("DUID", `the one in client-duid; without that one of the kind ${duid}`),
    row("downlinks", downlinks),
    ...(modes.length === 0 ? [] : [row("modes", modes.join(", "))]),
  ];
  return `${[client, ...interfaces.map(interfaceLines)].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function interfaceLines(it: UnderstoodInterface): string[] {
  const ia = (what: string, { iaid, hints }: UnderstoodIa): string =>
    row("asks for", `${what}, IAID ${iaid}${hints.length === 0 ? "" : `, wishes ${hints.join(", ")}`}`);
  const asks = [
    ...it.prefixes.map((each) => ia("a prefix", each)),
    ...it.addresses.map((each) => ia("an address", each)),
    ...(it.stateless ? [row("asks for", "options only (Information-request)")] : []),
  ];
  return [
    `interface "${it.name}" (line ${it.line})`,
    row("sends from", it.from ?? "its link-local address"),
    ...(asks.length === 0 ? [row("asks for", "nothing: write pd, ia or stateless into the block")] : asks),
    ...(it.rapidCommit ? [row("", "with Rapid Commit, in two messages where the server allows it")] : []),
    ...(it.options.length === 0 ? [] : [row("options", `asked for: ${it.options.join(", ")}`)]),
    ...(it.sent.length === 0 ? [] : [row("", `sent along: ${it.sent.join(", ")}`)]),
  ];
}

const row = (title: string, text: string): string => `  ${title.padEnd(12)}${text}`.trimEnd();

function understandInterface(it: ClientInterface): UnderstoodInterface {
  return {
    name: "name" in it.selector ? it.selector.name : `#${it.selector.index}`,
    line: it.at.line,
    from: it.bindToAddress === undefined ? null : formatIp6(it.bindToAddress),
    rapidCommit: it.rapidCommit,
    stateless: it.stateless,
    prefixes: it.pds.map(({ iaid, hints }) => ({
      iaid,
      hints: hints.map(({ prefix }) => formatPrefix(prefix)),
    })),
    addresses: it.ias.map(({ iaid, hints }) => ({
      iaid,
      hints: hints.map(({ address }) => formatIp6(address)),
    })),
    options: it.requestedOptions,
    sent: it.options.map(codeOf),
  };
}

function downlinksText(downlinks: Downlinks): string {
  switch (downlinks.mode) {
    case "none":
      return "none: a prefix is told to the script only";
    case "list":
      return `prefixes are for ${downlinks.names.join(", ")}`;
    case "auto":
      return "prefixes are for all other interfaces that are up";
    default:
      return downlinks satisfies never;
  }
}

function modesOf(config: ClientConfig): string[] {
  const rows: readonly (readonly [string, boolean])[] = [
    ["skip-confirm", config.skipConfirm],
    ["inactive-mode", config.inactiveMode],
    ["insist-mode", config.insistMode],
    ["reconfigure-accept 1", config.reconfigureAccept],
  ];
  return rows.flatMap(([mode, isOn]) => (isOn ? [mode] : []));
}
