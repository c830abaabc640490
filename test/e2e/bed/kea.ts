import type { Host } from "./host.js";
import { requirePeer } from "./peers.js";
import { waitFor } from "./wait.js";

/** Where Kea writes its leases, a row per change: address, DUID, valid lifetime, ... */
const leaseFile = "/var/lib/kea/leases.csv";

/** Starts Kea on br-ex with the guide's pool and the timers of `shortTimers`; waits until it serves. */
export async function startKea(node: Host): Promise<void> {
  node.writeFile("/etc/kea/kea-dhcp6.conf", JSON.stringify(configuration));
  await node.spawn([requirePeer("kea"), "-c", "/etc/kea/kea-dhcp6.conf"]);
  await waitFor("Kea to listen on port 547", () => node.hasUdpPort(547));
}

/** Valid lifetimes that Kea has recorded for a prefix (with length), in order; a release shows as 0. */
export function keaLifetimes(node: Host, prefix: string): readonly number[] {
  const rows = (node.readFile(leaseFile) ?? "").split("\n").map((row) => row.split(","));
  const address = prefix.replace(/\/\d+$/, "");
  return rows.filter(([first]) => first === address).map(([, , lifetime]) => Number(lifetime));
}

const configuration = {
  Dhcp6: {
    "interfaces-config": { interfaces: ["br-ex"] },
    "lease-database": { type: "memfile", persist: true, name: leaseFile },
    "renew-timer": 2,
    "rebind-timer": 5,
    "preferred-lifetime": 10,
    "valid-lifetime": 20,
    subnet6: [
      {
        id: 1,
        subnet: "2001:db8:1::/64",
        interface: "br-ex",
        "pd-pools": [{ prefix: "2222:2222:2222::", "prefix-len": 48, "delegated-len": 64 }],
      },
    ],
    loggers: [{ name: "kea-dhcp6", output_options: [{ output: "stdout" }], severity: "INFO" }],
  },
};
