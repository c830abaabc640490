import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { HttpAnswer, HttpStream } from "../../shared/edge/http.js";
import { isoTime } from "../../shared/edge/local-time.js";
import { type Lease } from "../../shared/lease/lease.js";
import { iaid, millis, seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { KEPT_EVENTS } from "../../server/page/recent.js";
import { createStatusPage, type StatusPage } from "../../server/serve-page.js";
import { createClient, createRig, pd, type Rig } from "./rig.js";
import { addressClass, configure, iface, ip, pdClass, prefix, START } from "./settings.js";

const config = configure([
  iface("eth0", [pdClass(56, ["2001:db8:a000::/40"]), pdClass(64, ["2001:db9::/32"])], {
    addressClasses: [addressClass(["2001:db8:1::6-2001:db8:1::9"])],
  }),
]);
const EVIL = `<script>alert("&'")</script>`;
let troubles: readonly string[] = [];
let open: StatusPage | undefined;

afterEach(() => {
  open?.close();
  troubles = [];
  vi.useRealTimers();
});

function look(rig: Rig): StatusPage {
  open = createStatusPage({
    ...{ version: "1.2.3", state: rig.state, now: rig.now, iso: isoTime, file: "/etc/dibbler/server.conf" },
    hooks: () => ({ waiting: 3, running: 2, owed: 1, ended: 7, failed: 4, seconds: 0.5 }),
    routes: () => ({ wanted: true, waiting: 5, failed: 6 }),
    troubles: () => troubles,
    pause: () => nextTurn(),
  });
  return open;
}

async function get(page: StatusPage, url: string): Promise<HttpAnswer> {
  const [path = "", query = ""] = url.split("?");
  const answer = await new Map(page.pages).get(path)?.(new URLSearchParams(query));
  if (answer === undefined) throw new Error(`no ${path}`);
  return answer;
}

const bodyOf = (answer: HttpAnswer): string => ("body" in answer ? answer.body : "");

async function read(page: StatusPage, url: string): Promise<Record<string, unknown>> {
  const answer = await get(page, url);
  return { status: answer.status, ...(JSON.parse(bodyOf(answer)) as object) };
}

/** Cells that are not 0, by number. */
async function cellsOf(page: StatusPage, url: string): Promise<Record<string, unknown>> {
  const { cells, status, ...view } = await read(page, url);
  expect(status).toBe(200);
  const octets = Buffer.from(String(cells), "base64");
  const taken = Array.from(octets.entries()).filter(([, octet]) => octet > 0);
  return { ...view, size: octets.length, taken: Object.fromEntries(taken) };
}

const lease = (text: string, more: Partial<Lease> = {}): Lease => ({
  ...{ iaType: "pd", duid: duid(Uint8Array.of(0, 3, 0, 1, 1, 2, 3, 4)), iaid: iaid(1) },
  ...{ prefix: prefix(text), state: "bound", preferred: seconds(1000), valid: seconds(2000) },
  ...{ t1: seconds(500), t2: seconds(800), since: START, until: millis(START + 2_000_000) },
  ...{ interfaceName: "eth0", clientAddress: ip("fe80::1"), trail: undefined, key: undefined },
  ...more,
});

const put = (rig: Rig, ...leases: readonly Lease[]): void => {
  for (const one of leases) rig.table.put(one);
};

describe("status page: the map", () => {
  test("each piece of a pool that is not too large is a cell with its state", async () => {
    const rig = createRig(config);
    put(
      rig,
      lease("2001:db8:a000::/56"),
      lease("2001:db8:a001:200::/56", { state: "offered" }),
      lease("2001:db8:a0ff:ff00::/56", { state: "resting" }),
      lease("2001:db8:a000:500::/64", { state: "declined" }),
      lease("2001:db9::/64"),
    );
    expect(await cellsOf(look(rig), "/api/map")).toEqual({
      ...{ pool: "2001:db8:a000::/40", root: "2001:db8:a000::/40", within: "2001:db8:a000::/40" },
      ...{ length: 56, pieceLength: 56, kind: "pieces", size: 65_536 },
      taken: { 0: 2, 258: 1, 65_535: 3, 5: 4 },
    });
  });

  test("a lease larger than the pieces covers all of them", async () => {
    const rig = createRig(config);
    put(rig, lease("2001:db8:a000:400::/54"));
    const { taken, size } = await cellsOf(look(rig), "/api/map?within=2001:db8:a000::/52");
    expect({ taken, size }).toEqual({ taken: { 4: 2, 5: 2, 6: 2, 7: 2 }, size: 16 });
  });

  test("2^32 pieces: blocks by how much of them is taken, never empty or full when they are not", async () => {
    const rig = createRig(config);
    put(rig, lease("2001:db9::/64"), lease("2001:db9:2::/49"), lease("2001:db9:4::/47"));
    put(rig, lease("2001:db9:7::/48"), lease("2001:db9:7::/64", { iaid: iaid(2) }));
    const page = look(rig);
    expect(await cellsOf(page, "/api/map?pool=1")).toMatchObject({
      ...{ within: "2001:db9::/32", length: 48, pieceLength: 64, kind: "blocks", size: 65_536 },
      taken: { 0: 1, 2: 100, 4: 200, 5: 200, 7: 200 },
    });
    expect(await cellsOf(page, "/api/map?pool=1&within=2001:db9:2::/48")).toMatchObject({
      ...{ kind: "pieces", length: 64, size: 65_536 },
    });
    expect(await cellsOf(page, "/api/map?pool=1&within=2001:db9::/60")).toMatchObject({
      ...{ kind: "pieces", size: 16, taken: { 0: 2 } },
    });
  });

  test("a range of addresses that is no prefix: what lies beside it is not of the pool", async () => {
    const page = look(createRig(config));
    expect(await cellsOf(page, "/api/map?pool=2")).toMatchObject({
      ...{ pool: "2001:db8:1::6-2001:db8:1::9", root: "2001:db8:1::/124", kind: "pieces", size: 16 },
      taken: Object.fromEntries([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15].map((cell) => [cell, 255])),
    });
    expect((await cellsOf(page, "/api/map?pool=2&within=2001:db8:1::/126"))["taken"]).toEqual({
      ...{ 0: 255, 1: 255, 2: 255, 3: 255 },
    });
    expect((await cellsOf(page, "/api/map?pool=2&within=2001:db8:1::8/127"))["taken"]).toEqual({});
  });

  test("a server without pools has no map", async () => {
    expect(await read(look(createRig(configure([iface("eth0", [])]))), "/api/map")).toEqual({
      ...{ status: 400, error: "no pool is configured" },
    });
  });
});

describe("status page: leases", () => {
  const rig = createRig(config);
  put(
    rig,
    lease("2001:db8:a000::/56"),
    lease("2001:db8:a000:100::/56", { interfaceName: "olt-east", iaid: iaid(2) }),
    lease("2001:db8:a000:200::/56", { state: "resting", duid: duid(Uint8Array.of(0, 1, 0, 1, 0xab)) }),
    lease("2001:db9::/64", { clientAddress: ip("fe80::77"), until: START, iaid: iaid(3) }),
  );
  test.each([
    ["", ["2001:db8:a000::/56", "2001:db8:a000:100::/56", "2001:db8:a000:200::/56", "2001:db9::/64"]],
    ["query=2001:db8:a000::/55", ["2001:db8:a000::/56", "2001:db8:a000:100::/56"]],
    ["query=2001:db8:a000:1ff::9", ["2001:db8:a000:100::/56"]],
    ["query=fe80::77", ["2001:db9::/64"]],
    ["query=OLT", ["2001:db8:a000:100::/56"]],
    ["query=00:01:00:01:AB", ["2001:db8:a000:200::/56"]],
    // Eight octets may be an address as well.
    ["query=00:03:00:01:01:02:03:04&state=bound", ["2001:db8:a000::/56", "2001:db8:a000:100::/56"]],
    ["state=expired", ["2001:db9::/64"]],
    ["state=resting", ["2001:db8:a000:200::/56"]],
    ["query=nobody", []],
  ])("%s", async (query, expected) => {
    const found = await read(look(rig), `/api/leases?${query}`);
    expect((found["rows"] as { prefix: string }[]).map((row) => row.prefix)).toEqual(expected);
    expect(found).toMatchObject({ matching: expected.length, of: 4, next: null });
  });

  test("450 leases come in three pages, none twice, none left out", async () => {
    const crowd = createRig(config);
    const all = Array.from({ length: 450 }, (_, n) => `2001:db9:0:${n.toString(16)}::/64`);
    put(crowd, ...all.map((text, n) => lease(text, { iaid: iaid(n) })));
    const page = look(crowd);
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const { rows, next, matching } = await read(page, `/api/leases?after=${after}`);
      expect(matching).toBe(450);
      sizes.push((rows as unknown[]).length);
      seen.push(...(rows as { prefix: string }[]).map((row) => row.prefix.replace("9::/", "9:0:0::/")));
      after = next as number | null;
    }
    expect(sizes).toEqual([200, 200, 50]);
    expect(new Set(seen).size).toBe(450);
  });
});

