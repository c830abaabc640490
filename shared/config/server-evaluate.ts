import { has } from "../wire/options.js";
import { applyAccess, type ClientClasses, defineClientClass, prefixAccess } from "./access.js";
import { makeAddressClass } from "./address-class.js";
import type { Report, Span } from "./diagnostics.js";
import { interfaceName, type InterfaceNames, noteInterface } from "./interface-names.js";
import { checkKey } from "./keys.js";
import { makeBulkLeasequery } from "./leasequery-settings.js";
import { mergeVendorOptions } from "./option-syntax.js";
import type { Node } from "./parser.js";
import { checkOverlaps, makePdClass, makePool, type PoolLine } from "./pd-class.js";
import type { ExcludeLine } from "./pd-exclude.js";
import { orderAddresses } from "./ranges.js";
import { checkRelayName, isRelay, makeRelay, type RelayInterfaces, relayName } from "./relay-interfaces.js";
import { checkReservations, makeReservation, type ReservationLines } from "./reservations.js";
import type { ServerHead } from "./server-directives.js";
import { applyGlobal, completeSettings, type GlobalSettings, initialSettings } from "./server-globals.js";
import { type Acting, applySetting, enter, initialScope, type Scope } from "./server-scope.js";
import type { AddressClass, PdClass, ServerConfig, ServerInterface } from "./types.js";

/** What belongs to one block alone. */
interface Block {
  readonly isGlobal: boolean;
  readonly pdClasses: PdClass[];
  readonly addressClasses: AddressClass[];
  readonly temporaryClasses: AddressClass[];
  readonly reservations: ReservationLines[];
  readonly pools: PoolLine[];
  length: { readonly value: number; readonly at: Span } | undefined;
  exclude: ExcludeLine | undefined;
  /** The last class of any kind, served or not. */
  classAt: Span | undefined;
  /** Which of allow and deny is in use. */
  access: "allow" | "deny" | undefined;
}

/** What holds for the whole file. */
interface Program {
  readonly report: Report;
  readonly top: Block;
  readonly interfaces: ServerInterface[];
  readonly met: InterfaceNames;
  readonly relays: RelayInterfaces;
  readonly clientClasses: ClientClasses;
  /** Interfaces without a class, and classes for addresses: whether they are wrong depends on `stateless`. */
  readonly bare: { readonly name: string; readonly at: Span }[];
  readonly addressClasses: Span[];
  /** Lines of the top level by keyword that need an interface behind them. */
  readonly waiting: Map<string, Span>;
  /** Reservations of which it was said that they overlap another one. */
  readonly overlapsTold: Set<Span>;
  settings: GlobalSettings;
}

type Nodes = readonly Node<ServerHead>[];

/**
 * The meaning of a server.conf, directives taken in the order of the file; what contradicts itself goes to
 * the report.
 */
export function evaluateServer(nodes: Nodes, report: Report): ServerConfig {
  const program: Program = {
    report,
    top: makeBlock(true),
    interfaces: [],
    met: new Map(),
    relays: new Map(),
    clientClasses: new Map(),
    bare: [],
    addressClasses: [],
    waiting: new Map(),
    overlapsTold: new Set(),
    settings: initialSettings(),
  };
  evaluateAll(program, initialScope(), program.top, nodes);
  checkProgram(program);
  return { ...completeSettings(program.settings), interfaces: program.interfaces };
}

function evaluateAll(program: Program, scope: Scope, block: Block, nodes: Nodes | undefined): void {
  for (const node of nodes ?? []) evaluate(program, scope, block, node);
}

