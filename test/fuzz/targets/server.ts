import { seconds, xid } from "../../../shared/brand.js";
import { parseControlRequest } from "../../../shared/control.js";
import type { ServerConfig } from "../../../shared/config/types.js";
import type { Datagram } from "../../../shared/datagram.js";
import { formatIp6, isMulticast } from "../../../shared/prefix.js";
import { sameOctets } from "../../../shared/octets.js";
import { unwrap } from "../../../shared/proto/relay.js";
import { DATAGRAM_OCTETS } from "../../../shared/wire/fault.js";
import { clientServerMessage, decodeMessage, encodeMessage } from "../../../shared/wire/message.js";
import { option, rawOption } from "../../../shared/wire/options.js";
import { createFrameReader, joinFrames } from "../../../shared/wire/tcp-frames.js";
import { createBulkService } from "../../../server/bulk-server.js";
import { createControlService } from "../../../server/control.js";
import { createIntake } from "../../../server/intake.js";
import type { ServerAction, ServerEvent } from "../../../server/engine.js";
import { readAnswer } from "../../server/answer.js";
import { checkTable } from "../../server/check-table.js";
import {
  addressClass,
  behind,
  configure,
  iface,
  ip,
  pdClass,
  SERVER_ID,
  subnet,
} from "../../server/settings.js";
import { createClient, createRig, na, pd, type Rig, ta } from "../../server/rig.js";
import { joinParts, splitParts } from "../script.js";
import { datagrams, streams } from "../seeds.js";
import { must, octetsOf, target, textOf } from "../target.js";

const crowded = [pdClass(60, ["2001:db8::/58"]), pdClass(64, ["2001:db8:0:80::/62"])];
const addresses = { addressClasses: [addressClass(["2001:db8:a::-2001:db8:a::7"])] };
const temporary = { temporaryClasses: [addressClass(["2001:db8:b::-2001:db8:b::7"])] };
const LINKS = [
  iface("eth0", crowded, {
    ...addresses,
    ...temporary,
    rapidCommit: true,
    leasequery: true,
    clientMaxLease: 4,
  }),
  behind(
    "eth0",
    iface("relay1", [pdClass(62, ["2001:db8:1::/58"])], {
      subnets: [subnet("2001:db8::/64")],
      leasequery: true,
    }),
  ),
  behind("eth0", iface("relay2", [pdClass(64, ["2001:db8:2::/61"])], { interfaceId: octetsOf("e1") })),
];
const DNS = {
  options: [
    option("dnsServers", [ip("2001:db8::547")]),
    option("domainList", [new TextEncoder().encode("\u0001a\u0000") as never]),
  ],
};
const limited = {
  limits: { source: { leases: 2, per: seconds(3600) }, relay: undefined, remoteId: undefined },
};

/** Kinds of servers that a story can be about. */
const CONFIGS: readonly ServerConfig[] = [
  configure(LINKS),
  configure(LINKS, { compatibility: "strict" }),
  configure(LINKS, { reconfigure: true, interfaceIdOrder: "after", scriptWait: true }),
  configure([iface("eth0", crowded, { unicast: ip("2001:db8::547"), preference: 255, ...DNS })], {
    dropUnicast: true,
  }),
  configure([iface("eth0", [], DNS)], { stateless: true }),
  configure([iface("eth0", crowded, { quarantine: seconds(600), ...addresses, ...limited })], {
    affinity: 2,
  }),
];

const LINK_LOCAL = ip("fe80::bad");
const RELAY = ip("2001:db8::ee");

/** A server's engine that hears a story: datagrams of all ways of arrival, time, failed commits, restarts. */
const engine = target({
  name: "server-engine",
  entries: ["ServerEngine.step", "ServerEngine.undo", "Intake.put"],
  covers: ["server/"],
  shape: "script",
  tokens: [SERVER_ID, createClient(createRig(configure([])), 1).duid, RELAY, octetsOf("e1")],
  seeds: serverStories,
  limit: 8192,
  rounds: 150,
  run(input) {
    const { setting, parts } = splitParts(input);
    const config = CONFIGS[setting % CONFIGS.length] ?? configure([]);
    let rig = createRig(config);
    rig.watch({ type: "started" });
    for (const { op, payload } of parts.slice(0, 40)) {
      rig = happen(rig, op, payload);
      checkTable(rig);
      checkHooks(rig);
    }
    rig.wait(3000);
    checkTable(rig);
  },
});

const OPS = 16;

function happen(rig: Rig, op: number, payload: Uint8Array): Rig {
  switch (op % OPS) {
    case 8:
      rig.wait(1 + payload.length);
      return rig;
    case 9:
      rig.wait(61);
      return rig;
    case 10:
      rig.sleep(1000);
      return rig;
    case 11:
      rig.giveInVain(datagramOf(0, payload));
      return rig;
    case 12:
      return rig.restart();
    case 13:
      rig.give({ type: "reconfigure", client: undefined, asks: "renew" });
      return rig;
    case 14:
      rig.give({
        type: "configured",
        config: configure(LINKS, { reconfigure: true }),
        interfaces: new Map([["eth0", 2]]),
      });
      return rig;
    default: {
      const datagram = datagramOf(op % 8, payload);
      checkAnswers(datagram, rig.watch(queued(datagram, rig)), rig);
      return rig;
    }
  }
}

