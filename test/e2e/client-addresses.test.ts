import { describe, expect } from "vitest";
import { startCapture } from "./bed/capture.js";
import { diaryScript, forgetDiary, installDiary, readDiary, waitForCall } from "./bed/diary.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { addAddress, addresses } from "./bed/network.js";
import { layOutPair } from "./bed/pair.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

const WISH = "2001:db8:1::150";

describe("e2e client: a leased address on its interface", () => {
  scenario()("set with its lifetimes, renewed, there again after kill -9, gone after a stop", async () => {
    const { client } = await buildPair();
    const running = await client.spawn([ours.client, "run"]);
    const { variables } = await waitForCall(client, { action: "add" });
    expect(variables).toMatchObject({ ADDR1: WISH, PREFIX1LEN: "56" });
    expect(await leased(client)).toMatchObject([{ local: WISH, prefixlen: 128 }]);
    await waitForCall(client, { action: "update", REASON: "renewed" });
    const [renewed] = await leased(client);
    expect(renewed?.valid_life_time).toBeGreaterThan(17);

    await running.signal("SIGKILL");
    await running.ended;
    expect(await leased(client)).toHaveLength(1);
    forgetDiary(client);
    const again = await client.spawn([ours.client, "run"]);
    await waitForCall(client, { action: "add", REASON: "start" });
    expect(await leased(client)).toHaveLength(1);
    await again.stop();
    expect(await leased(client)).toEqual([]);
    expect(readDiary(client).at(-1)).toMatchObject({ action: "delete" });
  });

  scenario()("another host has it: declined, and the next one is used", async () => {
    const { client, server } = await buildPair();
    await addAddress(server, "eth0", `${WISH}/64`);
    // The bed does without Duplicate Address Detection elsewhere, because it takes a second.
    await client.shell(
      "for what in accept_dad dad_transmits; do sysctl -qw net.ipv6.conf.wan0.$what=1; done",
    );
    const capture = await startCapture(server, "eth0");
    const running = await client.spawn([ours.client, "run"]);
    const isSettled = (rows: Awaited<ReturnType<typeof leased>>): boolean =>
      rows.length === 1 && rows[0]?.local !== WISH && rows[0]?.tentative !== true;
    const rows = await waitFor("another address", () => leased(client), isSettled, 20_000);
    expect(rows[0]?.local).toMatch(/^2001:db8:1::1[0-9a-f]{2}$/);
    await running.stop();
    const packets = (await capture?.finish()) ?? [];
    if (capture !== undefined) {
      expect(packets.map(({ types: [type] }) => type)).toContain("9");
      expectWellFormed(packets, [packets.find(({ types: [type] }) => type === "9")?.source ?? ""]);
    }
  });
});

/** Our server with addresses and prefixes that last 20 s, and a host where our client will ask for both. */
async function buildPair(): Promise<{ readonly server: Host; readonly client: Host }> {
  const world = await testWorld();
  const { server, client } = await layOutPair(world);
  installOurs(client);
  installDiary(client);
  server.writeFile(
    "/etc/dibbler/server.conf",
    `iface "eth0" {
  T1 2
  T2 10
  preferred-lifetime 15
  valid-lifetime 20
  class { pool 2001:db8:1::100-2001:db8:1::1ff }
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}
`,
  );
  client.writeFile(
    "/etc/dibbler/client.conf",
    `downlink-prefix-ifaces "none"
script "${diaryScript}"
iface "wan0" {
  ia { address ${WISH} }
  pd
}
`,
  );
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
  return { server, client };
}

/** The addresses of the server's pool on the client's interface. */
const leased = async (client: Host): Promise<Awaited<ReturnType<typeof addresses>>> =>
  (await addresses(client, "wan0")).filter(({ local }) => local.startsWith("2001:db8:1::1"));
