import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { isLogged } from "../log-lines.js";
import type { Host } from "./bed/host.js";
import { type Manager, openManager } from "./bed/manager.js";
import { layOutPair } from "./bed/pair.js";
import { installOurs, ours } from "./bed/programs.js";
import { sleep, waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const SERVER_PORT = 547;
const CLIENT_PORT = 546;

/** Loaded into a program: it hangs when it is told to, and lists at its end what it has loaded. */
const WITHIN = `process.on("SIGUSR2", () => { for (;;); });
const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync("/run/loaded", Object.keys(require.cache).join("\\n")));
`;

describe("e2e systemd: what a service manager is told", () => {
  scenario()("server: ready when it answers, reloads, troubles, pings, and none when it hangs", async () => {
    const { server, client } = await buildPair();
    const manager = await openManager(server, SERVER_PORT);
    const environment = { ...manager.environment, ...WITH, WATCHDOG_USEC: "2000000" };
    const serving = await server.spawn([ours.server, "run"], { env: environment });
    await told(manager, "READY=1|STATUS=serving 1 interface, 0 leases");
    const [first, ready] = manager.heard();
    expect([first?.message, ready?.isOpen]).toEqual(["STATUS=starting", true]);

    await client.shell(`${ours.client} start`);
    // With the next ping.
    await told(manager, "WATCHDOG=1|STATUS=serving 1 interface, 1 lease");

    for (const reload of [() => server.run([ours.server, "reload"]), () => serving.signal("SIGHUP")]) {
      const before = statesOf(manager).length;
      await reload();
      await waitFor("the reload", () => statesOf(manager).length >= before + 2);
      expect(statesOf(manager).slice(before)).toEqual(["RELOADING=1", "READY=1"]);
    }

    await server.shell("ip link set eth0 down");
    // With a ping or by itself.
    await told(manager, "STATUS=interface eth0 cannot be served now (serving 0 interfaces, 1 lease)");
    await server.shell("ip link set eth0 up");
    await waitFor("the end of the trouble", () =>
      manager.heard().at(-1)?.message.endsWith("STATUS=serving 1 interface, 1 lease"),
    );

    await waitFor("five pings", () => pingsOf(manager).length >= 5);
    const pings = pingsOf(manager);
    const gaps = pings.slice(1).map((at, index) => at - (pings[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(2000);
    expect(Math.min(...gaps)).toBeGreaterThan(400);

    await serving.signal("SIGUSR2");
    await sleep(500);
    const until = manager.heard().length;
    await sleep(3500);
    expect(manager.heard().slice(until)).toEqual([]);
    await serving.signal("SIGKILL");
    await serving.ended;
    // The relay ends with it.
    await waitFor("the relay's end", () => !isRelayed(server));
  });

  scenario()(
    "client: ready without an answer, told of the lease, of the stop; silent without a socket",
    async () => {
      const { server, client } = await buildPair();
      const manager = await openManager(client, CLIENT_PORT);
      const asking = await client.spawn([ours.client, "run"], { env: { ...manager.environment, ...WITH } });
      await told(manager, "READY=1|STATUS=wan0 waits for leases (at work on wan0)");
      expect(manager.heard().map(({ message }) => message)[0]).toBe("STATUS=starting");
      expect(manager.heard().at(-1)?.isOpen).toBe(true);
      await server.shell(`${ours.server} start`);
      await told(manager, "STATUS=at work on wan0");
      expect((await asking.stop()).status).toBe(0);
      expect(manager.heard().at(-1)?.message).toBe("STOPPING=1|STATUS=stopping");
      expect(pingsOf(manager)).toEqual([]);
      await waitFor("the relay's end", () => !isRelayed(client));
      expect(client.readFile("/run/loaded")).toContain("dibbler-systemd.cjs");

      const silent = await client.spawn([ours.client, "run"], { env: WITH });
      await waitFor("the client to ask", () => client.hasUdpPort(CLIENT_PORT));
      expect(isRelayed(client)).toBe(false);
      await silent.stop();
      expect(client.readFile("/run/loaded")).not.toContain("dibbler-systemd.cjs");
    },
  );

  scenario()("the journal hears how grave a line is, and no time but its own; each line once", async () => {
    const { server, client } = await buildPair();
    // A file in the journal's place: systemd tells a program which of its descriptors is the journal.
    const asUnit = (role: "server" | "client"): string => `
      : >/run/journal
      export JOURNAL_STREAM=$(stat -c %d:%i /run/journal)
      exec ${ours[role]} run >>/run/journal 2>&1`;
    const journal = (host: Host): string => host.readFile("/run/journal") ?? "";

    const serving = await server.spawn(["sh", "-c", asUnit("server")]);
    await waitFor("the server", () => server.hasUdpPort(SERVER_PORT));
    await waitFor("a line of it", () => journal(server).includes("<5>Listening on eth0"));
    await serving.stop();
    expect(journal(server)).not.toMatch(/^(?:<\d>)?\d{4}\.\d\d\.\d\d /m);
    expect(server.readFile("/var/log/dibbler/dibbler-server.log")).toMatch(/^\d{4}\.\d\d\.\d\d .* Notice /m);

    server.writeFile(
      "/etc/dibbler/server.conf",
      'iface "eth9" { pd-class { pd-pool 2001:db8::/48 pd-length 56 } }\n',
    );
    await (await server.spawn(["sh", "-c", asUnit("server")])).ended;
    expect(journal(server).match(/^.*eth9 does not exist.*$/gm)).toEqual([
      expect.stringMatching(/^<2>interface eth9/),
    ]);

    client.writeFile("/etc/dibbler/client.conf", "iface wan0 {\n  pdd\n}\n");
    await (await client.spawn(["sh", "-c", asUnit("client")])).ended;
    const mistakes = journal(client)
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("| "));
    expect(mistakes[0]).toContain("<3>/etc/dibbler/client.conf:2:3: error:");
    expect(mistakes.filter((line) => !line.startsWith("<3>"))).toEqual([]);
  });

  scenario()("one file missing: said in the log, and the client works", async () => {
    const { client } = await buildPair();
    const manager = await openManager(client, CLIENT_PORT);
    const program = incompleteClient();
    const asking = await client.spawn([process.execPath, program, "run"], { env: manager.environment });
    await waitFor("the client to ask", () => client.hasUdpPort(CLIENT_PORT));
    await asking.stop();
    expect(isLogged(client.readFile("/var/log/dibbler/dibbler-client.log") ?? "", "SYSTEMD-NO-FILE")).toBe(
      true,
    );
    expect(manager.heard()).toEqual([]);
  });
});

const WITH = { NODE_OPTIONS: "--require=/run/within.cjs" } as const;

async function buildPair(): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld());
  installOurs(client);
  for (const host of [server, client]) host.writeFile("/run/within.cjs", WITHIN);
  server.writeFile(
    "/etc/dibbler/server.conf",
    'inactive-mode\niface "eth0" {\n  pd-class { pd-pool 2001:db8:1000::/48 pd-length 56 }\n}\n',
  );
  client.writeFile("/etc/dibbler/client.conf", 'iface "wan0" {\n  pd\n}\n');
  return { server, client };
}

const told = (manager: Manager, message: string): Promise<unknown> =>
  waitFor(`"${message}"`, () => manager.heard().some((each) => each.message.endsWith(message)));

/** The steps of its life that it has told. */
const statesOf = (manager: Manager): readonly string[] =>
  manager.heard().flatMap(({ message }) => /^(?:READY|RELOADING|STOPPING)=1/.exec(message)?.[0] ?? []);

const pingsOf = (manager: Manager): readonly number[] =>
  manager.heard().flatMap(({ at, message }) => (message.startsWith("WATCHDOG=1") ? [at] : []));

const isRelayed = (host: Host): boolean =>
  host
    .commandLines()
    .some((words) => words[0] === "sh" && words.some((word) => word.includes("systemd-notify")));

function incompleteClient(): string {
  const directory = mkdtempSync(join(tmpdir(), "incomplete-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  for (const name of readdirSync("dist").filter(
    (each) => each.endsWith(".cjs") && !each.includes("systemd"),
  )) {
    copyFileSync(join("dist", name), join(directory, name));
  }
  return join(directory, "dibbler-client.cjs");
}
