import { xid } from "../../../shared/brand.js";
import { parseControlRequest } from "../../../shared/control.js";
import type { ServerConfig } from "../../../shared/config/types.js";
import { clientServerMessage, decodeMessage, encodeMessage } from "../../../shared/wire/message.js";
import { option, rawOption } from "../../../shared/wire/options.js";
import { createFrameReader, joinFrames } from "../../../shared/wire/tcp-frames.js";
import { createBulkService } from "../../../server/bulk-server.js";
import { createControlService } from "../../../server/control.js";
import type { ServerEvent } from "../../../server/engine.js";
import { checkTable } from "../../server/check-table.js";
import { configure, SERVER_ID } from "../../server/settings.js";
import { createClient, createRig, na, pd, type Rig } from "../../server/rig.js";
import { streams } from "../seeds.js";
import { must, octetsOf, target, textOf } from "../target.js";

import { LINKS } from "./server.js";
/** A server with some leases, direct and relayed. */
function peopled(config: ServerConfig): Rig {
  const rig = createRig(config);
  for (let n = 1; n <= 5; n++) {
    createClient(rig, n).request(pd(1), na(1));
    createClient(rig, n + 10, { hops: [{ link: "2001:db8::1" }] }).request(pd(1));
  }
  return rig;
}

/** Leasequery over TCP: a stream of any octets, each frame answered until one is none. */
const bulk = target({
  name: "bulk-leasequery",
  entries: ["createFrameReader", "BulkService.answer"],
  covers: ["server/bulk", "server/leasequery", "server/question", "server/client-data"],
  shape: "stream",
  seeds: () => [...streams(), ...[1, 2, 3, 4, 5].map((type) => joinFrames([question(type), question(type)]))],
  limit: 4096,
  rounds: 200,
  run(input) {
    const rig = peopled(configure(LINKS));
    const before = rig.table.size;
    const log = (_id: string, values: object): void => {
      for (const value of Object.values(values))
        if (typeof value === "function") String((value as () => unknown)());
    };
    const service = createBulkService({ state: rig.state, interfaceName: "eth0", now: rig.now, log });
    const reader = createFrameReader();
    for (let at = 0; at < input.length; at += 13) {
      for (const frame of reader.push(input.slice(at, at + 13))) answerFully(service, frame);
    }
    must(rig.table.size === before, "a query changes nothing", rig.table.size);
    checkTable(rig);
  },
});

function answerFully(service: ReturnType<typeof createBulkService>, frame: Uint8Array): void {
  const source = service.answer(frame, "[::1]:1024");
  if (source === undefined) return;
  const asked = decodeMessage(frame);
  must(asked.ok && asked.message.form === "message", "only a message is answered");
  const reader = createFrameReader();
  for (let turn = 0, done = false; !done; turn++) {
    must(turn < 1000, "an answer has an end");
    const piece = source.next();
    done = piece.done;
    for (const bytes of reader.push(piece.bytes)) {
      const answer = decodeMessage(bytes);
      must(answer.ok && answer.faults.length === 0, "what is sent can be read");
      must(answer.message.form === "message", "it is in no relay message");
      must(answer.message.xid === asked.message.xid, "it has the transaction-id of the question");
    }
  }
  must(reader.waiting === 0, "an answer is whole frames");
}

const question = (type: number): Uint8Array =>
  encodeMessage(
    clientServerMessage("leasequery", xid(7), [
      option("clientId", SERVER_ID),
      rawOption(
        44,
        Uint8Array.of(
          type,
          ...new Uint8Array(16),
          0,
          1,
          0,
          10,
          ...createClient(createRig(configure([])), 1).duid,
        ),
      ),
      rawOption(53, SERVER_ID),
    ]),
  );

/** A command of an operator, from the line to the answer and what it does. */
const control = target({
  name: "control-command",
  entries: ["parseControlRequest", "ControlService.handle", "parseSubject"],
  covers: [
    "shared/control",
    "server/control",
    "server/show-command",
    "server/release-command",
    "server/report",
  ],
  shape: "text",
  tokens: [
    '{"command":"show","subject":"',
    '"expected"',
    '"asks"',
    '"rebind"',
    '"all"',
    "2001:db8::/56",
    "null",
    "::",
  ],
  seeds: () =>
    [
      { command: "show", subject: "2001:db8::/60" },
      { command: "show", subject: "00:03:00:01:02:00:00:00:00:01" },
      { command: "show", subject: "fe80::1" },
      { command: "release", subject: "2001:db8::/48", expected: 5 },
      { command: "reconfigure", client: "all", asks: "renew" },
      { command: "reconfigure", client: "00:03:00:01:02:00:00:00:00:01", asks: "rebind" },
      { command: "status" },
    ].map((request) => octetsOf(JSON.stringify(request))),
  rounds: 200,
  run(input) {
    const request = parseControlRequest(textOf(input));
    if (typeof request === "string") {
      must(request.length < 200, "a short sentence", request);
      return;
    }
    const rig = peopled(configure(LINKS, { reconfigure: true }));
    const events: ServerEvent[] = [];
    const { handle } = createControlService({
      state: rig.state,
      push: (event) => events.push(event),
      log: () => undefined,
      context: () => ({ now: rig.now(), iso: (at) => new Date(at).toISOString(), local: String }),
      reload: () => Promise.resolve({ ok: true, message: "" }),
      hooks: () => ({ waiting: 0, running: 0, owed: 0 }),
      routes: () => ({ wanted: true, waiting: 0, failed: 0 }),
      events: () => undefined,
    });
    const answer = handle(request);
    if (!(answer instanceof Promise)) {
      const said = answer.ok ? answer.message : answer.error;
      must(
        said.length > 0 && !/[\p{Cc}]/u.test(said.replace(/\n/g, "")),
        "words without control characters",
        said,
      );
      JSON.stringify(answer);
    }
    for (const event of events) rig.give(event);
    rig.wait(10);
    checkTable(rig);
  },
});

/** What the server takes from whoever can reach it, besides datagrams. */
export const QUERY_TARGETS = [bulk, control];
