import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Diagnostic } from "../shared/config/diagnostics.js";
import type { ListenAddress, ServerConfig } from "../shared/config/types.js";
import { type HttpAnswer, type HttpListener, type HttpPage, openHttp } from "../shared/edge/http.js";
import { isoTime } from "../shared/edge/local-time.js";
import type { Log } from "../shared/edge/log.js";
import type { LeaseEvent } from "./lease-event.js";
import type { Pace } from "./loop.js";
import type { Metrics, MetricsParts } from "./serve-metrics.js";
import type { StatusPage } from "./serve-page.js";

/** What the server's pages are made of. */
export interface WebParts extends Omit<MetricsParts, "pause"> {
  readonly log: Log;
  /** The configuration's. */
  readonly file: string;
  /** Why the server is not ready to serve everybody; empty when it is. */
  readonly troubles: () => readonly string[];
}

/** What a configuration asks for, opened. */
export interface Prepared {
  /** Lets go of what is not asked for any more. */
  readonly keep: () => Promise<void>;
  /** Lets go of what was opened now. */
  readonly abandon: () => Promise<void>;
}

/** What can be fetched from the server over HTTP, as the configuration has it. */
export interface Web {
  /**
   * Opens what this configuration asks for and is not open yet; rejects with a SystemError when that cannot
   * be.
   */
  readonly prepare: (config: ServerConfig, diagnostics: readonly Diagnostic[]) => Promise<Prepared>;
  /** Hears of times while there are metrics. */
  readonly pace: () => Pace | undefined;
  /** Hears what happens to leases while there is a page. */
  readonly happened: (event: LeaseEvent) => void;
  readonly close: () => Promise<void>;
}

/** A listener; a reload may change what is read there. */
interface Open {
  readonly listener: HttpListener;
  readonly pages: Map<string, HttpPage>;
}

/** Nothing is open, and nothing of it in memory, until a configuration asks for it. */
export function createWeb(parts: WebParts): Web {
  let open = new Map<string, Open>();
  let told: readonly string[] = [];
  let metrics: Metrics | undefined;
  let page: StatusPage | undefined;

  async function wanted({ metrics: metricsAt, statusPage }: ServerConfig): Promise<readonly Wanted[]> {
    const all: Wanted[] = [];
    if (metricsAt !== undefined) {
      const { createMetrics } = await import("./serve-metrics.js");
      metrics ??= createMetrics({ ...parts, pause: () => nextTurn() });
      all.push({ what: "metrics", at: metricsAt, pages: metricsPages(metrics) });
    }
    if (statusPage !== undefined) {
      const { createStatusPage } = await import("./serve-page.js");
      // After each slice of work others have as much time.
      page ??= createStatusPage({ ...parts, iso: isoTime, pause: () => sleep(2) });
      all.push({ what: "status-page", at: statusPage, pages: page.pages });
    }
    const ofHealth = ["/healthz", () => health(parts.troubles())] as const;
    return all.map((one) => ({ ...one, pages: [ofHealth, ...one.pages] }));
  }

  /** Lets go of what nobody asks for. */
  function forget(config: ServerConfig): void {
    if (config.metrics === undefined) metrics = undefined;
    if (config.statusPage !== undefined) return;
    page?.close();
    page = undefined;
  }

  return {
    async prepare(config, diagnostics) {
      const had = { metrics, page };
      let all: readonly Wanted[] = [];
      const next = new Map<string, { readonly open: Open; readonly pages: Wanted["pages"] }>();
      const made: HttpListener[] = [];
      const abandon = async (): Promise<void> => {
        if (page !== had.page) page?.close();
        ({ metrics, page } = had);
        await Promise.all(made.map((one) => one.close()));
      };
      try {
        all = await wanted(config);
        for (const { what, at, pages } of all) {
          const key = `${at.host} ${at.port}`;
          const known = next.get(key)?.open ?? open.get(key);
          const one = known ?? (await openAt(what, at));
          if (known === undefined) made.push(one.listener);
          next.set(key, { open: one, pages: [...(next.get(key)?.pages ?? []), ...pages] });
        }
      } catch (error) {
        await abandon();
        throw error;
      }
      return {
        abandon,
        async keep() {
          for (const { open: one, pages } of next.values()) {
            one.pages.clear();
            for (const [path, answer] of pages) one.pages.set(path, answer);
          }
          const lines = all.map(({ what, at }) => `${what} ${at.host} ${at.port}`);
          for (const what of lines) if (!told.includes(what)) parts.log("SERVER-WEB", { what });
          const surplus = [...open].filter(([key]) => !next.has(key)).map(([, { listener }]) => listener);
          told = lines;
          open = new Map([...next].map(([key, one]) => [key, one.open]));
          forget(config);
          page?.configured(diagnostics);
          await Promise.all(surplus.map((one) => one.close()));
        },
      };
    },
    pace: () => metrics?.pace,
    happened(event) {
      page?.happened(event);
    },
    async close() {
      page?.close();
      await Promise.all([...open.values()].map(({ listener }) => listener.close()));
    },
  };
}

interface Wanted {
  readonly what: string;
  readonly at: ListenAddress;
  readonly pages: readonly (readonly [path: string, page: HttpPage])[];
}

/** Until it is kept there is nothing to read. */
async function openAt(what: string, at: ListenAddress): Promise<Open> {
  const pages = new Map<string, HttpPage>();
  return { listener: await openHttp(what, at, pages), pages };
}

const metricsPages = ({ type, text }: Metrics): Wanted["pages"] => [
  ["/metrics", async () => ({ status: 200, type, body: await text() })],
];

/** That it answers at all says that it is alive; 200 that it serves all that it is to serve. */
function health(troubles: readonly string[]): HttpAnswer {
  const ready = troubles.length === 0;
  const body = JSON.stringify({ alive: true, ready, troubles });
  return { status: ready ? 200 : 503, type: "application/json", body: `${body}\n` };
}
