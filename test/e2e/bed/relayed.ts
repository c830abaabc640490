import type { Host } from "./host.js";
import { addClients } from "./lan.js";
import { addAddress, connect, linkLocal } from "./network.js";
import { type RelayKind, startRelay } from "./relays.js";
import type { World } from "./world.js";

/** Clients on one link, behind one relay or two in a row, and a server that is on another link. */
export interface RelayedNetwork {
  readonly server: Host;
  /** The relay of the clients' link first. */
  readonly relays: readonly Host[];
  readonly clients: readonly Host[];
  /** Addresses of the relays on the links below them, in the same order. */
  readonly linkAddresses: readonly string[];
}

/** The server's address on its link, to which the last of two relays writes. */
export const serverAddress = "2001:db8:c::1";

/** The Interface-Id by which Dibbler's relay names the clients' link. */
export const interfaceId = 5020;

/** Lays out a network with relays of these kinds, the clients' first, and `count` clients; nothing runs. */
export async function buildRelayed(
  world: World,
  kinds: readonly RelayKind[],
  count: number,
): Promise<RelayedNetwork> {
  const server = await world.addHost("server");
  const relays = await Promise.all(kinds.map((kind, index) => world.addHost(`${kind}-${index + 1}`)));
  const clients = await addClients(world, relays[0] ?? server, "lower", count);
  for (const [index, relay] of relays.entries()) {
    const above = relays[index + 1];
    await connect(
      { host: relay, device: "upper" },
      above ? { host: above, device: "lower" } : { host: server, device: "eth0" },
    );
    await addAddress(relay, "lower", `${linkAddresses[index] ?? ""}/64`);
    await addAddress(relay, "upper", above ? "2001:db8:b::2/64" : "2001:db8:c::2/64");
    for (const device of ["lower", "upper"]) await linkLocal(relay, device);
  }
  await addAddress(server, "eth0", `${serverAddress}/64`);
  await linkLocal(server, "eth0");
  return { server, relays, clients, linkAddresses: linkAddresses.slice(0, kinds.length) };
}

/**
 * Starts the relays, each with an Interface-Id. A single one asks all servers of its link; of two, the first
 * writes to the second, which puts its Interface-Id last and writes to the server's own address.
 */
export async function startRelays({ relays }: RelayedNetwork, kinds: readonly RelayKind[]): Promise<void> {
  for (const [index, relay] of relays.entries()) {
    const next = linkAddresses[index + 1] ?? "";
    const role = index === 0 ? { interfaceId, ...(relays.length > 1 ? { next } : {}) } : secondRole;
    const linkAddress = linkAddresses[index] ?? "";
    await startRelay(relay, kinds[index] ?? "dhcrelay", {
      lower: "lower",
      linkAddress,
      upper: "upper",
      ...role,
    });
  }
}

const linkAddresses = ["2001:db8:a::1", "2001:db8:b::1"];
const secondRole = { interfaceId: 6030, order: "after", next: serverAddress } as const;
