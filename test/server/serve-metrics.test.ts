import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { EventsLoad } from "../../server/serve-follower.js";
import { createMetrics, type Metrics } from "../../server/serve-metrics.js";
import { findPeer, peersRequired } from "../e2e/bed/peers.js";
import { createClient, createRig, pd, type Rig } from "./rig.js";
import { configure, iface, pdClass } from "./settings.js";

const config = configure([iface("eth0", [pdClass(56, ["2001:db8:1000::/55"])])]);
const HOOKS = { waiting: 3, running: 2, owed: 1, ended: 7, failed: 4, seconds: 0.5 };

const EVENTS = {
  last: 12,
  subscribers: 2,
  webhook: { acknowledged: 9, waiting: 3, failing: "ECONNREFUSED" },
};

const metricsOf = ({ state, now }: Rig, events: () => EventsLoad | undefined = () => EVENTS): Metrics =>
  createMetrics({
    ...{ version: "1.2.3", state, now, hooks: () => HOOKS },
    pause: () => nextTurn(),
    routes: () => ({ wanted: true, waiting: 5, failed: 6 }),
    events,
  });

const folder = new URL("../../examples/monitoring/", import.meta.url);
const promtool = findPeer("promtool");

describe("metrics", () => {
  test("what happened is counted: messages, leases by state, refusals, times, queues", async () => {
    const rig = createRig(config);
    const metrics = metricsOf(rig);
    for (const n of [1, 2, 3]) createClient(rig, n).request(pd(1));
    metrics.pace.answered(3);
    metrics.pace.committed(1.5, 4);
    metrics.pace.commitFailed();
    metrics.pace.dropped(9);
    const text = await metrics.text();
    for (const line of [
      'dibbler_info{version="1.2.3"} 1',
      'dibbler_messages_received_total{type="request"} 3',
      'dibbler_messages_answered_total{type="request"} 3',
      'dibbler_lease_events_total{event="granted"} 2',
      'dibbler_allocation_failures_total{reason="pool-full"} 1',
      'dibbler_pool_leases{pool="2001:db8:1000::/55",length="56",state="bound"} 2',
      'dibbler_pool_size{pool="2001:db8:1000::/55",length="56"} 2',
      'dibbler_pool_free{pool="2001:db8:1000::/55",length="56"} 0',
      'dibbler_answer_seconds_bucket{le="0.0025"} 0',
      'dibbler_answer_seconds_bucket{le="0.005"} 1',
      "dibbler_committed_changes_total 4",
      "dibbler_commit_failures_total 1",
      "dibbler_overload_dropped_total 9",
      'dibbler_hook_calls{state="owed"} 1',
      "dibbler_hook_failures_total 4",
      'dibbler_routes{state="failed"} 6',
      "dibbler_expiry_backlog_seconds 0",
      "dibbler_events_last 12",
      "dibbler_event_subscribers 2",
      "dibbler_webhook_waiting_events 3",
      "dibbler_webhook_failing 1",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  });

  test.each([
    { what: "no events", events: undefined, told: [] },
    {
      what: "no webhook",
      events: { ...EVENTS, webhook: null },
      told: ["dibbler_events_last 12", "dibbler_event_subscribers 2"],
    },
    {
      what: "a webhook that takes them",
      events: { ...EVENTS, webhook: { acknowledged: 12, waiting: 0, failing: null } },
      told: [
        "dibbler_events_last 12",
        "dibbler_event_subscribers 2",
        "dibbler_webhook_waiting_events 0",
        "dibbler_webhook_failing 0",
      ],
    },
  ])("$what: nothing is told of what is not there", async ({ events, told }) => {
    const text = await metricsOf(createRig(config), () => events).text();
    const lines = text.split("\n").filter((line) => /^dibbler_(events?|webhook)_/.test(line));
    expect(lines).toEqual(told);
  });

  test("leases that ought to have ended: the backlog says for how long", async () => {
    const rig = createRig(config);
    createClient(rig, 1).request(pd(1));
    rig.sleep(2030);
    expect(await metricsOf(rig).text()).toContain("dibbler_expiry_backlog_seconds 30\n");
  });

  test("leases are counted once for all who ask within ten seconds", async () => {
    const rig = createRig(config);
    const metrics = metricsOf(rig);
    const bound = async (): Promise<string | undefined> =>
      /dibbler_pool_leases.*state="bound"\} (\d)/.exec(await metrics.text())?.[1];
    expect(await bound()).toBe("0");
    createClient(rig, 1).request(pd(1));
    expect(await bound()).toBe("0");
    rig.sleep(11);
    expect(await bound()).toBe("1");
  });

  test.each(["alerts.yml", "alerts_test.yml", "grafana-dashboard.json"])(
    "%s asks for nothing that is not there",
    async (file) => {
      const text = readFileSync(new URL(file, folder), "utf8");
      const asked = new Set(text.match(/\b(?:dibbler|nodejs|process)_[a-z0-9_]+/g));
      const known = await metricsOf(createRig(config)).text();
      const names = new Set(known.match(/^[a-z_0-9]+(?=[ {])|(?<=^# TYPE )[a-z_0-9]+/gm));
      expect(asked.size).toBeGreaterThan(1);
      expect([...asked].filter((name) => !names.has(name))).toEqual([]);
    },
  );

  test.runIf(promtool !== undefined || peersRequired)("promtool finds nothing wrong with them", async () => {
    const run = (words: readonly string[], input = ""): string => {
      const { status, stdout, stderr } = spawnSync(promtool ?? "promtool", words, {
        cwd: folder,
        input,
        encoding: "utf8",
      });
      return status === 0 ? "" : stdout + stderr;
    };
    expect(run(["check", "config", "prometheus.yml"])).toBe("");
    expect(run(["test", "rules", "alerts_test.yml"])).toBe("");
    // Node's own names are prom-client's affair.
    const own = (await metricsOf(createRig(config)).text()).replace(/^(# \w+ )?(nodejs|process)_.*\n/gm, "");
    expect(run(["check", "metrics"], own)).toBe("");
  });
});
