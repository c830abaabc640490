import { describe, expect } from "vitest";
import { diaryScript, installDiary, readDiary, waitForCall } from "./bed/diary.js";
import { type GoodLease, leaseWell } from "./bed/good-client.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { requirePeer } from "./bed/peers.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { isLogged } from "../log-lines.js";
import { expectRefusal, scenario, testWorld } from "./fixture.js";

const folder = "/var/lib/dibbler";
const leaseFile = `${folder}/server-AddrMgr.xml`;
const logFile = "/var/log/dibbler/dibbler-server.log";

describe("e2e: our server takes the place of Debian's dibbler-server", () => {
  scenario("dibblerServer")(
    "killed amid its work: its clients renew with ours, over our restarts too",
    async () => {
      const { server, client } = await layOut();
      await startServer(server, requirePeer("dibblerServer"));
      const leases = await leaseAll(client, [1, 2, 3]);
      const last = leases[2]?.prefix.replace("/56", "") ?? "?";
      const read = (): string => server.readFile(leaseFile) ?? "";
      const original = await waitFor("Dibbler to write the last lease", read, (text) => text.includes(last));
      const duid = server.readFile(`${folder}/server-duid`);
      await kill(server);

      expect(await startServer(server, ours.server)).toMatchObject({ stderr: "" });
      expect(isLogged(server.readFile(logFile), "SERVER-STATE-TAKEN-OVER")).toBe(true);
      expect(server.readFile(`${folder}/server-duid`)).toBe(duid);
      expect(server.readFile(`${leaseFile}.dibbler`)).toBe(original);
      for (const { prefix } of leases) await waitForCall(server, { action: "add", prefix, REASON: "start" });
      await renewAll(leases);
      for (const { prefix } of leases)
        await waitForCall(server, { action: "update", prefix, REASON: "renewed" });
      expect(readDiary(server).filter(({ action }) => action === "delete")).toEqual([]);

      await kill(server);
      await startServer(server, ours.server);
      await renewAll(leases);
      const [other] = await leaseAll(client, [4]);
      expect(leases.map(({ prefix }) => prefix)).not.toContain(other?.prefix);
      expect(server.listFolder(folder).filter((file) => file.startsWith("server-AddrMgr.xml."))).toHaveLength(
        1,
      );
    },
  );

  scenario().each([
    ["is empty", ""],
    ["is something else", "#!/bin/sh\nexit 0\n"],
    ["breaks off before its first lease", "<AddrMgr>\n  <timestamp>1795449638</timestamp>\n  <AddrClient>\n"],
  ])("a file of leases that %s: it does not start, until the file is out of the way", async (_what, text) => {
    const { server, client } = await layOut();
    server.writeFile(leaseFile, text);
    for (let attempt = 0; attempt < 2; attempt++) {
      const refused = await server.run([ours.server, "start"]);
      expectRefusal(refused, [leaseFile, "no lease can be read", "move it away"]);
    }
    expect(server.readFile(leaseFile)).toBe(text);
    await server.shell(`mv ${leaseFile} ${leaseFile}.away`);
    await startServer(server, ours.server);
    expect(await leaseAll(client, [1])).toHaveLength(1);
  });

  scenario("dibblerServer")("and back: Debian's server goes on with what ours has left", async () => {
    const { server, client } = await layOut();
    await startServer(server, ours.server);
    const leases = await leaseAll(client, [1, 2, 3]);
    expect(await server.run([ours.server, "stop"])).toMatchObject({ status: 0 });
    for (const file of ["server-AddrMgr.xml", "server-cache.xml", "server-CfgMgr.xml"]) {
      expect(server.fileMode(`${folder}/${file}`)).toBe(0o640);
    }
    const duid = server.readFile(`${folder}/server-duid`);
    const ourText = server.readFile(leaseFile) ?? "";

    await startServer(server, requirePeer("dibblerServer"));
    const loaded = server.readFile(leaseFile) ?? "";
    const unlikeOurs = /<timestamp>.*|state="\w+"/g;
    expect(loaded.replaceAll(unlikeOurs, "")).toBe(ourText.replaceAll(unlikeOurs, ""));
    await renewAll(leases);
    expect(server.readFile(`${folder}/server-duid`)).toBe(duid);

    const more = await leaseAll(client, [4]);
    await kill(server);
    // As if Debian's server had gone on for an hour.
    await server.shell(`touch -d "1 hour ago" ${folder}/server-leases.mdb`);
    await startServer(server, ours.server);
    expect(isLogged(server.readFile(logFile), "SERVER-STATE-TAKEN-OVER")).toBe(true);
    await renewAll([...leases, ...more]);
  });

  scenario()("what ours has written itself is not taken for another server's", async () => {
    const { server, client } = await layOut();
    await startServer(server, ours.server);
    const leases = await leaseAll(client, [1]);
    const shown = leases[0]?.prefix.replace("/56", "") ?? "none";
    await waitFor("the lease in the file", () => (server.readFile(leaseFile) ?? "").includes(shown));
    await kill(server);
    await startServer(server, ours.server);
    await renewAll(leases);
    expect(isLogged(server.readFile(logFile), "SERVER-STATE-TAKEN-OVER")).toBe(false);
    const copies = server.listFolder(folder).filter((file) => file.includes(".dibbler"));
    expect(copies).toEqual([]);
  });

  scenario()(
    "files for other programs follow what happens, and when they cannot, clients do not notice",
    async () => {
      const { server, client } = await layOut();
      server.writeFile(
        `${folder}/server-cache.xml`,
        '<cache size="1">\n<entry type="prefix">::1</entry>\n</cache>',
      );
      await startServer(server, ours.server);
      expect(server.readFile(leaseFile)).toMatch(/^<AddrMgr>[^]*<cache size="0"\/>\n<\/AddrMgr>\n$/);
      expect(isLogged(server.readFile(logFile), "SERVER-CACHE-UNREADABLE")).toBe(true);
      const [lease] = await leaseAll(client, [1]);
      const shows = (text: string): boolean => (server.readFile(leaseFile) ?? "").includes(text);
      await waitFor("the lease in the file", () => shows(lease?.prefix.replace("/56", "") ?? "none"));
      await server.shell(`rm ${leaseFile} && mkdir ${leaseFile}`);
      expect(await leaseAll(client, [2, 3])).toHaveLength(2);
      await waitFor("a word about it", () => isLogged(server.readFile(logFile), "SERVER-VIEW-FAILED"));
      expect(await server.run([ours.server, "stop"])).toMatchObject({ status: 0 });
      expect(server.listFolder(folder).filter((file) => file.startsWith("."))).toEqual([]);
    },
  );

  scenario()("a directory in place of the file of leases: it does not start, and says so", async () => {
    const { server } = await layOut();
    await server.shell(`mkdir ${leaseFile}`);
    expectRefusal(await server.run([ours.server, "start"]), [leaseFile, "it is a directory"]);
  });
});

/** A server with a hook script that keeps a diary, and a host for its clients. */
async function layOut(): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld());
  installDiary(server);
  server.writeFile("/etc/dibbler/server.conf", configuration);
  return { server, client };
}

const configuration = `script "${diaryScript}"
iface "eth0" {
  pd-class {
    pd-pool 2001:db8:1000::/40
    pd-length 56
    T1 1000
    T2 1500
    preferred-lifetime 2000
    valid-lifetime 3000
  }
}
`;

async function leaseAll(host: Host, clients: readonly number[]): Promise<readonly GoodLease[]> {
  const leases: GoodLease[] = [];
  for (const client of clients) leases.push(await leaseWell(host, client));
  return leases;
}

async function renewAll(leases: readonly GoodLease[]): Promise<void> {
  for (const lease of leases) expect(await lease.renew()).toMatchObject({ prefix: lease.prefix });
}

async function kill(server: Host): Promise<void> {
  const pid = (server.readFile(`${folder}/server.pid`) ?? "").trim();
  await server.shell(`kill -9 ${pid}`);
  await waitFor("the server to be gone", () => !server.hasUdpPort(547));
}
