import { seconds } from "../shared/brand.js";
import { isUnspecified } from "../shared/prefix.js";
import type { Binding, Grant } from "./binding.js";

/**
 * What to ask for in an IA that holds nothing: the prefixes of the configuration, else those held last,
 * joined by the length of the configuration when that alone is given; never `::/0` (RFC 8168 3.1).
 */
export function hintsOf({ wanted, last }: Binding): readonly Grant[] {
  const configured = wanted.hints.filter(({ prefix }) => prefix.length > 0);
  if (configured.some(({ prefix }) => !isUnspecified(prefix.address))) return configured;
  const lengths = configured.map(({ prefix }) => prefix.length);
  const remembered = last
    .filter(({ length }) => lengths.length === 0 || lengths.includes(length))
    .map((prefix) => ({ prefix, preferred: seconds(0), valid: seconds(0) }));
  return [...remembered, ...configured];
}

/**
 * The lengths asked for that none of the leases has: repeated in every message until one is given (RFC 8168
 * 3.2).
 */
export function missingLengths(binding: Binding, given: readonly Grant[]): readonly Grant[] {
  return binding.wanted.hints.filter(
    ({ prefix }) =>
      prefix.length > 0 &&
      isUnspecified(prefix.address) &&
      !given.some((lease) => lease.prefix.length === prefix.length),
  );
}
