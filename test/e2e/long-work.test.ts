import { describe, expect } from "vitest";
import type { Host } from "./bed/host.js";
import { installOurs } from "./bed/programs.js";
import { scenario, testWorld } from "./fixture.js";

const conf = "/etc/dibbler/server.conf";
const leases = "/var/lib/kea/kea-leases6.csv";

describe("e2e long work: a terminal shows how far it is, a pipe gets the result and nothing else", () => {
  scenario()("check of 60,000 reservations", async () => {
    const host = await buildHost();
    host.writeFile(conf, reservations(60_000));
    const terminal = await host.shell(`script -qec "dibbler-server check >/dev/null" /dev/null`);
    expect(terminal).toMatch(/^\rreading: 0 %\x1b\[K(\rreading: \d+ %\x1b\[K){50,}\r\x1b\[K/);

    const { stderr, stdout, status } = await host.run(["sh", "-c", "dibbler-server check | cat"]);
    expect([stderr, status]).toEqual(["", 0]);
    expect(stdout).toContain("duid 00:03:00:01:02:00:00:00:ea:5f ");
    expect(stdout).toMatch(/server\.conf can be served: 0 errors, 0 warnings, 0 notes\n$/);
    // Somebody who has seen enough.
    expect(await host.run(["sh", "-c", "dibbler-server check | head -n 1"])).toMatchObject({
      stdout: "server\n",
      stderr: "",
    });
  });

  scenario()("import of 60,000 leases", async () => {
    const host = await buildHost();
    host.writeFile(conf, reservations(0));
    host.writeFile(leases, keaLeases(60_000));
    const report = /kea-leases6\.csv \(kea-leases6\.csv of Kea\):\r?\n {2}taken: 60000 prefix/;
    const dry = await host.run(["dibbler-server", "import", leases, "--dry-run"]);
    expect(dry).toMatchObject({ stderr: "", status: 0 });
    expect(dry.stdout).toMatch(report);
    const terminal = await host.shell(`script -qec "dibbler-server import ${leases}" /dev/null`);
    expect(terminal).toMatch(/^\rreading: \d+ %\x1b\[K(\rreading: \d+ %\x1b\[K){4,}\r\x1b\[K\/var/);
    expect(terminal).toMatch(report);
    expect(terminal).toMatch(/(\rstoring: \d+ %\x1b\[K){4,}\r\x1b\[K60000 lease\(s\) stored/);
  });

  scenario()("small files are done before anybody could read it", async () => {
    const host = await buildHost();
    host.writeFile(conf, reservations(1));
    expect(await host.shell(`script -qec "dibbler-server check" /dev/null`)).not.toContain("reading");
  });
});

async function buildHost(): Promise<Host> {
  const host = await (await testWorld()).addHost("server");
  installOurs(host);
  await host.shell("ip link add name eth0 type bridge && ip link set dev eth0 up");
  return host;
}

/** A configuration with so many clients who have a prefix of their own. */
function reservations(count: number): string {
  const clients = Array.from({ length: count }, (_none, index) => {
    const octets = [24, 16, 8, 0].map((shift) => ((index >>> shift) & 0xff).toString(16).padStart(2, "0"));
    return `client duid 00:03:00:01:02:00:${octets.join(":")} {\n prefix ${prefixOf("2001:db9", index)}/56\n}\n`;
  });
  const pool = "pd-class { pd-pool 2001:db8::/32 pd-length 56 }";
  return `iface "eth0" {\n${pool}\n${clients.join("")}}\n`;
}

function keaLeases(count: number): string {
  const end = Math.floor(Date.now() / 1000) + 3000;
  const rows = Array.from({ length: count }, (_none, index) => {
    const octets = [16, 8, 0].map((shift) => ((index >>> shift) & 0xff).toString(16).padStart(2, "0"));
    const duid = `00:03:00:01:02:00:00:${octets.join(":")}`;
    return `${prefixOf("2001:db8", index)},${duid},4000,${end},1,3000,2,1,56,0,0,,,0,\n`;
  });
  const names = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len";
  return `${names},fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context\n${rows.join("")}`;
}

const prefixOf = (start: string, index: number): string =>
  `${start}:${(index >>> 8).toString(16)}:${((index & 0xff) << 8).toString(16)}::`;
