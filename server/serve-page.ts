import { performance } from "node:perf_hooks";
import type { Diagnostic } from "../shared/config/diagnostics.js";
import type { HttpAnswer, HttpPage, HttpStream } from "../shared/edge/http.js";
import type { LeaseEvent } from "./lease-event.js";
import type { IsoTime } from "./lease-row.js";
import { findLeases, readLeasesQuery } from "./page/find-leases.js";
import { pageHtml } from "./page/html.js";
import { drawMap, readMapQuery } from "./page/map.js";
import { countTotals, createRates, SAMPLE } from "./page/rates.js";
import { createRecent, KEPT_EVENTS } from "./page/recent.js";
import type { Summary } from "./page/summary.js";
import type { MetricsParts } from "./serve-metrics.js";
import { createUse } from "./serve-use.js";
import { understand } from "./understanding.js";
import { understandingText } from "./understanding-text.js";

/** What the page is made of. */
export interface StatusPageParts
  extends Pick<MetricsParts, "version" | "state" | "now" | "hooks" | "routes"> {
  /** The configuration's. */
  readonly file: string;
  readonly troubles: () => readonly string[];
  readonly iso: IsoTime;
  /** Gives way to everything else. */
  readonly pause: () => Promise<unknown>;
}

/** A page to look at the server with, and what it asks for. */
export interface StatusPage {
  readonly pages: readonly (readonly [path: string, page: HttpPage])[];
  readonly happened: (event: LeaseEvent) => void;
  /** The configuration that holds was read with these remarks. */
  readonly configured: (diagnostics: readonly Diagnostic[]) => void;
  readonly close: () => void;
}

/** Filled in by the bundler: server/page/page.js and page.css. */
declare const PAGE_SCRIPT: string;
declare const PAGE_STYLE: string;

/** Milliseconds of work after which others have their turn. */
const SLICE_MS = 2;
/** Between two messages to those who look. */
const TELL_MS = 1000;
/** Who has not taken in what he was told so many messages ago is sent away, and comes again when he can. */
const PATIENCE = 30;
/** Who look at a time; the other connections are for who asks and goes. */
const LOOKERS = 16;
/** Events in one message; of more the newest. */
const TOLD_EVENTS = 50;

/** Counts rates and keeps events from now on; works for those who look only. */
export function createStatusPage(parts: StatusPageParts): StatusPage {
  const { state, now, iso } = parts;
  const rates = createRates(state);
  const recent = createRecent(iso);
  const use = createUse(parts);
  const since = iso(now());
  let diagnostics: readonly Diagnostic[] = [];
  const inTurn = createSlicer(parts.pause);
  const sampler = setInterval(() => void rates.take(state, now()), SAMPLE.ms);
  sampler.unref();

  const current = (): Omit<Summary, "pools" | "elsewhere"> => ({
    ...{ version: parts.version, since, at: iso(now()), leases: state.ledger.table.size },
    ...{ totals: countTotals(state), hooks: parts.hooks(), routes: parts.routes() },
    ...{ troubles: parts.troubles(), warnings: diagnostics.length, latest: recent.latest() },
  });
  const lookers = createLookers(() => {
    const latest = recent.latest();
    // Who has heard of more than there was has heard it from a server that is gone.
    return (from) => ({
      text: message({ ...current(), events: recent.since(from > latest ? 0 : from, TOLD_EVENTS) }),
      upTo: latest,
    });
  });
  const summary = async (): Promise<Summary> => ({ ...current(), ...(await use()) });
  const understood = createUnderstood(parts);

  const pages: readonly (readonly [string, HttpPage])[] = [
    [
      "/",
      async () => ({
        ...{ status: 200, type: "text/html; charset=utf-8" },
        body: pageHtml(await summary(), {
          ...{ file: parts.file, diagnostics, text: understood() },
          events: recent.since(0, TOLD_EVENTS),
        }),
      }),
    ],
    ["/page.js", () => ({ status: 200, type: "text/javascript; charset=utf-8", body: PAGE_SCRIPT })],
    ["/page.css", () => ({ status: 200, type: "text/css; charset=utf-8", body: PAGE_STYLE })],
    ["/icon.svg", () => ({ status: 200, type: "image/svg+xml", body: ICON })],
    ["/api/summary", async () => json(await summary())],
    [
      "/api/leases",
      async (query) => {
        const asked = readLeasesQuery(query);
        if (typeof asked === "string") return refused(asked);
        return json(await inTurn(() => findLeases(state, asked, now(), iso)));
      },
    ],
    [
      "/api/map",
      async (query) => {
        const asked = readMapQuery(query, state.network.pools);
        if (typeof asked === "string") return refused(asked);
        const { cells, ...map } = await inTurn(() => drawMap(state, asked));
        return json({ ...map, cells: Buffer.from(cells).toString("base64") });
      },
    ],
    ["/api/history", () => json({ everyMs: SAMPLE.ms, samples: rates.samples() })],
    ["/api/recent", () => json({ events: recent.since(0, KEPT_EVENTS) })],
    ["/api/config", () => json({ file: parts.file, diagnostics, configuration: understand(state.config) })],
    ["/events", (query) => lookers.welcome(Number(query.get("after") ?? recent.latest()))],
  ];
  return {
    pages,
    happened(event) {
      recent.note(event, now());
    },
    configured(found) {
      diagnostics = found;
    },
    close() {
      clearInterval(sampler);
      lookers.close();
    },
  };
}

