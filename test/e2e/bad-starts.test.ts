import { describe, expect } from "vitest";
import { configureGuideServer, startServer } from "./bed/guide-server.js";
import { buildServerHost } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { makeSubnet, prepareArea } from "./bed/neutron.js";
import { addAddress, addresses, linkLocal } from "./bed/network.js";
import { installAlone, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectRefusal, scenario, testWorld } from "./fixture.js";

/** A start that must be refused: what is wrong, how it gets so, what the sentence has to name. */
interface BadStart {
  readonly wrong: string;
  readonly spoil: (host: Host) => unknown;
  readonly words: readonly string[];
  /** Put before the program's name. */
  readonly wrapper?: readonly string[];
  /** Where refusing takes seconds, one way to start is tried, not both. */
  readonly actions?: readonly string[];
}

/** Rows with their name first, for the titles. */
function named(rows: readonly BadStart[]): readonly (readonly [string, BadStart])[] {
  return rows.map((row) => [row.wrong, row]);
}

const noCapabilities = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/**
 * The other end of the cable takes br-ex's address, and br-ex tries to get it once more, this time with a
 * check.
 */
async function spoilLinkLocal(host: Host): Promise<void> {
  const address = await linkLocal(host, "br-ex");
  await addAddress(host, "nowhere", `${address}/64`);
  await host.shell(`
    ip -6 address flush dev br-ex
    for group in all br-ex; do
      echo 1 >/proc/sys/net/ipv6/conf/$group/accept_dad
      echo 1 >/proc/sys/net/ipv6/conf/$group/dad_transmits
    done
    ip -6 address add ${address}/64 dev br-ex`);
  await waitFor("the address to be refused", async () =>
    (await addresses(host, "br-ex")).some(({ dadfailed }) => dadfailed === true),
  );
}

/** Another program takes a UDP port, on all addresses or on one. */
async function holdPort(host: Host, port: number, address = "::"): Promise<void> {
  const script = `require("node:dgram").createSocket({ type: "udp6" }).bind(${port}, "${address}")`;
  await host.spawn([process.execPath, "-e", script]);
  await waitFor(`port ${port} to be held`, () => host.hasUdpPort(port));
}

const badServers: readonly BadStart[] = [
  {
    wrong: "no configuration",
    spoil: (host) => {
      host.remove("/etc/dibbler/server.conf");
    },
    words: ["/etc/dibbler/server.conf"],
  },
  {
    wrong: "an interface that is not there",
    spoil: (host) => host.shell("ip link del br-ex"),
    words: ["br-ex"],
  },
  {
    wrong: "an interface that is down",
    spoil: (host) => host.shell("ip link set dev br-ex down"),
    words: ["br-ex", "down", "ip link set br-ex up"],
  },
  {
    wrong: "an interface without a link-local address",
    spoil: (host) => host.shell("ip -6 address flush dev br-ex"),
    words: ["br-ex", "link-local"],
    actions: ["run"],
  },
  {
    wrong: "a link-local address that duplicate address detection has refused",
    spoil: spoilLinkLocal,
    words: ["br-ex", "duplicate"],
  },
  { wrong: "port 547 in use", spoil: (host) => holdPort(host, 547), words: ["547", "in use", "node"] },
  {
    wrong: "no state directory",
    spoil: (host) => {
      host.remove("/var/lib/dibbler");
    },
    words: ["/var/lib/dibbler"],
  },
  {
    wrong: "a state directory that cannot be written",
    spoil: (host) => host.shell("mount -t tmpfs -o ro bed /var/lib/dibbler"),
    words: ["/var/lib/dibbler", "read-only"],
  },
  { wrong: "no privilege", spoil: () => undefined, words: ["permission", "547"], wrapper: noCapabilities },
];

describe("e2e bad starts: the server says one sentence and leaves nothing half done", () => {
  scenario().each(named(badServers))(
    "%s",
    async (_wrong, { spoil, words, wrapper = [], actions = ["run", "start"] }) => {
      const host = await buildServerHost(await testWorld());
      configureGuideServer(host);
      await spoil(host);
      for (const action of actions) {
        const listening = host.hasUdpPort(547);
        expectRefusal(await host.run([...wrapper, ours.server, action]), words);
        expect(host.hasUdpPort(547)).toBe(listening);
        expect(host.readFile("/var/lib/dibbler/server.pid")).toBeUndefined();
      }
    },
  );

  scenario()("no LMDB for this platform: a sentence that says how to get it", async () => {
    const host = await buildServerHost(await testWorld());
    configureGuideServer(host);
    // Away from the checkout the bundle finds no node_modules.
    const program = installAlone(host, ["dibbler-server.cjs", "dibbler-server-reading.cjs"]);
    for (const action of ["run", "start"]) {
      expectRefusal(await host.run([program, action]), ["lmdb", "install"]);
      expect(host.readFile("/var/lib/dibbler/server.pid")).toBeUndefined();
    }
  });

  scenario()("started twice: the second is refused, the first keeps its pid file and serves", async () => {
    const host = await buildServerHost(await testWorld());
    configureGuideServer(host);
    await startServer(host, ours.server);
    const pid = host.readFile("/var/lib/dibbler/server.pid") ?? "";
    for (const action of ["run", "start"]) {
      expectRefusal(await host.run([ours.server, action]), ["already runs", pid]);
      expect(host.readFile("/var/lib/dibbler/server.pid")).toBe(pid);
    }
    expect(host.hasUdpPort(547)).toBe(true);
    expect((await host.run([ours.server, "status"])).status).toBe(0);
  });

  scenario()(
    "a second server on the first one's leases, its pid file lost: refused, the first serves on",
    async () => {
      const host = await buildServerHost(await testWorld());
      configureGuideServer(host);
      await startServer(host, ours.server);
      const pid = Number(host.readFile("/var/lib/dibbler/server.pid"));
      host.remove("/var/lib/dibbler/server.pid");
      expectRefusal(await host.run([ours.server, "run"]), ["/var/lib/dibbler/server-leases.mdb", "in use"]);
      expect(host.commandLine(pid)).toBeDefined();
      expect(host.hasUdpPort(547)).toBe(true);
    },
  );
});

