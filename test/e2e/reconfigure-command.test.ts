import { describe, expect } from "vitest";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { duid, formatDuid, parseDuid } from "../../shared/duid.js";
import { clientServerMessage, decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { find, option } from "../../shared/wire/options.js";
import { ask, startListener } from "./bed/craft.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectRefusal, scenario, testWorld } from "./fixture.js";

const socket = "/var/lib/dibbler/server.sock";
const clientId = duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));

describe("e2e reconfigure: an operator's command", () => {
  scenario()("no client, then one that accepts Reconfigure -> it is asked, signed and unicast", async () => {
    const { server, client } = await buildPair();
    await serve(server, "reconfigure-enabled 1");
    expect(server.fileMode(socket)).toBe(0o600);
    expectRefusal(await reconfigure(server, "all"), ["no client", "reconfigure-enabled"]);

    await lease(server, client);
    const listener = await startListener(client);
    const taken = { status: 0, stderr: "", said: ["1 client is asked to send RENEW", ""] };
    expect(await reconfigureSaid(server, "all")).toEqual(taken);
    await waitFor("a Reconfigure to arrive", () => listener.heard().length > 0);
    const decoded = decodeMessage(Buffer.from(listener.heard()[0] ?? "", "hex"));
    expect(decoded).toMatchObject({ ok: true, faults: [], message: { type: "reconfigure" } });
    const options = decoded.ok ? decoded.message.options : [];
    expect(find(options, "reconfigureMessage")).toBe(5);
    expect(find(options, "auth")).toBeDefined();

    expect(await reconfigureSaid(server, formatDuid(clientId), "renew")).toEqual(taken);
    expectRefusal(await reconfigure(server, formatDuid(clientId), "rebind"), ["still being asked", "RENEW"]);
    expectRefusal(await reconfigure(server, "00:03:00:01:02:00:00:00:00:09"), ["00:09", "Reconfigure key"]);
    expect(server.readFile("/var/log/dibbler/dibbler-server.log")).toContain(
      "1 client is asked to send RENEW",
    );
  });

  scenario()(
    "no server, a stopped one, a killed one -> status 1 and a sentence; a new one takes it",
    async () => {
      const { server } = await buildPair();
      const nobody = ["no dibbler-server runs in /var/lib/dibbler"];
      expectRefusal(await reconfigure(server, "all"), nobody);
      await serve(server, "");
      expectRefusal(await reconfigure(server, "all"), ["reconfigure-enabled is not set"]);
      await server.run([ours.server, "stop"]);
      expect(server.fileMode(socket)).toBeUndefined();
      expectRefusal(await reconfigure(server, "all"), nobody);

      await serve(server, "");
      const pid = server.readFile("/var/lib/dibbler/server.pid") ?? "";
      await server.shell(`kill -9 ${pid}`);
      await waitFor("the server to be gone", () => !server.hasUdpPort(547));
      expect(server.fileMode(socket)).toBe(0o600);
      expectRefusal(await reconfigure(server, "all"), nobody);
      await serve(server, "reconfigure-enabled 1");
      expectRefusal(await reconfigure(server, "all"), ["no client"]);
    },
  );

  scenario()("a user that may not -> status 1 and a sentence", async () => {
    const { server } = await buildPair();
    await serve(server, "reconfigure-enabled 1");
    await server.shell(`chmod 0 ${socket}`);
    const powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    const result = await server.run([...powerless, ours.server, "reconfigure"]);
    expectRefusal(result, ["no permission to give commands to the server in /var/lib/dibbler"]);
  });

  scenario()("words that make no sense, and a client program that has no such action", async () => {
    const { server } = await buildPair();
    expectRefusal(await reconfigure(server, "everybody"), ['"everybody"']);
    const { status, stderr } = await server.run([ours.client, "reconfigure"]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "unknown action reconfigure\n" });
  });

  scenario()("a state directory whose path is too long for a socket -> served, one warning", async () => {
    const { server } = await buildPair();
    const directory = `/var/lib/dibbler/${"d".repeat(100)}`;
    server.writeFile(`${directory}/server.conf`, configuration("reconfigure-enabled 1"));
    expect(await server.run([ours.server, "start", "-w", directory])).toMatchObject({
      status: 0,
      stderr: "",
    });
    const warnings = server
      .readFile(`${directory}/server.log`)
      ?.split("\n")
      .filter((line) => line.includes("octets,"));
    expect(warnings).toHaveLength(1);
    expectRefusal(await server.run([ours.server, "reconfigure", "-w", directory]), ["octets", "shorter"]);
    expect((await server.run([ours.server, "stop", "-w", directory])).status).toBe(0);
  });
});

const reconfigure = (server: Host, ...words: readonly string[]) =>
  server.run([ours.server, "reconfigure", ...words]);

/** The same, without the banner. */
async function reconfigureSaid(server: Host, ...words: readonly string[]) {
  const { status, stdout, stderr } = await reconfigure(server, ...words);
  return { status, stderr, said: stdout.split("\n") };
}

async function buildPair(): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld());
  return { server, client };
}

const configuration = (line: string): string =>
  `${line}\niface eth0 {\n pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }\n}\n`;

async function serve(server: Host, line: string): Promise<void> {
  server.writeFile("/etc/dibbler/server.conf", configuration(line));
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
}

/** Leases a prefix for a client that accepts Reconfigure. */
async function lease(server: Host, client: Host): Promise<void> {
  const serverId = parseDuid(server.readFile("/var/lib/dibbler/server-duid") ?? "");
  if (serverId === undefined) throw new Error("the server has no DUID");
  const request = clientServerMessage("request", xid(77), [
    option("clientId", clientId),
    option("serverId", serverId),
    option("elapsedTime", 0),
    option("reconfigureAccept", null),
    option("iaPd", { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [] }),
  ]);
  const decoded = decodeMessage(Buffer.from((await ask(client, encodeMessage(request))).answer, "hex"));
  expect(decoded.ok && find(decoded.message.options, "auth")).toBeTruthy();
}
