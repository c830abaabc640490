import { describe, expect } from "vitest";
import { diaryScript, forgetDiary, installDiary, readDiary } from "./bed/diary.js";
import { leaseRelayed } from "./bed/good-relay.js";
import type { Host } from "./bed/host.js";
import { addBridge, connect, joinBridge, linkLocal } from "./bed/network.js";
import { installOurs } from "./bed/programs.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import { listLeases, serverPid, startQuietly } from "./bed/swarm-server.js";
import { openSwarm } from "./bed/swarm.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

/** A slow machine takes this long for the scripts of all leases that wait before. */
const SCRIPTS_MS = 60_000;

const configuration = `script "${diaryScript}"
iface "eth0" { pd-class { pd-pool 2001:db8:1000::/49 pd-length 56 } }
iface "relay1" {
  relay "eth0"
  subnet 2001:db8:a::/48
  pd-class { pd-pool 2001:db8:2000::/40 pd-length 56 }
}
`;

describe("e2e flaps: the server's interface goes and comes back under load", () => {
  scenario()(
    "down and up, cable out and in, deleted and made anew thrice -> nobody loses a lease",
    async () => {
      const { server, client } = await buildSwitched();
      const pid = await startQuietly(server);
      const from = `${await linkLocal(client, "wan0")}%wan0`;
      const swarm = await openSwarm(client);
      /** What takes long is looked for `atLast`, when nobody asks for more. */
      const afterwards = async (
        happens: () => Promise<unknown>,
        atLast?: () => Promise<unknown>,
      ): Promise<void> => {
        await swarm.order({ do: "exchange", count: 100 });
        const before = await throughRelay(client, from);
        await swarm.order({ do: "run" });
        await happens();
        const { entries, complaints } = await swarm.order({ do: "exchange", count: 100 });
        expect(complaints).toEqual([]);
        const leases = await listLeases(server);
        const direct = leases.filter(({ client: duid }) => entries.some((entry) => entry.client === duid));
        expect(compareLedger(entries, direct, true)).toEqual([]);
        expect((await swarm.order({ do: "renew" })).complaints).toEqual([]);
        expect(await throughRelay(client, from)).toBe(before);
        await atLast?.();
      };

      await afterwards(async () => {
        await server.shell("ip link set dev eth0 down; ip link set dev eth0 up");
      });
      await afterwards(async () => {
        await server.shell("ip link set dev switched down");
        await waitFor("no carrier", async () =>
          (await server.shell("ip link show eth0")).includes("NO-CARRIER"),
        );
        await server.shell("ip link set dev switched up");
      });
      for (const round of [1, 2, 3]) {
        await afterwards(
          async () => {
            forgetDiary(server);
            await server.shell(`ip link delete dev eth0\nip link add name filler${round} type bridge`);
            await plugIn(server);
          },
          async () => {
            const index = (await server.shell("cat /sys/class/net/eth0/ifindex")).trim();
            await waitFor(
              "the script to hear of the leases there",
              () =>
                readDiary(server).some(
                  ({ action, variables }) =>
                    action === "add" && variables["REASON"] === "start" && variables["IFINDEX"] === index,
                ),
              Boolean,
              SCRIPTS_MS,
            );
          },
        );
      }
      expect(serverPid(server)).toBe(pid);
      expect(server.commandLine(pid)).toBeDefined();
    },
    // Each of its rounds starts a script for every lease, and some machines take 60 s for all of them.
    240_000,
  );
});

/** A server whose interface hangs on a switch of its own, so that it can go without the client's. */
async function buildSwitched(): Promise<{ readonly server: Host; readonly client: Host }> {
  const world = await testWorld();
  const [server, client] = await Promise.all([world.addHost("server"), world.addHost("client")]);
  await addBridge(server, "switch0");
  await connect({ host: server, device: "port" }, { host: client, device: "wan0" });
  await joinBridge(server, "switch0", "port");
  await plugIn(server);
  await linkLocal(client, "wan0");
  installOurs(server);
  installDiary(server);
  server.writeFile("/etc/dibbler/server.conf", configuration);
  return { server, client };
}

async function plugIn(server: Host): Promise<void> {
  await connect({ host: server, device: "eth0" }, { host: server, device: "switched" });
  await joinBridge(server, "switch0", "switched");
  await linkLocal(server, "eth0");
}

/** The prefix of a client that is behind a relay. */
async function throughRelay(client: Host, from: string): Promise<string> {
  const relay = {
    host: client,
    from,
    port: 547,
    to: "ff02::1:2%wan0",
    linkAddress: "2001:db8:a::1",
    options: [],
  };
  return (await leaseRelayed(relay, 900)).prefix;
}
