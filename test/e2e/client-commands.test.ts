import { describe, expect } from "vitest";
import { outer } from "./bed/clients.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { layOutPair } from "./bed/pair.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { isLogged } from "../log-lines.js";
import { scenario, testWorld } from "./fixture.js";

const area = "/var/lib/dibbler/area";
const at = ["-w", area] as const;

describe("e2e client commands", () => {
  scenario()("leases and status: before, while and after the client runs", async () => {
    const { server, client } = await layOut();
    const before = await client.run([ours.client, "leases", ...at]);
    expect(before).toMatchObject({ status: 1, stdout: "" });
    expect(before.stderr).toContain("no dibbler-client has had leases in /var/lib/dibbler/area\n");
    expect(await statusOf(client)).toEqual({
      status: 1,
      running: false,
      pid: null,
      since: null,
      directory: area,
      interfaces: [{ name: "wan0", phase: null, leases: [] }],
    });

    await client.run([ours.client, "start", ...at]);
    expect(await statusOf(client)).toMatchObject({ status: 0, interfaces: [{ phase: "asking" }] });
    await startServer(server, ours.server);
    const ofServer = await server.run([ours.server, "status", "--json"]);
    expect(JSON.parse(ofServer.stdout)).toMatchObject({ running: true, directory: "/var/lib/dibbler" });
    const pid = Number(client.readFile(`${area}/client.pid`));
    await waitFor("the lease", () => client.readFile(`${area}/client-state.json`)?.includes("::/56"));
    const table = await client.run([ours.client, "leases", ...at]);
    expect(table.stderr).toBe(`1 prefix, 1 address; dibbler-client runs with pid ${pid}\n`);
    const [header, ...lines] = table.stdout.trimEnd().split("\n");
    expect(header).toMatch(/^LEASE +STATE +ENDS +PREFERRED +RENEW +REBIND +INTERFACE +IAID +SERVER +SINCE$/);
    expect(lines).toEqual([
      expect.stringMatching(/^2001:db8:1::1\w\w +bound +in 49m \d\ds +33m .*wan0 +1 +00:01:/),
      expect.stringMatching(/^2001:db8:10\w\w:\w+::\/56 +bound +in 49m \d\ds +33m .*wan0 +1 +00:01:/),
    ]);
    const rows = (await client.run([ours.client, "leases", "--json", ...at])).stdout.trim().split("\n");
    const status = await statusOf(client);
    expect(status).toMatchObject({
      status: 0,
      running: true,
      pid,
      interfaces: [{ name: "wan0", phase: "bound" }],
    });
    expect(Math.abs(Date.parse(status.since ?? "") - Date.now())).toBeLessThan(30_000);
    expect(rows.map((row) => JSON.parse(row) as object)).toMatchObject(
      (status.interfaces[0]?.leases ?? []).map(({ prefix }) => ({ prefix, state: "bound" })),
    );

    await client.shell(`kill -9 ${pid}`);
    await waitFor("the client to be gone", () => !client.hasUdpPort(546));
    const after = await client.run([ours.client, "leases", ...at]);
    expect(after.stdout).toContain(lines[1]?.split(" ")[0]);
    expect(after.stderr).toContain(`no dibbler-client runs in ${area}: this is what it has stored\n`);
    expect(await statusOf(client)).toMatchObject({
      status: 1,
      running: false,
      interfaces: [{ phase: null }],
    });
  });

  scenario()("status without --json is Dibbler's, byte for byte", async () => {
    const { client } = await layOut();
    const { status, stdout } = await client.run([ours.client, "status", ...at]);
    expect(status).toBe(1);
    expect(stdout.split("\n").slice(4)).toEqual([
      "Dibbler server: NOT RUNNING.",
      "Dibbler client: NOT RUNNING.",
      "Dibbler relay : NOT RUNNING.",
      "",
    ]);
    expect(
      stdout
        .split("\n")
        .slice(0, 4)
        .every((line) => line.startsWith("| ")),
    ).toBe(true);
  });

  scenario()("check: what the file means, what the system lacks; an error with its place", async () => {
    const { client } = await layOut();
    client.writeFile(
      `${area}/client.conf`,
      'downlink-prefix-ifaces "none"\nscript "/nowhere"\niface "wan9" { pd }\n',
    );
    const good = await client.run([ours.client, "check", ...at]);
    expect(good.status).toBe(0);
    expect(good.stdout).toContain('interface "wan9" (line 3)\n  sends from  its link-local address\n');
    expect(good.stdout).toContain(`${area}/client.conf can be used: 0 errors, 0 warnings, 2 notes\n`);
    expect(good.stderr).toMatch(/^note: .*wan9.*: the client would not start\n/);
    expect(good.stderr).toContain("the script /nowhere does not exist: the client would work without it\n");
    client.writeFile(`${area}/bad.conf`, "iface wan0 { pdd }\n");
    const bad = await client.run([ours.client, "check", "--json", `${area}/bad.conf`]);
    expect(bad).toMatchObject({ status: 1, stderr: "" });
    expect(JSON.parse(bad.stdout)).toMatchObject({
      usable: false,
      diagnostics: [{ severity: "error", line: 1, column: 14 }],
      configuration: null,
    });
    expect(client.listFolder(area)).toEqual(["bad.conf", "client.conf"]);
  });

  scenario()("log-mode json: standard output of run and the log are one object a line", async () => {
    const { server, client } = await layOut("log-mode json\n");
    await startServer(server, ours.server);
    const running = await client.spawn([ours.client, "run", ...at]);
    await waitFor("the lease", () => running.output().includes('"CLIENT-LEASE"'));
    const { stdout, status } = await running.stop();
    expect(status).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ id }) => id === "CLIENT-LEASE")).toMatchObject({
      level: "notice",
      name: "Client",
      interface: "wan0",
      valid: "3000 s",
    });
    expect(
      lines.every(({ id, level, time }) => [id, level, time].every((it) => typeof it === "string")),
    ).toBe(true);
    const file = (client.readFile(`${area}/client.log`) ?? "").trim().split("\n");
    expect(file.filter((line) => !line.startsWith("{"))).toEqual([]);
  });

  scenario()("run shows the course of the exchange, and why nothing happens", async () => {
    const { server, client } = await layOut();
    const running = await client.spawn([ours.client, "run", ...at]);
    await waitFor("a word on the silence", () => isLogged(running.output(), "CLIENT-UNANSWERED"));
    await startServer(server, ours.server);
    await waitFor("the lease", () => isLogged(running.output(), "CLIENT-LEASE"));
    await running.stop();
    const lines = running.output();
    const course = [
      /Asking for 1 prefix\(es\), 1 address\(es\) on wan0/,
      /Creating SOLICIT message with 1 IA\(s\), 1 PD\(s\) on wan0\/2 interface \(1\)/,
      /no usable answer to SOLICIT for 1 s: copy 2 has left, the next one follows in [12]\.\d s/,
      /Received ADVERTISE on wan0\/2,trans-id=0x[0-9a-f]+, \d opts: 1 2 /,
      /wan0: fe80::[0-9a-f:]+ offers 2001:db8:1::1\w\w, 2001:db8:10[0-9a-f:]+\/56, preference 0: usable/,
      /Creating REQUEST message/,
      /Received REPLY on wan0\/2/,
      /wan0: 2001:db8:10[0-9a-f:]+\/56 for IA 1, preferred 2000 s, valid 3000 s, T1 1000 s, T2 1500 s/,
      /requesting -> bound \(leases granted\); next: T1 in 1000\.0 s/,
      /Received SIGTERM, shutting down/,
      /Creating RELEASE message/,
      /Bye bye/,
    ];
    const places = course.map((line) => lines.search(line));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });
});

/** Our server, not started, and a host for our client with its directory. */
async function layOut(head = ""): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld());
  installOurs(client);
  server.writeFile("/etc/dibbler/server.conf", serverConfiguration);
  client.writeFile(
    `${area}/client.conf`,
    `${head}downlink-prefix-ifaces "none"\niface "${outer}" {\n ia\n pd\n}\n`,
  );
  return { server, client };
}

const serverConfiguration = `iface "eth0" {
  T1 1000
  T2 1500
  preferred-lifetime 2000
  valid-lifetime 3000
  class { pool 2001:db8:1::100-2001:db8:1::1ff }
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}
`;

interface Status {
  readonly status: number;
  readonly since: string | null;
  readonly interfaces: readonly { readonly leases: readonly { readonly prefix: string }[] }[];
}

async function statusOf(client: Host): Promise<Status> {
  const { status, stdout, stderr } = await client.run([ours.client, "status", "--json", ...at]);
  expect(stderr).toBe("");
  return { ...(JSON.parse(stdout) as Omit<Status, "status">), status };
}
