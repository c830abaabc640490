import { describe, expect } from "vitest";
import { type Capture, startCapture } from "./bed/capture.js";
import { diaryScript, forgetDiary, installDiary, readDiary, waitForCall } from "./bed/diary.js";
import { startServer } from "./bed/guide-server.js";
import type { Host, Running } from "./bed/host.js";
import { addAddress, addBridge, connect, joinBridge, linkLocal, removeAddress } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

/** The address that the client is bound to. */
const BOUND = "fe80::d1b";

describe("e2e client: its interface goes and comes back", () => {
  scenario()(
    "carrier lost, set down, address lost, deleted and made again: Rebind, same prefix",
    async () => {
      const { server, client, capture } = await buildLan();
      await plugIn(server, client);
      const running = await startClient(client);
      const { prefix } = await waitForCall(client, { action: "add", REASON: "granted" });
      const afterwards = async (happens: () => Promise<void>): Promise<void> => {
        forgetDiary(client);
        await happens();
        await waitForCall(client, { action: "update", prefix, CLNT_MESSAGE: "REBIND", REASON: "renewed" });
      };

      await afterwards(async () => {
        await server.shell("ip link set dev port down");
        await waitFor("no carrier", async () =>
          (await client.shell("ip link show wan0")).includes("NO-CARRIER"),
        );
        await server.shell("ip link set dev port up");
      });
      await afterwards(async () => {
        await client.shell("ip link set dev wan0 down");
        await waitForLine(running, "cannot be used any more: interface wan0 is down");
        await client.shell("ip link set dev wan0 up");
        await addAddress(client, "wan0", `${BOUND}/64`);
      });
      await afterwards(async () => {
        await removeAddress(client, "wan0", `${BOUND}/64`);
        await waitForLine(running, `address ${BOUND} is not on interface wan0`);
        await addAddress(client, "wan0", `${BOUND}/64`);
      });
      await client.shell("ip link delete dev wan0");
      await waitForLine(running, "interface wan0 does not exist here");
      forgetDiary(client);
      await client.shell("ip link add name filler0 type bridge");
      await plugIn(server, client);
      const { variables } = await waitForCall(client, { action: "update", prefix });
      expect(variables["IFINDEX"]).toBe((await client.shell("cat /sys/class/net/wan0/ifindex")).trim());

      await running.stop();
      expect(readDiary(client).map(({ action }) => action)).toEqual(["update", "delete"]);
      const packets = (await capture?.finish()) ?? [];
      const types = packets.filter(({ source }) => source === BOUND).map(({ types: [type] }) => type);
      // Solicit, Request, a Rebind or its copies each time, Release; nothing else, and no second Solicit.
      expect(types.join("").replace(/6+/g, "6")).toMatch(/^1+3+6(?:6)*8+$/);
      expect(types.filter((type) => type === "6").length).toBeLessThan(20);
      if (capture !== undefined) expectWellFormed(packets, [BOUND]);
    },
  );

  scenario()("inactive-mode: started before its interface exists", async () => {
    const { server, client } = await buildLan();
    const running = await startClient(client, "inactive-mode");
    await waitForLine(running, "Waiting (inactive-mode): interface wan0 does not exist here");
    await plugIn(server, client);
    await waitForCall(client, { action: "add", REASON: "granted" });
    await running.stop();
  });
});

/** A server on a bridge, and a host for the client that is not plugged in yet. */
async function buildLan(): Promise<{
  readonly server: Host;
  readonly client: Host;
  readonly capture: Capture | undefined;
}> {
  const world = await testWorld();
  const [server, client] = await Promise.all([world.addHost("server"), world.addHost("client")]);
  await addBridge(server, "br0");
  await linkLocal(server, "br0");
  installOurs(server);
  installOurs(client);
  installDiary(client);
  server.writeFile(
    "/etc/dibbler/server.conf",
    'iface "br0" { pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 } }\n',
  );
  const capture = await startCapture(server, "br0");
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
  return { server, client, capture };
}

/** Lays the client's cable to the server's bridge. */
async function plugIn(server: Host, client: Host): Promise<void> {
  await connect({ host: client, device: "wan0" }, { host: server, device: "port" });
  await joinBridge(server, "br0", "port");
  await addAddress(client, "wan0", `${BOUND}/64`);
}

function startClient(client: Host, mode = ""): Promise<Running> {
  client.writeFile(
    "/etc/dibbler/client.conf",
    `duid-type duid-en 8888 0x0123456789abcdef
downlink-prefix-ifaces "none"
script "${diaryScript}"
${mode}
iface "wan0" {
  bind-to-address ${BOUND}
  pd
}
`,
  );
  return client.spawn([ours.client, "run"]);
}

async function waitForLine(running: Running, text: string): Promise<void> {
  await waitFor(`the client to say "${text}"`, running.output, (output) => output.includes(text), 15_000);
}
