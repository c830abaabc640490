import type { EventTarget, Webhook } from "../shared/config/types.js";
import { isoTime } from "../shared/edge/local-time.js";
import type { Log } from "../shared/edge/log.js";
import type { LeaseStore } from "../shared/lease/store.js";
import { createEventStream, type EventStream } from "./event-stream.js";
import { openEventFile } from "./serve-eventfile.js";
import { openMark, type Sink } from "./serve-follower.js";
import { openSubscribers } from "./serve-subscribers.js";
import { openWebhook } from "./serve-webhook.js";

/** What sinks share. */
export interface SinkParts {
  readonly store: Pick<LeaseStore, "meta" | "setMeta" | "journal">;
  readonly last: () => number;
  readonly log: Log;
}

/** The stream of a recorder, and what opens who reads it. */
export interface Sinks {
  readonly wake: EventStream["wake"];
  /** Rejects with a SystemError when it cannot be. */
  readonly openTarget: (target: EventTarget) => Promise<Sink>;
  readonly openWebhook: (hook: Webhook) => Sink;
}

/** Nothing is open at first. */
export function createSinks({ store, last, log }: SinkParts): Sinks {
  const stream = createEventStream(store.journal, last, isoTime);
  return {
    wake: stream.wake,
    openTarget: ({ kind, path }) =>
      kind === "unix"
        ? openSubscribers(path, stream)
        : openEventFile(path, stream, openMark(store, `events file:${path}`), log),
    openWebhook: (hook) => openWebhook(hook, stream, openMark(store, "webhook"), log),
  };
}
