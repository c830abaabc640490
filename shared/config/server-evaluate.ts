import { seconds } from "../brand.js";
import { has } from "../wire/options.js";
import { quote, type Report, type Span } from "./diagnostics.js";
import { interfaceName, type InterfaceNames, noteInterface } from "./interface-names.js";
import { applyLog } from "./log-settings.js";
import { mergeVendorOptions } from "./option-syntax.js";
import type { Node } from "./parser.js";
import { checkOverlaps, checkTimes, makePdClass, makePool, type PoolLine } from "./pd-class.js";
import type { ServerHead } from "./server-directives.js";
import { type Acting, applySetting, enter, initialScope, type Scope } from "./server-scope.js";
import type { PdClass, ServerConfig, ServerInterface } from "./types.js";

/** What belongs to one block alone. */
interface Block {
  readonly isGlobal: boolean;
  readonly pdClasses: PdClass[];
  readonly pools: PoolLine[];
  length: { readonly value: number; readonly at: Span } | undefined;
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
  readonly clientClasses: Set<string>;
  /** Interfaces without a class, and classes for addresses: whether they are wrong depends on `stateless`. */
  readonly bare: { readonly name: string; readonly at: Span }[];
  readonly addressClasses: Span[];
  settings: Omit<ServerConfig, "interfaces">;
  isStateless: boolean;
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
    clientClasses: new Set(),
    bare: [],
    addressClasses: [],
    settings: {
      log: { level: 8, mode: "full", name: "Server", colors: false },
      script: undefined,
      scriptTimeout: seconds(10),
      scriptReplay: true,
      compatibility: "fixed",
      inactiveMode: false,
      stateless: false,
      guessMode: false,
      interfaceIdOrder: "before",
      dropUnicast: false,
      reconfigure: false,
      affinity: AFFINITY,
      relaySuppliedOptions: [],
    },
    isStateless: false,
  };
  evaluateAll(program, initialScope(), program.top, nodes);
  checkProgram(program);
  return { ...program.settings, interfaces: program.interfaces };
}

function evaluateAll(program: Program, scope: Scope, block: Block, nodes: Nodes | undefined): void {
  for (const node of nodes ?? []) evaluate(program, scope, block, node);
}

function evaluate(program: Program, scope: Scope, block: Block, node: Node<ServerHead>): void {
  const { head } = node;
  if (!head.acts) return;
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
    case "pd-pool":
      block.pools.push(makePool(head.value, head.at, program.report));
      break;
    case "pd-length":
      block.length = { value: head.value, at: head.at };
      break;
    case "allow":
    case "deny":
      checkAccess(program, block, head);
      break;
    case "client-class":
      program.clientClasses.add(head.value);
      break;
    case "inactive-mode":
      if (block.isGlobal) program.settings = { ...program.settings, inactiveMode: true };
      else program.report.warning(head.at, '"inactive-mode" only counts at the top level');
      break;
    case "stateless":
      program.isStateless = true;
      break;
    case "log-level":
    case "log-mode":
    case "log-name":
    case "log-colors":
    case "script":
    case "script-timeout":
    case "script-replay":
    case "compatibility":
      program.settings = applyGlobal(program.settings, head, program.report);
      break;
    default:
      applySetting(scope, head, program.report);
  }
}

type LogKeyword = "log-level" | "log-mode" | "log-name" | "log-colors";

function applyGlobal(
  settings: Program["settings"],
  head: Acting<LogKeyword | "script" | "script-timeout" | "script-replay" | "compatibility">,
  report: Report,
): Program["settings"] {
  switch (head.keyword) {
    case "script":
      return { ...settings, script: head.value === "" ? undefined : head.value };
    case "script-timeout":
      return { ...settings, scriptTimeout: seconds(head.value) };
    case "script-replay":
      return { ...settings, scriptReplay: head.value };
    case "compatibility":
      return { ...settings, compatibility: head.value };
    default:
      return { ...settings, log: applyLog(settings.log, head, report) };
  }
}

