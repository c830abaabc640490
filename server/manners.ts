import { INFINITY } from "../shared/brand.js";
import type { ServerConfig } from "../shared/config/types.js";
import { masked, type Prefix, sameIp6, samePrefix } from "../shared/prefix.js";
import type { ServerRule } from "../shared/proto/validity.js";
import type { ClientServerType } from "../shared/wire/codes.js";
import { clamp, grantLifetimes, type Lifetimes, renewedWish, type TimeBounds } from "./lifetimes.js";

/**
 * How messages and leases are treated, as far as `compatibility "strict"` makes a difference; for how answers
 * and hook calls look see `style.ts`.
 */
export interface Manners {
  /** What a message must bring along. */
  readonly ruleFor: (type: ClientServerType, rule: ServerRule) => ServerRule;
  /** Clients may use unicast without having been told of an address, unless `drop-unicast` says no. */
  readonly takesUnicast: boolean;
  /** A Renew of an unknown binding may make it again, and one without prefixes gets some. */
  readonly revives: boolean;
  /** A Renew or Rebind is told of every prefix that it names wrongly. */
  readonly corrects: boolean;
  /**
   * A Release or Decline that names the one gives up the other: of another length it is another prefix, which
   * the client may have had before.
   */
  readonly givesUp: (named: Prefix, prefix: Prefix) => boolean;
  /** A lease that no longer fits the configuration is extended as it is. */
  readonly keepsOutdated: (config: ServerConfig) => boolean;
  /** Lifetimes of a new lease, by what the client asks for. */
  readonly lifetimes: (bounds: TimeBounds, wish: Lifetimes | undefined) => Lifetimes;
  /** Lifetimes of a lease that is asked for again. */
  readonly renewed: (bounds: TimeBounds, held: Lifetimes, wish: Lifetimes | undefined) => Lifetimes;
}

/** As RFC 8415 wants it. */
const FIXED: Manners = {
  ruleFor: (_type, rule) => rule,
  takesUnicast: false,
  revives: true,
  corrects: true,
  givesUp: (named, prefix) => samePrefix(masked(named), prefix),
  keepsOutdated: () => false,
  lifetimes: grantLifetimes,
  renewed: (bounds, held, wish) => grantLifetimes(bounds, renewedWish(held, wish)),
};

/** As Dibbler 1.0.1 does it. */
const STRICT: Manners = {
  // A Server Identifier where none belongs is not looked at, nor are IAs in an Information-request.
  ruleFor: (type, rule) => ({
    ...rule,
    serverId: FOR_ANY_SERVER.has(type) ? "any" : rule.serverId,
    ia: "allowed",
  }),
  takesUnicast: true,
  revives: false,
  corrects: false,
  // Dibbler looks at the address alone.
  givesUp: (named, prefix) => sameIp6(named.address, prefix.address) || samePrefix(masked(named), prefix),
  // With reconfigure-enabled Dibbler takes such leases away as well.
  keepsOutdated: ({ reconfigure }) => !reconfigure,
  lifetimes: wishedLifetimes,
  renewed: (_bounds, held) => held,
};

const FOR_ANY_SERVER: ReadonlySet<ClientServerType> = new Set([
  "solicit",
  "confirm",
  "rebind",
  "informationRequest",
]);

/** A wish for 0 is one for the least that is allowed; no wish is one for the most. */
function wishedLifetimes(bounds: TimeBounds, wish: Lifetimes | undefined): Lifetimes {
  const valid = clamp(wish?.valid ?? INFINITY, bounds.valid);
  const preferred = clamp(wish?.preferred ?? INFINITY, bounds.preferred);
  return { preferred: preferred > valid ? valid : preferred, valid };
}

/** The manners that the configuration asks for. */
export const mannersOf = ({ compatibility }: ServerConfig): Manners => MANNERS[compatibility];

const MANNERS: Readonly<Record<ServerConfig["compatibility"], Manners>> = { fixed: FIXED, strict: STRICT };
