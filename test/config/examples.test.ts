import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Rate } from "../../shared/config/types.js";
import { errors, server, warnings } from "./given.js";

const files = readdirSync("examples", { recursive: true, encoding: "utf8" });
const configurations = files.filter((file) => /(server|client)\.conf$/.test(file));
const scripts = files.filter((file) => file.endsWith(".sh"));

test("examples: there are some of each kind", () => {
  expect(configurations.length).toBeGreaterThan(2);
  expect(scripts.length).toBeGreaterThan(1);
});

test.each(configurations)("examples/%s is read without an error or a warning", (file) => {
  const role = file.endsWith("server.conf") ? "server" : "client";
  const text = readFileSync(join("examples", file), "utf8");
  expect([...errors(role, text), ...warnings(role, text)]).toEqual([]);
});

test("examples/openstack/server.conf is the guide's", () => {
  const text = readFileSync("examples/openstack/server.conf", "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines).toEqual([
    'script "/var/lib/dibbler/pd-server.sh"',
    'iface "br-ex" {',
    "    pd-class {",
    "        pd-pool 2222:2222:2222::/48",
    "        pd-length 64",
    "    }",
    "}",
  ]);
  expect(server(text).interfaces).toHaveLength(1);
});

test("examples/isp/server.conf: no source, line or relay gets a pool of 65,536 in a day", () => {
  const { interfaces } = server(readFileSync("examples/isp/server.conf", "utf8"));
  const perDay = (rate: Rate | undefined): number =>
    rate === undefined ? Infinity : rate.leases * (1 + 86_400 / rate.per);
  expect(interfaces.map(({ relay, pdClasses }) => [relay?.over, pdClasses.length])).toEqual([
    [undefined, 1],
    [undefined, 2],
    [{ name: "core0" }, 1],
    [{ name: "core0" }, 1],
  ]);
  for (const { limits } of interfaces) {
    expect([limits.source, limits.remoteId, limits.relay].map(perDay)).toEqual([500, 500, 20_000]);
  }
});

test("examples/openstack/client.conf has the ends of what Neutron writes", () => {
  const text = readFileSync("examples/openstack/client.conf", "utf8");
  expect([text.at(0), text.at(-1)]).toEqual(["\n", "}"]);
});

describe("examples: the scripts, with an ip(8) that only says how it was called", () => {
  const folder = mkdtempSync(join(tmpdir(), "examples-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "ip"), '#!/bin/sh\necho ip "$@"\n');
  chmodSync(join(folder, "ip"), 0o755);

  const run = (script: string, action: string, variables: Readonly<Record<string, string>>): string =>
    execFileSync(join("examples", script), [action], {
      env: { PATH: `${folder}:/usr/bin:/bin`, ...variables },
      encoding: "utf8",
    });
  const lease = {
    PREFIX1: "2001:db8:7::",
    PREFIX1LEN: "56",
    REMOTE_ADDR: "fe80::1",
    IFACE: "br-ex",
  };
  const via = "via fe80::1 dev br-ex";

  test.each([
    ["openstack/pd-server.sh", "add", `ip -6 route add 2001:db8:7::/64 ${via}\n`],
    ["openstack/pd-server.sh", "update", ""],
    ["openstack/pd-server.sh", "delete", `ip -6 route del 2001:db8:7::/64 ${via}\n`],
    ["isp/route.sh", "add", `ip -6 route replace 2001:db8:7::/56 ${via}\n`],
    ["isp/route.sh", "update", `ip -6 route replace 2001:db8:7::/56 ${via}\n`],
    ["isp/route.sh", "delete", `ip -6 route del 2001:db8:7::/56 ${via}\n`],
  ])("%s %s", (script, action, expected) => {
    expect(run(script, action, lease)).toBe(expected);
  });

  test("isp/route.sh leaves the routes of relayed clients to the relay", () => {
    expect(run("isp/route.sh", "add", { ...lease, RELAYS: "1" })).toBe("");
    expect(run("isp/route.sh", "add", { ...lease, RELAYS: "0" })).not.toBe("");
  });

  test.each(scripts)("%s does nothing when no prefix is named", (script) => {
    expect(run(script, "add", { ...lease, PREFIX1: "" })).toBe("");
  });
});
