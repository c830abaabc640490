import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { iaid, millis, seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { type HttpListener, openHttp } from "../../shared/edge/http.js";
import { isoTime } from "../../shared/edge/local-time.js";
import type { Lease, LeaseState } from "../../shared/lease/lease.js";
import { ip6 } from "../../shared/prefix.js";
import { createStatusPage, type StatusPage } from "../../server/serve-page.js";
import { type Browser, openBrowser, type Screen } from "../browser.js";
import { createRig } from "./rig.js";
import { configure, iface, ip, pdClass, START } from "./settings.js";

const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
if (program === undefined) {
  console.log("left out: the status page in a browser (not installed); apt-get install chromium");
}

const AT = { host: "::1", port: 19_710 };
const EVIL = `<img src=x onerror=alert(1)>`;
const STATES: readonly LeaseState[] = ["bound", "bound", "resting", "offered", "declined"];
const DESK: Screen = { width: 1280, height: 1000, scheme: "light" };

/** A browser takes seconds to start, and longer on a busy machine. */
const START_MS = 60_000;

/** 50,000 /56s of 65,536, and 50,000 /64s. */
function leaseOf(n: number): Lease {
  const [number, isFirst] = [n % 50_000, n < 50_000];
  const octets = Uint8Array.of(0x20, 0x01, 0x0d, isFirst ? 0xb8 : 0xb9, ...new Uint8Array(12));
  octets.set([isFirst ? 0xa0 : 0, number >> 8, number], isFirst ? 4 : 5);
  return {
    ...{ iaType: "pd", iaid: iaid(1), state: STATES[n % 5] ?? "bound", trail: undefined, key: undefined },
    duid: duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, n >> 16, n >> 8, n)),
    prefix: { address: ip6(octets), length: isFirst ? 56 : 64 },
    ...{ preferred: seconds(1000), valid: seconds(2000), t1: seconds(500), t2: seconds(800) },
    ...{ since: START, until: millis(START + 2_000_000), clientAddress: ip("fe80::1") },
    interfaceName: n === 77 ? EVIL : "eth0",
  };
}

describe.runIf(program !== undefined)("status page in Chromium, with 100,000 leases", () => {
  let browser: Browser;
  let page: StatusPage;
  let listener: HttpListener;

  beforeAll(async () => {
    const classes = [pdClass(56, ["2001:db8:a000::/40"]), pdClass(64, ["2001:db9::/32"])];
    const { state, table, now } = createRig(configure([iface("eth0", classes)]));
    for (let n = 0; n < 100_000; n++) table.put(leaseOf(n));
    page = createStatusPage({
      ...{ version: "1.2.3", state, now, iso: isoTime, file: "/server.conf" },
      hooks: () => ({ waiting: 0, running: 0, owed: 0, ended: 0, failed: 0, seconds: 0 }),
      routes: () => ({ wanted: false, waiting: 0, failed: 0 }),
      troubles: () => [],
      pause: () => sleep(1),
    });
    listener = await openHttp("page", AT, new Map(page.pages));
    browser = await openBrowser(program ?? "");
  }, START_MS);
  afterAll(async () => {
    await browser.close();
    page.close();
    await listener.close();
  }, START_MS);

  const url = `http://[::1]:${AT.port}/`;
  const text = (selector: string): Promise<unknown> =>
    browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  const count = (selector: string): Promise<unknown> =>
    browser.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  const until = async (expression: string): Promise<void> => {
    await expect.poll(() => browser.evaluate(expression), { timeout: 20_000 }).toBe(true);
  };
  const goTo = async (screen: Partial<Screen>): Promise<void> => {
    await browser.goTo(url, { ...DESK, ...screen });
    await until(`document.body.dataset.ready === "yes"`);
  };

  test("leases come by pages; a hostile name is text", async () => {
    await goTo({});
    expect(await text("#found")).toBe("1–200 of 100\u202f000");
    expect(await count("#lease-rows tr")).toBe(200);
    expect(await text("#lease-rows tr:nth-child(78) td:nth-child(5)")).toBe(EVIL);
    expect(await count("img")).toBe(0);
    await browser.evaluate(`document.getElementById("next").click()`);
    await until(`document.getElementById("found").textContent.startsWith("201–400")`);
    await browser.evaluate(
      `document.getElementById("query").value = "img src"; document.querySelector("form").requestSubmit()`,
    );
    await until(`document.getElementById("found").textContent === "1–1 of 1"`);
    expect(await text("#lease-rows")).toContain("2001:db8:a000:4d00::/56");
  });

  test("the map by keyboard: to a lease, into a block and out again", async () => {
    await goTo({});
    await browser.evaluate(`document.getElementById("cells").focus()`);
    for (const key of ["ArrowRight", "ArrowDown"]) await browser.press(key);
    // In Z-order the cell below the second one is the fourth.
    expect(await text("#detail")).toMatch(/^2001:db8:a000:300::\/56\s+offered$/);
    await browser.press("Enter");
    await until(`document.querySelectorAll("#detail dl").length === 1`);
    expect(await text("#detail dl")).toContain("00:03:00:01:02:00:00:00:00:03");

    await browser.evaluate(`document.getElementById("pool").value = "1"; showPool(1)`);
    expect(await text("#crumbs")).toBe("2001:db9::/32: 4\u202f294\u202f967\u202f296 of /64");
    await browser.evaluate(`document.getElementById("cells").focus()`);
    await browser.press("Enter");
    await until(`document.getElementById("crumbs").textContent.startsWith("2001:db9::/48:")`);
    for (const length of [44, 40, 36, 32]) {
      await browser.press("Backspace");
      await until(`document.getElementById("crumbs").textContent.startsWith("2001:db9::/${length}:")`);
    }
  });

  test("a lease event appears by itself", async () => {
    await goTo({});
    expect(await count("#event-rows tr")).toBe(0);
    page.happened({ action: "add", reason: "request", lease: leaseOf(77), former: undefined });
    await until(`document.querySelectorAll("#event-rows tr").length === 1`);
    expect(await text("#event-rows")).toContain(EVIL);
    expect(await count("img")).toBe(0);
  });

  test("dark and light, and a phone: nothing is wider than its screen", async () => {
    const ground = `getComputedStyle(document.body).backgroundColor`;
    await goTo({ width: 390, height: 844 });
    expect(await browser.evaluate(ground)).toBe("rgb(246, 247, 248)");
    expect(await browser.evaluate(`document.documentElement.scrollWidth`)).toBe(390);
    await goTo({ scheme: "dark" });
    expect(await browser.evaluate(ground)).toBe("rgb(18, 22, 26)");
  });

  test("nothing is complained of: no script failed, nothing was refused by the page's own policy", () => {
    expect(browser.complaints()).toEqual([]);
  });
});
