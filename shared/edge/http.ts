import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ListenAddress } from "../config/types.js";
import { codeOf, SystemError } from "./errors.js";

/** What is sent for a request: a whole text, or pieces as they come until the reader has gone. */
export type HttpAnswer =
  | { readonly status: number; readonly type: string; readonly body: string }
  | { readonly status: number; readonly type: string; readonly stream: (to: HttpStream) => void };

/** A reader that stays. */
export interface HttpStream {
  /** False when the reader takes in less than it is sent: leave something out. */
  readonly write: (text: string) => boolean;
  /** Whether what was written before still waits for the reader. */
  readonly isBehind: () => boolean;
  readonly end: () => void;
  readonly onClose: (listener: () => void) => void;
}

/** Makes the answer to a GET; `query` is what stands behind the question mark. */
export type HttpPage = (query: URLSearchParams) => HttpAnswer | Promise<HttpAnswer>;

/** By path. */
export type HttpPages = ReadonlyMap<string, HttpPage>;

/** A listener that only ever reads: no other method than GET and HEAD, no body, few and short connections. */
export interface HttpListener {
  readonly close: () => Promise<void>;
}

const LIMITS = { connections: 64, headerOctets: 8192, headersMs: 5000, requestMs: 10_000 } as const;

/** Rejects with a SystemError when nothing can listen there; `what` names what it is for. */
export function openHttp(
  what: string,
  { host, port }: ListenAddress,
  pages: HttpPages,
): Promise<HttpListener> {
  const server = createServer(
    {
      maxHeaderSize: LIMITS.headerOctets,
      headersTimeout: LIMITS.headersMs,
      requestTimeout: LIMITS.requestMs,
      connectionsCheckingInterval: LIMITS.headersMs,
    },
    (request, response) => {
      if (isLoopback(host) && !isLocalName(request.headers.host)) end(response, REBOUND);
      else void answer(pages, request, response);
    },
  );
  server.maxConnections = LIMITS.connections;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(listenError(what, host, port, error));
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners("error");
      // A connection that fails is its reader's affair.
      server.on("error", () => undefined);
      resolve({ close: () => closed(server) });
    });
  });
}

async function answer(pages: HttpPages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", url = "/" } = request;
  const [path = "/", query = ""] = url.split("?", 2);
  const page = pages.get(path);
  if (method !== "GET" && method !== "HEAD") {
    end(response, { status: 405, ...PLAIN, body: "only GET and HEAD are answered\n" });
    return;
  }
  if (page === undefined) {
    const known = [...pages.keys()].join(", ");
    end(response, { status: 404, ...PLAIN, body: `there is nothing here; there is ${known}\n` });
    return;
  }
  try {
    end(response, await page(new URLSearchParams(query)), method === "HEAD");
  } catch (error) {
    // A bug of ours: seen where it was asked for, and the server goes on.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    end(response, { status: 500, ...PLAIN, body: `${text}\n` });
  }
}

/**
 * A name of somebody else's that was made to mean this host would let his pages read ours with the browser of
 * whoever looks at them (DNS rebinding). Who listens on loopback is asked for by address, or as localhost.
 */
const isLocalName = (host = ""): boolean =>
  /^(localhost|\[[0-9a-fA-F:.]+\]|[0-9]+(\.[0-9]+){3})(:\d+)?$/i.test(host);

const isLoopback = (host: string): boolean => host === "::1" || /^(::ffff:)?127\./i.test(host);

const PLAIN = { type: "text/plain; charset=utf-8" } as const;

const REBOUND: HttpAnswer = {
  ...{ status: 421, ...PLAIN },
  body: "ask for this by address or as localhost: the server listens on loopback only\n",
};

function end(response: ServerResponse, given: HttpAnswer, isHead = false): void {
  response.writeHead(given.status, {
    "content-type": given.type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
  });
  if ("body" in given || isHead) {
    response.end(isHead || !("body" in given) ? undefined : given.body);
    return;
  }
  response.flushHeaders();
  given.stream({
    write: (text) => response.write(text),
    isBehind: () => response.writableLength > 0,
    end: () => {
      response.destroy();
    },
    onClose: (listener) => void response.once("close", listener),
  });
}

function listenError(what: string, host: string, port: number, error: Error): SystemError {
  const where = `${what} ${host.includes(":") ? `[${host}]` : host}:${port}`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program listens there",
    EADDRNOTAVAIL: "this host does not have the address",
    EACCES: "no permission: ports below 1024 need CAP_NET_BIND_SERVICE",
  };
  const reason = why[codeOf(error) ?? ""] ?? error.message;
  return new SystemError("http-failed", `${where} cannot be opened: ${reason}`, { cause: error });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
