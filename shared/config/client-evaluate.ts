import { type Iaid, iaid as makeIaid, seconds } from "../brand.js";
import { isLinkLocal, isUnspecified } from "../prefix.js";
import { OPTIONS } from "../wire/options.js";
import {
  checkLifetimeOption,
  checkLifetimes,
  checkTimes,
  type IaidsMet,
  maskHint,
  noteIaid,
} from "./client-checks.js";
import type { ClientHead } from "./client-directives.js";
import { type Acting, applySetting, enter, initialScope, type Scope } from "./client-scope.js";
import type { Report, Span } from "./diagnostics.js";
import { interfaceName, type InterfaceNames, noteInterface } from "./interface-names.js";
import { applyLog } from "./log-settings.js";
import type { Node } from "./parser.js";
import type {
  AddressHint,
  ClientConfig,
  ClientInterface,
  Downlinks,
  IaRequest,
  InterfaceSelector,
  PdHint,
  PdRequest,
} from "./types.js";

/** What is asked for in one `iface` block; `hints` and `addresses` are those of the block being read. */
interface Block {
  readonly pds: PdRequest[];
  readonly ias: IaRequest[];
  readonly hints: PdHint[];
  readonly addresses: AddressHint[];
  /** The first ia, ta or pd. */
  association: Span | undefined;
  readonly iaids: Readonly<Record<"pd" | "ia", IaidsMet>>;
}

/** What holds for the whole file. */
interface Program {
  readonly report: Report;
  readonly interfaces: ClientInterface[];
  readonly met: InterfaceNames;
  /** Marked `no-config`. */
  readonly ignored: InterfaceSelector[];
  /** Every pd and ia so far, numbered ones too: an IA without number gets its place in the file. */
  readonly counts: { pd: number; ia: number };
  readonly iaids: Readonly<Record<"pd" | "ia", Map<Iaid, Span>>>;
  readonly downlinks: { names: string[]; at: Span | undefined };
  settings: Omit<ClientConfig, "interfaces" | "downlinks" | "searched">;
}

type Nodes = readonly Node<ClientHead>[];

/**
 * The meaning of a client.conf, directives taken in the order of the file; what contradicts itself goes to
 * the report.
 */
export function evaluateClient(nodes: Nodes, report: Report): ClientConfig {
  const program: Program = {
    report,
    interfaces: [],
    met: new Map(),
    ignored: [],
    counts: { pd: 0, ia: 0 },
    iaids: { pd: new Map(), ia: new Map() },
    downlinks: { names: [], at: undefined },
    settings: {
      log: { level: 8, mode: "full", name: "Client", colors: false },
      script: undefined,
      scriptTimeout: seconds(10),
      duidType: { kind: "llt" },
      skipConfirm: false,
      inactiveMode: false,
      insistMode: false,
      reconfigureAccept: false,
      addressLength: 128,
      compatibility: "fixed",
      radvdConfig: "/etc/dibbler/radvd.conf",
    },
  };
  const scope = initialScope();
  evaluateAll(program, scope, makeBlock(program), nodes);
  const downlinks = makeDownlinks(program);
  const { settings, interfaces } = program;
  if (interfaces.length > 0) return { ...settings, downlinks, interfaces, searched: undefined };
  return { ...settings, downlinks, interfaces, searched: makeSearched(program, scope) };
}

/** Without any `iface` Dibbler asks for an address and for name servers wherever there may be a server. */
function makeSearched({ report, met, ignored }: Program, scope: Scope): ClientConfig["searched"] {
  const begin = { start: 0, end: 0 };
  const [first] = met.values();
  report.warning(
    first ?? begin,
    'no "iface" to ask on: an address and name servers are asked for wherever hosts can be, and no prefix',
    'write iface "eth0" { pd } for a prefix',
  );
  const { stateless } = scope;
  const ia = { iaid: makeIaid(1), hints: [], t1: scope.t1, t2: scope.t2 };
  const requests = [...scope.requests.map(({ request }) => request.code), OPTIONS.dnsServers.code];
  const asked = {
    ...settingsOf(scope),
    bindToAddress: undefined,
    pds: [],
    ias: stateless ? [] : [ia],
    stateless,
    requestedOptions: [...new Set(requests)],
    at: report.place(begin.start),
  };
  return { asked, ignored };
}