function evaluate(program: Program, scope: Scope, block: Block, node: Node<ServerHead>): void {
  const { report } = program;
  const { head, body } = node;
  if (!head.acts) return;
  if (block.isGlobal && NEED_INTERFACE.has(head.keyword)) program.waiting.set(head.keyword, head.at);
  switch (head.keyword) {
    case "iface":
      evaluateInterface(program, enter(scope), node, head);
      break;
    case "pd-class":
      evaluatePdClass(program, enter(scope), block, node);
      break;
    case "class":
    case "ta-class":
      evaluateAddressClass(program, enter(scope), block, node, head);
      break;
    case "client":
      block.reservations.push(makeReservation(head, body, report));
      break;
    case "client-class":
      defineClientClass(program.clientClasses, head, body, report);
      break;
    case "pd-pool":
      block.pools.push(makePool(head.value, head.at, report));
      break;
    case "pd-length":
      block.length = { value: head.value, at: head.at };
      break;
    case "pd-exclude":
      block.exclude = { prefix: head.value, at: head.at };
      break;
    case "allow":
    case "deny":
      applyAccess(scope, block, head, program.clientClasses, report);
      break;
    case "inactive-mode":
      if (block.isGlobal) program.settings = { ...program.settings, inactiveMode: true };
      else report.warning(head.at, '"inactive-mode" only counts at the top level');
      break;
    case "log-level":
    case "log-mode":
    case "log-name":
    case "log-colors":
    case "script":
    case "script-timeout":
    case "script-replay":
    case "script-wait":
    case "compatibility":
    case "stateless":
    case "guess-mode":
    case "interface-id-order":
    case "cache-size":
    case "drop-unicast":
    case "reconfigure-enabled":
    case "relay-supplied-options":
    case "performance-mode":
    case "metrics":
    case "status-page":
    case "events":
    case "webhook":
    case "webhook-secret":
    case "work-dir":
    case "auth-methods":
      program.settings = applyGlobal(program.settings, head, report);
      break;
    case "key":
      checkKey(head, node, report);
      break;
    case "subnet":
      if (block.isGlobal) addSubnet(program, head);
      else applySetting(scope, head, report);
      break;
    case "match-if":
    case "prefix":
    case "address":
    case "secret":
    case "algorithm":
      // Read with the block that they stand in.
      break;
    default:
      applySetting(scope, head, report);
  }
}

/** Outside of an interface Dibbler adds the subnet to the one before it. */
function addSubnet({ interfaces, report }: Program, { value, at }: Acting<"subnet">): void {
  const subnet = orderAddresses(value, at, report);
  const last = interfaces.pop();
  if (last === undefined) return;
  interfaces.push({ ...last, subnets: [...last.subnets, subnet] });
  report.warning(at, `this subnet belongs to the interface before it, ${interfaceName(last.selector)}`);
}

function evaluateInterface(
  program: Program,
  scope: Scope,
  node: Node<ServerHead>,
  { value, at }: Acting<"iface">,
): void {
  const { report, top } = program;
  const block = makeBlock(false);
  evaluateAll(program, scope, block, node.body);
  const named = relayName(value);
  const relay = isRelay(scope) ? makeRelay(scope, named, program.relays) : undefined;
  const selector = relay === undefined ? value : named;
  noteInterface(program.met, selector, at, report);
  if (relay !== undefined) checkRelayName(named, at, report);
  if (scope.fqdn !== undefined && !has(scope.options, "dnsServers")) {
    report.error(scope.fqdn, '"option fqdn" needs "option dns-server" on the same interface');
  }
  const classAt = top.classAt ?? block.classAt;
  if (classAt === undefined && relay === undefined && !node.isFaulty) {
    program.bare.push({ name: interfaceName(selector), at });
  }
  program.interfaces.push(makeInterface(program, scope, block, { selector, relay, at }));
  top.classAt = undefined;
  program.waiting.clear();
}

