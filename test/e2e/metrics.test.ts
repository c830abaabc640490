import { describe, expect } from "vitest";
import { pd } from "../server/rig.js";
import { parseDuid } from "../../shared/duid.js";
import { member, openCrowd } from "./bed/crowd.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { isLogged } from "../log-lines.js";
import { scenario, testWorld } from "./fixture.js";

const POOL = "2001:db8:1000::/40";
const LINK = `iface eth0 { pd-class { pd-pool ${POOL} pd-length 56 } }`;
const SCRIPT = `#!/bin/sh\ntest "$1" != update\n`;

describe("e2e metrics: what Prometheus fetches", () => {
  scenario()(
    "leases, messages, refusals, hooks, times; health; another address by reload; none",
    async () => {
      const { server, client } = await layOutPair(await testWorld());
      const crowd = await openCrowd(client, "2001:db8:c::2");
      server.writeFile("/var/lib/dibbler/hook.sh", SCRIPT, 0o755);
      configure(
        server,
        'script "/var/lib/dibbler/hook.sh" metrics "[::1]:9547" events "/var/log/dibbler/events.jsonl"',
      );
      await startServer(server, ours.server);
      const duid = parseDuid(server.readFile("/var/lib/dibbler/server-duid") ?? "");
      if (duid === undefined) throw new Error("the server has no DUID");
      const [one, two] = [member("one", 1, [pd(1)]), member("two", 2, [pd(1)])];
      const given = await crowd.request(one, duid);
      await crowd.request(two, duid);
      await crowd.renew(one, given);

      const metrics = await waitFor(
        "three hook calls to have ended",
        () => fetchMetrics(server, 9547),
        (seen) => seen.get("dibbler_hook_calls_ended_total") === 3,
      );
      expect(Object.fromEntries(metrics)).toMatchObject({
        [`dibbler_pool_leases{pool="${POOL}",length="56",state="bound"}`]: 2,
        [`dibbler_pool_size{pool="${POOL}",length="56"}`]: 65_536,
        [`dibbler_pool_free{pool="${POOL}",length="56"}`]: 65_534,
        'dibbler_messages_received_total{type="request"}': 2,
        'dibbler_messages_answered_total{type="renew"}': 1,
        'dibbler_lease_events_total{event="granted"}': 2,
        'dibbler_lease_events_total{event="renewed"}': 1,
        'dibbler_messages_dropped_total{reason="other-server"}': 0,
        'dibbler_allocation_failures_total{reason="pool-full"}': 0,
        dibbler_answer_seconds_count: 3,
        dibbler_commit_failures_total: 0,
        dibbler_hook_failures_total: 1,
        'dibbler_hook_calls{state="owed"}': 0,
        dibbler_expiry_backlog_seconds: 0,
        // The first says that there were none before.
        dibbler_events_last: 4,
        dibbler_event_subscribers: 0,
      });
      expect(metrics.has("dibbler_webhook_failing")).toBe(false);
      expect(metrics.get("dibbler_commit_seconds_count")).toBeGreaterThan(0);
      expect(metrics.get("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThanOrEqual(0);
      expect(metrics.get("process_resident_memory_bytes")).toBeGreaterThan(1e6);
      expect(await health(server)).toEqual({ alive: true, ready: true, troubles: [] });

      await server.shell("ip link set eth0 down");
      const troubles = ["interface eth0 cannot be served now"];
      await waitFor("it not to be ready", async () => (await health(server))["ready"] === false);
      expect(await health(server)).toEqual({ alive: true, ready: false, troubles });
      await server.shell("ip link set eth0 up");
      await waitFor("it to be ready", async () => (await health(server))["ready"] === true);

      configure(server, 'metrics "[::1]:9548"');
      expect(await server.run([ours.server, "reload"])).toMatchObject({ status: 0 });
      expect((await fetchMetrics(server, 9548)).size).toBeGreaterThan(50);
      expect(await isOpen(server, 9547)).toBe(false);
      configure(server, 'metrics "[2001:db8:ffff::1]:9549"');
      const refused = await server.run([ours.server, "reload"]);
      expect(refused.stderr).toContain(
        "metrics [2001:db8:ffff::1]:9549 cannot be opened: this host does not have",
      );
      expect(await isOpen(server, 9548)).toBe(true);
      configure(server, "");
      expect(await server.run([ours.server, "reload"])).toMatchObject({ status: 0 });
      expect(await isOpen(server, 9548)).toBe(false);
      const log = server.readFile("/var/log/dibbler/dibbler-server.log") ?? "";
      expect(isLogged(log, "SERVER-WEB")).toBe(true);
      expect(log).toContain("Over HTTP from now on: metrics ::1 9547.");
    },
  );
});

function configure(server: Host, line: string): void {
  server.writeFile("/etc/dibbler/server.conf", `${line}\n${LINK}\n`);
}

/** Fetches over HTTP inside the host; empty when nobody listens. */
async function get(server: Host, port: number, path: string): Promise<string> {
  const program = `fetch("http://[::1]:${port}${path}").then((it) => it.text()).then(console.log, () => {})`;
  return (await server.run(["node", "-e", program])).stdout;
}

const isOpen = async (server: Host, port: number): Promise<boolean> =>
  (await get(server, port, "/healthz")) !== "";

const health = async (server: Host): Promise<Readonly<Record<string, unknown>>> =>
  JSON.parse(await get(server, 9547, "/healthz")) as Readonly<Record<string, unknown>>;

/** Values by name with labels. */
async function fetchMetrics(server: Host, port: number): Promise<ReadonlyMap<string, number>> {
  const lines = (await get(server, port, "/metrics")).split("\n").filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}
