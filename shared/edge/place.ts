import type { Ip6 } from "../prefix.js";
import { pause } from "./clock.js";
import { sentenceOf } from "./errors.js";
import { findInterface, type InterfaceSelector } from "./interfaces.js";
import { waitForLinkLocal } from "./link-local.js";

/** An interface to work on, and the address to do so from. */
export interface Place {
  readonly name: string;
  readonly index: number;
  readonly address: Ip6;
}

/** How long an interface may need to come up and to finish duplicate address detection. */
const LINK_LOCAL_WAIT_MS = 5000;
/**
 * With inactive-mode: how often to look for an interface that is not usable yet, as Dibbler's client does.
 */
const INACTIVE_POLL_MS = 3000;

/**
 * The interface with its link-local address: `wanted`, or else the first usable one; waits some seconds for
 * one that is coming. Rejects with a SystemError that says what is missing.
 */
export async function findPlace(
  selector: InterfaceSelector,
  wanted?: Ip6,
  patienceMs = LINK_LOCAL_WAIT_MS,
): Promise<Place> {
  const { name, index } = findInterface(selector);
  return { name, index, address: await waitForLinkLocal(name, wanted, patienceMs) };
}

/**
 * Dibbler's inactive-mode: calls `open` again and again until it succeeds or `stopping` is aborted, and tells
 * `onWaiting` each new reason why it does not.
 */
export async function openWhenReady(
  open: () => Promise<void>,
  stopping: AbortSignal,
  onWaiting: (sentence: string) => void,
): Promise<void> {
  let said = "";
  while (!stopping.aborted) {
    try {
      await open();
      return;
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence !== said) onWaiting(sentence);
      said = sentence;
      await pause(INACTIVE_POLL_MS, stopping);
    }
  }
}
