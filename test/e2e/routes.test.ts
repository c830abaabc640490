import { describe, expect } from "vitest";
import { parseDuid } from "../../shared/duid.js";
import { pd } from "../server/rig.js";
import { openCrowd, member } from "./bed/crowd.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { addAddress, linkLocal } from "./bed/network.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const POOL = "2001:db8:1000::/40";
const RELAY = "2001:db8:c::2";

describe("e2e routes 1: the server sets the routes itself", () => {
  scenario()(
    "come and go with leases; restored when removed, after kill -9, when the link is back; nobody else's",
    async () => {
      const { server, client } = await layOutPair(await testWorld());
      await addAddress(server, "eth0", "2001:db8:c::1/64");
      await server.shell("sysctl -qw net.ipv6.conf.all.forwarding=1");
      const crowd = await openCrowd(client, RELAY);
      const from = await linkLocal(client, "wan0");
      // A route of somebody else's to a part of the pool, and one to another pool with our protocol.
      await server.shell("ip -6 route add 2001:db8:10ff:ff00::/56 via fe80::99 dev eth0");
      await server.shell("ip -6 route add 2001:db8:9000::/56 via fe80::99 dev eth0 proto 147 metric 547");
      const others = ["2001:db8:9000::/56 via fe80::99"];
      configure(server, "routes 1");
      await startServer(server, ours.server);
      const duid = serverDuid(server);

      const held = new Map<string, string>();
      const expectRoutes = async (): Promise<void> => {
        const wanted = [...[...held].map(([prefix, via]) => `${prefix} via ${via}`), ...others].sort();
        await waitFor(
          `the routes ${wanted.join(", ")}`,
          async () => (await ourRoutes(server)).join() === wanted.join(),
        );
      };
      for (let n = 1; n <= 5; n++) {
        const { ias } = await crowd.request(member(`client ${n}`, n, [pd(1)]), duid);
        for (const { leases } of ias) for (const prefix of leases) held.set(prefix, from);
      }
      const relayed = member("relayed", 6, [pd(1)], { hops: [{ link: "2001:db8:d::1" }] });
      const { ias } = await crowd.request(relayed, duid);
      for (const { leases } of ias) for (const prefix of leases) held.set(prefix, RELAY);
      expect(held.size).toBe(6);
      await expectRoutes();

      const [released = "", removed = ""] = held.keys();
      await server.run([ours.server, "release", released]);
      held.delete(released);
      await expectRoutes();

      await server.shell(`ip -6 route del ${removed} proto 147`);
      await expectRoutes();

      await server.shell("ip link set eth0 down; ip link set eth0 up");
      await addAddress(server, "eth0", "2001:db8:c::1/64");
      others.length = 0;
      await expectRoutes();

      await server.shell("kill -9 $(cat /var/lib/dibbler/server.pid)");
      await server.shell(`ip -6 route del ${removed} proto 147`);
      await server.shell("ip -6 route add 2001:db8:1001::/56 via fe80::99 dev eth0 proto 147 metric 547");
      await startServer(server, ours.server);
      await expectRoutes();

      await server.run([ours.server, "stop"]);
      await expectRoutes();

      configure(server, "routes 0");
      await startServer(server, ours.server);
      held.clear();
      await expectRoutes();
      const log = server.readFile("/var/log/dibbler/dibbler-server.log") ?? "";
      expect(log).not.toMatch(/route\(s\) cannot|forwards no IPv6/);
    },
  );

  scenario()(
    "a lease that ends takes its route along; without privilege: told once, clients are served",
    async () => {
      const { server, client } = await layOutPair(await testWorld());
      const crowd = await openCrowd(client, RELAY);
      configure(server, "", "routes 1 valid-lifetime 2 preferred-lifetime 1");
      await startServer(server, ours.server);
      await crowd.request(member("client", 1, [pd(1)]), serverDuid(server));
      await waitFor("the route", async () => (await ourRoutes(server)).length === 1);
      await waitFor("its end", async () => (await ourRoutes(server)).length === 0);
      await server.run([ours.server, "stop"]);
      expect(server.readFile("/var/log/dibbler/dibbler-server.log")).toContain(
        "this host forwards no IPv6 packets",
      );

      const limited = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", ours.server, "start"];
      expect((await server.run(limited)).status).toBe(0);
      await waitFor("port 547", () => server.hasUdpPort(547));
      await crowd.request(member("client", 2, [pd(1)]), serverDuid(server));
      await crowd.request(member("client", 3, [pd(1)]), serverDuid(server));
      const failure = /cannot be set or removed.*Operation not permitted: the server needs CAP_NET_ADMIN/g;
      const log = await waitFor(
        "the log to tell",
        () => server.readFile("/var/log/dibbler/dibbler-server.log") ?? "",
        (text) => failure.test(text),
      );
      expect(log.match(failure)).toHaveLength(1);
      const status = await server.run([ours.server, "status", "--json"]);
      expect(JSON.parse(status.stdout)).toMatchObject({ routes: { waiting: 0 } });
    },
  );
});

/** Directives of the top level, and of the class. */
function configure(server: Host, line: string, inClass = ""): void {
  server.writeFile(
    "/etc/dibbler/server.conf",
    `${line}
iface eth0 { pd-class { pd-pool ${POOL} pd-length 56 ${inClass} } }
iface relay1 { relay eth0 subnet 2001:db8:d::/64 pd-class { pd-pool 2001:db8:2000::/40 pd-length 56 } }
`,
  );
}

function serverDuid(server: Host): NonNullable<ReturnType<typeof parseDuid>> {
  const duid = parseDuid(server.readFile("/var/lib/dibbler/server-duid") ?? "");
  if (duid === undefined) throw new Error("the server has no DUID");
  return duid;
}

/** Routes with the server's protocol, sorted. */
async function ourRoutes(server: Host): Promise<readonly string[]> {
  const list = JSON.parse((await server.shell("ip -j -6 route show proto 147")) || "[]") as readonly {
    readonly dst: string;
    readonly gateway: string;
  }[];
  return list.map(({ dst, gateway }) => `${dst} via ${gateway}`).sort();
}