/** Through the intake, as every datagram goes. */
function queued(datagram: Datagram, rig: Rig): ServerEvent {
  const intake = createIntake(4);
  intake.put(datagram, rig.now());
  const event = intake.take(rig.now());
  must(event === datagram, "the intake gives what was put into it");
  return event;
}

/** Ways in which a datagram arrives. */
function datagramOf(way: number, bytes: Uint8Array): Datagram {
  const isRelay = bytes[0] === 12 || bytes[0] === 13;
  return {
    type: "datagram",
    bytes,
    from: isRelay ? RELAY : LINK_LOCAL,
    port: way === 3 ? 1024 : isRelay ? 547 : 546,
    interfaceName: way === 2 ? "eth9" : "eth0",
    interfaceIndex: 2,
    multicast: way !== 1 && !isRelay,
  };
}

/** What holds for all that a server sends upon a datagram. */
function checkAnswers(asked: Datagram, actions: readonly ServerAction[], { state }: Rig): void {
  const sends = actions.filter((action) => action.type === "send");
  const decoded = decodeMessage(asked.bytes);
  const unwrapped = decoded.ok ? unwrap(decoded.message) : undefined;
  for (const { bytes, to, port, interfaceName } of sends) {
    must(bytes.length <= DATAGRAM_OCTETS, "an answer fits into a datagram", bytes.length);
    must(!isMulticast(to), "a server sends to no group", formatIp6(to));
    must(port > 0 && port < 65_536, "it has a port", port);
    const answer = readAnswer(bytes, "", state.config.compatibility);
    if (answer.type === "reconfigure") continue;
    must(unwrapped?.ok === true, "only what can be read is answered");
    const { path, message } = unwrapped;
    must(interfaceName === asked.interfaceName, "it goes where the question came from", interfaceName);
    must(sameOctets(to, asked.from), "it goes to who asked", formatIp6(to));
    must(answer.xid === message.xid, "it has the transaction-id of the question", answer.xid);
    must(answer.path.length === path.length, "it goes through the same relays", answer.path.length);
    path.forEach((level, at) => {
      const back = answer.path[at];
      must(back?.hopCount === level.hopCount, "hop counts come back");
      must(sameOctets(back.linkAddress, level.linkAddress), "link addresses come back");
      must(sameOctets(back.peerAddress, level.peerAddress), "peer addresses come back");
    });
  }
  must(sends.length <= 1 + RECONFIGURES, "one answer, and some Reconfigures at most", sends.length);
}

const RECONFIGURES = 100;

function checkHooks(rig: Rig): void {
  for (const { variables } of rig.hooks()) {
    for (const [name, value] of Object.entries(variables)) {
      must(!/\p{Cc}/u.test(name + value), "no control character reaches a script", { name, value });
    }
  }
  rig.logs();
}

function serverStories(): readonly Uint8Array[] {
  const rig = createRig(configure([]));
  const direct = createClient(rig, 1);
  const relayed = createClient(rig, 2, {
    hops: [{ link: "2001:db8::1" }, { options: [option("interfaceId", octetsOf("e1"))] }],
  });
  const ias = [pd(1, "2001:db8::/60"), pd(2), na(1), ta(9)];
  const accept = { options: [option("reconfigureAccept", null), option("optionRequest", [23, 24, 67, 82])] };
  const verbs = [
    "solicit",
    "request",
    "renew",
    "rebind",
    "confirm",
    "decline",
    "release",
    "informationRequest",
  ] as const;
  const told = verbs.flatMap((verb) => {
    const asked =
      verb === "informationRequest"
        ? []
        : verb === "confirm" || verb === "decline"
          ? [na(1, "2001:db8:a::1/128")]
          : ias;
    return [direct, relayed].map((client) => bytesOf(client.event(verb, asked, accept)));
  });
  const parts = told.map((payload) => ({ op: 0, payload }));
  const pause = { op: 9, payload: new Uint8Array(0) };
  const query = bytesOf(direct.event("leasequery", [], { options: [leasequery("2001:db8::")] }));
  const ways = parts.map(({ payload }, op) => ({ op: op % OPS, payload }));
  return CONFIGS.flatMap((_config, setting) => [
    joinParts({ setting, parts }),
    joinParts({ setting, parts: ways }),
    joinParts({
      setting,
      parts: [...parts.slice(0, 4), pause, { op: 13, payload: pause.payload }, { op: 0, payload: query }],
    }),
    ...datagrams()
      .filter((_bytes, n) => n % CONFIGS.length === setting)
      .map((payload) => joinParts({ setting, parts: [...parts.slice(0, 3), { op: 0, payload }] })),
  ]);
}

const bytesOf = (event: ServerEvent): Uint8Array =>
  event.type === "datagram" ? event.bytes : new Uint8Array(0);

/** LQ_QUERY by address (RFC 5007 4.1.2.1). */
const leasequery = (address: string): ReturnType<typeof rawOption> =>
  rawOption(44, Uint8Array.of(1, ...new Uint8Array(16), 0, 5, 0, 24, ...ip(address), ...new Uint8Array(8)));

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

/** What the server takes from whoever can reach it. */
export const SERVER_TARGETS = [engine, bulk, control];
