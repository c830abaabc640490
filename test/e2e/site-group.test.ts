import { describe, expect } from "vitest";
import { leaseRelayed } from "./bed/good-relay.js";
import { startServer } from "./bed/guide-server.js";
import { addAddress, connect, linkLocal } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import { scenario, testWorld } from "./fixture.js";

/** A line behind the relay of each of two interfaces; nothing tells the server their addresses. */
const configuration = `
iface "west" { relay "eth0" subnet 2001:db8:a::/48 pd-class { pd-pool 2001:db8:2000::/40 pd-length 56 } }
iface "east" { relay "eth1" subnet 2001:db8:b::/48 pd-class { pd-pool 2001:db8:3000::/40 pd-length 56 } }
`;

describe("e2e ff05::1:3 on several interfaces", () => {
  scenario()("a relay on each, with a global and with a link-local address: both are answered", async () => {
    const world = await testWorld();
    const [server, west, east] = await Promise.all(
      ["server", "west", "east"].map((name) => world.addHost(name)),
    );
    if (server === undefined || west === undefined || east === undefined) throw new Error("no hosts");
    await connect({ host: server, device: "eth0" }, { host: west, device: "wan0" });
    await connect({ host: server, device: "eth1" }, { host: east, device: "wan0" });
    await addAddress(server, "eth0", "2001:db8:c::1/64");
    await addAddress(west, "wan0", "2001:db8:c::2/64");
    const [atEast, eastern] = await Promise.all([linkLocal(server, "eth1"), linkLocal(east, "wan0")]);
    installOurs(server);
    server.writeFile("/etc/dibbler/server.conf", configuration);
    expect((await startServer(server, ours.server)).stderr).toBe("");

    const group = { to: "ff05::1:3%wan0", port: 547, options: [] };
    const byWest = { ...group, host: west, from: "2001:db8:c::2", linkAddress: "2001:db8:a::1" };
    const byEast = { ...group, host: east, from: `${eastern}%wan0`, linkAddress: "2001:db8:b::1" };
    const answers = [await leaseRelayed(byWest, 1), await leaseRelayed(byEast, 2)];
    expect(answers.map(({ prefix, heard }) => [prefix.slice(0, 11), heard.from])).toEqual([
      ["2001:db8:20", "2001:db8:c::1"],
      ["2001:db8:30", atEast],
    ]);
  });
});
