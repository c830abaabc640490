import { afterEach, describe, expect, test } from "vitest";
import type { ServerConfig } from "../../shared/config/types.js";
import { type HttpListener, openHttp } from "../../shared/edge/http.js";
import { createWeb, type Web } from "../../server/serve-web.js";
import { createRig } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

const [METRICS, PAGE, TAKEN] = [19_701, 19_702, 19_703].map((port) => ({ host: "::1", port }));
const LINKS = [iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])])];
let logged: unknown[] = [];
let open: { readonly close: () => Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  open = [];
  logged = [];
});

function createPages(): Web {
  const rig = createRig(configure(LINKS));
  const web = createWeb({
    ...{ version: "1.2.3", state: rig.state, now: rig.now, file: "/server.conf" },
    hooks: () => ({ waiting: 0, running: 0, owed: 0, ended: 0, failed: 0, seconds: 0 }),
    routes: () => ({ wanted: false, waiting: 0, failed: 0 }),
    events: () => undefined,
    troubles: () => [],
    log: (id, values) => logged.push([id, values]),
  });
  open.push(web);
  return web;
}

const config = (settings: Partial<ServerConfig>): ServerConfig => configure(LINKS, settings);

async function use(web: Web, settings: Partial<ServerConfig>): Promise<void> {
  await (await web.prepare(config(settings), [])).keep();
}

/** Status of what is asked for; 0 when nobody listens. */
async function seen(...asked: readonly (readonly [typeof PAGE, string])[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const [at, path] of asked) {
    const headers = { connection: "close" };
    const answer = await fetch(`http://[::1]:${at?.port}${path}`, { headers }).catch(() => undefined);
    await answer?.arrayBuffer();
    statuses.push(answer?.status ?? 0);
  }
  return statuses;
}

describe("web: metrics and the status page as the configuration has them", () => {
  test("nothing is open before it is asked for, or after", async () => {
    const web = createPages();
    await use(web, {});
    expect(await seen([METRICS, "/metrics"], [PAGE, "/"])).toEqual([0, 0]);
    await use(web, { metrics: METRICS, statusPage: PAGE });
    const asked = [
      [METRICS, "/metrics"],
      [METRICS, "/"],
      [PAGE, "/"],
      [PAGE, "/metrics"],
      [PAGE, "/healthz"],
    ] as const;
    expect(await seen(...asked)).toEqual([200, 404, 200, 404, 200]);
    await use(web, {});
    expect(await seen([METRICS, "/metrics"], [PAGE, "/"])).toEqual([0, 0]);
  });

  test("one address for both has one listener; a reload takes one of them away and leaves the other", async () => {
    const web = createPages();
    await use(web, { metrics: METRICS });
    await use(web, { metrics: METRICS, statusPage: METRICS });
    expect(await seen([METRICS, "/metrics"], [METRICS, "/"], [METRICS, "/page.js"])).toEqual([200, 200, 200]);
    await use(web, { statusPage: METRICS });
    expect(await seen([METRICS, "/metrics"], [METRICS, "/"])).toEqual([404, 200]);
    expect(logged).toEqual([
      ["SERVER-WEB", { what: "metrics ::1 19701" }],
      ["SERVER-WEB", { what: "status-page ::1 19701" }],
    ]);
  });

  test("an address that is taken -> a sentence, and what was open stays as it was", async () => {
    const web = createPages();
    if (TAKEN === undefined) throw new Error("no address");
    const other: HttpListener = await openHttp("another", TAKEN, new Map());
    open.push(other);
    await use(web, { metrics: METRICS });
    await expect(web.prepare(config({ metrics: PAGE, statusPage: TAKEN }), [])).rejects.toThrow(
      "status-page [::1]:19703 cannot be opened: another program listens there",
    );
    expect(await seen([METRICS, "/metrics"], [PAGE, "/metrics"], [TAKEN, "/"])).toEqual([200, 0, 404]);
  });

  test("what was prepared and is not kept is closed, and was never to be read", async () => {
    const web = createPages();
    await use(web, { metrics: METRICS });
    const prepared = await web.prepare(config({ metrics: METRICS, statusPage: METRICS }), []);
    expect(await seen([METRICS, "/"])).toEqual([404]);
    await prepared.abandon();
    expect(await seen([METRICS, "/"], [METRICS, "/metrics"])).toEqual([404, 200]);
    const elsewhere = await web.prepare(config({ statusPage: PAGE }), []);
    expect(await seen([PAGE, "/"])).toEqual([404]);
    await elsewhere.abandon();
    expect(await seen([PAGE, "/"], [METRICS, "/metrics"])).toEqual([0, 200]);
  });
});
