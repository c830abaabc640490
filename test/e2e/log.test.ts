import { describe, expect } from "vitest";
import type { LogId } from "../../shared/catalogue.js";
import { leaseId } from "../../shared/lease/lease.js";
import { openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { isLogged } from "../log-lines.js";
import { configureGuideServer, startServer } from "./bed/guide-server.js";
import { buildServerHost } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { connect, linkLocal } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const serverLog = "/var/log/dibbler/dibbler-server.log";
const area = "/var/lib/client";
const clientLog = `${area}/client.log`;
const stateFile = `${area}/client-state.json`;

/** Waits until the log has a line of each of these rows. */
async function waitForRows(host: Host, file: string, ids: readonly LogId[]): Promise<void> {
  for (const id of ids) await waitFor(`${id} in ${file}`, () => isLogged(host.readFile(file), id));
}

async function startClient(host: Host, config: string): Promise<void> {
  host.writeFile(`${area}/client.conf`, config);
  expect((await host.run([ours.client, "start", "-w", area])).status).toBe(0);
}

describe("e2e log: what the programs write about themselves", () => {
  scenario()("server: its course from start to stop, a lease record that cannot be read", async () => {
    const host = await buildServerHost(await testWorld());
    configureGuideServer(host);
    await startServer(host, ours.server);
    await waitForRows(host, serverLog, ["SERVER-DUID", "SERVER-LISTENING", "SERVER-STARTED"]);
    expect((await host.run([ours.server, "stop"])).status).toBe(0);
    await waitForRows(host, serverLog, ["PROGRAM-STOPPING", "PROGRAM-STOPPED"]);

    host.writeFile("/var/lib/dibbler/server.pid", "4194000");
    const store = await openLeaseStore(host.outside("/var/lib/dibbler"));
    await store.commit([{ type: "put", id: leaseId(1), record: new Uint8Array(9) }]);
    await store.close();
    await startServer(host, ours.server);
    await waitForRows(host, serverLog, ["SERVER-LEASE-UNREADABLE", "PID-FILE-TAKEN"]);
  });

  scenario()("server: an interface of inactive-mode that appears later is served", async () => {
    const world = await testWorld();
    const host = await buildServerHost(world);
    const other = await world.addHost("other");
    const late = `inactive-mode iface late0 { pd-class { pd-pool 2001:db8::/48 pd-length 64 } }`;
    host.writeFile("/etc/dibbler/server.conf", late);
    expect(await host.run([ours.server, "start"])).toMatchObject({ status: 0, stderr: "" });
    await waitForRows(host, serverLog, ["SERVER-STARTED", "SERVER-WAITING"]);
    expect(isLogged(host.readFile(serverLog), "SERVER-LISTENING")).toBe(false);

    await connect({ host, device: "late0" }, { host: other, device: "wan0" });
    await waitForRows(host, serverLog, ["SERVER-LISTENING"]);
    await linkLocal(other, "wan0");
    installOurs(other);
    await startClient(other, "iface wan0 { pd }");
    await waitForRows(other, clientLog, ["CLIENT-DUID", "CLIENT-STARTED", "CLIENT-LEASE"]);
  });

  scenario()("server: nobody to answer to any more is said, and ends nothing", async () => {
    const world = await testWorld();
    const host = await buildServerHost(world);
    configureGuideServer(host);
    await startServer(host, ours.server);
    const from = await linkLocal(host, "br-ex");
    await host.shell(`ip -6 address del ${from}/64 dev br-ex`);
    const solicit =
      "010a0b01" + "0001000a00030001020000000001" + "0008000200000019000c000000010000000000000000";
    await host.shell(`${process.execPath} -e '${sender(solicit, "nowhere")}'`);
    await waitForRows(host, serverLog, ["SERVER-SOCKET-TROUBLE"]);
    expect((await host.run([ours.server, "status"])).status).toBe(0);
  });

  scenario()("server: what stops it from starting is in the log, too", async () => {
    const host = await buildServerHost(await testWorld());
    host.writeFile(
      "/etc/dibbler/server.conf",
      "iface none0 { pd-class { pd-pool 2001:db8::/48 pd-length 64 } }",
    );
    expect((await host.run([ours.server, "start"])).status).toBe(1);
    await waitForRows(host, serverLog, ["PROGRAM-FAILED"]);
  });

  scenario()("client: what it was asked for and does not do; an interface that is waited for", async () => {
    const host = await buildServerHost(await testWorld());
    await startClient(host, "inactive-mode iface br-ex { unicast 1 pd } iface late0 { pd }");
    await waitForRows(host, clientLog, ["CONFIG-WARNING", "CLIENT-WAITING"]);
  });

  scenario()("client: a state file that is damaged, or another client's, or cannot be written", async () => {
    const host = await buildServerHost(await testWorld());
    const config = "iface br-ex { pd }";
    host.writeFile(stateFile, "{ nonsense");
    await startClient(host, config);
    await waitForRows(host, clientLog, ["CLIENT-STATE-BROKEN"]);
    expect(host.readFile(`${stateFile}.broken`)).toBe("{ nonsense");
    expect((await host.run([ours.client, "stop", "-w", area])).status).toBe(0);
  });
});

/** A program that sends one datagram to all servers, from a device. */
function sender(hex: string, device: string): string {
  return `const s = require("dgram").createSocket("udp6");
    s.bind(546, () => { s.setMulticastInterface("::%${device}");
    s.send(Buffer.from("${hex}", "hex"), 547, "ff02::1:2%${device}", () => s.close()); });`.replaceAll(
    "\n",
    " ",
  );
}
