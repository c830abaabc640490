import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { startCapture } from "./bed/capture.js";
import { ask, flood, startDeafServer } from "./bed/craft.js";
import { probe, startEcho } from "./bed/echo.js";
import { goodSolicit } from "./bed/good-client.js";
import { mulberry32, mutate, nest } from "./bed/mutate.js";
import { addAddress, addresses, connect, eui64, inPrefix, linkLocal } from "./bed/network.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

describe("e2e bed: hosts", () => {
  scenario()("files, processes and names are the host's own; the machine's stay as they are", async () => {
    const world = await testWorld();
    const [one, other] = [await world.addHost("one"), await world.addHost("other")];
    const machine = existsSync("/etc/resolv.conf") ? readFileSync("/etc/resolv.conf", "utf8") : undefined;
    await one.shell("echo nameserver ::1 >/etc/resolv.conf; echo 5 >/var/lib/dibbler/server.pid");
    one.writeFile("/etc/dibbler/server.conf", "one", 0o600);
    expect(one.readFile("/etc/resolv.conf")).toBe("nameserver ::1\n");
    expect(await one.shell("cat /etc/dibbler/server.conf; hostname 2>/dev/null || uname -n")).toBe(
      "oneone\n",
    );
    expect(one.fileMode("/etc/dibbler/server.conf")).toBe(0o600);
    expect([other.readFile("/etc/resolv.conf"), other.listFolder("/etc/dibbler")]).toEqual(["", []]);
    expect(other.listFolder("/var/lib/dibbler")).toEqual([]);
    expect(existsSync("/etc/resolv.conf") ? readFileSync("/etc/resolv.conf", "utf8") : undefined).toBe(
      machine,
    );
    expect(
      existsSync("/etc/dibbler/server.conf") && readFileSync("/etc/dibbler/server.conf", "utf8"),
    ).not.toBe("one");
    expect(one.commandLine(one.anchor)).toEqual(["sleep", "2147483647"]);
    expect(one.readFile("/no/such/file")).toBeUndefined();
  });

  scenario()("what the machine has in /etc and /var/lib can be read and not written", async () => {
    const host = await (await testWorld()).addHost("one");
    expect(await host.shell("cat /etc/passwd")).toBe(readFileSync("/etc/passwd", "utf8"));
    expect((await host.run(["sh", "-c", "echo mine >>/etc/passwd"])).status).not.toBe(0);
  });

  scenario()("commands: status, both outputs, time limit; a program that runs until it is told", async () => {
    const host = await (await testWorld()).addHost("one");
    const talk = await host.run(["sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(talk).toMatchObject({ status: 7, stdout: "out\n", stderr: "err\n" });
    await expect(host.shell("false")).rejects.toThrow('one: "false" gave status 1');
    await expect(host.run(["sleep", "60"], { timeoutMs: 100 })).rejects.toThrow("still runs after 100 ms");
    const held = host.run(["sh", "-c", "sleep 60 & echo started"], { timeoutMs: 300 });
    await expect(held).rejects.toThrow("its output is still held open");
    const running = await host.spawn(["sleep", "60"]);
    await waitFor("sleep", () => host.commandLine(running.pid)?.[0] === "sleep");
    expect((await running.stop()).status).toBe(143);
    expect(host.commandLine(running.pid)).toBeUndefined();
  });

  scenario()("orphans are collected: a program that waits for a daemon's end sees it", async () => {
    const host = await (await testWorld()).addHost("one");
    const pid = Number(await host.shell("sleep 60 >/dev/null 2>&1 & echo $!"));
    expect(host.commandLine(pid)).toEqual(["sleep", "60"]);
    await host.shell(`kill ${pid}`);
    await waitFor("the orphan to be collected", () => host.commandLine(pid) === undefined);
  });
});

describe("e2e bed: network", () => {
  scenario()("two hosts on a cable reach each other; each sees its own devices in /sys", async () => {
    const world = await testWorld();
    const [one, other] = await Promise.all([world.addHost("one"), world.addHost("other")]);
    await connect({ host: one, device: "left" }, { host: other, device: "right", mac: "fa:16:3e:27:a5:9c" });
    await addAddress(one, "left", "2001:db8::1/64");
    await addAddress(other, "right", "2001:db8::2/64");
    expect(await linkLocal(other, "right")).toBe("fe80::f816:3eff:fe27:a59c");
    expect((await one.shell("ls /sys/class/net")).split("\n").slice(0, -1)).toEqual(["left", "lo"]);
    await startEcho(other);
    expect((await probe(one, "2001:db8::2", 2)).milliseconds).toHaveLength(2);
    expect((await probe(one, "2001:db8::3", 1)).milliseconds).toHaveLength(0);
  });

  scenario()("with duplicate address detection an address is tentative at first", async () => {
    const world = await testWorld({ duplicateAddressDetection: true });
    const host = await world.addHost("one");
    await connect({ host, device: "left" }, { host, device: "right" });
    await addAddress(host, "left", "2001:db8::1/64");
    const list = await addresses(host, "left");
    expect(list.find(({ local }) => local === "2001:db8::1")).toMatchObject({ tentative: true });
    await linkLocal(host, "left");
  });

  scenario("dumpcap", "tshark")("a malformed DHCPv6 message is held against its sender", async () => {
    const world = await testWorld();
    const host = await world.addHost("one");
    await connect({ host, device: "left" }, { host, device: "right" });
    const from = await linkLocal(host, "left");
    const capture = await startCapture(host, "right");
    const messages = [
      ["a whole Client Identifier", "01000001 0001000a00030001080002000000"],
      ["a Client Identifier longer than the message", "01000002 00010040 00"],
      ["an Elapsed Time of one octet", "01000003 00080001 05"],
    ] as const;
    for (const [, hex] of messages) await host.shell(`"${process.execPath}" -e '${sendScript(from, hex)}'`);
    const packets = (await capture?.finish()) ?? [];
    expect(packets[0]).toMatchObject({ source: from, destination: "ff02::1:2", types: ["1"] });
    expect(packets.map(({ complaints }) => complaints.length > 0)).toEqual([false, true, true]);
  });

  scenario()(
    "the packet crafter sends what it is told, hears it, and waits a second for an answer",
    async () => {
      const host = await (await testWorld()).addHost("one");
      await connect({ host, device: "wan0" }, { host, device: "right" });
      for (const device of ["wan0", "right"]) await linkLocal(host, device);
      const deaf = await startDeafServer(host, "right");
      const solicit = goodSolicit(7);
      const { answer, milliseconds } = await ask(host, solicit);
      expect(answer).toBe("");
      expect(milliseconds).toBeGreaterThan(990);
      const flooded = await flood(
        host,
        [Uint8Array.of(5, 0), Uint8Array.of(14), nest(Buffer.of(6), 2)],
        solicit,
      );
      expect(flooded).toMatchObject({ sent: 3, received: 0 });
      expect(deaf.heard()).toEqual([1, 5, 14, 12, 1]);
      await deaf.end();
      expect(host.hasUdpPort(547)).toBe(false);
    },
  );

  test("the same seed damages packets in the same way, another seed in another", () => {
    const damage = (seed: number): readonly Buffer[] => {
      const random = mulberry32(seed);
      return Array.from({ length: 50 }, () => mutate([Buffer.from(goodSolicit(1))], random));
    };
    expect(damage(1)).toEqual(damage(1));
    expect(damage(1)).not.toEqual(damage(2));
  });

  test("addresses by MAC and prefix", () => {
    expect(eui64("fe80::/64", "fa:16:3e:27:a5:9c")).toBe("fe80::f816:3eff:fe27:a59c");
    expect(eui64("2001:db8:1:2::/64", "fa:16:3e:00:00:02")).toBe("2001:db8:1:2:f816:3eff:fe00:2");
    expect(inPrefix("2222:2222:2222::/64", ["1"])).toBe("2222:2222:2222::1");
  });
});

/** Program text for Node that sends one datagram to all DHCPv6 servers, as a client would. */
function sendScript(from: string, hex: string): string {
  return `
    const socket = require("node:dgram").createSocket("udp6");
    socket.bind(546, "${from}%left", () => {
      const message = Buffer.from("${hex.replaceAll(" ", "")}", "hex");
      socket.send(message, 547, "ff02::1:2%left", () => socket.close());
    });`;
}
