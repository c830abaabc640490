import { outer } from "./clients.js";
import type { Host, Running } from "./host.js";
import { type Peer, requirePeer } from "./peers.js";
import { waitFor } from "./wait.js";

/** What a server is to give: prefixes of 56 bits out of 2001:db8:SITE::/48, by these timers (seconds). */
export interface Offer {
  readonly site: string;
  readonly t1: number;
  readonly t2: number;
  readonly preferred: number;
  readonly valid: number;
  /** With one, whoever comes second gets nothing. */
  readonly prefixes: "many" | "one";
  readonly preference?: number;
  readonly rapidCommit?: boolean;
  /** Whether it has addresses, 2001:db8:1::100 to ::1ff, as well. */
  readonly addresses?: boolean;
  /** DUIDs as hex pairs with colons: WIDE's server knows its clients by name, and no others. */
  readonly clients: readonly string[];
}

/** A DHCPv6 server of another maker, run on `wan0` of a host. */
export interface ServerProgram {
  readonly peer: Peer;
  /** Writes its configuration and starts it in the foreground; resolves when it listens. */
  readonly start: (host: Host, offer: Offer) => Promise<Running>;
}

/** What all servers have on their link, besides what they delegate. */
export const linkPrefix = "2001:db8:1::/64";

const dibblerServer: ServerProgram = {
  peer: "dibblerServer",
  start: (host, { site, t1, t2, preferred, valid, prefixes, preference, rapidCommit, addresses }) => {
    // Of two prefixes it gives one; of one, none.
    const pool = `2001:db8:${site}::/${prefixes === "one" ? 55 : 48}`;
    host.writeFile(
      "/etc/dibbler/server.conf",
      `log-level 8
iface "${outer}" {
  T1 ${t1}
  T2 ${t2}
  preferred-lifetime ${preferred}
  valid-lifetime ${valid}
  ${preference === undefined ? "" : `preference ${preference}`}
  ${rapidCommit === true ? "rapid-commit 1" : ""}
  ${addresses === true ? "class { pool 2001:db8:1::100-2001:db8:1::1ff }" : ""}
  pd-class { pd-pool ${pool} pd-length 56 }
}
`,
    );
    return listening(host, [requirePeer("dibblerServer"), "run"]);
  },
};

const kea: ServerProgram = {
  peer: "kea",
  start: (host, offer) => {
    host.writeFile("/etc/kea/kea-dhcp6.conf", JSON.stringify(keaConfiguration(offer)));
    return listening(host, [requirePeer("kea"), "-c", "/etc/kea/kea-dhcp6.conf"]);
  },
};

function keaConfiguration(offer: Offer): object {
  const { site, t1, t2, preferred, valid, prefixes, preference, rapidCommit, addresses } = offer;
  const always = { name: "preference", "always-send": true };
  const poolLength = prefixes === "one" ? 56 : 48;
  return {
    Dhcp6: {
      "interfaces-config": { interfaces: [outer] },
      "lease-database": { type: "memfile", persist: true, name: "/var/lib/kea/leases.csv" },
      "renew-timer": t1,
      "rebind-timer": t2,
      "preferred-lifetime": preferred,
      "valid-lifetime": valid,
      "option-data": preference === undefined ? [] : [{ ...always, data: String(preference) }],
      subnet6: [
        {
          id: 1,
          subnet: linkPrefix,
          interface: outer,
          "rapid-commit": rapidCommit === true,
          pools: addresses === true ? [{ pool: "2001:db8:1::100-2001:db8:1::1ff" }] : [],
          "pd-pools": [{ prefix: `2001:db8:${site}::`, "prefix-len": poolLength, "delegated-len": 56 }],
        },
      ],
      loggers: [{ name: "kea-dhcp6", output_options: [{ output: "stdout" }], severity: "INFO" }],
    },
  };
}

const dhcpd: ServerProgram = {
  peer: "dhcpd",
  start: (host, { site, t1, t2, preferred, valid, prefixes, preference, rapidCommit, addresses }) => {
    const last = prefixes === "one" ? `2001:db8:${site}::` : `2001:db8:${site}:ff00::`;
    host.writeFile(
      "/etc/dhcp/dhcpd6.conf",
      `default-lease-time ${valid};
preferred-lifetime ${preferred};
option dhcp-renewal-time ${t1};
option dhcp-rebinding-time ${t2};
${preference === undefined ? "" : `option dhcp6.preference ${preference};`}
${rapidCommit === true ? "option dhcp6.rapid-commit;" : ""}
subnet6 ${linkPrefix} {
  ${addresses === true ? "range6 2001:db8:1::100 2001:db8:1::1ff;" : ""}
  prefix6 2001:db8:${site}:: ${last} /56;
}
`,
    );
    if (host.readFile(dhcpdLeases) === undefined) host.writeFile(dhcpdLeases, "");
    const files = ["-cf", "/etc/dhcp/dhcpd6.conf", "-lf", dhcpdLeases, "--no-pid"];
    return listening(host, [requirePeer("dhcpd"), "-6", "-f", "-d", ...files, outer]);
  },
};

const dhcpdLeases = "/var/lib/dhcp/dhcpd6.leases";

const dhcp6s: ServerProgram = {
  peer: "dhcp6s",
  start: (host, { site, preferred, valid, prefixes, preference, rapidCommit, addresses, clients }) => {
    // T1 and T2 are its own: half and four fifths of the preferred lifetime.
    const known = clients.slice(0, prefixes === "one" ? 1 : clients.length).map(
      (client, index) => `host client${index} {
  duid ${client};
  prefix 2001:db8:${site}:${index + 1}00::/56 ${preferred} ${valid};
  ${addresses === true ? `address 2001:db8:1::10${index + 1} ${preferred} ${valid};` : ""}
};
`,
    );
    host.writeFile(
      "/etc/wide-dhcpv6/dhcp6s.conf",
      `interface ${outer} {
  ${preference === undefined ? "" : `preference ${preference};`}
  ${rapidCommit === true ? "allow rapid-commit;" : ""}
};
${known.join("")}`,
    );
    return listening(host, [requirePeer("dhcp6s"), "-f", "-D", "-c", "/etc/wide-dhcpv6/dhcp6s.conf", outer]);
  },
};

/** The servers of Debian, by the names of their peers. */
export const serverPrograms = { dibblerServer, kea, dhcpd, dhcp6s } as const;

async function listening(host: Host, command: readonly string[]): Promise<Running> {
  const running = await host.spawn(command);
  await waitFor(`${command[0]} to listen on port 547`, () => host.hasUdpPort(547));
  return running;
}
