import { resolve } from "node:path";
import { describe, expect } from "vitest";
import { probe, startEcho } from "./bed/echo.js";
import { followPage } from "./bed/follow.js";
import { type GoodLease, leaseWell } from "./bed/good-client.js";
import { buildGuide, internetAddress, leaseAll, startTenant, usePrefix } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import {
  addAddress,
  addBridge,
  addRoute,
  allowForwarding,
  connect,
  joinBridge,
  linkLocal,
} from "./bed/network.js";
import { callClient } from "./bed/neutron.js";
import { layOutPair } from "./bed/pair.js";
import { requirePeer } from "./bed/peers.js";
import { installOurs, ours } from "./bed/programs.js";
import { type Offer, serverPrograms } from "./bed/servers.js";
import { foreground, installServices, type Service } from "./bed/services.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

describe("e2e pages: from another server to ours, and back", () => {
  scenario("dibblerServer")("examples/from-dibbler", async () => {
    const program = requirePeer("dibblerServer");
    const service = { start: `${program} start`, stop: `${program} stop` };
    await followMigration("from-dibbler", { "dibbler-server": service }, ["another client comes"]);
  });

  scenario("kea")("examples/from-kea", async () => {
    const command = `${requirePeer("kea")} -c /etc/kea/kea-dhcp6.conf`;
    await followMigration("from-kea", { "kea-dhcp6-server": foreground("kea", command) });
  });

  scenario("dhcpd")("examples/from-isc-dhcpd", async () => {
    const command = `${requirePeer("dhcpd")} -6 -f -cf /etc/dhcp/dhcpd6.conf -lf ${dhcpdLeases} --no-pid eth0`;
    await followMigration("from-isc-dhcpd", { "isc-dhcp-server": foreground("dhcpd", command) });
  });
});

const dhcpdLeases = "/var/lib/dhcp/dhcpd6.leases";

describe("e2e pages: from nothing", () => {
  scenario("prometheus")("examples/first-server", async () => {
    const { server, client } = await layOutPair(await testWorld());
    await asOnFreshMachine(server);
    await server.shell(installExamples);
    const watcher = `${requirePeer("prometheus")} --config.file=/etc/prometheus/prometheus.yml`;
    const place = "--storage.tsdb.path=/run/bed/prometheus --web.listen-address=[::1]:9090";
    const prometheus = foreground("prometheus", `${watcher} ${place}`);
    installServices(server, {
      "dibbler-server": { start: `${ours.server} start >/dev/null`, stop: `${ours.server} stop >/dev/null` },
      prometheus: { ...prometheus, start: `${prometheus.start}\n${untilReady}` },
    });
    await server.shell("mkdir -p /etc/dibbler /var/lib/dibbler /var/log/dibbler");
    await followPage("examples/first-server/README.md", {
      hosts: { server },
      acts: { "a customer comes": () => leaseWell(client, 1) },
    });
  });
});

/** A reader takes longer to go on than Prometheus to begin. */
const untilReady = "until promtool query instant 'http://[::1]:9090' 1 >/dev/null 2>&1; do sleep 0.2; done";

/**
 * What the package has for Prometheus, and Prometheus' own directory, at their places in this host only. It
 * looks at the server every second: the test has less time than a reader.
 */
const installExamples = `
for folder in /usr/share/doc /etc/prometheus; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done
mkdir -p /usr/share/doc/dibbler-node/examples
cp -r '${resolve("examples/monitoring")}' /usr/share/doc/dibbler-node/examples
sed -i s/15s/1s/ /usr/share/doc/dibbler-node/examples/monitoring/prometheus.yml`;

