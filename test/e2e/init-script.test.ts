import { describe, expect } from "vitest";
import { resolve } from "node:path";
import { configureGuideServer } from "./bed/guide-server.js";
import { buildServerHost } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const SCRIPT = "/etc/init.d/dibbler-server";
const DAEMON = "/usr/sbin/dibbler-server";

/** Our program in the place of Debian's, in this host's view of the machine only. */
async function takePlace(host: Host): Promise<void> {
  const bundle = resolve("dist/dibbler-server.cjs");
  host.writeFile("/run/bed/dibbler-server", `#!/bin/sh\nexec ${process.execPath} ${bundle} "$@"\n`, 0o755);
  await host.shell(`mount --bind /run/bed/dibbler-server ${DAEMON}`);
}

const call = (host: Host, verb: string): ReturnType<Host["run"]> => host.run(["sh", SCRIPT, verb]);

describe("e2e: Debian's init script with our program in the place of Dibbler's", () => {
  scenario("dibblerServer")("start, status, restart, force-reload, stop", async () => {
    const host = await buildServerHost(await testWorld());
    configureGuideServer(host);
    await takePlace(host);
    const pid = (): string | undefined => host.readFile("/var/lib/dibbler/server.pid");

    expect(await call(host, "start")).toMatchObject({
      status: 0,
      stdout: "Starting DHCPv6 server: dibbler-server.\n",
    });
    expect(host.hasUdpPort(547)).toBe(true);
    const status = await call(host, "status");
    expect(status.stdout).toContain(`Dibbler server: RUNNING, pid=${pid() ?? ""}\n`);
    expect(status.status).toBe(0);
    for (const verb of ["restart", "force-reload"]) {
      const before = pid();
      expect((await call(host, verb)).status).toBe(0);
      expect(pid()).not.toBe(before);
      await waitFor("the server to listen again", () => host.hasUdpPort(547));
    }
    expect((await call(host, "stop")).status).toBe(0);
    expect(host.hasUdpPort(547)).toBe(false);
    expect((await call(host, "status")).status).toBe(1);
  });

  scenario("dibblerServer")("a wrong configuration: start says so and fails", async () => {
    const host = await buildServerHost(await testWorld());
    host.writeFile("/etc/dibbler/server.conf", "iface {");
    await takePlace(host);
    const { status, stdout, stderr } = await call(host, "start");
    expect(status).toBe(1);
    expect(stdout + stderr).toContain("/etc/dibbler/server.conf:1:7: error: ");
  });
});
