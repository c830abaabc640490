import { contains, parseIp6, parsePrefix } from "../../../shared/prefix.js";
import type { Host, Running } from "./host.js";
import { addresses } from "./network.js";
import { type Peer, requirePeer } from "./peers.js";
import { sleep, waitFor } from "./wait.js";

/** What a client is to ask for, besides a prefix. */
export interface Wish {
  /** A prefix, or `::/N` for any of that length. */
  readonly hint?: string;
  /** Whether it asks for an address (IA_NA) in the same messages. */
  readonly address?: boolean;
  /** Whether the server may call it (Reconfigure Accept); only Dibbler's client can be told. */
  readonly reconfigure?: boolean;
}

/** A DHCPv6 client of another maker, run on `wan0` of a host that has a `lan0` beside it. */
export interface ClientProgram {
  readonly peer: Peer;
  /** Forms of hint that it can be made to send. */
  readonly hints: readonly ("prefix" | "length")[];
  /** Shortest T2, in seconds, that it obeys. */
  readonly shortestT2: number;
  /** Whether it gives its prefix back when it is stopped. */
  readonly releases: boolean;
  /** Whether it writes name servers into /etc/resolv.conf. */
  readonly writesResolver: boolean;
  /** Writes its configuration and starts it. */
  readonly start: (host: Host, wish: Wish) => Promise<Running>;
  /** Ends it as its users do. */
  readonly stop: (host: Host, running: Running) => Promise<void>;
  /** Whether it works with this prefix, or with an address out of it. */
  readonly uses: (host: Host, prefix: string) => boolean | Promise<boolean>;
}

/** Device towards the server, and the one that gets an address of the delegated prefix. */
export const outer = "wan0";
export const inner = "lan0";

/** Where scripts of clients note the prefixes they are called with. */
const notes = "/run/bed/notes";

const dhcpcd: ClientProgram = {
  peer: "dhcpcd",
  hints: ["prefix", "length"],
  shortestT2: 5,
  releases: true,
  writesResolver: true,
  start: (host, { hint, address }) => {
    const wish = hint === undefined ? "" : `/${hint}`;
    host.writeFile(
      "/etc/dhcpcd.conf",
      `duid\nipv6only\nnoipv6rs\nscript /usr/lib/dhcpcd/dhcpcd-run-hooks\nallowinterfaces ${outer} ${inner}
option domain_name_servers\ninterface ${outer}\n  ia_pd 1${wish} ${inner}/0
${address === true ? "  ia_na 2\n" : ""}interface ${inner}\n  nodhcp\n`,
    );
    return host.spawn([requirePeer("dhcpcd"), "-6", "-B", "-d", outer]);
  },
  stop: async (_host, running) => {
    // What `dhcpcd -k` does, which gives up when the signal comes amid a hook and is lost.
    await waitFor("dhcpcd to hear that it is to release", async () => {
      await running.signal("SIGALRM");
      await sleep(200);
      return running.output().includes("received SIGALRM");
    });
    await running.ended;
  },
  uses: usedOnDevice,
};

const dhclient: ClientProgram = {
  peer: "dhclient",
  hints: ["length"],
  shortestT2: 5,
  releases: true,
  writesResolver: true,
  start: (host, wish) => {
    const note = `[ -z "$new_ip6_prefix$new_ip6_address" ] || echo "$new_ip6_prefix$new_ip6_address" >>${notes}`;
    host.writeFile("/etc/dhcp/dhclient-exit-hooks.d/note", `${note}\n`);
    return host.spawn([requirePeer("dhclient"), "-d", ...dhclientArguments(wish)]);
  },
  stop: async (host, running) => {
    await host.shell(`"${requirePeer("dhclient")}" -r ${dhclientArguments({}).join(" ")}`);
    await running.ended;
  },
  uses: noted,
};

const dhcp6c: ClientProgram = {
  peer: "dhcp6c",
  hints: ["prefix", "length"],
  // It takes 30 s for the least that is sane.
  shortestT2: 30,
  releases: true,
  writesResolver: true,
  start: (host, { hint, address }) => {
    host.writeFile(
      "/etc/wide-dhcpv6/dhcp6c.conf",
      `interface ${outer} {
  send ia-pd 0;
  ${address === true ? "send ia-na 1;" : ""}
  request domain-name-servers;
  script "/var/log/.machine/etc/wide-dhcpv6/dhcp6c-script";
};
id-assoc pd 0 {
  prefix-interface ${inner} { sla-id 0; sla-len 4; };
  ${hint === undefined ? "" : `prefix ${hint} infinity;`}
};
id-assoc na 1 { };
`,
    );
    return host.spawn([requirePeer("dhcp6c"), "-f", "-D", outer]);
  },
  stop: stopBySignal,
  uses: usedOnDevice,
};

