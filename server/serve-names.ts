import { SystemError } from "../shared/edge/errors.js";
import { interfaceIndexes } from "../shared/edge/interfaces.js";
import type { ServerConfig } from "../shared/config/types.js";
import { nameInterfaces, twiceConfigured } from "./link-names.js";

/**
 * The configuration with every interface that is there called by its name. Throws a SystemError
 * "configured-twice" when one has two blocks.
 */
export function byNames(config: ServerConfig): ServerConfig {
  const named = nameInterfaces(config, interfaceIndexes());
  const twice = twiceConfigured(named);
  if (twice !== undefined) throw new SystemError("configured-twice", twice);
  return named;
}
