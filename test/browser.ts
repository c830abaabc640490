import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** How a page is looked at. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
  readonly script?: boolean;
}

/** A headless Chromium with one page. */
export interface Browser {
  readonly goTo: (url: string, screen: Screen) => Promise<void>;
  /** The value of an expression in the page, awaited. */
  readonly evaluate: (expression: string) => Promise<unknown>;
  /** Presses a key by its name. */
  readonly press: (key: string) => Promise<void>;
  /** PNG, of all of the page. */
  readonly screenshot: () => Promise<Buffer>;
  /** What the page complained of: exceptions, refused content, console.error. */
  readonly complaints: () => readonly string[];
  readonly close: () => Promise<void>;
}

interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** Starts it and speaks the DevTools protocol with it over a pair of pipes. */
export async function openBrowser(program: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "browser-"));
  const child = spawn(
    program,
    [
      ...["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"],
      ...["--disable-background-networking", `--user-data-dir=${profile}`, "--remote-debugging-pipe"],
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, (told: Told) => void>();
  const complaints: string[] = [];
  let loaded = (): void => undefined;
  let rest = "";
  let count = 0;
  from.on("data", (octets: Buffer) => {
    const pieces = (rest + octets.toString("utf8")).split("\0");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) hear(JSON.parse(piece) as Told);
  });

  function hear(told: Told): void {
    if (told.id !== undefined) waiting.get(told.id)?.(told);
    if (told.method === "Page.loadEventFired") loaded();
    const isBad =
      told.method === "Runtime.exceptionThrown" ||
      told.method === "Log.entryAdded" ||
      (told.method === "Runtime.consoleAPICalled" && told.params?.["type"] === "error");
    if (isBad) complaints.push(JSON.stringify(told.params));
  }

  function call(
    method: string,
    params: object = {},
    sessionId?: string,
  ): Promise<NonNullable<Told["result"]>> {
    const id = ++count;
    to.write(
      `${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
    );
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result = {}, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${error.message}`));
      });
    });
  }

  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  const attached = await call("Target.attachToTarget", { targetId, flatten: true });
  const session = String(attached["sessionId"]);
  const page = (method: string, params: object = {}): ReturnType<typeof call> =>
    call(method, params, session);
  for (const domain of ["Page", "Runtime", "Log"]) await page(`${domain}.enable`);

  return {
    async goTo(url, { width, height, scheme, script = true }) {
      await page("Emulation.setScriptExecutionDisabled", { value: !script });
      await page("Emulation.setDeviceMetricsOverride", {
        ...{ width, height, deviceScaleFactor: 1, mobile: width < 500 },
      });
      const features = [{ name: "prefers-color-scheme", value: scheme }];
      await page("Emulation.setEmulatedMedia", { features });
      const done = new Promise<void>((resolve) => {
        loaded = resolve;
      });
      await page("Page.navigate", { url });
      await done;
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await page("Runtime.evaluate", {
        ...{ expression, awaitPromise: true, returnByValue: true },
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { readonly value?: unknown }).value;
    },
    async press(key) {
      const text = key === "Enter" ? { text: "\r" } : {};
      await page("Input.dispatchKeyEvent", { type: "keyDown", key, ...text });
      await page("Input.dispatchKeyEvent", { type: "keyUp", key });
    },
    async screenshot() {
      const { data } = await page("Page.captureScreenshot", { captureBeyondViewport: true });
      return Buffer.from(String(data), "base64");
    },
    complaints: () => complaints,
    async close() {
      child.kill("SIGKILL");
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