describe("status page: what cannot be", () => {
  test.each([
    ["/api/map?pool=3", 'pool: expected a number from 0 to 2, found "3"'],
    ["/api/map?pool=-1", 'pool: expected a number from 0 to 2, found "-1"'],
    ["/api/map?pool=1e1", 'pool: expected a number from 0 to 2, found "1e1"'],
    ["/api/map?within=x", 'within: "x" is no prefix such as 2001:db8::/56'],
    [
      "/api/map?within=2001:db9::/40",
      "within: 2001:db9::/40 is not a part of 2001:db8:a000::/40 of /56 or shorter",
    ],
    [
      "/api/map?within=2001:db8:a000::/57",
      "within: 2001:db8:a000::/57 is not a part of 2001:db8:a000::/40 of /56 or shorter",
    ],
    ["/api/leases?after=x", 'after: expected a number from 0 to 4294967296, found "x"'],
    ["/api/leases?state=x", 'state: expected one of bound, expired, offered, resting, declined, found "x"'],
    [`/api/leases?query=${"x".repeat(401)}`, "query: expected 400 characters at most, found 401"],
    ["/events?after=x", "after: expected the number of an event"],
  ])("%s -> 400: %s", async (url, error) => {
    expect(await read(look(createRig(config)), url)).toEqual({ status: 400, error });
  });
});

