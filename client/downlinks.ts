import type { Downlinks } from "../shared/config/types.js";
import type { Ip6 } from "../shared/prefix.js";
import type { Seat } from "./subnets.js";

/** What is asked of an interface before it can be a downlink; those of the system have it. */
export interface Candidate {
  readonly name: string;
  readonly index: number;
  readonly up: boolean;
  readonly running: boolean;
  readonly multicast: boolean;
  readonly mac: Uint8Array;
  readonly addresses: readonly { readonly address: Ip6; readonly linkLocal: boolean }[];
}

/** An interface that delegated prefixes are divided among. */
export interface Downlink extends Seat {
  readonly index: number;
  /** Routes can be set only on an interface that is up; until then its subnet waits for it. */
  readonly up: boolean;
}

/** The downlinks as they are now. */
export interface ChosenDownlinks {
  readonly downlinks: readonly Downlink[];
  /** Names in the configuration for which there is no interface. */
  readonly missing: readonly string[];
}

/** Of the hardware addresses that Dibbler takes for one of a network with hosts on it. */
const MAC_OCTETS = 6;

/**
 * Chooses the downlinks as Dibbler does: those listed, in that order, whatever their state; when none of them
 * is there, or none is listed, every interface that hosts could be on, in the order of their numbers. Never
 * an interface on which prefixes are asked for (RFC 3633 12.1). `served` ones stay downlinks while they
 * exist: an unplugged cable takes no subnet away.
 */
export function chooseDownlinks(
  wanted: Downlinks,
  interfaces: readonly Candidate[],
  uplinks: readonly string[],
  served: readonly string[],
): ChosenDownlinks {
  if (wanted.mode === "none") return { downlinks: [], missing: [] };
  const others = interfaces.filter(({ name }) => !uplinks.includes(name));
  const names = wanted.mode === "list" ? [...new Set(wanted.names)] : [];
  const missing = names.filter((name) => !interfaces.some((it) => it.name === name));
  const listed = names.flatMap((name, position) => {
    const found = others.find((it) => it.name === name);
    return found === undefined ? [] : [downlinkOf(found, position)];
  });
  if (listed.length > 0) return { downlinks: listed, missing };
  const suitable = others.filter(
    (it) => isSuitable(it) || (wanted.mode === "auto" && served.includes(it.name)),
  );
  const inOrder = [...suitable].sort((a, b) => a.index - b.index);
  return { downlinks: inOrder.map(downlinkOf), missing };
}

const downlinkOf = ({ name, index, up }: Candidate, position: number): Downlink => ({
  name,
  position,
  index,
  up,
});

/** True for an interface that hosts can be on, as Dibbler tells. */
export const isSuitable = ({ up, running, multicast, mac, addresses }: Candidate): boolean =>
  up && running && multicast && mac.length >= MAC_OCTETS && addresses.some(({ linkLocal }) => linkLocal);
