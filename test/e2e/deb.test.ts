import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Host } from "./bed/host.js";
import { connect, linkLocal } from "./bed/network.js";
import { requirePeer } from "./bed/peers.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;
/** Only root may lay a layer over /usr and let dpkg work there. */
const asRoot = process.geteuid?.() === 0 && has("dpkg-deb") ? scenario("dibblerServer") : scenario().skip;

const folder = mkdtempSync(join(tmpdir(), "deb-"));
let deb = "";
beforeAll(() => {
  if (!has("dpkg-deb")) return;
  execFileSync(process.execPath, ["examples/debian/build.mjs", folder], { stdio: "ignore" });
  deb = join(folder, readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "");
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const field = (name: string): string =>
  execFileSync("dpkg-deb", ["-f", deb, name], { encoding: "utf8" }).trim();

describe("e2e package: what is in it", () => {
  test.runIf(has("dpkg-deb"))(
    "it takes the place of Debian's two, and brings all that its units name",
    () => {
      const others = "dibbler-server, dibbler-client";
      expect([field("Conflicts"), field("Replaces")]).toEqual([others, others]);
      expect(field("Depends")).toContain("nodejs (>= 20.19~)");
      const root = join(folder, "unpacked");
      execFileSync("dpkg-deb", ["-R", deb, root]);
      const units = execFileSync(
        "grep",
        ["-rhoE", "^Exec[A-Za-z]*=[^ ]+", `${root}/usr/lib/systemd/system`],
        {
          encoding: "utf8",
        },
      );
      const named = new Set(units.trim().split("\n"));
      expect(named).toEqual(
        new Set([
          "ExecStart=/usr/sbin/dibbler-server",
          "ExecReload=/usr/sbin/dibbler-server",
          "ExecStart=/usr/sbin/dibbler-client",
        ]),
      );
      // What users wrote is theirs: nothing is put over it.
      expect(readdirSync(join(root, "etc/dibbler"))).toEqual([]);
      for (const name of ["preinst", "postinst", "prerm", "postrm"])
        expect(spawnSync("sh", ["-n", join(root, "DEBIAN", name)]).status).toBe(0);
      const { status } = spawnSync("md5sum", ["--quiet", "-c", "DEBIAN/md5sums"], { cwd: root });
      expect(status).toBe(0);
      // The files of koffi that are needed, and no more.
      const bursts = `${root}/usr/lib/dibbler-node/dibbler-bursts.cjs`;
      const opened = spawnSync(process.execPath, ["-e", `require("${bursts}").openKernelCalls()`]);
      expect(opened.stderr.toString()).toBe("");
    },
  );

  test.runIf(has("lintian"))(
    "lintian finds neither errors nor warnings",
    () => {
      const { stdout } = spawnSync("lintian", ["--allow-root", "--fail-on", "none", deb], {
        encoding: "utf8",
      });
      expect(stdout).toBe("");
    },
    300_000,
  );
});

const STATE = "/run/dpkg";
const CONFIG = `# mine
iface "eth0" {
  pd-class {
    pd-pool 2001:db8:1000::/40
    pd-length 56
  }
}
`;

/** A host where dpkg can install: a layer over /usr, its own files where packages write, its own books. */
async function layOutDebian(host: Host): Promise<void> {
  await host.shell(`
    mkdir -p /run/usr/up /run/usr/work ${STATE}/info ${STATE}/updates ${STATE}/triggers
    mount -t overlay -o lowerdir=/usr,upperdir=/run/usr/up,workdir=/run/usr/work overlay /usr
    for name in passwd group shadow gshadow; do
      cp --remove-destination "$(readlink -f /etc/$name)" /etc/$name
      sed -i /^dibbler:/d /etc/$name
    done
    rm -f /etc/systemd /etc/rc?.d
    mkdir -p /etc/systemd/system /etc/rc2.d
    ln -s ../init.d/dibbler-server /etc/rc2.d/S01dibbler-server
    : >${STATE}/available
    dpkg -s nodejs libc6 libstdc++6 libgcc-s1 iproute2 dibbler-server dibbler-client >${STATE}/status || :
    cp /var/lib/dpkg/info/dibbler-server.* /var/lib/dpkg/info/dibbler-client.* ${STATE}/info/
    rm -f ${STATE}/info/dibbler-*.config ${STATE}/info/dibbler-*.templates
    printf '/usr/sbin/dibbler-server\\n' >${STATE}/info/dibbler-server.list
    printf '/usr/sbin/dibbler-client\\n' >${STATE}/info/dibbler-client.list
  `);
}

const dpkg = (host: Host, words: string): Promise<string> =>
  host.shell(`PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg --admindir=${STATE} --force-depends ${words} 2>&1`);

describe("e2e package: installed over Debian's server", () => {
  asRoot(
    "its configuration and leases are taken over; removed and purged, the configuration stays",
    async () => {
      const theirs = requirePeer("dibblerServer");
      const world = await testWorld();
      const [server, client] = await Promise.all([world.addHost("server"), world.addHost("client")]);
      await connect({ host: server, device: "eth0" }, { host: client, device: "wan0" });
      await linkLocal(server, "eth0");
      await linkLocal(client, "wan0");
      installOurs(client);
      await layOutDebian(server);
      server.writeFile("/etc/dibbler/server.conf", CONFIG);
      client.writeFile("/etc/dibbler/client.conf", 'downlink-prefix-ifaces "none"\niface wan0 { pd }\n');
      await server.run([theirs, "start"]);
      await waitFor("Debian's server to listen", () => server.hasUdpPort(547));
      await client.shell(`${ours.client} start`);
      const prefixOf = async (): Promise<string> => {
        const { stdout } = await client.run([ours.client, "leases", "--json"]);
        return /"prefix":"([^"]+)"/.exec(stdout)?.[1] ?? "";
      };
      await waitFor("a lease", async () => (await prefixOf()) !== "");
      const prefix = await prefixOf();
      await server.run([theirs, "stop"]);
      await waitFor("Debian's server to end", () => !server.hasUdpPort(547));

      await dpkg(server, `-i ${deb}`);
      expect((await server.run(["/usr/sbin/dibbler-server", "--version"])).stdout).toMatch(
        /^dibbler-server \(dibbler-node\) \d+\.\d+\.\d+\n$/,
      );
      expect(server.readFile("/etc/dibbler/server.conf")).toBe(CONFIG);
      expect(server.readFile("/etc/passwd")).toMatch(/^dibbler:/m);
      expect(server.listFolder("/etc/systemd/system/multi-user.target.wants")).toEqual([
        "dibbler-server.service",
      ]);
      const state = await server.run([
        "dpkg-query",
        `--admindir=${STATE}`,
        "-W",
        "-f",
        "${Status}",
        "dibbler-server",
      ]);
      expect(state.stdout).toMatch(/ config-files$/);
      expect((await server.run(["/usr/sbin/dibbler-server", "check"])).status).toBe(0);
      expect(await server.run(["/usr/sbin/dibbler-server", "start"])).toMatchObject({
        status: 0,
        stderr: "",
      });
      expect((await server.run(["/usr/sbin/dibbler-server", "leases"])).stdout).toContain(`${prefix}  bound`);
      await client.shell(`kill -9 $(cat /var/lib/dibbler/client.pid); ${ours.client} start`);
      await waitFor("the client to be heard of", () =>
        (server.readFile("/var/log/dibbler/dibbler-server.log") ?? "").includes("REBIND"),
      );
      expect(await prefixOf()).toBe(prefix);
      expect((await server.run(["/usr/sbin/dibbler-server", "stop"])).status).toBe(0);

      await dpkg(server, "-r dibbler-node");
      expect((await server.run(["/usr/sbin/dibbler-server", "--version"])).status).not.toBe(0);
      expect(server.listFolder("/var/lib/dibbler")).toContain("server-leases.mdb");
      await dpkg(server, "-P dibbler-node");
      expect(server.listFolder("/var/lib/dibbler").filter((name) => name.startsWith("server"))).toEqual([]);
      expect(server.readFile("/etc/dibbler/server.conf")).toBe(CONFIG);
    },
  );

  asRoot("a machine that knew nothing of either: it says what to do, and nothing is started", async () => {
    const host = await (await testWorld()).addHost("fresh");
    await layOutDebian(host);
    await host.shell(`
      rm -rf /etc/rc?.d /usr/sbin/dibbler-* ${STATE}/info/*
      dpkg -s nodejs libc6 libstdc++6 libgcc-s1 iproute2 >${STATE}/status`);
    const said = await dpkg(host, `-i ${deb}`);
    expect(said).toContain("Write /etc/dibbler/server.conf (man dibbler-server.conf;");
    expect(host.listFolder("/etc/systemd/system")).toEqual([]);
    expect((await host.run(["/usr/sbin/dibbler-client", "check"])).status).toBe(1);
  });

  asRoot(
    "Debian's client is taken over too; a server that does not start leaves the package whole",
    async () => {
      const host = await (await testWorld()).addHost("both");
      await layOutDebian(host);
      // A systemd that starts nothing, as where the interface is missing.
      await host.shell(`
      ln -s ../init.d/dibbler-client /etc/rc2.d/S02dibbler-client
      mkdir -p /run/systemd/system
      rm -f /usr/bin/systemctl
      cat >/usr/bin/systemctl <<'END'
#!/bin/sh
echo "$*" >>/run/asked
case $1 in
  start | try-restart) exit 1 ;;
  list-units) cat /run/active ;;
esac
END
      chmod 755 /usr/bin/systemctl
      mkdir -p /var/lib/dibbler && : >/var/lib/dibbler/client-duid`);
      host.writeFile("/etc/dibbler/server.conf", CONFIG);
      host.writeFile("/etc/dibbler/client.conf", "iface wan0 { pd }\n");
      const said = await dpkg(host, `-i ${deb}`);
      expect(said).toContain(
        "dibbler-server.service did not start: see journalctl -u dibbler-server.service",
      );
      const client = "dibbler-client@var-lib-dibbler.service";
      const asked = host.readFile("/run/asked")?.split("\n");
      expect(asked).toEqual(
        expect.arrayContaining(["start dibbler-server.service", `enable ${client}`, `start ${client}`]),
      );
      expect(await host.shell("cat /var/lib/dibbler/client.conf")).toBe("iface wan0 { pd }\n");
      expect(host.listFolder("/etc/rc2.d")).not.toContain("S02dibbler-client");
      expect(await dpkg(host, `-i ${deb}`)).toContain("Setting up dibbler-node");

      for (const active of [[], ["dibbler-server.service", "dibbler-client@srv-a\\x2db.service"]]) {
        const units = active.map((unit) => `${unit} loaded active running DHCPv6\n`);
        host.writeFile("/run/active", units.join(""));
        await dpkg(host, "-r dibbler-node");
        host.remove("/run/asked");
        await dpkg(host, `-i ${deb}`);
        const words = host.readFile("/run/asked")?.split("\n") ?? [];
        expect(words.filter((line) => line.startsWith("start "))).toEqual(
          active.map((unit) => `start ${unit}`),
        );
      }
      expect(host.listFolder("/var/lib")).not.toContain("dibbler-node");
    },
  );
});