/** What an interface has of what holds around it. */
const settingsOf = (
  scope: Scope,
): Pick<ClientInterface, "rapidCommit" | "preferredServers" | "rejectedServers" | "options"> => ({
  rapidCommit: scope.rapidCommit,
  preferredServers: scope.preferredServers,
  rejectedServers: scope.rejectedServers,
  options: scope.requests.flatMap(({ request }) => request.options),
});

function evaluateAll(program: Program, scope: Scope, block: Block, nodes: Nodes | undefined): void {
  for (const node of nodes ?? []) evaluate(program, scope, block, node);
}

function evaluate(program: Program, scope: Scope, block: Block, node: Node<ClientHead>): void {
  const { head, body } = node;
  if (!head.acts) return;
  switch (head.keyword) {
    case "iface":
      evaluateInterface(program, enter(scope), node, head);
      break;
    case "pd":
      evaluatePd(program, enter(scope), block, body, head);
      break;
    case "prefix":
      evaluatePrefix(program, enter(scope), block, body, head);
      break;
    case "ia":
      evaluateIa(program, enter(scope), block, body, head);
      break;
    case "ta":
      block.association ??= head.at;
      break;
    case "address":
      evaluateAddress(program, enter(scope), block, body, head);
      break;
    case "downlink-prefix-ifaces":
      program.downlinks.names.push(...head.value);
      program.downlinks.at = head.at;
      break;
    case "log-level":
    case "log-mode":
    case "log-name":
    case "log-colors":
    case "script":
    case "script-timeout":
    case "duid-type":
    case "compatibility":
    case "radvd-config":
    case "skip-confirm":
    case "inactive-mode":
    case "insist-mode":
    case "reconfigure-accept":
    case "strict-rfc-no-routing":
      program.settings = applyGlobal(program.settings, head, program.report);
      break;
    case "work-dir":
    case "auth-methods":
      // Only the server has to show them.
      break;
    default:
      applySetting(scope, head);
  }
}

type GlobalKeyword =
  | "log-level"
  | "log-mode"
  | "log-name"
  | "log-colors"
  | "script"
  | "script-timeout"
  | "duid-type"
  | "compatibility"
  | "radvd-config"
  | "skip-confirm"
  | "inactive-mode"
  | "insist-mode"
  | "reconfigure-accept"
  | "strict-rfc-no-routing";

function applyGlobal(
  settings: Program["settings"],
  head: Acting<GlobalKeyword>,
  report: Report,
): Program["settings"] {
  switch (head.keyword) {
    case "script":
      return { ...settings, script: head.value === "" ? undefined : head.value };
    case "script-timeout":
      return { ...settings, scriptTimeout: seconds(head.value) };
    case "duid-type":
      return { ...settings, duidType: head.value };
    case "compatibility":
      return { ...settings, compatibility: head.value };
    case "radvd-config":
      return { ...settings, radvdConfig: head.value.startsWith("/") ? head.value : undefined };
    case "skip-confirm":
      return { ...settings, skipConfirm: true };
    case "inactive-mode":
      return { ...settings, inactiveMode: true };
    case "insist-mode":
      return { ...settings, insistMode: true };
    case "reconfigure-accept":
      return { ...settings, reconfigureAccept: head.value };
    case "strict-rfc-no-routing":
      // The bare word says what holds anyway.
      return { ...settings, addressLength: head.value === false ? 64 : 128 };
    default:
      return { ...settings, log: applyLog(settings.log, head, report) };
  }
}