function evaluateInterface(
  program: Program,
  scope: Scope,
  node: Node<ServerHead>,
  { value: selector, at }: Acting<"iface">,
): void {
  const { report, top } = program;
  const block = makeBlock(false);
  evaluateAll(program, scope, block, node.body);
  noteInterface(program.met, selector, at, report);
  if (scope.fqdn !== undefined && !has(scope.options, "dnsServers")) {
    report.error(scope.fqdn, '"option fqdn" needs "option dns-server" on the same interface');
  }
  // A pd-class outside of any interface goes to the first interface behind it, as in Dibbler.
  const pdClasses = [...top.pdClasses.splice(0), ...block.pdClasses];
  checkOverlaps([...top.pools.splice(0), ...block.pools], report);
  const classAt = top.classAt ?? block.classAt;
  top.classAt = undefined;
  if (scope.isRelay) return;
  if (classAt === undefined && !node.isFaulty) program.bare.push({ name: interfaceName(selector), at });
  const { t1, t2, preferred, valid, preference, rapidCommit, clientMaxLease, unicast } = scope;
  program.interfaces.push({
    selector,
    relay: undefined,
    interfaceId: undefined,
    subnets: [],
    addressClasses: [],
    temporaryClasses: [],
    reservations: [],
    leasequery: false,
    bulkLeasequery: undefined,
    limits: { source: undefined, relay: undefined, remoteId: undefined },
    quarantine: seconds(0),
    pdClasses,
    preference,
    rapidCommit,
    clientMaxLease,
    unicast,
    t1,
    t2,
    preferred,
    valid,
    options: mergeVendorOptions(scope.options),
    at: report.place(at.start),
  });
}

function evaluatePdClass(program: Program, scope: Scope, block: Block, node: Node<ServerHead>): void {
  const inner = makeBlock(false);
  evaluateAll(program, scope, inner, node.body);
  const { pools, length } = inner;
  const lines = { at: node.head.at, pools, length, times: scope, isFaulty: node.isFaulty };
  const pdClass = makePdClass(lines, program.report);
  if (pdClass !== undefined) block.pdClasses.push(pdClass);
  block.pools.push(...pools);
  block.classAt = node.head.at;
}

function evaluateAddressClass(
  program: Program,
  scope: Scope,
  block: Block,
  node: Node<ServerHead>,
  { keyword, at }: Acting<"class" | "ta-class">,
): void {
  evaluateAll(program, scope, makeBlock(false), node.body);
  block.classAt = at;
  if (keyword === "ta-class") return;
  program.addressClasses.push(at);
  checkTimes(scope, (message) => {
    program.report.error(at, `${message} in this class`);
  });
}

function checkAccess({ report, clientClasses }: Program, block: Block, head: Acting<"allow" | "deny">): void {
  const { keyword, value, at } = head;
  if (!clientClasses.has(value)) {
    report.error(at, `there is no client-class ${quote(value)} above this line`);
  } else if (block.access !== undefined && block.access !== keyword) {
    report.error(at, "allow and deny cannot stand in one block", `only "${block.access}" was used so far`);
  }
  block.access ??= keyword;
}

function checkProgram({ report, top, interfaces, met, bare, addressClasses, isStateless }: Program): void {
  const begin = { start: 0, end: 0 };
  if (isStateless) {
    for (const at of addressClasses) report.error(at, "a stateless server cannot have a class of addresses");
  } else {
    for (const { name, at } of bare) {
      report.error(at, `interface ${name} has no pd-class: there is nothing to delegate`, PD_CLASS_EXAMPLE);
    }
  }
  if (report.errorCount() > 0) return;
  if (met.size === 0) {
    report.error(begin, 'no "iface" in this file: there is nothing to serve', IFACE_EXAMPLE);
  } else if (interfaces.length === 0) {
    report.error(
      begin,
      "all interfaces of this file stand for relays, and relayed messages are not answered",
    );
  } else if (top.classAt !== undefined) {
    report.warning(top.classAt, "this pd-class has no interface behind it and is not used");
  }
}

/** Dibbler's standard cache-size of 1 MiB over the 147 octets that it reckons for a client. */
const AFFINITY = Math.floor(1_048_576 / 147);
const PD_CLASS_EXAMPLE = "for example: pd-class { pd-pool 2001:db8::/40 pd-length 56 }";
const IFACE_EXAMPLE = 'for example: iface "eth0" { pd-class { pd-pool 2001:db8::/40 pd-length 56 } }';

function makeBlock(isGlobal: boolean): Block {
  return { isGlobal, pdClasses: [], pools: [], length: undefined, classAt: undefined, access: undefined };
}
