import { describe, expect } from "vitest";
import { configureGuideServer, guideScript, startServer } from "./bed/guide-server.js";
import {
  addBindAddress,
  buildGuide,
  leaseAll,
  leasedPrefix,
  startTenant,
  waitForRoutes,
} from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const script = "/var/lib/dibbler/pd-server.sh";

/** A hook script that must not disturb anybody, and what the server's log has to say about it. */
interface BadHook {
  readonly kind: string;
  readonly spoil: (node: Host) => void;
  readonly log: RegExp;
}

const badHooks: readonly BadHook[] = [
  {
    kind: "missing",
    spoil: (node) => {
      node.remove(script);
    },
    log: /pd-server\.sh.*(no such file|not there|missing|does not exist)/i,
  },
  {
    kind: "not executable",
    spoil: (node) => {
      node.writeFile(script, guideScript, 0o644);
    },
    log: /pd-server\.sh.*(executable|permission)/i,
  },
  {
    kind: "failing",
    spoil: (node) => {
      node.writeFile(script, "#!/bin/sh\necho no luck today >&2\nexit 3\n", 0o755);
    },
    log: /pd-server\.sh.*\b3\b.*no luck today/,
  },
  {
    kind: "hanging",
    spoil: (node) => {
      node.writeFile(script, "#!/bin/sh\nsleep 1234\n", 0o755);
    },
    log: /pd-server\.sh.*\b1 s/,
  },
  {
    kind: "noisy",
    spoil: (node) => {
      const noise = "yes noise | head -c 5000000";
      node.writeFile(script, `#!/bin/sh\n${noise}\n${noise} >&2\nexit 4\n`, 0o755);
    },
    log: /pd-server\.sh.*\b4\b.*noise/,
  },
];

const rows = badHooks.map((hook) => [hook.kind, hook] as const);

describe("e2e hooks: a bad script disturbs nobody and is reported", () => {
  scenario().each(rows)(
    "%s: leases for all, a line in the log, a quick stop",
    async (_kind, { spoil, log }) => {
      const network = await buildGuide(await testWorld(), 2);
      const { node, tenants } = network;
      configureGuideServer(node);
      const configuration = node.readFile("/etc/dibbler/server.conf") ?? "";
      node.writeFile("/etc/dibbler/server.conf", `script-timeout 1\n${configuration}`);
      spoil(node);
      expect(await startServer(node, ours.server)).toMatchObject({ status: 0 });
      for (const tenant of tenants) {
        await startTenant(network, tenant, ours.client);
        await leasedPrefix(network, tenant);
      }
      const logged = (): string => node.readFile("/var/log/dibbler/dibbler-server.log") ?? "";
      await waitFor(`a line in the log like ${String(log)}`, logged, (text) => log.test(text));
      expect(logged().length).toBeLessThan(100_000);
      const { status, milliseconds } = await node.run([ours.server, "stop"]);
      expect(status).toBe(0);
      expect(milliseconds).toBeLessThan(3000);
      expect(node.commandLines()).not.toContainEqual(["sleep", "1234"]);
    },
  );

  scenario()("a client that vanishes: its lease ends and its route goes, by the guide's script", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router, tenants } = network;
    configureGuideServer(node, "preferred-lifetime 2\n        valid-lifetime 3");
    await startServer(node, ours.server);
    for (const tenant of tenants) {
      await startTenant(network, tenant, ours.client);
      await waitForRoutes(network, await leaseAll(network));
      await router.shell(`kill -9 $(cat ${tenant.subnet.area}/client.pid)`);
      await waitForRoutes(network, []);
    }
  });

  scenario()("a client that comes back with another link-local address: its route follows", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router, tenants } = network;
    configureGuideServer(node);
    await startServer(node, ours.server);
    for (const tenant of tenants) {
      await startTenant(network, tenant, ours.client);
      const prefix = await leasedPrefix(network, tenant);
      await waitForRoutes(network, [{ tenant, prefix }]);
      await router.shell(`kill -9 $(cat ${tenant.subnet.area}/client.pid)`);
      const moved = { ...tenant, subnet: { ...tenant.subnet, bindAddress: "fe80::f816:3eff:fe00:77" } };
      await addBindAddress(router, moved.subnet);
      await startTenant(network, moved, ours.client);
      await waitForRoutes(network, [{ tenant: moved, prefix }]);
    }
  });

  scenario()("a slow script holds up neither the Reply nor the other client's route", async () => {
    const network = await buildGuide(await testWorld(), 2);
    const { node, tenants } = network;
    const diary = "/run/bed/slow";
    const tell = (what: string): string => `[ "$1" != add ] || echo ${what} >>${diary}\n`;
    const script = `#!/usr/bin/env bash\n${tell("begins")}sleep 4\n${guideScript}${tell("ends")}`;
    configureGuideServer(node, "", script);
    await startServer(node, ours.server);
    await Promise.all(tenants.map((tenant) => startTenant(network, tenant, ours.client)));
    const leases = await leaseAll(network);
    expect(node.readFile(diary) ?? "").not.toContain("ends");
    await waitForRoutes(network, leases);
    expect(node.readFile(diary)).toMatch(/^begins\nbegins\nends\n/);
  });
});