function evaluateInterface(
  program: Program,
  scope: Scope,
  node: Node<ClientHead>,
  { value: [selector, noConfig], at }: Acting<"iface">,
): void {
  const { report, counts } = program;
  const block = makeBlock(program);
  evaluateAll(program, scope, block, node.body);
  noteInterface(program.met, selector, at, report);
  if (noConfig !== null) {
    program.ignored.push(selector);
    return;
  }
  // Dibbler takes empty braces, and nothing else, as a wish for one address.
  if (node.body?.length === 0 && !node.isFaulty && !scope.stateless) {
    block.ias.push({ iaid: makeIaid(++counts.ia), hints: [], t1: scope.t1, t2: scope.t2 });
    block.association = at;
  }
  if (scope.stateless && block.association !== undefined) {
    report.error(block.association, "a stateless interface asks for options only: no ia, ta or pd");
  }
  const stateless = block.association === undefined && (scope.stateless || scope.requests.length > 0);
  checkLifetimeOption(scope, stateless, report);
  if (block.pds.length === 0 && block.ias.length === 0 && !stateless && !node.isFaulty) {
    report.warning(
      at,
      `nothing is asked for on interface ${interfaceName(selector)}`,
      'for example: iface "eth0" { pd }',
    );
  }
  program.interfaces.push({
    selector,
    bindToAddress: scope.bindToAddress,
    ...settingsOf(scope),
    pds: block.pds,
    ias: block.ias,
    stateless,
    requestedOptions: [...new Set(scope.requests.map(({ request }) => request.code))],
    at: report.place(at.start),
  });
}

function evaluatePd(
  program: Program,
  scope: Scope,
  block: Block,
  body: Nodes | undefined,
  { value, at }: Acting<"pd">,
): void {
  program.counts.pd++;
  block.association ??= at;
  const iaid = makeIaid(value ?? program.counts.pd);
  const inner = { ...block, hints: [] };
  evaluateAll(program, scope, inner, body);
  noteIaid(block.iaids.pd, iaid, at, program.report);
  const { t1, t2 } = scope;
  checkTimes(scope, "pd", at, program.report);
  block.pds.push({ iaid, hints: inner.hints, t1, t2 });
}

function evaluatePrefix(
  program: Program,
  scope: Scope,
  block: Block,
  body: Nodes | undefined,
  { value, at }: Acting<"prefix">,
): void {
  evaluateAll(program, scope, block, body);
  checkLifetimes(scope, at, program.report);
  const { valid } = scope;
  const preferred = seconds(Math.min(scope.preferred, valid));
  block.hints.push({ prefix: maskHint(value, at, program.report), preferred, valid });
}

function evaluateIa(
  program: Program,
  scope: Scope,
  block: Block,
  body: Nodes | undefined,
  { value, at }: Acting<"ia">,
): void {
  program.counts.ia++;
  block.association ??= at;
  const iaid = makeIaid(value ?? program.counts.ia);
  const inner = { ...block, addresses: [] };
  evaluateAll(program, scope, inner, body);
  noteIaid(block.iaids.ia, iaid, at, program.report);
  checkTimes(scope, "ia", at, program.report);
  const { t1, t2 } = scope;
  block.ias.push({ iaid, hints: inner.addresses, t1, t2 });
}

function evaluateAddress(
  program: Program,
  scope: Scope,
  block: Block,
  body: Nodes | undefined,
  { value, at }: Acting<"address">,
): void {
  evaluateAll(program, scope, makeBlock(program), body);
  checkLifetimes(scope, at, program.report);
  if (typeof value === "number" && value > 1) {
    program.report.warning(at, "the server says how many addresses an ia gets: one is asked for");
  }
  if (!(value instanceof Uint8Array) || isUnspecified(value)) return;
  if (isLinkLocal(value)) program.report.error(at, "a link-local address cannot be asked for");
  const { valid } = scope;
  const preferred = seconds(Math.min(scope.preferred, valid));
  block.addresses.push({ address: value, preferred, valid });
}

/** The uplink gets no part of what it asks for (RFC 3633 12.1): who lists it hears so. */
function makeDownlinks({ report, interfaces, downlinks: { names, at } }: Program): Downlinks {
  if (names.some((name) => name.toLowerCase() === "none")) return { mode: "none" };
  if (at === undefined) return { mode: "auto" };
  const isUplink = (name: string): boolean =>
    interfaces.some(({ selector }) => "name" in selector && selector.name === name);
  for (const name of names.filter(isUplink)) {
    report.warning(at, `${name} is an "iface" of this file: it gets no part of the prefixes`);
  }
  return { mode: "list", names };
}

function makeBlock({ iaids: { pd, ia } }: Program): Block {
  const iaids = {
    pd: { here: new Map<Iaid, Span>(), anywhere: pd },
    ia: { here: new Map<Iaid, Span>(), anywhere: ia },
  };
  return { pds: [], ias: [], hints: [], addresses: [], association: undefined, iaids };
}
