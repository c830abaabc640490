import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Millis } from "../shared/brand.js";
import { MESSAGE_LABEL, type MessageType } from "../shared/wire/codes.js";
import { totalsOf } from "./history.js";
import { incidentRow } from "./incidents.js";
import type { Pace } from "./loop.js";
import type { EventsLoad } from "./serve-follower.js";
import { createUse } from "./serve-use.js";
import type { ServerState } from "./state.js";

/** What metrics are taken from. */
export interface MetricsParts {
  readonly version: string;
  readonly state: ServerState;
  readonly now: () => Millis;
  /** Gives way to everything else. */
  readonly pause: () => Promise<unknown>;
  /** Calls of the hook script, and what became of those that have ended. */
  readonly hooks: () => {
    readonly waiting: number;
    readonly running: number;
    readonly owed: number;
    readonly ended: number;
    readonly failed: number;
    /** Of those that have ended, in all. */
    readonly seconds: number;
  };
  readonly routes: () => { readonly wanted: boolean; readonly waiting: number; readonly failed: number };
  /** Lease events for other programs; undefined when none are wanted. */
  readonly events: () => EventsLoad | undefined;
}

/** Metrics of a server, and the times that its loop tells. */
export interface Metrics {
  readonly pace: Pace;
  /** In the text format of Prometheus. */
  readonly text: () => Promise<string>;
  readonly type: string;
}

/** Upper ends of the classes of times, in seconds: a commit on flash memory takes 1 ms, on a disk 10. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** Nothing is counted twice: most values are read where the server has them, when somebody asks. */
export function createMetrics(parts: MetricsParts): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const { answered, committed, ...counts } = pace(registers);
  new Gauge({ name: "dibbler_info", help: "Always 1.", labelNames: ["version"], registers }).set(
    { version: parts.version },
    1,
  );
  describeMessages(parts, registers);
  describeLeases(parts, registers);
  describeQueues(parts, registers);
  describeEvents(parts, registers);
  return {
    pace: {
      answered: (ms) => {
        answered.observe(ms / 1000);
      },
      committed: (ms, changes) => {
        committed.observe(ms / 1000);
        counts.changes.inc(changes);
      },
      commitFailed: () => {
        counts.failures.inc();
      },
      dropped: (count) => {
        counts.overload.inc(count);
      },
    },
    text: () => registry.metrics(),
    type: registry.contentType,
  };
}

/** The server's own measurements. */
function pace(registers: Registry[]) {
  const buckets = [...BUCKETS];
  const histogram = (name: string, help: string): Histogram =>
    new Histogram({ name, help, buckets, registers });
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  return {
    answered: histogram(
      "dibbler_answer_seconds",
      "From a datagram's arrival to its answer, commit included.",
    ),
    committed: histogram("dibbler_commit_seconds", "Durable commits of leases."),
    changes: counter("dibbler_committed_changes_total", "Changes of leases in commits."),
    failures: counter("dibbler_commit_failures_total", "Commits that failed, e.g. on a full disk."),
    overload: counter("dibbler_overload_dropped_total", "Datagrams that gave way to others, or went stale."),
  };
}

function describeMessages({ state }: MetricsParts, registers: Registry[]): void {
  const { counters, history } = state;
  const labelled = (Object.entries(MESSAGE_LABEL) as [MessageType, string][]).map(
    ([type, label]) => [type, label.toLowerCase()] as const,
  );
  new Counter({
    name: "dibbler_messages_received_total",
    help: "Datagrams by the type of their message; undecodable and unknown ones apart.",
    labelNames: ["type"],
    registers,
    collect() {
      this.reset();
      for (const [type, label] of labelled) this.inc({ type: label }, counters.received[type]);
      for (const type of ["unknown", "undecodable"] as const) this.inc({ type }, counters.received[type]);
    },
  });
  new Counter({
    name: "dibbler_messages_answered_total",
    help: "Messages answered, by the type of the client's message.",
    labelNames: ["type"],
    registers,
    collect() {
      this.reset();
      for (const [type, label] of labelled) this.inc({ type: label }, counters.answered[type]);
    },
  });
  const byKind = (kinds: readonly string[], name: string, help: string, label: "reason" | "event"): void => {
    new Counter({
      ...{ name, help, labelNames: [label], registers },
      collect() {
        this.reset();
        for (const [id, count] of totalsOf(history)) {
          const { kind, event, reason } = incidentRow(id);
          if (kinds.includes(kind))
            this.inc({ [label]: label === "event" ? event : (reason ?? event) }, count);
        }
      },
    });
  };
  byKind(["drops"], "dibbler_messages_dropped_total", "Datagrams without an answer, by why.", "reason");
  byKind(["refusals"], "dibbler_allocation_failures_total", "IAs that got nothing, by why.", "reason");
  byKind(
    ["changes", "routine"],
    "dibbler_lease_events_total",
    "What happened to leases and offers.",
    "event",
  );
  const { bulk } = counters;
  new Counter({
    name: "dibbler_bulk_leasequery_total",
    help: "Leasequery over TCP: connections, those refused, queries, messages sent.",
    labelNames: ["what"],
    registers,
    collect() {
      this.reset();
      for (const [what, count] of Object.entries(bulk)) this.inc({ what }, count);
    },
  });
}

