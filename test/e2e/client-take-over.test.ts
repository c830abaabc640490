import { describe, expect } from "vitest";
import { startCapture } from "./bed/capture.js";
import { outer } from "./bed/clients.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { linkLocal } from "./bed/network.js";
import { layOutPair } from "./bed/pair.js";
import { requirePeer } from "./bed/peers.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { isLogged } from "../log-lines.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

const folder = "/var/lib/dibbler";
const leaseFile = `${folder}/client-AddrMgr.xml`;
const stateFile = `${folder}/client-state.json`;
const logFile = "/var/log/dibbler/dibbler-client.log";

describe("e2e: our client takes the place of Debian's dibbler-client", () => {
  scenario("dibblerClient").each([
    ["killed", "kill"],
    ["stopped, which gives the prefix back, after its files were copied", "copy"],
  ])("that was %s: Rebind first, the same prefix", async (_how, how) => {
    const { server, client } = await layOut();
    const debian = requirePeer("dibblerClient");
    await client.run([debian, "start"]);
    const [prefix, duid] = [await leasedPrefix(client), client.readFile(`${folder}/client-duid`)];
    if (how === "copy") await client.shell(`cp -a ${folder} /run/bed/copy`);
    await end(client, how === "copy" ? debian : undefined);
    if (how === "copy") await client.shell(`rm -r ${folder}/* && cp -a /run/bed/copy/* ${folder}`);

    const capture = await startCapture(server, "eth0");
    expect(await client.run([ours.client, "start"])).toMatchObject({ status: 0 });
    await waitFor("the lease in our state file", () => client.readFile(stateFile) !== undefined);
    expect(client.readFile(stateFile)).toContain(`"prefix": "${prefix}"`);
    expect(client.readFile(`${folder}/client-duid`)).toBe(duid);
    // What is logged is written within 10 ms.
    await waitFor("a line on it", () => isLogged(client.readFile(logFile), "CLIENT-STATE-TAKEN-OVER"));
    await waitFor("the lease confirmed", () => isLogged(client.readFile(logFile), "CLIENT-LEASE"));
    expect(client.readFile(stateFile)).toContain(`"prefix": "${prefix}"`);

    const packets = await capture?.finish();
    if (packets === undefined) return;
    const address = await linkLocal(client, outer);
    expectWellFormed(packets, [address]);
    const sent = packets.filter(({ source }) => source === address);
    expect(sent[0]).toMatchObject({ types: ["6"], prefixes: [prefix] });
    expect(sent.flatMap(({ types }) => types)).not.toContain("1");
  });

  scenario("dibblerClient").each(["killed", "stopped"])(
    "and back: ours %s, Debian's goes on with the prefix, and ours once more",
    async (how) => {
      const { client } = await layOut();
      const debian = requirePeer("dibblerClient");
      await client.run([ours.client, "start"]);
      const prefix = await leasedPrefix(client);
      expect(client.fileMode(leaseFile)).toBe(0o640);
      await end(client, how === "stopped" ? ours.client : undefined);
      expect(client.readFile(leaseFile)?.includes("AddrPrefix")).toBe(how === "killed");

      await client.run([debian, "start"]);
      await waitFor(
        "its Reply",
        () => client.readFile(logFile)?.includes("RENEW(IA_PD) will be sent"),
        Boolean,
        30_000,
      );
      expect(await leasedPrefix(client)).toBe(prefix);
      expect(client.readFile(logFile)?.includes("Loaded PD from a file")).toBe(how === "killed");

      await end(client, debian);
      await client.run([ours.client, "start"]);
      expect(await leasedPrefix(client)).toBe(prefix);
    },
  );
});

/** Our server, and a host for the clients with a configuration that both read. */
async function layOut(): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld());
  installOurs(client);
  server.writeFile("/etc/dibbler/server.conf", serverConfiguration);
  client.writeFile(
    "/etc/dibbler/client.conf",
    `log-level 8\ndownlink-prefix-ifaces "none"\niface "${outer}" {\n ia\n pd\n}\n`,
  );
  await startServer(server, ours.server);
  return { server, client };
}

const serverConfiguration = `iface "eth0" {
  T1 1000
  T2 1500
  preferred-lifetime 2000
  valid-lifetime 3000
  class { pool 2001:db8:1::100-2001:db8:1::1ff }
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}
`;

/** The prefix in Dibbler's file, once it is there. */
async function leasedPrefix(client: Host): Promise<string> {
  const pattern = /<AddrPrefix [^>]*length="(?<length>\d+)">(?<address>[^<]+)</;
  const found = await waitFor(
    "a prefix in the file of leases",
    () => pattern.exec(client.readFile(leaseFile) ?? "")?.groups,
    (groups) => groups !== undefined,
  );
  return `${found?.["address"] ?? ""}/${found?.["length"] ?? ""}`;
}

/** Ends the client: with this program's `stop`, or by force. */
async function end(client: Host, program?: string): Promise<void> {
  if (program === undefined) await client.shell(`kill -9 $(cat ${folder}/client.pid)`);
  else expect(await client.run([program, "stop"])).toMatchObject({ status: 0 });
  await waitFor("the client to be gone", () => !client.hasUdpPort(546));
}
