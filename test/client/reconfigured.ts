import { xid } from "../../shared/brand.js";
import type { Duid } from "../../shared/duid.js";
import { MESSAGE_CODE, type MessageType } from "../../shared/wire/codes.js";
import { clientServerMessage, encodeMessage } from "../../shared/wire/message.js";
import { option, type Option } from "../../shared/wire/options.js";
import { rkapAuth } from "../../shared/wire/rkap.js";
import { hmacMd5 } from "../hmac.js";
import { advertise, type Bench, CLIENT, createBench, lastOf, reply, SERVER_A } from "./workbench.js";

const KEY = Uint8Array.from({ length: 16 }, (_, n) => 0x10 + n);
/** The setup of a client that accepts Reconfigure. */
export const ACCEPT = { hmacMd5 };

/** A replay detection value. */
const replayOf = (count: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, count);

/** The option that gives the key, as a Reply has it. */
export const keyOption = (count: number, value = KEY): Option =>
  option("auth", rkapAuth(replayOf(count), { type: "key", value }));

/** A bound client that got the key with the replay value `count`. */
export function boundWithKey(count = 5, setup: Parameters<typeof createBench>[0] = ACCEPT): Bench {
  const bench = createBench(setup);
  bench.start();
  bench.receive(advertise(bench.nextSent("solicit"), { extra: [option("preference", 255)] }));
  bench.receive(reply(lastOf(bench), { extra: [option("reconfigureAccept", null), keyOption(count)] }));
  bench.forget();
  return bench;
}

/** What of a Reconfigure a test wants to be different. */
export interface Different {
  readonly asks?: MessageType;
  readonly count?: number;
  readonly key?: Uint8Array;
  readonly server?: Duid | undefined;
  readonly client?: Duid | undefined;
  readonly unsigned?: boolean;
  readonly silent?: boolean;
}

/** The octets of a Reconfigure of server A with the next replay value. */
export function reconfigure(different: Different = {}): Uint8Array {
  const { asks = "renew", count = 6, key = KEY, unsigned = false, silent = false } = different;
  const server = "server" in different ? different.server : SERVER_A;
  const client = "client" in different ? different.client : CLIENT;
  const make = (value: Uint8Array): Uint8Array =>
    encodeMessage(
      clientServerMessage("reconfigure", xid(0), [
        ...(server === undefined ? [] : [option("serverId", server)]),
        ...(client === undefined ? [] : [option("clientId", client)]),
        ...(silent ? [] : [option("reconfigureMessage", MESSAGE_CODE[asks])]),
        ...(unsigned ? [] : [option("auth", rkapAuth(replayOf(count), { type: "digest", value }))]),
      ]),
    );
  return make(hmacMd5(key, make(new Uint8Array(16))));
}
