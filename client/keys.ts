import { type Duid, sameDuid } from "../shared/duid.js";
import { compareOctets, sameOctets } from "../shared/octets.js";
import { find, type Option } from "../shared/wire/options.js";
import { rkapInformation } from "../shared/wire/rkap.js";
import type { ServerKey } from "./remembered.js";
import type { Turn } from "./turn.js";

/** Keys kept: a link with more servers than that has other troubles. */
const MAX_KEYS = 8;

/**
 * Keeps the key that a Reply brings. Its replay detection value counts as accepted, unless it is 0: Dibbler's
 * server never counts (RFC 8415 20.3, 20.4.2).
 */
export function takeKey(turn: Turn, options: readonly Option[], server: Duid): void {
  const { setup, keys } = turn.state;
  const auth = setup.hmacMd5 === undefined ? undefined : find(options, "auth");
  const information = auth && rkapInformation(auth);
  if (auth === undefined || information?.type !== "key") return;
  const known = keys.find((other) => sameDuid(other.server, server));
  const isSame = known !== undefined && sameOctets(known.key, information.value);
  const isCounted = auth.replay.some((octet) => octet !== 0);
  const replay = isCounted ? latest(auth.replay.slice(), isSame ? known.replay : undefined) : undefined;
  const kept = {
    server,
    key: information.value.slice(),
    replay: replay ?? (isSame ? known.replay : undefined),
  };
  if (isSame && sameReplay(known.replay, kept.replay)) return;
  setKey(turn, kept);
}

/** Keeps a key in place of the one that its server gave before. */
export function setKey(turn: Turn, key: ServerKey): void {
  const others = turn.state.keys.filter(({ server }) => !sameDuid(server, key.server));
  turn.state = { ...turn.state, keys: [key, ...others].slice(0, MAX_KEYS) };
}

const latest = (value: Uint8Array, other: Uint8Array | undefined): Uint8Array =>
  other !== undefined && compareOctets(other, value) > 0 ? other : value;

const sameReplay = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && sameOctets(a, b));