const dibblerClient: ClientProgram = {
  peer: "dibblerClient",
  hints: ["prefix"],
  shortestT2: 5,
  releases: true,
  writesResolver: true,
  start: (host, { hint, address, reconfigure }) => {
    host.writeFile("/run/bed/note.sh", `#!/bin/sh\necho "$PREFIX1/$PREFIX1LEN" >>${notes}\n`, 0o755);
    const pd = hint === undefined ? "pd" : `pd { prefix ${hint} }`;
    const ia = address === true ? "ia" : "";
    const accept = reconfigure === true ? "reconfigure-accept 1\n" : "";
    const block = `iface "${outer}" {\n ${ia}\n ${pd}\n option dns-server\n}\n`;
    const head = `log-level 8\nscript "/run/bed/note.sh"\n${accept}`;
    host.writeFile("/etc/dibbler/client.conf", `${head}${block}`);
    return host.spawn([requirePeer("dibblerClient"), "run"]);
  },
  stop: stopBySignal,
  uses: async (host, prefix) => noted(host, prefix) || (await usedOnDevice(host, prefix)),
};

const networkd: ClientProgram = {
  peer: "networkd",
  hints: ["prefix", "length"],
  shortestT2: 5,
  // Version 252 forgets its lease without a word.
  releases: false,
  writesResolver: false,
  start: async (host, { hint }) => {
    // It always asks for an address too.
    const wish = hint === undefined ? "" : `PrefixDelegationHint=${hint}\n`;
    host.writeFile(
      "/run/systemd/network/wan.network",
      `[Match]\nName=${outer}\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n[DHCPv6]\nWithoutRA=solicit\n${wish}`,
    );
    const lan =
      "DHCPPrefixDelegation=yes\nIPv6AcceptRA=no\nIPv6SendRA=no\n[DHCPPrefixDelegation]\nSubnetId=0";
    host.writeFile("/run/systemd/network/lan.network", `[Match]\nName=${inner}\n[Network]\n${lan}\n`);
    // It runs as a user of its own, and with a /sys that can be written it waits for udev, which is not here.
    await host.shell(`
      mkdir -p /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
      chown -R systemd-network:systemd-network /run/systemd/netif
      mount -o remount,ro /sys`);
    // Its timers may be ten seconds late, but any news from the kernel makes it look at the clock.
    const news = `ip -6 address add fd00::1 dev lo; ip -6 address del fd00::1 dev lo`;
    await host.spawn(["sh", "-c", `while sleep 0.2; do ${news}; done`]);
    const env = { SYSTEMD_LOG_LEVEL: "debug", SYSTEMD_LOG_TARGET: "console" };
    return host.spawn([requirePeer("networkd")], { env });
  },
  stop: stopBySignal,
  uses: usedOnDevice,
};

/** The clients of Debian, by the names of their peers. */
export const clientPrograms = { dhcpcd, dhclient, dhcp6c, dibblerClient, networkd } as const;

function dhclientArguments({ hint, address }: Wish): readonly string[] {
  const length = hint === undefined ? [] : ["--prefix-len-hint", hint.replace("::/", "")];
  return ["-6", ...(address === true ? ["-N"] : []), "-P", ...length, outer];
}

async function stopBySignal(_host: Host, running: Running): Promise<void> {
  await running.stop();
}

async function usedOnDevice(host: Host, prefix: string): Promise<boolean> {
  const devices = await Promise.all([outer, inner].map((device) => addresses(host, device)));
  return devices.flat().some(({ local }) => lies(local, prefix));
}

function noted(host: Host, prefix: string): boolean {
  const texts = (host.readFile(notes) ?? "").split("\n").slice(0, -1);
  return texts.some((text) => lies(text.replace(/\/\d*$/, ""), prefix));
}

function lies(address: string, prefix: string): boolean {
  const [inside, around] = [parseIp6(address), parsePrefix(prefix)];
  return inside !== undefined && around !== undefined && contains(around, inside);
}