describe("e2e pages: networks", () => {
  scenario("kea", "radvd")("examples/home-router", async () => {
    const world = await testWorld();
    const names = ["isp", "router", "pc"] as const;
    const [isp, router, pc] = await Promise.all(names.map((name) => world.addHost(name)));
    if (isp === undefined || router === undefined || pc === undefined) throw new Error("a host is missing");
    await connect({ host: isp, device: "wan0" }, { host: router, device: "wan0" });
    await connect({ host: router, device: "lan0" }, { host: pc, device: "eth0" });
    await connect({ host: router, device: "guest0" }, { host: pc, device: "eth1" });
    const gateway = await linkLocal(isp, "wan0");
    await addRoute(router, "default", gateway, "wan0");
    await addAddress(isp, "wan0", `${internet}/128`);
    for (const device of ["wan0", "lan0", "guest0"]) await linkLocal(router, device);
    installOurs(router);
    await asOnFreshMachine(router);
    const { kea } = serverPrograms;
    await followPage("examples/home-router/README.md", {
      hosts: { router, pc },
      acts: {
        "the provider delegates": () => kea.start(isp, provider),
        "packets go through": async () => {
          const { stdout } = await router.run([ours.client, "leases", "--json"]);
          const { prefix } = JSON.parse(stdout) as { readonly prefix: string };
          await addRoute(isp, prefix, await linkLocal(router, "wan0"), "wan0");
          await startEcho(isp);
          expect((await probe(pc, internet)).milliseconds).toHaveLength(3);
        },
      },
    });
  });

  scenario("dhcrelay")("examples/isp", async () => {
    const world = await testWorld();
    const [server, relay] = await Promise.all([world.addHost("server"), world.addHost("relay")]);
    await connect({ host: server, device: "core0" }, { host: relay, device: "core0" });
    await addAddress(server, "core0", "2001:db8:c::1/64");
    await addAddress(relay, "core0", "2001:db8:c::2/64");
    const customers = await Promise.all([1, 2, 3, 4].map((n) => world.addHost(`customer-${n}`)));
    await addBridge(relay, "line0");
    await addAddress(relay, "line0", "2001:db8:e1::1/64");
    for (const [index, host] of customers.entries()) {
      const mac = `02:fe:00:00:00:0${index + 1}`;
      const device = index < 3 ? `port${index}` : "vlan100";
      const other = index < 3 ? relay : server;
      await connect({ host, device: "wan0", mac }, { host: other, device });
      if (index < 3) await joinBridge(relay, "line0", device);
      await linkLocal(host, "wan0");
      installOurs(host);
    }
    for (const device of ["core0", "vlan100"]) await linkLocal(server, device);
    for (const device of ["core0", "line0"]) await linkLocal(relay, device);
    installOurs(server);
    await asOnFreshMachine(server);
    relay.installProgram("dhcrelay", requirePeer("dhcrelay"));
    await followPage("examples/isp/README.md", {
      hosts: { server, relay },
      names: [1, 2, 3, 4].map((n) => `00:03:00:01:02:fe:00:00:00:0${n}`),
      acts: {
        "three customers come behind the relay and one on vlan100": async () => {
          await waitFor("the relay to listen", () => relay.hasUdpPort(547));
          await Promise.all(customers.map((host) => startCustomer(host, 1)));
        },
        "the second customer asks for three prefixes": async () => {
          const [, second] = customers;
          if (second === undefined) throw new Error("there is no second customer");
          await second.run([ours.client, "stop"]);
          await startCustomer(second, 3);
        },
      },
    });
  });

  scenario()("examples/openstack", async () => {
    const network = await buildGuide(await testWorld(), 2);
    const { node, router, tenants } = network;
    await asOnFreshMachine(node);
    const start = async (): Promise<void> => {
      for (const tenant of tenants) await startTenant(network, tenant, ours.client);
      await leaseAll(network);
    };
    await followPage("examples/openstack/README.md", {
      hosts: { node, router },
      acts: {
        "the agent starts a client for each of two subnets": start,
        "the agent starts a client for each of two subnets again": start,
        "packets go through": async () => {
          await startEcho(network.internet);
          for (const { tenant, prefix } of await leaseAll(network)) {
            await usePrefix(router, tenant, prefix);
            expect((await probe(tenant.instance, internetAddress)).milliseconds).toHaveLength(3);
          }
        },
        "the agent stops both clients": async () => {
          for (const { subnet } of tenants) await callClient(router, ours.client, "stop", subnet);
        },
      },
    });
  });
});

/** Nothing of Dibbler's or ours has ever been here. */
const asOnFreshMachine = (host: Host): Promise<string> =>
  host.shell("rm -rf /etc/dibbler /var/lib/dibbler /var/log/dibbler");

/** Where the router's packets go. */
const internet = "2001:db8:ffff::1";

const provider: Offer = {
  ...{ site: "1000", t1: 1800, t2: 2880, preferred: 3600, valid: 7200 },
  ...{ prefixes: "many", clients: [] },
};

async function startCustomer(host: Host, prefixes: number): Promise<void> {
  const wishes = Array.from({ length: prefixes }, (_none, index) => `pd ${index + 1}\n`).join("");
  const text = `duid-type duid-ll\ndownlink-prefix-ifaces "none"\niface "wan0" {\n${wishes}}\n`;
  host.writeFile("/etc/dibbler/client.conf", text);
  expect(await host.run([ours.client, "start"])).toMatchObject({ status: 0 });
  await waitFor("a lease", async () => (await host.run([ours.client, "leases", "--json"])).stdout !== "");
}

/** Follows a page about a server on `eth0` whose clients renew whatever they have, whoever answers. */
async function followMigration(
  page: string,
  services: Readonly<Record<string, Service>>,
  others: readonly string[] = [],
): Promise<void> {
  const { server, client } = await layOutPair(await testWorld());
  if (!("dibbler-server" in services)) await asOnFreshMachine(server);
  installServices(server, services);
  server.writeFile(dhcpdLeases, "");
  await addAddress(server, "eth0", "2001:db8:1::1/64");
  await allowForwarding(server);
  const leases: GoodLease[] = [];
  const lease = async (number: number): Promise<void> => {
    leases.push(await leaseWell(client, number));
  };
  const start = async (): Promise<void> => {
    for (const name of Object.keys(services)) await server.shell(`systemctl enable --now ${name}`);
  };
  await followPage(`examples/${page}/README.md`, {
    hosts: { server },
    acts: {
      "the other server delegates": async () => {
        await start();
        await lease(1);
        await lease(2);
      },
      "clients renew": () => renewAll(leases),
      ...Object.fromEntries(others.map((name, index) => [name, () => lease(index + 3)])),
    },
  });
}

async function renewAll(leases: readonly GoodLease[]): Promise<void> {
  for (const { renew, prefix } of leases) expect(await renew()).toMatchObject({ prefix });
}