/** Every client of these scenarios: one subnet whose outer device is there and has the address to bind to. */
const subnet = makeSubnet("cb9b7a2c-0ffa-412f-989a-1e6c60e1c02f", 1);

const badClients: readonly BadStart[] = [
  {
    wrong: "no configuration",
    spoil: (host) => {
      host.remove(`${subnet.area}/client.conf`);
    },
    words: [`${subnet.area}/client.conf`],
  },
  {
    wrong: "no working directory",
    spoil: (host) => {
      host.remove(subnet.area);
    },
    words: [subnet.area],
  },
  {
    wrong: "an interface that is not there",
    spoil: (host) => host.shell("ip link del qg-1f2e3d4c-5b"),
    words: ["qg-1f2e3d4c-5b"],
  },
  {
    wrong: "an address to bind to that the interface lacks",
    spoil: (host) => host.shell("ip -6 address flush dev qg-1f2e3d4c-5b"),
    words: [subnet.bindAddress, "qg-1f2e3d4c-5b"],
    actions: ["start"],
  },
  {
    wrong: "a working directory that cannot be written",
    spoil: (host) =>
      host.shell(`mount --bind ${subnet.area} ${subnet.area}; mount -o remount,bind,ro ${subnet.area}`),
    words: [subnet.area, "read-only"],
  },
  {
    wrong: "port 546 of its address in use",
    spoil: (host) => holdPort(host, 546, `${subnet.bindAddress}%qg-1f2e3d4c-5b`),
    words: ["546", subnet.bindAddress, "in use", "node"],
  },
  { wrong: "no privilege", spoil: () => undefined, words: ["permission", "546"], wrapper: noCapabilities },
];

describe("e2e bad starts: the client says one sentence and leaves nothing half done", () => {
  scenario().each(named(badClients))(
    "%s",
    async (_wrong, { spoil, words, wrapper = [], actions = ["run", "start"] }) => {
      const host = await buildServerHost(await testWorld());
      await host.shell(`
      ip link add name qg-1f2e3d4c-5b type veth peer name qg-nowhere
      ip link set dev qg-nowhere up
      ip link set dev qg-1f2e3d4c-5b up
      ip -6 address add ${subnet.bindAddress}/64 dev qg-1f2e3d4c-5b`);
      prepareArea(host, subnet);
      await spoil(host);
      for (const action of actions) {
        const listening = host.hasUdpPort(546);
        expectRefusal(await host.run([...wrapper, ours.client, action, "-w", subnet.area]), words);
        expect(host.hasUdpPort(546)).toBe(listening);
        expect(host.readFile(`${subnet.area}/client.pid`)).toBeUndefined();
      }
    },
  );
});

describe("e2e bad starts: wrong configurations", () => {
  scenario()("server: every mistake with file, line, column, the line itself and a caret", async () => {
    const host = await buildServerHost(await testWorld());
    const file = "/etc/dibbler/server.conf";
    host.writeFile(
      file,
      'log-levle 8\niface "br-ex" {\n  pd-class {\n    pd-pool 2222::/200\n    pd-length 64\n  }\n}\n',
    );
    for (const action of ["run", "start"]) {
      const { status, stderr } = await host.run([ours.server, action]);
      expect(stderr).toContain(`${file}:1:1: error: `);
      expect(stderr).toContain("log-levle 8\n");
      expect(stderr).toContain("log-level");
      expect(stderr).toMatch(new RegExp(`^${file}:4:\\d+: error: `, "m"));
      expect(stderr.match(/^ *\|? *\^/gm)).toHaveLength(2);
      expect(stderr.trim().split("\n").at(-1)).toBe(`${file}: 2 errors; nothing was started`);
      expect(status).toBe(1);
      expect(host.readFile("/var/lib/dibbler/server.pid")).toBeUndefined();
    }
  });

  scenario()("client: the same, and the running client of the area is unharmed", async () => {
    const host = await buildServerHost(await testWorld());
    await host.shell(`ip -6 address add ${subnet.bindAddress}/64 dev br-ex`);
    const file = `${subnet.area}/client.conf`;
    host.writeFile(file, `iface "br-ex" {\n  bind-to-address ${subnet.bindAddress}\n  pd 1\n}\n`);
    expect((await host.run([ours.client, "start", "-w", subnet.area])).status).toBe(0);
    const pid = host.readFile(`${subnet.area}/client.pid`);
    host.writeFile(file, 'iface "br-ex" {\n  pd one\n}\n');
    const { status, stderr } = await host.run([ours.client, "start", "-w", subnet.area]);
    expect(stderr).toMatch(new RegExp(`^${file}:2:6: error: `, "m"));
    expect(status).toBe(1);
    expect(host.readFile(`${subnet.area}/client.pid`)).toBe(pid);
    expect(host.commandLine(Number(pid))).toBeDefined();
  });
});
