import { createHmac, randomBytes } from "node:crypto";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import type { Datagram } from "../../shared/datagram.js";
import { duid } from "../../shared/duid.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { ip6, UNSPECIFIED } from "../../shared/prefix.js";
import type { ClientServerType } from "../../shared/wire/codes.js";
import { clientServerMessage, encodeMessage } from "../../shared/wire/message.js";
import { option } from "../../shared/wire/options.js";
import { createServerState, type ServerState } from "../../server/engine.js";

const SERVER = duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 0xfe));
/** Messages of benches that drive the engine without sockets. */
export type Asked = "solicit" | "request" | "renew" | "release";

/** A server of one link, `eth0`, with one class for each pool; the table may have leases already. */
export function serverOf(
  pools: readonly (readonly [pool: string, length: number])[],
  table: LeaseTable = createLeaseTable({ seed: new Uint8Array(16) }),
): ServerState {
  const classes = pools.map(([pool, length]) => `pd-class { pd-pool ${pool} pd-length ${length} }`);
  const text = `iface "eth0" { option dns-server 2001:db8::53\n${classes.join("\n")} }`;
  const { config, diagnostics } = parseServerConfig(text);
  if (config === undefined) throw new Error(diagnostics[0]?.message);
  return createServerState({
    config,
    duid: SERVER,
    table,
    secret: new Uint8Array(16),
    interfaces: new Map([["eth0", 2]]),
    epoch: 1,
    hmacMd5: (key, octets) => createHmac("md5", key).update(octets).digest(),
  });
}

/** Octets that nobody can predict, as the engine wants them. */
export const random = (octets: number): Uint8Array => randomBytes(octets);

const written = new Map<Asked, Uint8Array>();
/** Where the number of the client stands in `written`, in its last four octets. */
const CLIENT = 0x5a5a5a5a;

/** A message of the n-th client for one IA_PD, without hints. Its last octets of DUID and address are `n`. */
export function datagramOf(type: Asked, n: number): Datagram {
  let bytes = written.get(type);
  if (bytes === undefined) {
    bytes = encode(type);
    written.set(type, bytes);
  }
  const own = Uint8Array.from(bytes);
  const view = new DataView(own.buffer);
  view.setUint32(0, (view.getUint8(0) << 24) | (n & 0xffffff));
  view.setUint32(DUID_END - 4, n);
  const from = Uint8Array.from(UNSPECIFIED);
  from.set([0xfe, 0x80]);
  new DataView(from.buffer).setUint32(12, n);
  return {
    type: "datagram",
    bytes: own,
    from: ip6(from),
    port: 546,
    interfaceName: "eth0",
    interfaceIndex: 2,
    multicast: true,
  };
}

/** The DUID comes first: behind the header of the message and of the option. */
const DUID_END = 4 + 4 + 14;

function encode(type: ClientServerType): Uint8Array {
  const client = duidOf(CLIENT);
  return encodeMessage(
    clientServerMessage(type, xid(0), [
      option("clientId", client),
      ...(type === "solicit" ? [] : [option("serverId", SERVER)]),
      option("elapsedTime", 0),
      option("optionRequest", [23, 24, 82]),
      option("iaPd", { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [] }),
    ]),
  );
}

/** The DUID of the n-th client. */
export const duidOf = (n: number): ReturnType<typeof duid> =>
  duid(Uint8Array.of(0, 1, 0, 1, 1, 2, 3, 4, 2, 0, n >>> 24, n >>> 16, n >>> 8, n));

/** The number of the client that an answer is for, by its transaction id: the low 24 bits. */
export const clientOf = (answer: Uint8Array): number =>
  ((answer[1] ?? 0) << 16) | ((answer[2] ?? 0) << 8) | (answer[3] ?? 0);
