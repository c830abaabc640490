import type { ServerConfig } from "../shared/config/types.js";
import type { Log } from "../shared/edge/log.js";
import type { LeaseStore } from "../shared/lease/store.js";
import type { Millis } from "../shared/brand.js";
import { createRecorder, type Recorder } from "./serve-recorder.js";
import type { EventsLoad, Sink } from "./serve-follower.js";
import type { Sinks } from "./serve-sinks.js";
import type { Prepared } from "./serve-web.js";

/** What events are made of. */
export interface EventsParts {
  readonly store: Pick<LeaseStore, "commit" | "meta" | "setMeta" | "journal">;
  readonly now: () => Millis;
  readonly log: Log;
  /** See `RecorderParts`. */
  readonly start: Uint8Array;
  readonly isComplete: boolean;
}

/** Lease events for other programs, as the configuration has it. */
export interface Events {
  readonly recorder: Recorder;
  /** See `Web`. Events are recorded while somebody is to get them. */
  readonly prepare: (config: ServerConfig) => Promise<Prepared>;
  /** Undefined when none are wanted. */
  readonly load: () => EventsLoad | undefined;
  readonly close: () => Promise<void>;
}

/** Nothing is open or recorded until a configuration asks for it. */
export function createEvents(parts: EventsParts): Events {
  let open = new Map<string, Sink>();
  let sinks: Sinks | undefined;
  /** Before the first configuration nothing else uses the store. */
  let isFirst = true;
  const recorder = createRecorder({ ...parts, onEvents: () => sinks?.wake() });

  async function load(): Promise<Sinks> {
    const { createSinks } = await import("./serve-sinks.js");
    return createSinks({ ...parts, last: recorder.last });
  }

  async function wantedOf({
    events,
    webhook,
  }: ServerConfig): Promise<Map<string, () => Sink | Promise<Sink>>> {
    const wanted = new Map<string, () => Sink | Promise<Sink>>();
    if (events.length === 0 && webhook === undefined) return wanted;
    const { openTarget, openWebhook } = (sinks ??= await load());
    for (const target of events) wanted.set(`${target.kind}:${target.path}`, () => openTarget(target));
    if (webhook !== undefined) {
      // A secret is not shown, and another one is another webhook.
      wanted.set(JSON.stringify(["webhook", webhook]), () => openWebhook(webhook));
    }
    return wanted;
  }

  return {
    recorder,
    async prepare(config) {
      const wanted = await wantedOf(config);
      const made = new Map<string, Sink>();
      const abandon = async (): Promise<void> => {
        await Promise.all([...made.values()].map((one) => one.close()));
      };
      // The webhook before goes on until it is known that all the rest can be had: theirs is one mark.
      const isLate = (key: string): boolean => key.startsWith("[");
      try {
        for (const [key, make] of wanted) {
          if (!isLate(key) && !open.has(key)) made.set(key, await make());
        }
      } catch (error) {
        await abandon();
        throw error;
      }
      return {
        abandon,
        async keep() {
          const before = open;
          open = new Map();
          for (const [key, sink] of [...before, ...made]) if (wanted.has(key)) open.set(key, sink);
          await Promise.all([...before].filter(([key]) => !wanted.has(key)).map(([, sink]) => sink.close()));
          for (const [key, make] of wanted) if (isLate(key) && !open.has(key)) open.set(key, await make());
          for (const key of wanted.keys()) {
            const target = (isLate(key) ? config.webhook?.url : undefined) ?? key;
            if (!before.has(key)) parts.log("SERVER-EVENTS", { target });
          }
          if (wanted.size > 0) await recorder.on(isFirst);
          else await recorder.off();
          isFirst = false;
          for (const sink of open.values()) sink.start();
        },
      };
    },
    load() {
      if (open.size === 0) return undefined;
      const loads = [...open.values()].map((sink) => sink.load());
      return {
        last: recorder.last(),
        subscribers: loads.reduce((sum, { subscribers = 0 }) => sum + subscribers, 0),
        webhook: loads.find(({ webhook }) => webhook !== undefined)?.webhook ?? null,
      };
    },
    async close() {
      await Promise.all([...open.values()].map((sink) => sink.close()));
    },
  };
}
