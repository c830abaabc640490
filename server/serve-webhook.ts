import { createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Webhook } from "../shared/config/types.js";
import { sentenceOf } from "../shared/edge/errors.js";
import type { Log } from "../shared/edge/log.js";
import type { EventStream } from "./event-stream.js";
import { follow, type Follower, createRetry, type Mark, type Sink } from "./serve-follower.js";

/** Events in one request. */
const PIECE = 100;
/** How long a request may take, its answer included, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** What is tried again is tried after this, and then after twice as much each time, in milliseconds. */
const RETRY_MS = { first: 1000, most: 300_000 } as const;

/**
 * Sends events to an URL, each at least once and in order: the next ones when a status of 2xx says that those
 * before have arrived. It goes on at its mark; a first one begins with what comes.
 */
export function openWebhook(hook: Webhook, stream: EventStream, mark: Mark, log: Log): Sink {
  const { url } = hook;
  const after = mark.known ?? stream.last();
  let follower: Follower | undefined;
  const retry = createRetry(url, log, RETRY_MS);
  const at = (): number => follower?.at() ?? after;
  return {
    start() {
      follower ??= follow(stream, after, PIECE, async (lines, next, stop) => {
        const hasArrived = await retry.until(() => post(hook, `[${lines.join(",")}]`, stop), stop);
        if (hasArrived) mark.set(next);
        return hasArrived;
      });
    },
    load: () => ({
      webhook: {
        acknowledged: at(),
        waiting: Math.max(0, stream.last() - at()),
        failing: retry.failing() ?? null,
      },
    }),
    async close() {
      await follower?.close();
      await mark.close();
    },
  };
}

/** Why the events have not arrived; undefined when they have. */
function post({ url, secret }: Webhook, body: string, stop: AbortSignal): Promise<string | undefined> {
  const signature =
    secret === undefined ? undefined : createHmac("sha256", secret).update(body).digest("hex");
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const failed = (error: Error): void => {
      resolve(
        signal.aborted && !stop.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : sentenceOf(error),
      );
    };
    const request = send(url, {
      method: "POST",
      signal,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...(signature === undefined ? {} : { "x-dibbler-signature": `sha256=${signature}` }),
      },
    });
    request.on("error", failed);
    request.on("response", (response) => {
      const { statusCode = 0 } = response;
      response.on("error", failed);
      response.on("end", () => {
        resolve(statusCode >= 200 && statusCode < 300 ? undefined : `it answers with status ${statusCode}`);
      });
      // What it says is not kept.
      response.resume();
    });
    request.end(body);
  });
}
