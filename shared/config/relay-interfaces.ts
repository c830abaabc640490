import { octetsOf } from "../wire/kinds.js";
import type { Report, Span } from "./diagnostics.js";
import type { Scope } from "./server-scope.js";
import type { InterfaceSelector, ServerInterface } from "./types.js";

/** The relay interfaces met so far by name, each with the interface of the system that it lies on. */
export type RelayInterfaces = Map<string, InterfaceSelector | undefined>;

/** Leases keep the name of their link in so many octets. */
const MAX_NAME_OCTETS = 255;

/** True when the block stands for a link behind relays. */
export const isRelay = ({ relay, interfaceId }: Scope): boolean =>
  relay !== undefined || interfaceId !== undefined;

/** The name of a relay interface: a number is none of the system's, but a name like any other. */
export const relayName = (selector: InterfaceSelector): { readonly name: string } =>
  "name" in selector ? selector : { name: String(selector.index) };

/**
 * What a relay interface lies on. A relay interface that stands earlier in the file leads on to what that
 * one lies on; any other name is an interface of the system.
 */
export function makeRelay(
  { relay }: Scope,
  { name }: { readonly name: string },
  relays: RelayInterfaces,
): NonNullable<ServerInterface["relay"]> {
  const isLedOn = relay !== undefined && "name" in relay && relays.has(relay.name);
  const over = isLedOn ? relays.get(relay.name) : relay;
  relays.set(name, over);
  return { over, named: relay };
}

/** A name that cannot be kept with a lease is an error. */
export function checkRelayName({ name }: { readonly name: string }, at: Span, report: Report): void {
  const { length } = octetsOf(name);
  if (length === 0) report.error(at, "a relay interface needs a name");
  if (length <= MAX_NAME_OCTETS) return;
  report.error(
    at,
    `the name of a relay interface can have ${MAX_NAME_OCTETS} octets: this one has ${length}`,
  );
}
