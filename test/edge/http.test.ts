import { get } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { type HttpListener, type HttpPage, openHttp } from "../../shared/edge/http.js";

let at = { host: "::1", port: 19547 };
let address = "";
const open: HttpListener[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const pages = new Map<string, HttpPage>([
  ["/a", (query) => ({ status: 200, type: "text/plain", body: `a ${query.get("q")}` })],
  ["/bug", () => Promise.reject(new Error("of ours"))],
  [
    "/stream",
    () => ({
      ...{ status: 200, type: "text/event-stream" },
      stream: ({ write, onClose }) => {
        write("one\n");
        onClose(() => closed.push("closed"));
      },
    }),
  ],
]);
const closed: string[] = [];

/** At another port each time: fetch keeps connections to the former one. */
async function listen(): Promise<void> {
  at = { ...at, port: at.port + 1 };
  address = `http://[::1]:${at.port}`;
  open.push(await openHttp("pages", at, pages));
}

/** Of a request with this Host, which fetch does not let one choose. */
const statusFor = (host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = { host: at.host, port: at.port, path: "/a", headers: { host }, agent: false };
    get(asked, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on("error", reject);
  });

describe("http: pages to read", () => {
  test.each([
    ["GET", "/a?q=1&r", 200, "a 1"],
    ["HEAD", "/a", 200, ""],
    ["POST", "/a", 405, "only GET and HEAD are answered\n"],
    ["GET", "/b", 404, "there is nothing here; there is /a, /bug, /stream\n"],
    ["GET", "/../../etc/passwd", 404, "there is nothing here; there is /a, /bug, /stream\n"],
  ])("%s %s -> %i", async (method, path, status, body) => {
    await listen();
    const answer = await fetch(address + path, { method });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toBe(body);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a bug in a page -> 500, and the next request is answered", async () => {
    await listen();
    expect((await fetch(`${address}/bug`)).status).toBe(500);
    expect((await fetch(`${address}/a`)).status).toBe(200);
  });

  test.each([
    ["localhost:1", 200],
    ["[::1]", 200],
    ["127.0.0.1:80", 200],
    // A name of somebody else that was made to mean this host.
    ["evil.example:80", 421],
    ["localhost.evil.example", 421],
    ["1.2.3.4.evil.example", 421],
  ])("on loopback, asked for by the name %s -> %i", async (host, status) => {
    await listen();
    expect(await statusFor(host)).toBe(status);
  });

  test("a reader that stays gets pieces; that it has gone is heard of", async () => {
    await listen();
    const leaving = new AbortController();
    const { body } = await fetch(`${address}/stream`, { signal: leaving.signal });
    const reader = body?.getReader();
    const piece: unknown = (await reader?.read())?.value;
    expect(piece instanceof Uint8Array && new TextDecoder().decode(piece)).toBe("one\n");
    leaving.abort();
    await reader?.closed.catch(() => undefined);
    await expect.poll(() => closed).toEqual(["closed"]);
  });

  test("close ends readers that stay", async () => {
    await listen();
    const { body } = await fetch(`${address}/stream`);
    const reader = body?.getReader();
    await reader?.read();
    await Promise.all(open.splice(0).map((one) => one.close()));
    await expect(reader?.read()).rejects.toThrow();
  });

  test("the address is taken, or not ours: a sentence", async () => {
    await listen();
    await expect(openHttp("pages", at, pages)).rejects.toThrow(
      `pages [::1]:${at.port} cannot be opened: another program listens there`,
    );
    await expect(openHttp("pages", { host: "192.0.2.1", port: 19547 }, pages)).rejects.toThrow(
      "pages 192.0.2.1:19547 cannot be opened: this host does not have the address",
    );
  });
});
