import { describe, expect } from "vitest";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { duid, parseDuid } from "../../shared/duid.js";
import { clientServerMessage, decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { find, option } from "../../shared/wire/options.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { addAddress, connect, linkLocal } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import type { World } from "./bed/world.js";
import { scenario, testWorld } from "./fixture.js";

const serverAddress = "2001:db8:5::1";
describe("e2e unicast: a client that writes to the server's own address", () => {
  scenario()("with `unicast`: is answered from that address, on the client's port", async () => {
    const { server, client } = await buildPair(await testWorld());
    await serve(server, `unicast ${serverAddress}`);
    const answer = await ask(client, server);
    expect(answer).toMatchObject({ from: serverAddress, port: 547 });
    const decoded = decodeMessage(Buffer.from(answer?.hex ?? "", "hex"));
    expect(decoded).toMatchObject({ ok: true, faults: [], message: { type: "reply" } });
    if (!decoded.ok) return;
    const ia = find(decoded.message.options, "iaPd");
    expect(find(ia?.options ?? [], "iaPrefix")?.prefix.length).toBe(56);
  });

  scenario()("without: gets no answer", async () => {
    const { server, client } = await buildPair(await testWorld());
    await serve(server, "");
    expect(await ask(client, server)).toBeUndefined();
  });
});

async function buildPair(world: World): Promise<{ readonly server: Host; readonly client: Host }> {
  const [server, client] = [await world.addHost("server"), await world.addHost("client")];
  await connect({ host: server, device: "eth0" }, { host: client, device: "eth0" });
  await addAddress(server, "eth0", `${serverAddress}/64`);
  await addAddress(client, "eth0", "2001:db8:5::2/64");
  await linkLocal(server, "eth0");
  await linkLocal(client, "eth0");
  installOurs(server);
  return { server, client };
}

async function serve(server: Host, line: string): Promise<void> {
  const pdClass = "pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }";
  const config = `iface eth0 {\n ${line}\n option dns-server 2001:db8::53\n ${pdClass}\n}\n`;
  server.writeFile("/etc/dibbler/server.conf", config);
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
}

/**
 * A Request to the server's global address (RFC 8415 18.4); the answer, or `undefined` after a second
 * without.
 */
async function ask(
  client: Host,
  server: Host,
): Promise<{ from: string; port: number; hex: string } | undefined> {
  const serverId = parseDuid(server.readFile("/var/lib/dibbler/server-duid") ?? "");
  if (serverId === undefined) throw new Error("the server has no DUID");
  const request = clientServerMessage("request", xid(77), [
    option("clientId", duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1))),
    option("serverId", serverId),
    option("iaPd", { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [] }),
  ]);
  const hex = Buffer.from(encodeMessage(request)).toString("hex");
  const program = `const s = require("dgram").createSocket("udp6");
    s.on("message", (m, from) => { console.log(JSON.stringify({ from: from.address, port: from.port,
      hex: m.toString("hex") })); s.close(); process.exit(0); });
    s.bind(546, "2001:db8:5::2", () => s.send(Buffer.from("${hex}", "hex"), 547, "${serverAddress}"));
    setTimeout(() => process.exit(0), 1000);`;
  const { stdout } = await client.run([process.execPath, "-e", program]);
  return stdout === "" ? undefined : (JSON.parse(stdout) as { from: string; port: number; hex: string });
}
