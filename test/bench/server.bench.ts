import { createHmac, randomBytes } from "node:crypto";
import { iaid, millis, seconds, xid } from "../../shared/brand.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import { duid } from "../../shared/duid.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { ip6, parseIp6, UNSPECIFIED } from "../../shared/prefix.js";
import type { ClientServerType } from "../../shared/wire/codes.js";
import { clientServerMessage, encodeMessage, type Message } from "../../shared/wire/message.js";
import { option } from "../../shared/wire/options.js";
import { createServerState, type ServerEvent, type ServerState, step } from "../../server/engine.js";

/**
 * Prints what the engine takes for one message, decode to encode and everything but the commit: of clients
 * that it meets for the first time and of clients that it knows, at hand and behind a relay.
 */
const CLIENTS = 20_000;
const ROUNDS = 5;
const SERVER = duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 0xfe));
const CONFIG = `
iface "eth0" { option dns-server 2001:db8::53 pd-class { pd-pool 2001:db8::/32 pd-length 64 } }
iface "line1" {
  relay "eth0" subnet 2001:db9:a::/48 option dns-server 2001:db8::53
  pd-class { pd-pool 2001:db9::/32 pd-length 64 }
}`;

type Way = "direct" | "relayed";
const datagrams = new Map<string, readonly ServerEvent[]>();
for (const way of ["direct", "relayed"] as const) {
  for (const type of ["solicit", "request", "renew"] as const) {
    const events = Array.from({ length: CLIENTS }, (_, n) => datagramOf(way, type, n));
    datagrams.set(`${way} ${type}`, events);
  }
}
for (const way of ["direct", "relayed"] as const) {
  const best = { solicit: Infinity, request: Infinity, renew: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    const state = createState();
    for (const type of ["solicit", "request", "renew"] as const) {
      best[type] = Math.min(best[type], measure(state, datagrams.get(`${way} ${type}`) ?? []));
    }
  }
  const text = Object.entries(best).map(([type, us]) => `${type} ${us.toFixed(2)} us`);
  console.log(`step, ${way.padEnd(8)} ${text.join("   ")}`);
}

function measure(state: ServerState, events: readonly ServerEvent[]): number {
  const env = { now: millis(1_800_000_000_000), random: (octets: number) => randomBytes(octets) };
  let answers = 0;
  const start = process.hrtime.bigint();
  for (const event of events) {
    for (const action of step(state, event, env)) if (action.type === "send") answers += 1;
  }
  const took = Number(process.hrtime.bigint() - start) / 1000;
  if (answers !== events.length) throw new Error(`${answers} answers to ${events.length} messages`);
  return took / events.length;
}

function createState(): ServerState {
  const { config, diagnostics } = parseServerConfig(CONFIG);
  if (config === undefined) throw new Error(diagnostics[0]?.message);
  return createServerState({
    config,
    duid: SERVER,
    table: createLeaseTable({ seed: new Uint8Array(16) }),
    secret: new Uint8Array(16),
    interfaces: new Map([["eth0", 2]]),
    epoch: 1,
    hmacMd5: (key, octets) => createHmac("md5", key).update(octets).digest(),
  });
}

function datagramOf(way: Way, type: ClientServerType, n: number): ServerEvent {
  const client = duid(Uint8Array.of(0, 1, 0, 1, 1, 2, 3, 4, 2, 0, n >>> 24, n >>> 16, n >>> 8, n));
  const from = ip6(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0xff, 0xfe, n >>> 16, n >>> 8, n));
  const message = clientServerMessage(type, xid(n), [
    option("clientId", client),
    ...(type === "solicit" ? [] : [option("serverId", SERVER)]),
    option("elapsedTime", 0),
    option("optionRequest", [23, 24, 82]),
    option("iaPd", { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [] }),
  ]);
  const relayed: Message = {
    form: "relay",
    type: "relayForward",
    hopCount: 0,
    linkAddress: parseIp6("2001:db9:a::1") ?? UNSPECIFIED,
    peerAddress: from,
    options: [
      option("interfaceId", Uint8Array.of(0, 0, 0x15, 0xb3)),
      option("remoteId", { enterprise: 9, id: Uint8Array.of(1, 2, 3, 4) }),
      option("relayMessage", message),
    ],
  };
  return {
    type: "datagram",
    bytes: encodeMessage(way === "direct" ? message : relayed),
    from,
    port: 546,
    interfaceName: "eth0",
    interfaceIndex: 2,
    multicast: true,
  };
}