describe("status page: as text", () => {
  test("what clients and files say is text in it, and no markup", async () => {
    const rig = createRig(config);
    const page = look(rig);
    page.happened({
      ...{ action: "add", reason: "request", former: undefined },
      lease: lease("2001:db8:a000::/56", { interfaceName: EVIL }),
    });
    page.configured([{ severity: "warning", line: 3, column: 5, length: 1, message: EVIL }]);
    troubles = [EVIL];
    const html = bodyOf(await get(page, "/"));
    expect(html.split("&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;").length - 1).toBe(3);
    expect(html).not.toContain("<script>");
    expect(html).not.toMatch(/ style=| on[a-z]+=|https?:\/\//);
  });

  test("without JavaScript: leases, pools, health, events, what the configuration means", async () => {
    const rig = createRig(config);
    createClient(rig, 1).request(pd(1));
    const html = bodyOf(await get(look(rig), "/"));
    for (const part of [
      '<p id="health" role="status" class="well">serving</p>',
      '<li id="leases-count"><span>leases</span> <b>1</b>',
      '<li id="answered"><span>answered</span> <b>1</b> <small>of 1 messages</small></li>',
      '<li id="hooks"><span>hooks waiting</span> <b>5</b> <small>4 failed</small></li>',
      "<code>2001:db8:a000::/40</code>",
      '<p id="no-events" class="note">Nothing has happened yet.</p>',
      "/64 out of 2001:db9::/32: 4294967296",
    ]) {
      expect(html).toContain(part);
    }
  });

  test("the configuration and its remarks as JSON", async () => {
    const page = look(createRig(config));
    const remark = { severity: "warning", line: 3, column: 5, length: 1, message: "odd" } as const;
    page.configured([remark]);
    expect(await read(page, "/api/config")).toMatchObject({
      ...{ file: "/etc/dibbler/server.conf", diagnostics: [remark] },
      configuration: { links: [{ name: "eth0" }] },
    });
  });
});

describe("status page: what goes on", () => {
  test("ten seconds make a sample of what happened in them", async () => {
    vi.useFakeTimers();
    const rig = createRig(config);
    const page = look(rig);
    const client = createClient(rig, 1);
    const given = client.lease();
    vi.advanceTimersByTime(10_000);
    client.release(pd(1, given));
    vi.advanceTimersByTime(10_000);
    const { samples } = await read(page, "/api/history");
    expect(samples).toEqual([
      { at: START, received: 1, answered: 1, came: 1, went: 0, refused: 0, dropped: 0 },
      { at: START, received: 1, answered: 1, came: 0, went: 1, refused: 0, dropped: 0 },
    ]);
    vi.advanceTimersByTime(3_600_000);
    expect((await read(page, "/api/history"))["samples"]).toHaveLength(360);
  });

  test("the last 200 events are kept, in their order", async () => {
    const page = look(createRig(config));
    for (let n = 1; n <= KEPT_EVENTS + 5; n++) {
      page.happened({
        ...{ action: "update", reason: "renew", former: undefined },
        lease: lease("2001:db8:a000::/56"),
      });
    }
    const { events } = await read(page, "/api/recent");
    const numbers = (events as { number: number }[]).map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: KEPT_EVENTS }, (_, i) => i + 6));
  });

  /** Somebody who looks. */
  async function lookOn(page: StatusPage, after = ""): Promise<Looker> {
    const heard: string[] = [];
    const looker: Looker = { heard, isSlow: false, isEnded: false, leave: () => undefined };
    const stream: HttpStream = {
      write: (text) => heard.push(text) > 0,
      isBehind: () => looker.isSlow,
      end: () => {
        looker.isEnded = true;
        looker.leave();
      },
      onClose: (listener) => {
        looker.leave = listener;
      },
    };
    const answer = await get(page, `/events${after}`);
    if (!("stream" in answer)) throw new Error(`no stream: ${bodyOf(answer)}`);
    answer.stream(stream);
    return looker;
  }
  interface Looker {
    readonly heard: string[];
    isSlow: boolean;
    isEnded: boolean;
    leave: () => void;
  }
  const numbersIn = (text = ""): number[] =>
    Array.from(text.matchAll(/"number":(\d+)/g), (it) => Number(it[1]));
  const happen = (page: StatusPage): void => {
    page.happened({
      ...{ action: "add", reason: "request", former: undefined },
      lease: lease("2001:db8:a000::/56"),
    });
  };

  test("who looks is told once a second, of events once, and nothing when he has gone", async () => {
    vi.useFakeTimers();
    const page = look(createRig(config));
    happen(page);
    const looker = await lookOn(page, "?after=0");
    expect(looker.heard[0]).toMatch(/^retry: 3000\ndata: \{.*\}\n\n$/);
    happen(page);
    happen(page);
    vi.advanceTimersByTime(2000);
    expect(looker.heard.map(numbersIn)).toEqual([[1], [2, 3], []]);
    looker.leave();
    vi.advanceTimersByTime(5000);
    expect(looker.heard).toHaveLength(3);
    // The sampler alone.
    expect(vi.getTimerCount()).toBe(1);
  });

  test("who is slow is left out, then told all at once; who stays slow is sent away", async () => {
    vi.useFakeTimers();
    const page = look(createRig(config));
    const looker = await lookOn(page);
    looker.isSlow = true;
    happen(page);
    vi.advanceTimersByTime(5000);
    expect(looker.heard).toHaveLength(1);
    looker.isSlow = false;
    vi.advanceTimersByTime(1000);
    expect(looker.heard.map(numbersIn)).toEqual([[], [1]]);
    looker.isSlow = true;
    vi.advanceTimersByTime(30_000);
    expect(looker.isEnded).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(looker.isEnded).toBe(true);
  });

  test("sixteen may look at a time; whoever heard another server hears all", async () => {
    vi.useFakeTimers();
    const page = look(createRig(config));
    happen(page);
    const first = await lookOn(page, "?after=900");
    expect(numbersIn(first.heard[0])).toEqual([1]);
    for (let n = 1; n < 16; n++) await lookOn(page);
    expect(await read(page, "/events")).toEqual({ status: 503, error: "16 look already; try again later" });
    first.leave();
    expect((await get(page, "/events")).status).toBe(200);
  });
});
