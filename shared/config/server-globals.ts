import { seconds } from "../brand.js";
import { OPTIONS } from "../wire/options.js";
import type { Report, Span } from "./diagnostics.js";
import { applyLog } from "./log-settings.js";
import type { Acting } from "./server-scope.js";
import type { EventTarget, ServerConfig } from "./types.js";

/** What holds for the whole server, so far as the file says it. */
export type GlobalSettings = Omit<ServerConfig, "interfaces" | "scriptReplay" | "webhook"> & {
  readonly webhookUrl: string | undefined;
  readonly webhookSecret: string | undefined;
  readonly scriptReplay: boolean | undefined;
};

/** The directives that say it. */
export type GlobalHead = Acting<
  | "log-level"
  | "log-mode"
  | "log-name"
  | "log-colors"
  | "script"
  | "script-timeout"
  | "script-replay"
  | "script-wait"
  | "compatibility"
  | "stateless"
  | "guess-mode"
  | "interface-id-order"
  | "cache-size"
  | "drop-unicast"
  | "reconfigure-enabled"
  | "relay-supplied-options"
  | "performance-mode"
  | "metrics"
  | "status-page"
  | "events"
  | "webhook"
  | "webhook-secret"
  | "work-dir"
  | "auth-methods"
>;

/** What Dibbler reckons for a client in its cache. */
const OCTETS_PER_CLIENT = 147;
/** So many clients are remembered at most, whatever the cache: they are held in memory. */
const MAX_AFFINITY = 1_000_000;

/** What holds without any directive. */
export function initialSettings(): GlobalSettings {
  return {
    log: { level: 8, mode: "full", name: "Server", colors: false },
    script: undefined,
    scriptTimeout: seconds(10),
    scriptReplay: undefined,
    scriptWait: false,
    compatibility: "fixed",
    inactiveMode: false,
    stateless: false,
    guessMode: false,
    interfaceIdOrder: "before",
    dropUnicast: false,
    reconfigure: false,
    affinity: Math.floor(1_048_576 / OCTETS_PER_CLIENT),
    // Relays may supply this one without being told so (RFC 6440).
    relaySuppliedOptions: [OPTIONS.erpLocalDomain.code],
    performanceMode: false,
    metrics: undefined,
    statusPage: undefined,
    events: [],
    webhookUrl: undefined,
    webhookSecret: undefined,
    shown: { workDir: undefined, authMethods: [] },
  };
}

/** The settings with what follows from others. Dibbler's scripts do not hear of a start. */
export function completeSettings(all: GlobalSettings): Omit<ServerConfig, "interfaces"> {
  const { webhookUrl: url, webhookSecret: secret, ...settings } = all;
  return {
    ...settings,
    scriptReplay: settings.scriptReplay ?? settings.compatibility !== "strict",
    webhook: url === undefined ? undefined : { url, secret },
  };
}

/** The settings with this directive applied. */
export function applyGlobal(settings: GlobalSettings, head: GlobalHead, report: Report): GlobalSettings {
  switch (head.keyword) {
    case "script":
      return { ...settings, script: head.value === "" ? undefined : head.value };
    case "script-timeout":
      return { ...settings, scriptTimeout: seconds(head.value) };
    case "script-replay":
      return { ...settings, scriptReplay: head.value };
    case "script-wait":
      return { ...settings, scriptWait: head.value };
    case "compatibility":
      return { ...settings, compatibility: head.value };
    case "stateless":
      return { ...settings, stateless: true };
    case "guess-mode":
      return { ...settings, guessMode: true };
    case "interface-id-order":
      return { ...settings, interfaceIdOrder: head.value };
    case "cache-size":
      return { ...settings, affinity: affinityOf(head.value, head.at, report) };
    case "drop-unicast":
      return { ...settings, dropUnicast: true };
    case "reconfigure-enabled":
      return { ...settings, reconfigure: head.value };
    case "relay-supplied-options": {
      const codes = new Set([...settings.relaySuppliedOptions, ...head.value]);
      return { ...settings, relaySuppliedOptions: [...codes] };
    }
    case "performance-mode":
      return { ...settings, performanceMode: head.value };
    case "metrics":
      return { ...settings, metrics: head.value };
    case "status-page":
      return { ...settings, statusPage: head.value };
    case "events":
      return { ...settings, events: withTarget(settings.events, head.value) };
    case "webhook":
      return { ...settings, webhookUrl: head.value };
    case "webhook-secret":
      return { ...settings, webhookSecret: head.value };
    case "work-dir":
      return { ...settings, shown: { ...settings.shown, workDir: head.value } };
    case "auth-methods":
      return { ...settings, shown: { ...settings.shown, authMethods: head.value } };
    default:
      return { ...settings, log: applyLog(settings.log, head, report) };
  }
}

/** Twice the same is once. */
const withTarget = (targets: readonly EventTarget[], one: EventTarget): readonly EventTarget[] => [
  ...targets.filter(({ kind, path }) => kind !== one.kind || path !== one.path),
  one,
];

function affinityOf(octets: number, at: Span, report: Report): number {
  const clients = Math.floor(octets / OCTETS_PER_CLIENT);
  if (clients <= MAX_AFFINITY) return clients;
  report.warning(at, `${clients} clients would fit into this cache: ${MAX_AFFINITY} are remembered`);
  return MAX_AFFINITY;
}
