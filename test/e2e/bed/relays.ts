import type { Host } from "./host.js";
import { requirePeer } from "./peers.js";
import { waitFor } from "./wait.js";

/** What one relay does: where its clients (or relays further down) are, and where it passes messages to. */
export interface RelayTask {
  /** Device towards clients, with the address of the relay on that link. */
  readonly lower: string;
  readonly linkAddress: string;
  readonly upper: string;
  /** Address of the next server or relay; without, all of them on the link are asked. */
  readonly next?: string;
  /** Interface-Id for the lower device: a number for Dibbler's relay, dhcrelay makes its own. */
  readonly interfaceId?: number;
  /** Where Dibbler's relay puts the Interface-Id. */
  readonly order?: "before" | "after";
}

/** A relay program of another maker. */
export type RelayKind = "dhcrelay" | "dibblerRelay";

/** Starts a relay on a host and waits until it listens. */
export async function startRelay(host: Host, kind: RelayKind, task: RelayTask): Promise<void> {
  if (kind === "dhcrelay") await host.spawn([requirePeer("dhcrelay"), ...dhcrelayArguments(task)]);
  else {
    host.writeFile("/etc/dibbler/relay.conf", dibblerConfiguration(task));
    await host.spawn([requirePeer("dibblerRelay"), "run"]);
  }
  await waitFor(`the relay of ${host.name} to listen`, () => host.hasUdpPort(547));
}

function dhcrelayArguments({ lower, linkAddress, upper, next, interfaceId }: RelayTask): readonly string[] {
  const [below, above] = [`${linkAddress}%${lower}`, next === undefined ? upper : `${next}%${upper}`];
  return ["-6", "-d", ...(interfaceId === undefined ? [] : ["-I"]), "-l", below, "-u", above];
}

function dibblerConfiguration({ lower, linkAddress, upper, next, interfaceId, order }: RelayTask): string {
  return `log-level 8
log-mode short
${order === undefined ? "" : `interface-id-order ${order}\n`}iface "${lower}" {
  client multicast yes
  client unicast ${linkAddress}
  ${interfaceId === undefined ? "" : `interface-id ${interfaceId}`}
}
iface "${upper}" {
  server ${next === undefined ? "multicast yes" : `unicast ${next}`}
}
`;
}
