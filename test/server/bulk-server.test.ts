import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { LogId, LogValues } from "../../shared/catalogue.js";
import { openTcp, type TcpListener } from "../../shared/edge/tcp.js";
import { decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { find, option } from "../../shared/wire/options.js";
import { joinFrames, splitFrames } from "../../shared/wire/tcp-frames.js";
import { createBulkService } from "../../server/bulk-server.js";
import {
  at,
  type Bench,
  byClient,
  byLink,
  clientId,
  createBench,
  leaseOf,
  leasequery,
  REQUESTOR,
} from "./leasequery-bench.js";
import { configure, iface, ip, pdClass } from "./settings.js";

const OPEN = configure([iface("eth0", [pdClass(64, ["2001:db8::/32"])], { leasequery: true })]);

/** A listener on loopback that answers for eth0. */
interface Listening {
  readonly port: number;
  readonly logs: { readonly id: LogId; readonly values: LogValues }[];
}

const opened: TcpListener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close()));
});

async function listen({ state }: Bench, maxConnections = 10): Promise<Listening> {
  const logs: Listening["logs"] = [];
  const log = (id: LogId, values: LogValues): void => {
    logs.push({ id, values });
  };
  const service = createBulkService({ state, interfaceName: "eth0", now: () => at(0), log });
  const where = { interfaceName: "lo", addresses: [ip("::1")], port: 0, maxConnections, timeoutMs: 5000 };
  opened.push(await openTcp({ ...where, ...service }));
  const port = logs.find(({ id }) => id === "SERVER-BULK-LISTENING")?.values["port"];
  return { port: Number(port), logs };
}

/** Sends octets, ends its side, and gives the messages that come until the server ends its own. */
async function converse({ port }: Listening, octets: Uint8Array) {
  const socket = connect({ host: "::1", port, allowHalfOpen: true });
  socket.on("error", () => undefined);
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  socket.end(octets);
  await once(socket, "close");
  const { messages, rest } = splitFrames(Buffer.concat(chunks));
  expect(rest.length).toBe(0);
  return messages.map((bytes) => {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok || decoded.message.form !== "message") throw new Error("no message");
    return decoded.message;
  });
}

function filled(count: number): Bench {
  const bench = createBench(OPEN);
  for (let n = 0; n < count; n++) bench.table.put(leaseOf(n, `2001:db8:0:${(n + 1).toString(16)}::/64`));
  return bench;
}

describe("bulk leasequery over TCP", () => {
  test("two queries at once over 5000 clients -> both answered in full, one after the other", async () => {
    const server = await listen(filled(5000));
    const queries = [byLink("2001:db8::", { xid: 7 }), byClient(clientId(4), { xid: 8 })];
    const messages = await converse(server, joinFrames(queries.map(encodeMessage)));
    const types = messages.map(({ type, xid }) => `${type} ${xid}`);
    expect(types.slice(0, 2)).toEqual(["leasequeryReply 7", "leasequeryData 7"]);
    expect(types.slice(-3)).toEqual(["leasequeryDone 7", "leasequeryReply 8", "leasequeryDone 8"]);
    expect(types.filter((type) => type === "leasequeryData 7").length).toBe(4999);
    await vi.waitFor(() => {
      expect(server.logs.map(({ id }) => id)).toEqual([
        "SERVER-BULK-LISTENING",
        "SERVER-BULK-QUERY",
        "SERVER-BULK-QUERY",
        "SERVER-BULK-CLOSED",
      ]);
    });
  });

  test("counts connections, queries and messages", async () => {
    const bench = filled(2);
    await converse(await listen(bench), joinFrames([encodeMessage(byLink("2001:db8::"))]));
    expect(bench.state.counters.bulk).toEqual({ connections: 1, refused: 0, queries: 1, messages: 3 });
  });

  const noQuery = leasequery(2, [], { options: [option("clientId", REQUESTOR)] });
  const relay = { hopCount: 0, linkAddress: ip("2001:db8::1"), peerAddress: ip("fe80::1"), options: [] };
  test.each([
    ["text", Buffer.from("GET / HTTP/1.1\r\n\r\n".padEnd(40_000, "x"))],
    ["zeroes", new Uint8Array(1000)],
    ["a frame of 65535 octets of ff", joinFrames([new Uint8Array(0xffff).fill(0xff)])],
    ["an empty frame", joinFrames([new Uint8Array(0)])],
    ["a cut frame", joinFrames([encodeMessage(byLink("2001:db8::"))]).subarray(0, 30)],
    ["a cut message", joinFrames([encodeMessage(byLink("2001:db8::")).subarray(0, 30)])],
    ["a Solicit", joinFrames([encodeMessage({ ...byLink("2001:db8::"), type: "solicit", code: 1 })])],
    ["a Relay-forward", joinFrames([encodeMessage({ form: "relay", type: "relayForward", ...relay })])],
    ["a Leasequery without query", joinFrames([encodeMessage(noQuery)])],
  ])("%s -> closed without a word, a line for the log; the next one is served", async (_what, octets) => {
    const server = await listen(filled(1));
    expect(await converse(server, octets)).toEqual([]);
    await vi.waitFor(() => {
      expect(server.logs.map(({ id }) => id)).toContain("SERVER-BULK-CLOSED");
    });
    expect((await converse(server, joinFrames([encodeMessage(byLink("2001:db8::"))]))).length).toBe(2);
  });

  test("too many connections -> turned away and counted", async () => {
    const bench = filled(1);
    const server = await listen(bench, 0);
    expect(await converse(server, joinFrames([encodeMessage(byLink("2001:db8::"))]))).toEqual([]);
    expect(bench.state.counters.bulk).toEqual({ connections: 0, refused: 1, queries: 0, messages: 0 });
  });

  test("the server stops in the middle of an answer -> QueryTerminated comes last", async () => {
    const server = await listen(filled(60_000));
    const answer = converse(server, joinFrames([encodeMessage(byLink("2001:db8::"))]));
    await vi.waitFor(() => {
      expect(server.logs.map(({ id }) => id)).toContain("SERVER-BULK-QUERY");
    });
    await opened.pop()?.close();
    const last = (await answer).at(-1);
    expect(last?.type).toMatch(/^leasequery(Done|Reply)$/);
    expect(find(last?.options ?? [], "statusCode")?.status).toBe(11);
  });

  test("trouble of the system -> a line for the log", () => {
    const ids: LogId[] = [];
    const { state } = filled(0);
    const log = (id: LogId): void => void ids.push(id);
    createBulkService({ state, interfaceName: "eth0", now: () => at(0), log }).onTrouble("accept EMFILE");
    expect(ids).toEqual(["SERVER-BULK-TROUBLE"]);
  });
});
