import { seconds } from "../../../shared/brand.js";
import type { ServerConfig } from "../../../shared/config/types.js";
import type { Datagram } from "../../../shared/datagram.js";
import { formatIp6, formatPrefix, isMulticast } from "../../../shared/prefix.js";
import { sameOctets } from "../../../shared/octets.js";
import { unwrap } from "../../../shared/proto/relay.js";
import { DATAGRAM_OCTETS } from "../../../shared/wire/fault.js";
import { decodeMessage } from "../../../shared/wire/message.js";
import { option, rawOption } from "../../../shared/wire/options.js";
import { createIntake } from "../../../server/intake.js";
import type { ServerAction, ServerEvent } from "../../../server/engine.js";
import { readAnswer } from "../../server/answer.js";
import { checkTable, leases } from "../../server/check-table.js";
import {
  addressClass,
  behind,
  configure,
  iface,
  ip,
  pdClass,
  SERVER_ID,
  START,
  subnet,
} from "../../server/settings.js";
import { createClient, createRig, INDEXES, na, pd, type Rig, ta } from "../../server/rig.js";
import { joinParts, splitParts } from "../script.js";
import { datagrams } from "../seeds.js";
import { must, octetsOf, target } from "../target.js";

const crowded = [pdClass(60, ["2001:db8::/58"]), pdClass(64, ["2001:db8:0:80::/62"])];
const addresses = { addressClasses: [addressClass(["2001:db8:a::-2001:db8:a::7"])] };
const temporary = { temporaryClasses: [addressClass(["2001:db8:b::-2001:db8:b::7"])] };
/** Links of a server that is asked directly and through relays. */
export const LINKS = [
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
export const ENGINE = target({
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
    let rig = createRig(config, new Map(), START, INDEXES, 1, SHORT_HISTORY);
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

/** Memory of 6 MB for each story would be most of its cost. */
const SHORT_HISTORY = { changes: 64, routine: 64, refusals: 64, drops: 64 };

const OPS = 17;

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
    case 15:
    case 16:
      goOn(rig, payload);
      return rig;
    default: {
      const datagram = datagramOf(op % 8, payload);
      checkAnswers(datagram, rig.watch(queued(datagram, rig)), rig);
      return rig;
    }
  }
}

const VERBS = ["solicit", "request", "renew", "rebind", "release", "decline", "confirm"] as const;

/** One of four clients asks for what it has, which no change of octets would know, and for more. */
function goOn(rig: Rig, [verb = 0, who = 0, more = 0]: Uint8Array): void {
  const client = createClient(rig, 1 + (who % 4), who < 128 ? {} : { hops: [{ link: "2001:db8::1" }] });
  const own = leases(rig).filter(({ duid }) => sameOctets(duid, client.duid));
  const ias = own.map(({ iaType, iaid, prefix }) => ({
    type: iaType,
    iaid,
    prefixes: [formatPrefix(prefix)],
  }));
  const type = VERBS[verb % VERBS.length] ?? "solicit";
  const wanted = [pd(1), pd(2), na(1), ta(1)].slice(0, more % 5);
  const event = client.event(type, [
    ...ias,
    ...wanted.filter((one) => !own.some(({ iaid, iaType }) => iaid === one.iaid && iaType === one.type)),
  ]);
  if (event.type === "datagram") checkAnswers(event, rig.watch(event), rig);
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
  const steps = VERBS.flatMap((_verb, verb) =>
    [0, 1, 129].map((who) => ({ op: 15, payload: Uint8Array.of(verb, who, 4) })),
  );
  const ways = parts.map(({ payload }, op) => ({ op: op % OPS, payload }));
  return CONFIGS.flatMap((_config, setting) => [
    joinParts({ setting, parts }),
    joinParts({ setting, parts: ways }),
    joinParts({ setting, parts: steps.slice(0, 15) }),
    joinParts({ setting, parts: [...steps.slice(0, 6), ...steps.slice(15), pause, ...steps.slice(3, 9)] }),
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
