import type { ServerState } from "./state.js";

/**
 * The next replay detection value: 8 octets that only ever grow (RFC 8415 20.3). The upper half counts the
 * starts of the server, so that no clock and no restart can make it fall.
 */
export function nextReplay({ replayValue }: ServerState): Uint8Array {
  replayValue.count += 1;
  const octets = new Uint8Array(8);
  const view = new DataView(octets.buffer);
  view.setUint32(0, replayValue.epoch);
  view.setUint32(4, replayValue.count);
  return octets;
}
