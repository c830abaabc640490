import { type Millis, millis } from "../shared/brand.js";
import type { AddressOrDuid } from "../shared/config/types.js";
import { type Duid, sameDuid } from "../shared/duid.js";
import { sameOctets } from "../shared/octets.js";
import type { Ip6 } from "../shared/prefix.js";
import { isServed } from "./answer.js";
import { type Binding, type IaAnswer, type IaKind, includesPrefix, sameIa } from "./binding.js";
import { hintsOf } from "./hints.js";

/** A usable Advertise. */
export interface Offer {
  readonly server: Duid;
  readonly from: Ip6;
  /** Preference option, 0 when there is none (RFC 8415 21.8). */
  readonly preference: number;
  readonly ias: readonly IaAnswer[];
  readonly at: Millis;
}

/** Offers kept for a discovery; a link with more servers, or with somebody shouting, costs no more memory. */
export const MAX_OFFERS = 16;

/** The preference that ends the collecting at once (RFC 8415 18.2.1). */
export const HIGHEST_PREFERENCE = 255;

/**
 * How long an offer is worth a Request: servers hold a prefix they advertised for a minute or so, or not at
 * all.
 */
const OFFER_LIFETIME = millis(600_000);

/** The offers with one more: one per server (the newest), best first, at most `MAX_OFFERS`. */
export function addOffer(
  offers: readonly Offer[],
  offer: Offer,
  bindings: readonly Binding[],
  preferred: readonly AddressOrDuid[],
): readonly Offer[] {
  const others = offers.filter(({ server }) => !sameDuid(server, offer.server));
  return rankOffers([...others, offer], bindings, preferred).slice(0, MAX_OFFERS);
}

/** The place of a server in a list, its length when it is not there. */
export function placeIn(list: readonly AddressOrDuid[], server: Duid, from: Ip6): number {
  const place = list.findIndex(({ by, octets }) => sameOctets(octets, by === "duid" ? server : from));
  return place < 0 ? list.length : place;
}

/**
 * Best first: what the configuration prefers, then preference, then IA_PDs served, then IA_NAs, then
 * closeness to what is asked for, then arrival (RFC 8415 18.2.9).
 */
export function rankOffers(
  offers: readonly Offer[],
  bindings: readonly Binding[],
  preferred: readonly AddressOrDuid[],
): readonly Offer[] {
  return offers
    .map((offer) => ({
      offer,
      place: placeIn(preferred, offer.server, offer.from),
      prefixes: servedOf(offer, "pd"),
      addresses: servedOf(offer, "na"),
      fit: fitOf(offer, bindings),
    }))
    .sort(
      (a, b) =>
        a.place - b.place ||
        b.offer.preference - a.offer.preference ||
        b.prefixes - a.prefixes ||
        b.addresses - a.addresses ||
        b.fit - a.fit ||
        a.offer.at - b.offer.at,
    )
    .map(({ offer }) => offer);
}

/** Offers young enough to be worth a Request. */
export const freshOffers = (offers: readonly Offer[], now: Millis): readonly Offer[] =>
  offers.filter(({ at }) => at > now - OFFER_LIFETIME);

const servedOf = ({ ias }: Offer, kind: IaKind): number =>
  ias.filter((ia) => ia.kind === kind && isServed(ia)).length;

/**
 * Sum over the IAs: 1000 for the very prefix asked for, else 128 less the distance to the length asked for.
 */
function fitOf(offer: Offer, bindings: readonly Binding[]): number {
  return bindings.reduce((sum, binding) => {
    const answer = offer.ias.find((ia) => sameIa(ia, binding.wanted));
    const hints = hintsOf(binding).map(({ prefix }) => prefix);
    const fits = (answer?.grants ?? []).map(({ prefix }) => {
      if (includesPrefix(hints, prefix)) return 1000;
      return 128 - Math.min(128, ...hints.map((hint) => Math.abs(hint.length - prefix.length)));
    });
    return sum + Math.max(0, ...fits);
  }, 0);
}
