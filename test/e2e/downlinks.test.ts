import { describe, expect } from "vitest";
import type { PlanView } from "../../client/plan-view.js";
import { diaryScript, forgetDiary, installDiary, waitForCall } from "./bed/diary.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { addresses, allowForwarding, connect, linkLocal } from "./bed/network.js";
import { layOutPair } from "./bed/pair.js";
import { installOurs, ours } from "./bed/programs.js";
import { sleep, waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

/** T1 after 2 s, and valid for 60 s: lifetimes that were kept current are never below 50. */
const times = "T1 2 T2 10 preferred-lifetime 40 valid-lifetime 60";

interface Home {
  readonly server: Host;
  readonly router: Host;
}

/** A server that delegates prefixes of this length, and a router with so many networks behind it. */
async function buildHome(length: number, downlinks: number): Promise<Home> {
  const { server, client: router } = await layOutPair(await testWorld());
  for (let n = 1; n <= downlinks; n++) await addDownlink(router, n);
  await allowForwarding(router);
  installOurs(router);
  installDiary(router);
  server.writeFile(
    "/etc/dibbler/server.conf",
    `iface "eth0" { pd-class { pd-pool 2001:db8:1000::/48 pd-length ${length} ${times} } }`,
  );
  await startServer(server, ours.server);
  return { server, router };
}

/** `lanN`, with a host's end of the cable that is in the router itself. */
async function addDownlink(router: Host, n: number): Promise<void> {
  await connect({ host: router, device: `lan${n}` }, { host: router, device: `host${n}` });
  // Nobody is to take the other end for a downlink.
  await router.shell(`ip -6 address flush dev host${n}`);
  await linkLocal(router, `lan${n}`);
}

async function startClient({ router }: Home, downlinks = ""): Promise<void> {
  const text = `script "${diaryScript}"\n${downlinks}\niface "wan0" { pd }`;
  router.writeFile("/etc/dibbler/client.conf", text);
  const { status, stderr } = await router.run([ours.client, "start"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

/** Global addresses of a downlink. */
async function globals(router: Host, device: string): Promise<string[]> {
  const list = await addresses(router, device);
  return list
    .filter(({ scope }) => scope === "global")
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

/** Routes of our protocol: where to, and by which device, `unreachable` for none. */
async function ownRoutes(router: Host): Promise<string[]> {
  const text = await router.shell("ip -6 route show proto 146");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/ (proto|metric) .*/, ""))
    .sort();
}

async function prefixOf(router: Host): Promise<string> {
  const { variables } = await waitForCall(router, { action: "add" });
  return variables["PREFIX1"] ?? "";
}

/** Everything of a /56 at `2001:db8:1000:ab00::` on lan1 and so on. */
function expected(prefix: string, downlinks: readonly number[]): string[] {
  return [
    ...downlinks.map((n) => `${subnet(prefix, n)}/64 dev lan${n}`),
    `unreachable ${prefix}/56 dev lo`,
  ].sort();
}

/** The /64 of lanN. */
const subnet = (prefix: string, n: number): string => {
  const groups = prefix.replace("::", "").split(":");
  while (groups.length < 4) groups.push("0");
  const last = Number.parseInt(groups[3] ?? "0", 16) + n - 1;
  return `${[...groups.slice(0, 3), last.toString(16)].join(":").replace(/:0$/, "")}::`;
};

describe("e2e downlinks", () => {
  scenario()(
    "a /56 over three: addresses, routes, renewed lifetimes, all gone within two seconds of stop",
    async () => {
      const home = await buildHome(56, 3);
      const { router } = home;
      await startClient(home, "downlink-prefix-ifaces lan1, lan2, lan3");
      const prefix = await prefixOf(router);
      expect(await ownRoutes(router)).toEqual(expected(prefix, [1, 2, 3]));
      for (const n of [1, 2, 3])
        expect(await globals(router, `lan${n}`)).toEqual([`${subnet(prefix, n)}1/64`]);
      const { variables } = await waitForCall(router, { action: "add" });
      expect(variables).toMatchObject({
        DOWNLINK_PREFIX_IFACES: "lan1 lan2 lan3 ",
        DOWNLINK_PREFIXES: [1, 2, 3].map((n) => `lan${n} ${subnet(prefix, n)}/64 `).join(""),
      });

      await waitForCall(router, { action: "update" });
      const lifetimes = async (): Promise<number> => {
        const [, valid = "0"] =
          /valid_lft (\d+)sec/.exec(await router.shell("ip -6 a show dev lan2 scope global")) ?? [];
        return Number(valid);
      };
      await sleep(3000);
      expect(await lifetimes()).toBeGreaterThan(54);

      const begin = performance.now();
      expect((await router.run([ours.client, "stop"])).status).toBe(0);
      expect(performance.now() - begin).toBeLessThan(2000);
      expect(await ownRoutes(router)).toEqual([]);
      for (const n of [1, 2, 3]) expect(await globals(router, `lan${n}`)).toEqual([]);
    },
  );

  scenario()("a /64 and two listed: the first gets it, the log says who is left out", async () => {
    const home = await buildHome(64, 2);
    const { router } = home;
    await startClient(home, "downlink-prefix-ifaces lan2, lan1");
    const prefix = await prefixOf(router);
    expect(await ownRoutes(router)).toEqual([`${prefix}/64 dev lan2`, `unreachable ${prefix}/64 dev lo`]);
    expect(await globals(router, "lan2")).toEqual([`${prefix}1/64`]);
    expect(await globals(router, "lan1")).toEqual([]);
    expect(logOf(router)).toContain(`${prefix}/64 has too few /64s: there is none for lan1`);
    // The only /64 is on the downlink: what has no better route is told so, and does not go round in circles.
    const { stderr } = await router.run(["ip", "-6", "route", "get", "2001:db8:1000:ffff::1"]);
    expect(stderr).toMatch(/unreachable/i);
  });

  scenario()(
    "kill -9 and a start: same subnets, nothing left behind, nothing of others touched",
    async () => {
      const home = await buildHome(56, 3);
      const { router } = home;
      await startClient(home);
      const prefix = await prefixOf(router);
      expect(await ownRoutes(router)).toEqual(expected(prefix, [1, 2, 3]));
      const foreign = "2001:db8:77::/64 dev lan2";
      const others = [
        `${subnet(prefix, 2)}/64 dev lan3 metric 1024`,
        `unreachable ${prefix}/56 dev lo metric 2147483647`,
        `${foreign} proto 146 metric 1024`,
      ];
      for (const other of others) await router.shell(`ip -6 route add ${other}`);

      await router.shell("kill -9 $(cat /var/lib/dibbler/client.pid)");
      await router.shell("ip link delete lan1");
      await addDownlink(router, 4);
      forgetDiary(router);
      await startClient(home);
      expect(await prefixOf(router)).toBe(prefix);
      expect(await ownRoutes(router)).toEqual([...expected(prefix, [2, 3, 4]), foreign].sort());
      for (const n of [2, 3, 4])
        expect(await globals(router, `lan${n}`)).toEqual([`${subnet(prefix, n)}1/64`]);

      expect((await router.run([ours.client, "stop"])).status).toBe(0);
      for (const n of [2, 3, 4]) expect(await globals(router, `lan${n}`)).toEqual([]);
      const left = await router.shell("ip -6 route show | grep -v '^fe80'");
      expect(left.trim().split("\n")).toHaveLength(others.length);
      for (const other of others) expect(left).toContain(other);
    },
  );

  scenario()("a downlink that comes later is taken up; one that went down and up has all again", async () => {
    const home = await buildHome(56, 1);
    const { router } = home;
    await startClient(home);
    const prefix = await prefixOf(router);
    expect(await ownRoutes(router)).toEqual(expected(prefix, [1]));
    await addDownlink(router, 2);
    await waitFor("lan2 to have its address", async () => (await globals(router, "lan2")).length > 0);
    expect(await ownRoutes(router)).toEqual(expected(prefix, [1, 2]));
    await router.shell("ip link set lan1 down");
    expect(await globals(router, "lan1")).toEqual([]);
    await sleep(4000);
    await router.shell("ip link set lan1 up");
    await waitFor("lan1 to have its address", async () => (await globals(router, "lan1")).length > 0);
    expect(await ownRoutes(router)).toEqual(expected(prefix, [1, 2]));
  });

  scenario()("the server renumbers: the new prefix is used, the old one deprecated (RFC 9096)", async () => {
    const home = await buildHome(56, 1);
    const { server, router } = home;
    await startClient(home, "downlink-prefix-ifaces lan1");
    const old = subnet(await prefixOf(router), 1);
    server.writeFile(
      "/etc/dibbler/server.conf",
      `iface "eth0" { pd-class { pd-pool 2001:db8:2000::/48 pd-length 56 ${times} } }`,
    );
    expect((await server.run([ours.server, "reload"])).status).toBe(0);
    const { variables } = await waitForCall(router, { action: "update", REASON: "changed" });
    const prefix = variables["PREFIX1"] ?? "";
    expect(prefix).toMatch(/^2001:db8:2000:/);
    expect(variables["DOWNLINK_PREFIXES"]).toBe(`lan1 ${subnet(prefix, 1)}/64 `);
    const text = await router.shell("ip -6 address show dev lan1 scope global");
    expect(text).toMatch(new RegExp(`${old}1/64 scope global deprecated .*\\n.* preferred_lft 0sec`));
    expect(text).toMatch(new RegExp(`${subnet(prefix, 1)}1/64 scope global (tentative )?dynamic`));
    expect(await ownRoutes(router)).toEqual([...expected(prefix, [1]), `${old}/64 dev lan1`].sort());
  });

  scenario()("plan: what would be done, what is done, and commands that do just that", async () => {
    const home = await buildHome(56, 2);
    const { router } = home;
    router.writeFile("/etc/dibbler/client.conf", 'iface "wan0" { pd { prefix ::/60 } }');
    const before = await router.run([ours.client, "plan"]);
    expect(before).toMatchObject({ status: 0, stderr: "" });
    expect(before.stdout).toContain("2001:db8::/60 from wan0, for example\n");
    expect(before.stdout).toMatch(/^lan2 +2001:db8:0:1::\/64 +2001:db8:0:1::1 .* not set$/m);
    expect(router.listFolder("/var/lib/dibbler")).not.toContain("client-downlinks.json");

    await startClient(home);
    const prefix = await prefixOf(router);
    const { stdout } = await router.run([ours.client, "plan", "--json"]);
    const plan = JSON.parse(stdout) as PlanView;
    expect(plan).toMatchObject({
      example: false,
      delegated: [{ uplink: "wan0", prefix: `${prefix}/56` }],
      subnets: [
        { downlink: "lan1", subnet: `${subnet(prefix, 1)}/64`, state: "set" },
        { downlink: "lan2", subnet: `${subnet(prefix, 2)}/64`, state: "set" },
      ],
      unreachable: [`${prefix}/56`],
    });

    const commands = await router.run([ours.client, "plan", "--commands"]);
    expect(commands.stdout.trim().split("\n")).toHaveLength(5);
    await router.shell("ip -6 route flush proto 146; ip -6 address flush scope global");
    await router.shell(commands.stdout);
    expect(await ownRoutes(router)).toEqual(expected(prefix, [1, 2]));
    for (const n of [1, 2]) expect(await globals(router, `lan${n}`)).toEqual([`${subnet(prefix, n)}1/64`]);

    router.writeFile("/etc/dibbler/client.conf", 'downlink-prefix-ifaces "none" iface "wan0" { pd }');
    const { stderr } = await router.run([ours.client, "plan"]);
    expect(stderr).toBe('/etc/dibbler/client.conf has downlink-prefix-ifaces "none": nothing is divided\n');
  });
});

const logOf = (router: Host): string => router.readFile("/var/log/dibbler/dibbler-client.log") ?? "";
