import { describe, expect } from "vitest";
import { xid } from "../../shared/brand.js";
import { parseDuid } from "../../shared/duid.js";
import { parsePrefix } from "../../shared/prefix.js";
import { STATUS } from "../../shared/wire/codes.js";
import { clientServerMessage, encodeMessage } from "../../shared/wire/message.js";
import { find, option } from "../../shared/wire/options.js";
import { startCapture } from "./bed/capture.js";
import { identity, leaseWell } from "./bed/good-client.js";
import { leaseRelayed } from "./bed/good-relay.js";
import type { Host } from "./bed/host.js";
import { buildPair, pairAddresses } from "./bed/pair.js";
import { post } from "./bed/talk.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

const link = "2001:db8:a::1";

/** A link behind relays, and that of the server; nowhere a line with `unicast`. */
const configuration = `drop-unicast
iface "eth0" {
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}
iface "relay1" {
  relay "eth0"
  subnet 2001:db8:a::/48
  pd-class { pd-pool 2001:db8:2000::/40 pd-length 56 }
}
`;

describe("e2e addresses of the server", () => {
  const rows = [
    ["S-RLY-14: a relay that sends to the group of the site", "ff05::1:3%wan0"],
    ["a relay that sends to a global address, without `unicast`", pairAddresses.server],
  ] as const;
  for (const [what, to] of rows) {
    scenario()(`${what}: is answered from a global address, at its port`, async () => {
      const { server, other } = await buildPair(await testWorld(), configuration);
      const capture = await startCapture(server, "eth0");
      const relay = { host: other, from: pairAddresses.other, to, linkAddress: link };
      const plain = await leaseRelayed({ ...relay, port: 547, options: [] }, 1);
      const own = await leaseRelayed({ ...relay, port: 40_547, options: [option("relayPort", 0)] }, 2);
      for (const { prefix, heard } of [plain, own]) {
        expect(prefix).toMatch(/^2001:db8:20.*\/56$/);
        expect(heard).toMatchObject({ from: pairAddresses.server, port: 547 });
      }
      const packets = await capture?.finish();
      if (packets === undefined) return;
      expectWellFormed(packets, [pairAddresses.server]);
      const answers = packets.filter(({ types }) => types[0] === "13");
      expect(answers.map(({ destinationPort }) => destinationPort)).toEqual(["547", "547", "40547", "40547"]);
    });
  }
});

describe("e2e unicast of clients", () => {
  scenario()("S-SOL-29: a frame to the server alone, a packet to all servers: is served", async () => {
    const { server, other, serverLocal } = await buildPair(await testWorld(), configuration);
    const mac = (await server.shell("cat /sys/class/net/eth0/address")).trim();
    // As switches and access points do that turn multicast into unicast.
    await other.shell(`ip -6 neigh replace ff02::1:2 lladdr ${mac} dev wan0 nud permanent`);
    const capture = await startCapture(server, "eth0");
    expect((await leaseWell(other, 1)).prefix).toMatch(/\/56$/);
    const packets = await capture?.finish();
    if (packets === undefined) return;
    const asked = packets.filter(({ destination }) => destination === "ff02::1:2");
    expect(asked.map(({ frameDestination }) => frameDestination)).toEqual([mac, mac]);
    expectWellFormed(packets, [serverLocal]);
  });

  scenario()("drop-unicast: Renew to the server's link-local address gets UseMulticast", async () => {
    const { server, other, serverLocal, otherLocal } = await buildPair(await testWorld(), configuration);
    const lease = await leaseWell(other, 1);
    const capture = await startCapture(server, "eth0");
    const to = `${serverLocal}%wan0`;
    const heard = await post(other, otherLocal, 546, { to, message: renewOf(server, lease.prefix) });
    expect(heard).toMatchObject([{ from: serverLocal, port: 547, message: { type: "reply" } }]);
    const options = heard.flatMap(({ message }) => message.options);
    expect(options.map(({ name }) => name)).toEqual(["clientId", "serverId", "statusCode"]);
    expect(find(options, "statusCode")?.status).toBe(STATUS.useMulticast);
    expect((await lease.renew()).prefix).toBe(lease.prefix);
    const packets = await capture?.finish();
    if (packets !== undefined) expectWellFormed(packets, [serverLocal]);
  });
});

/** The Renew of client 1, which has this prefix. */
function renewOf(server: Host, prefix: string): Uint8Array {
  const [id, had] = [parseDuid(server.readFile("/var/lib/dibbler/server-duid") ?? ""), parsePrefix(prefix)];
  if (id === undefined || had === undefined) throw new Error("the server has no DUID");
  const renew = clientServerMessage("renew", xid(77), [...identity(1, had), option("serverId", id)]);
  return encodeMessage(renew);
}
