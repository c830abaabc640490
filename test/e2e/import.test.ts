import { describe, expect } from "vitest";
import { diaryScript, installDiary, waitForCall } from "./bed/diary.js";
import { type GoodLease, leaseWell } from "./bed/good-client.js";
import { guidePool, startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { startKea } from "./bed/kea.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectRefusal, scenario, testWorld } from "./fixture.js";

const folder = "/var/lib/dibbler";
const keaFile = "/var/lib/kea/leases.csv";

describe("e2e: dibbler-server import", () => {
  scenario("kea")(
    "Kea delegates and stops: its leases and its DUID come over, its clients renew",
    async () => {
      const { server, client } = await layOut();
      await startKea(server);
      const leases: GoodLease[] = [];
      for (const number of [1, 2, 3]) leases.push(await leaseWell(client, number));
      const keaDuid = server.readFile("/var/lib/kea/kea-dhcp6-serverid");
      for (const running of server.spawned()) await running.stop();
      await waitFor("Kea to be gone", () => !server.hasUdpPort(547));

      const dry = await server.run([ours.server, "import", keaFile, "--with-duid", "--dry-run"]);
      expect(dry).toMatchObject({ status: 0, stderr: "" });
      expect(dry.stdout).toContain("taken: 3 prefix(es) of 3 client(s) (3 on br-ex)");
      expect(server.listFolder(folder)).not.toContain("server-leases.mdb");

      const done = await server.run([ours.server, "import", keaFile, "--with-duid"]);
      expect(done).toMatchObject({ status: 0, stderr: "" });
      expect(done.stdout).toContain("3 lease(s) stored");
      expect(server.readFile(`${folder}/server-duid`)).toBe(keaDuid);
      const again = await server.run([ours.server, "import", keaFile, "--with-duid"]);
      expect(again.stdout).toContain("left out: 3");

      await startServer(server, ours.server);
      for (const lease of leases) {
        expect(await lease.renew()).toMatchObject({ prefix: lease.prefix });
        await waitForCall(server, { action: "add", prefix: lease.prefix, CLNT_MESSAGE: "RENEW" });
      }
      const refused = await server.run([ours.server, "import", keaFile]);
      expectRefusal(refused, ["the server is running", "stop it first"]);
    },
  );

  scenario().each([
    ["a file that is not there", ["/nowhere"], ["/nowhere", "does not exist"]],
    ["a file of something else", ["/etc/dibbler/server.conf"], ["server.conf", "no file of leases", "Kea"]],
    ["a folder", ["/etc/dibbler"], ["/etc/dibbler", "it is a directory"]],
    ["an interface that is not configured", [keaFile, "--interface", "eth7"], ["eth7", "br-ex"]],
    ["a DUID that is nowhere", [keaFile, "--with-duid"], ["kea-dhcp6-serverid", "--with-duid"]],
  ])("%s: nothing is stored, and it is said why", async (_what, words, said) => {
    const { server } = await layOut();
    server.writeFile(keaFile, "address,duid,valid_lifetime,expire,lease_type,iaid,prefix_len\n");
    expectRefusal(await server.run([ours.server, "import", ...words]), said);
    expect(server.listFolder(folder)).not.toContain("server-duid");
  });

  scenario()("another DUID is not taken by a server whose clients know it by its own", async () => {
    const { server, client } = await layOut();
    await startServer(server, ours.server);
    await leaseWell(client, 1);
    expect(await server.run([ours.server, "stop"])).toMatchObject({ status: 0 });
    const own = server.readFile(`${folder}/server-duid`);
    server.writeFile(keaFile, keaLease);
    server.writeFile("/var/lib/kea/kea-dhcp6-serverid", "00:03:00:01:09:09");
    const refused = await server.run([ours.server, "import", keaFile, "--with-duid"]);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toMatch(/nothing was stored: clients of 1 lease\(s\) know this server/);
    expect(server.readFile(`${folder}/server-duid`)).toBe(own);
    const taken = await server.run([ours.server, "import", keaFile]);
    expect(taken.stdout).toContain("1 lease(s) stored");
  });
});

const keaLease = `address,duid,valid_lifetime,expire,lease_type,iaid,prefix_len
2222:2222:2222:ffff::,00:03:00:01:07,4000,${Math.floor(Date.now() / 1000) + 3000},2,1,64
`;

/** A server with a hook script that keeps a diary, on `br-ex`, and a host for its clients. */
async function layOut(): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld(), "br-ex");
  installDiary(server);
  const pool = `pd-class {\n pd-pool ${guidePool}\n pd-length 64\n valid-lifetime 3000\n preferred-lifetime 2000\n}`;
  server.writeFile("/etc/dibbler/server.conf", `script "${diaryScript}"\niface "br-ex" {\n${pool}\n}\n`);
  return { server, client };
}
