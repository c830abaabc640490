import { type Duid, sameDuid } from "../shared/duid.js";
import { compareOctets, sameOctets } from "../shared/octets.js";
import type { Ip6 } from "../shared/prefix.js";
import { MESSAGE_CODE } from "../shared/wire/codes.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import { find, OPTIONS } from "../shared/wire/options.js";
import { rkapInformation } from "../shared/wire/rkap.js";
import { startRebind, startRenew } from "./begin.js";
import { isFrom, isLive } from "./binding.js";
import { startInform } from "./informing.js";
import { setKey } from "./keys.js";
import type { ServerKey } from "./remembered.js";
import type { HmacMd5 } from "./state.js";
import { discard, log, type Turn } from "./turn.js";

/** What a Reconfigure may ask for (RFC 8415 21.19). */
type Asked = "renew" | "rebind" | "informationRequest";

/**
 * A Reconfigure of our server, genuine and new, makes us ask at once, when nothing else is under way; what it
 * triggers fails or succeeds like any such exchange (RFC 8415 16.11, 18.2.11, 20.4.3).
 */
export function onReconfigure(
  turn: Turn,
  message: ClientServerMessage,
  bytes: Uint8Array,
  from: Ip6,
  hmacMd5: HmacMd5,
): void {
  const { phase, bindings, setup } = turn.state;
  const verdict = check(turn, message, bytes, hmacMd5);
  if (typeof verdict === "string") {
    discard(turn, from, verdict);
    return;
  }
  const { asked, key } = verdict;
  const isOurs = bindings.some((binding) => isLive(binding) && isFrom(binding, key.server));
  const isAtRest = phase.phase === "bound" || phase.phase === "informed";
  if (!isAtRest) discard(turn, from, "reconfigure-while-busy");
  else if (asked !== "informationRequest" && !isOurs) discard(turn, from, "reconfigure-without-lease");
  else {
    setKey(turn, key);
    log(turn, "CLIENT-RECONFIGURE", { interface: setup.interfaceName, message: LABEL[asked] });
    start(turn, asked, key.server);
  }
}

const LABEL = { renew: "Renew", rebind: "Rebind", informationRequest: "Information-request" } as const;

function start(turn: Turn, asked: Asked, server: Duid): void {
  switch (asked) {
    case "renew":
      startRenew(turn, server, "reconfigured");
      break;
    case "rebind":
      startRebind(turn, "reconfigured");
      break;
    case "informationRequest":
      startInform(turn, "reconfigured", server);
      break;
    default:
      asked satisfies never;
  }
}

/** What is asked for and the key with its new replay value; or why the message is thrown away. */
function check(
  turn: Turn,
  { options }: ClientServerMessage,
  bytes: Uint8Array,
  hmacMd5: HmacMd5,
): { readonly asked: Asked; readonly key: ServerKey } | string {
  const { setup, keys } = turn.state;
  const server = find(options, "serverId");
  const client = find(options, "clientId");
  if (server === undefined) return "no-server-id";
  if (client === undefined) return "no-client-id";
  if (!sameDuid(client, setup.duid)) return "foreign-client-id";
  const asked = askedBy(find(options, "reconfigureMessage"));
  if (asked === undefined) return "reconfigure-for-nothing-known";
  const auth = find(options, "auth");
  const digest = auth && rkapInformation(auth);
  if (auth === undefined || digest?.type !== "digest") return "reconfigure-not-signed";
  const key = keys.find((other) => sameDuid(other.server, server));
  if (key === undefined) return "reconfigure-key-unknown";
  const signed = withoutDigest(bytes);
  if (signed === undefined || !sameOctets(hmacMd5(key.key, signed), digest.value))
    return "reconfigure-forged";
  if (key.replay !== undefined && compareOctets(auth.replay, key.replay) <= 0) return "reconfigure-replayed";
  return { asked, key: { ...key, replay: auth.replay.slice() } };
}

function askedBy(code: number | undefined): Asked | undefined {
  return (["renew", "rebind", "informationRequest"] as const).find((name) => MESSAGE_CODE[name] === code);
}

/** The message as it was signed: zeros in place of the digest, which ends the option (RFC 8415 20.4.3). */
function withoutDigest(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 4; at + 4 <= bytes.length; at += 4 + view.getUint16(at + 2)) {
    const end = at + 4 + view.getUint16(at + 2);
    if (view.getUint16(at) !== OPTIONS.auth.code) continue;
    const signed = bytes.slice();
    signed.fill(0, end - 16, end);
    return signed;
  }
  return undefined;
}
