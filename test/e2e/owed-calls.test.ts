import { describe, expect } from "vitest";
import { isLogged } from "../log-lines.js";
import { configureGuideServer, startServer } from "./bed/guide-server.js";
import { buildGuide, leasedPrefix, startTenant } from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { callClient } from "./bed/neutron.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const DIARY = "/var/lib/dibbler/diary";
const LOG = "/var/log/dibbler/dibbler-server.log";

/** A `delete` takes three seconds, and its process can be found. */
const SLOW = `#!/bin/sh
echo "begin $1 $REASON $PREFIX1" >> ${DIARY}
[ "$1" = delete ] && { echo $$ > /var/lib/dibbler/script.pid; sleep 3; }
echo "end $1 $REASON $PREFIX1" >> ${DIARY}
`;

describe("e2e hooks: a delete that is owed", () => {
  scenario()("kill -9 while it runs -> made at the next start, and at no other; status tells", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router, tenants } = network;
    configureGuideServer(node, "", SLOW);
    expect(await statusOf(node)).toMatchObject({ running: false, hooks: null });
    await startServer(node, ours.server);
    expect(await statusOf(node)).toMatchObject({ running: true, hooks: hooks(0, 0, 0) });
    const [tenant] = tenants;
    if (tenant === undefined) throw new Error("no tenant");
    await startTenant(network, tenant, ours.client);
    const address = (await leasedPrefix(network, tenant)).replace("/64", "");
    await callClient(router, ours.client, "stop", tenant.subnet);
    await waitFor("the delete to begin", () => diary(node).includes(`begin delete released ${address}`));
    expect(await statusOf(node)).toMatchObject({ hooks: hooks(0, 1, 1) });
    expect(helpers(node)).toHaveLength(1);

    // As when the machine loses its power: the script goes as well.
    await node.shell("kill -9 $(cat /var/lib/dibbler/server.pid) -$(cat /var/lib/dibbler/script.pid)");
    await waitFor("the server to be gone", () => !node.hasUdpPort(547));
    await waitFor("its helper to be gone", () => helpers(node).length === 0);
    expect(await statusOf(node)).toMatchObject({ running: false, hooks: null });
    expect(diary(node)).not.toContain(`end delete released ${address}`);

    await startServer(node, ours.server);
    const ended = (): boolean => diary(node).includes(`end delete released ${address}`);
    await waitFor("the delete to end", ended);
    expect(isLogged(node.readFile(LOG), "SERVER-CALLS-OWED")).toBe(true);
    await waitFor("its end to be stored", async () => {
      const { hooks: now } = await statusOf(node);
      return now?.owed === 0;
    });
    await node.shell("kill -9 $(cat /var/lib/dibbler/server.pid)");
    await waitFor("the server to be gone", () => !node.hasUdpPort(547));
    const before = diary(node);
    await startServer(node, ours.server);
    expect(await statusOf(node)).toMatchObject({ running: true, hooks: hooks(0, 0, 0) });
    expect(diary(node)).toEqual(before);
    expect(before.filter((line) => line.startsWith("end delete"))).toHaveLength(1);
  });
});

interface Status {
  readonly running: boolean;
  readonly hooks: { readonly waiting: number; readonly running: number; readonly owed: number } | null;
}

const hooks = (waiting: number, running: number, owed: number): Status["hooks"] => ({
  waiting,
  running,
  owed,
});

async function statusOf(node: Host): Promise<Status> {
  const { stdout } = await node.run([ours.server, "status", "--json"]);
  return JSON.parse(stdout) as Status;
}

const diary = (node: Host): readonly string[] => (node.readFile(DIARY) ?? "").trim().split("\n");

const helpers = (node: Host): readonly (readonly string[])[] =>
  node.commandLines().filter((words) => words.some((word) => word.endsWith("/dibbler-hooks.cjs")));