function describeLeases(parts: MetricsParts, registers: Registry[]): void {
  const { state, now } = parts;
  const use = createUse(parts);
  const names = ["pool", "length"];
  new Gauge({
    name: "dibbler_pool_leases",
    help: "Leases of each pool by state; pool is empty for what lies in none.",
    labelNames: [...names, "state"],
    registers,
    async collect() {
      const { pools, elsewhere } = await use();
      this.reset();
      for (const { pool, length, leases } of [...pools, { pool: "", length: "", leases: elsewhere }]) {
        for (const [of, count] of Object.entries(leases)) this.set({ pool, length, state: of }, count);
      }
    },
  });
  for (const what of ["size", "free"] as const) {
    new Gauge({
      name: `dibbler_pool_${what}`,
      help: what === "size" ? "Prefixes that each pool has." : "Prefixes of each pool that nobody has.",
      labelNames: names,
      registers,
      async collect() {
        const { pools } = await use();
        this.reset();
        for (const one of pools) this.set({ pool: one.pool, length: one.length }, one[what]);
      },
    });
  }
  new Gauge({
    name: "dibbler_expiry_backlog_seconds",
    help: "How long the lease that ought to have ended first has been over.",
    registers,
    collect() {
      const late = now() - state.ledger.table.nextExpiry();
      this.set(Number.isFinite(late) ? Math.max(0, late / 1000) : 0);
    },
  });
}

function describeQueues({ hooks, routes }: MetricsParts, registers: Registry[]): void {
  new Gauge({
    name: "dibbler_hook_calls",
    help: "Calls of the hook script that wait, that run, and that must be made even if the server is killed.",
    labelNames: ["state"],
    registers,
    collect() {
      const { waiting, running, owed } = hooks();
      for (const [state, count] of Object.entries({ waiting, running, owed })) this.set({ state }, count);
    },
  });
  for (const [key, name, help] of [
    ["ended", "dibbler_hook_calls_ended_total", "Calls of the hook script that have ended, however."],
    ["failed", "dibbler_hook_failures_total", "Calls that ended with another status than 0, or were ended."],
    ["seconds", "dibbler_hook_seconds_total", "Time that the calls took that have ended."],
  ] as const) {
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        this.inc(hooks()[key]);
      },
    });
  }
  new Gauge({
    name: "dibbler_routes",
    help: "Changes of routes that wait, and routes that are not as they should be.",
    labelNames: ["state"],
    registers,
    collect() {
      const { waiting, failed } = routes();
      for (const [state, count] of Object.entries({ waiting, failed })) this.set({ state }, count);
    },
  });
}

/** Nothing is told of what the configuration does not ask for. */
function describeEvents({ events }: MetricsParts, registers: Registry[]): void {
  for (const [name, help, read] of [
    ["dibbler_events_last", "Number of the latest lease event.", ({ last }) => last],
    [
      "dibbler_event_subscribers",
      "Programs that read lease events from a socket.",
      ({ subscribers }) => subscribers,
    ],
    [
      "dibbler_webhook_waiting_events",
      "Lease events that the webhook has not taken yet.",
      ({ webhook }) => webhook?.waiting,
    ],
    [
      "dibbler_webhook_failing",
      "1 when the last attempt to reach the webhook has failed.",
      ({ webhook }) => (webhook === null ? undefined : Number(webhook.failing !== null)),
    ],
  ] satisfies (readonly [string, string, (load: EventsLoad) => number | undefined])[]) {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        const load = events();
        const value = load && read(load);
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }
}
