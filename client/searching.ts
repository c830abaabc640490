import type { ClientConfig, ClientInterface } from "../shared/config/types.js";
import { type Candidate, isSuitable } from "./downlinks.js";

/**
 * The interfaces to ask on: those of the file, or else, as in Dibbler, all on which hosts can be, but for
 * those that the file marks `no-config`.
 */
export function interfacesOf(
  { interfaces, searched }: ClientConfig,
  present: () => readonly Candidate[],
): readonly ClientInterface[] {
  if (searched === undefined) return interfaces;
  const { asked, ignored } = searched;
  const isIgnored = (it: Candidate): boolean =>
    ignored.some((one) => ("name" in one ? one.name === it.name : one.index === it.index));
  return present()
    .filter((it) => isSuitable(it) && !isIgnored(it))
    .map(({ name }) => ({ ...asked, selector: { name } }));
}
