import { INFINITY, millis, type Seconds, seconds } from "../shared/brand.js";
import type { ClientConfig, ClientInterface, PdRequest } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import type { WantedIa } from "./binding.js";
import type { ClientSetup } from "./state.js";

/**
 * Dibbler's stop gives up after a second, and Neutron takes the address away before it stops us, so that no
 * answer can come; a little more lets one copy of the Release be repeated.
 */
const RELEASE_PATIENCE = millis(1200);

/** What the machine of one interface has to know of the configuration. */
export function setupOf(
  { insistMode }: ClientConfig,
  { pds, rapidCommit, requestedOptions, options }: ClientInterface,
  duid: Duid,
  interfaceName: string,
  interfaceIndex: number,
): ClientSetup {
  return {
    interfaceName,
    interfaceIndex,
    duid,
    wanted: pds.map(wantedOf),
    rapidCommit,
    insist: insistMode,
    requestedOptions,
    sentOptions: options,
    releasePatience: RELEASE_PATIENCE,
  };
}

/** Dibbler's hints are infinite unless configured, which says nothing: RFC 8415 21.22 wants 0 then. */
function wantedOf({ iaid, hints, t1, t2 }: PdRequest): WantedIa {
  const wish = (time: Seconds): Seconds => (time === INFINITY ? seconds(0) : time);
  return {
    iaid,
    hints: hints.map(({ prefix, preferred, valid }) => ({
      prefix,
      preferred: wish(preferred),
      valid: wish(valid),
    })),
    t1,
    t2,
  };
}