/** Two prefixes of four are taken. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2f7fbf" d="M1 1h6v6H1zM9 9h6v6H9z"/>' +
  '<path fill="#9aa7b3" d="M9 1h6v6H9zM1 9h6v6H1z"/></svg>';

const message = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;

const json = (value: object): HttpAnswer => ({
  ...{ status: 200, type: "application/json; charset=utf-8" },
  body: `${JSON.stringify(value)}\n`,
});

const refused = (error: string): HttpAnswer => ({
  ...{ status: 400, type: "application/json; charset=utf-8" },
  body: `${JSON.stringify({ error })}\n`,
});

/** The text of a configuration, made once. */
function createUnderstood({ state }: StatusPageParts): () => string {
  let known: { readonly of: object; readonly text: string } | undefined;
  return () => {
    const { config } = state;
    if (known?.of !== config) known = { of: config, text: understandingText(understand(config)) };
    return known.text;
  };
}

/** Does long work a slice at a time, one work after the other. */
function createSlicer(pause: () => Promise<unknown>): <T>(work: () => Generator<undefined, T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  const finish = async <T>(work: () => Generator<undefined, T>): Promise<T> => {
    const steps = work();
    let began = performance.now();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() - began < SLICE_MS) continue;
      await pause();
      began = performance.now();
    }
  };
  return <T>(work: () => Generator<undefined, T>) => {
    const result = last.then(() => finish(work));
    last = result.catch(() => undefined);
    return result;
  };
}

/** What somebody is told who has heard of events up to a number. */
type Telling = (from: number) => { readonly text: string; readonly upTo: number };

interface Lookers {
  readonly welcome: (from: number) => HttpAnswer;
  readonly close: () => void;
}

/** Tells all who look, once a second, while somebody does; who is slow is left out for a while. */
function createLookers(telling: () => Telling): Lookers {
  const looking = new Map<HttpStream, { heard: number; missed: number }>();
  let timer: NodeJS.Timeout | undefined;

  function tell(): void {
    const tellingNow = telling();
    for (const [stream, place] of looking) {
      if (stream.isBehind()) {
        place.missed += 1;
        if (place.missed > PATIENCE) stream.end();
        continue;
      }
      const { text, upTo } = tellingNow(place.heard);
      stream.write(text);
      Object.assign(place, { heard: upTo, missed: 0 });
    }
  }

  return {
    welcome(from) {
      if (!Number.isSafeInteger(from) || from < 0) return refused("after: expected the number of an event");
      if (looking.size >= LOOKERS) {
        const body = `${JSON.stringify({ error: `${LOOKERS} look already; try again later` })}\n`;
        return { status: 503, type: "application/json; charset=utf-8", body };
      }
      const stream = (to: HttpStream): void => {
        const { text, upTo } = telling()(from);
        to.write(`retry: 3000\n${text}`);
        looking.set(to, { heard: upTo, missed: 0 });
        timer ??= setInterval(tell, TELL_MS);
        to.onClose(() => {
          looking.delete(to);
          if (looking.size > 0) return;
          clearInterval(timer);
          timer = undefined;
        });
      };
      return { status: 200, type: "text/event-stream", stream };
    },
    close() {
      clearInterval(timer);
      for (const stream of looking.keys()) stream.end();
    },
  };
}
