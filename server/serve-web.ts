import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type HttpAnswer,
  type HttpListener,
  type HttpPage,
  type HttpPages,
  openHttp,
} from "../shared/edge/http.js";
import type { Log } from "../shared/edge/log.js";
import type { ListenAddress, ServerConfig } from "../shared/config/types.js";
import type { Pace } from "./loop.js";
import type { Metrics, MetricsParts } from "./serve-metrics.js";

/** What the server's pages are made of. */
export interface WebParts extends Omit<MetricsParts, "pause"> {
  readonly log: Log;
  /** Why the server is not ready to serve everybody; empty when it is. */
  readonly troubles: () => readonly string[];
}

/** What can be fetched from the server over HTTP, as the configuration has it. */
export interface Web {
  /**
   * Opens what this configuration asks for and is not open yet; rejects with a SystemError when that cannot
   * be. `keep` lets go of what is not asked for any more, `abandon` of what was opened now.
   */
  readonly prepare: (config: ServerConfig) => Promise<{
    readonly keep: () => Promise<void>;
    readonly abandon: () => Promise<void>;
  }>;
  /** Hears of times while there are metrics. */
  readonly pace: () => Pace | undefined;
  readonly close: () => Promise<void>;
}

/** Nothing is open, and nothing of it in memory, until a configuration asks for it. */
export function createWeb(parts: WebParts): Web {
  let open = new Map<string, HttpListener>();
  let metrics: Metrics | undefined;

  async function pagesFor({ metrics: at }: ServerConfig): Promise<readonly Wanted[]> {
    if (at === undefined) return [];
    const { createMetrics } = await import("./serve-metrics.js");
    metrics ??= createMetrics({ ...parts, pause: () => nextTurn() });
    const { type, text } = metrics;
    const pages = new Map<string, HttpPage>([
      ["/metrics", async (): Promise<HttpAnswer> => ({ status: 200, type, body: await text() })],
      ["/healthz", () => health(parts.troubles())],
    ]);
    return [{ what: "metrics", at, pages }];
  }

  return {
    async prepare(config) {
      const next = new Map<string, HttpListener>();
      const made: HttpListener[] = [];
      const abandon = async (): Promise<void> => {
        await Promise.all(made.map((one) => one.close()));
      };
      try {
        for (const { what, at, pages } of await pagesFor(config)) {
          const key = `${what} ${at.host} ${at.port}`;
          const known = open.get(key);
          const listener = known ?? (await openHttp(what, at, pages));
          if (known === undefined) made.push(listener);
          next.set(key, listener);
        }
      } catch (error) {
        await abandon();
        throw error;
      }
      return {
        abandon,
        async keep() {
          const surplus = [...open].filter(([key]) => !next.has(key)).map(([, listener]) => listener);
          for (const key of next.keys()) if (!open.has(key)) parts.log("SERVER-WEB", { what: key });
          open = next;
          if (config.metrics === undefined) metrics = undefined;
          await Promise.all(surplus.map((one) => one.close()));
        },
      };
    },
    pace: () => metrics?.pace,
    async close() {
      await Promise.all([...open.values()].map((one) => one.close()));
    },
  };
}

interface Wanted {
  readonly what: string;
  readonly at: ListenAddress;
  readonly pages: HttpPages;
}

/** That it answers at all says that it is alive; 200 that it serves all that it is to serve. */
function health(troubles: readonly string[]): HttpAnswer {
  const ready = troubles.length === 0;
  const body = JSON.stringify({ alive: true, ready, troubles });
  return { status: ready ? 200 : 503, type: "application/json", body: `${body}\n` };
}
