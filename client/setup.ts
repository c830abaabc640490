import { INFINITY, millis, type Seconds, seconds } from "../shared/brand.js";
import type { ClientConfig, ClientInterface, IaRequest, PdRequest } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import { OPTIONS } from "../shared/wire/options.js";
import type { WantedIa } from "./binding.js";
import type { ClientSetup, HmacMd5 } from "./state.js";

/**
 * Dibbler's stop gives up after a second, and Neutron takes the address away before it stops us, so that no
 * answer can come; a little more lets one copy of the Release be repeated.
 */
const RELEASE_PATIENCE = millis(1200);

/** What the machine of one interface has to know of the configuration. */
export function setupOf(
  { insistMode, reconfigureAccept, downlinks }: ClientConfig,
  wanted: ClientInterface,
  duid: Duid,
  interfaceName: string,
  interfaceIndex: number,
  hmacMd5: HmacMd5,
): ClientSetup {
  const { pds, ias, stateless, rapidCommit, requestedOptions, options } = wanted;
  return {
    interfaceName,
    interfaceIndex,
    duid,
    wanted: [...ias.map(wantedAddresses), ...pds.map(wantedPrefixes)],
    stateless,
    rapidCommit,
    preferredServers: wanted.preferredServers,
    rejectedServers: wanted.rejectedServers,
    insist: insistMode,
    // Where the script divides the prefix, `option 67` has to say that it leaves a part out.
    requestedOptions:
      pds.length > 0 && downlinks.mode !== "none"
        ? [...requestedOptions, OPTIONS.pdExclude.code]
        : requestedOptions,
    sentOptions: options,
    hmacMd5: reconfigureAccept ? hmacMd5 : undefined,
    releasePatience: RELEASE_PATIENCE,
  };
}

/** Dibbler's hints are infinite unless configured, which says nothing: RFC 8415 21.6, 21.22 want 0 then. */
const wish = (time: Seconds): Seconds => (time === INFINITY ? seconds(0) : time);

function wantedAddresses({ iaid, hints, t1, t2 }: IaRequest): WantedIa {
  return {
    kind: "na",
    iaid,
    hints: hints.map(({ address, preferred, valid }) => ({
      prefix: { address, length: 128 },
      preferred: wish(preferred),
      valid: wish(valid),
    })),
    t1,
    t2,
  };
}

function wantedPrefixes({ iaid, hints, t1, t2 }: PdRequest): WantedIa {
  return {
    kind: "pd",
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