function makeInterface(
  { report, top, overlapsTold }: Program,
  scope: Scope,
  block: Block,
  { selector, relay, at }: Pick<ServerInterface, "selector" | "relay"> & { readonly at: Span },
): ServerInterface {
  // A pd-class outside of any interface goes to the first interface behind it, as in Dibbler; a reservation
  // there holds for all of them, where Dibbler forgets it.
  const pdClasses = [...top.pdClasses.splice(0), ...block.pdClasses];
  checkOverlaps([...top.pools.splice(0), ...block.pools], report);
  const reservations = [...top.reservations, ...block.reservations];
  checkReservations(reservations, overlapsTold, report);
  const { interfaceId, subnets, limits, quarantine, routes } = scope;
  const { preference, rapidCommit, clientMaxLease, unicast } = scope;
  const shownMaxLease = scope.ifaceMaxLease;
  const { t1, t2, preferred, valid } = scope;
  return {
    selector,
    relay,
    interfaceId,
    subnets,
    pdClasses,
    addressClasses: block.addressClasses,
    temporaryClasses: block.temporaryClasses,
    reservations: reservations.map(({ reservation }) => reservation),
    leasequery: scope.leasequery.accept,
    bulkLeasequery: makeBulkLeasequery(scope.leasequery, report),
    limits,
    quarantine,
    routes,
    preference,
    rapidCommit,
    clientMaxLease,
    shownMaxLease,
    unicast,
    t1,
    t2,
    preferred,
    valid,
    options: mergeVendorOptions(scope.options),
    at: report.place(at.start),
  };
}

function evaluatePdClass(program: Program, scope: Scope, block: Block, node: Node<ServerHead>): void {
  const { head, isFaulty } = node;
  const inner = makeBlock(false);
  evaluateAll(program, scope, inner, node.body);
  const { pools, length, exclude } = inner;
  const access = prefixAccess(scope, program.settings.compatibility);
  const shownMaxLease = scope.classMaxLease;
  const { routes } = scope;
  const lines = {
    at: head.at,
    pools,
    length,
    exclude,
    access,
    times: scope,
    shownMaxLease,
    routes,
    isFaulty,
  };
  const pdClass = makePdClass(lines, program.report);
  if (pdClass !== undefined) block.pdClasses.push(pdClass);
  block.pools.push(...pools);
  block.classAt = head.at;
}

function evaluateAddressClass(
  program: Program,
  scope: Scope,
  block: Block,
  { body, isFaulty }: Node<ServerHead>,
  { keyword, at }: Acting<"class" | "ta-class">,
): void {
  evaluateAll(program, scope, makeBlock(false), body);
  const addressClass = makeAddressClass({ keyword, at, scope, isFaulty }, program.report);
  const classes = keyword === "class" ? block.addressClasses : block.temporaryClasses;
  if (addressClass !== undefined) classes.push(addressClass);
  if (keyword === "class") program.addressClasses.push(at);
  block.classAt = at;
}

function checkProgram(program: Program): void {
  const { report, interfaces, met, bare, addressClasses, settings, waiting } = program;
  const begin = { start: 0, end: 0 };
  if (settings.stateless) {
    for (const at of addressClasses) report.error(at, "a stateless server cannot have a class of addresses");
  } else {
    for (const { name, at } of bare) {
      report.error(at, `interface ${name} has no class: there is nothing to hand out`, PD_CLASS_EXAMPLE);
    }
  }
  if (report.errorCount() > 0) return;
  if (met.size === 0) {
    report.error(begin, 'no "iface" in this file: there is nothing to serve', IFACE_EXAMPLE);
    return;
  }
  if (interfaces.every(({ relay }) => relay !== undefined && relay.over === undefined)) {
    report.error(
      begin,
      "no interface of the system is named in this file: relayed messages cannot come in",
      'for example: relay "eth0"',
    );
  }
  for (const [keyword, at] of waiting) {
    report.warning(at, `this ${keyword} has no interface behind it and is not used`);
  }
}

/** What does nothing at the top level but for the interfaces behind it. */
const NEED_INTERFACE: ReadonlySet<string> = new Set(["pd-class", "client"]);
const PD_CLASS_EXAMPLE = "for example: pd-class { pd-pool 2001:db8::/40 pd-length 56 }";
const IFACE_EXAMPLE = 'for example: iface "eth0" { pd-class { pd-pool 2001:db8::/40 pd-length 56 } }';

function makeBlock(isGlobal: boolean): Block {
  return {
    isGlobal,
    pdClasses: [],
    addressClasses: [],
    temporaryClasses: [],
    reservations: [],
    pools: [],
    length: undefined,
    exclude: undefined,
    classAt: undefined,
    access: undefined,
  };
}
