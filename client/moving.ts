import { millis } from "../shared/brand.js";
import { firstDelay } from "../shared/proto/retransmit.js";
import { discover, noteRefusal, solicitParameters, startConfirm } from "./begin.js";
import { startInform } from "./informing.js";
import { holdsLeases } from "./replies.js";
import { log, type Turn } from "./turn.js";

/**
 * The interface is there again after it was gone, had no carrier, or the machine slept: it may be another
 * link. Leases are kept and asked about; who waits for an answer does not wait out a pause that began on the
 * old link (RFC 8415 18.2.3, 18.2.12).
 */
export function onLink(turn: Turn, interfaceIndex: number): void {
  const { state } = turn;
  const { phase } = state;
  turn.state = { ...state, setup: { ...state.setup, interfaceIndex } };
  log(turn, "CLIENT-LINK", { interface: state.setup.interfaceName, index: interfaceIndex });
  switch (phase.phase) {
    case "bound":
    case "renewing":
    case "rebinding":
      startConfirm(turn, "link change");
      break;
    case "informing":
      if (holdsLeases(turn)) startConfirm(turn, "link change");
      else if (phase.exchange.timing.sends > 0) startInform(turn, "link change", undefined);
      break;
    case "informed":
      startInform(turn, "link change", undefined);
      break;
    case "soliciting":
      noteRefusal(turn, false);
      if (isFresh(turn, phase.exchange.timing)) break;
      discover(turn, "link change", firstDelay(solicitParameters(turn.state), turn.env.random));
      break;
    // What is under way here ends soon, one way or the other.
    case "requesting":
    case "confirming":
    case "declining":
    case "releasing":
    case "idle":
    case "stopped":
      break;
    default:
      phase satisfies never;
  }
}

/** True when nothing was sent yet and the first copy leaves within a second anyway. */
const isFresh = (turn: Turn, { sends, dueAt }: { readonly sends: number; readonly dueAt: number }): boolean =>
  sends === 0 && dueAt <= millis(turn.env.now + 1000);
