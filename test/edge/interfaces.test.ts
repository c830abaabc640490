import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  parseAddressRows,
  parseIpLinks,
  parseLinkNames,
  parseMac,
} from "../../shared/edge/interface-tables.js";
import { findInterface, type NetworkInterface, readInterfaces } from "../../shared/edge/interfaces.js";
import { formatIp6 } from "../../shared/prefix.js";
import { bundleProgram, inNamespace } from "./workbench.js";

let directory = "";
let program = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edge-interfaces-"));
  program = join(directory, "interfaces.cjs");
  await bundleProgram("interfaces", program);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Runs the probe behind some shell commands in a namespace; its JSON is the last line. */
async function probe(script: string, args: string, flags?: readonly string[]): Promise<unknown> {
  const { status, stdout, stderr } = await inNamespace(
    `${script}\n'${process.execPath}' '${program}' ${args}`,
    flags,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

const LINKS = `ip link set lo up
ip link add up0 index 7 address 02:00:00:00:00:07 type veth peer name peer0 index 9 address 02:00:00:00:00:09
ip link add down0 index 5 address 02:00:00:00:00:05 type bridge
ip link set up0 up`;

describe("interfaces: tables of the kernel", () => {
  it("if_inet6: address, index, length and flags", () => {
    const rows = parseAddressRows(
      "fe80000000000000445e07fffeb63851 03 40 20 c0       a0\n" +
        "20010db8000000000000000000000001 0a 30 00 a0 qg-1f2e3d4c-5b\n" +
        "fe800000000000000000000000000002 04 40 20 48     dup\n" +
        "fe800000000000000000000000000003 04 40 20 44     opt\n" +
        "00000000000000000000000000000001 01 80 10 80       lo\n",
    );
    expect(rows.map((row) => ({ ...row, address: formatIp6(row.address) }))).toMatchObject([
      {
        name: "a0",
        index: 3,
        length: 64,
        address: "fe80::445e:7ff:feb6:3851",
        linkLocal: true,
        tentative: true,
      },
      { name: "qg-1f2e3d4c-5b", index: 10, length: 48, linkLocal: false, tentative: false, deprecated: true },
      { name: "dup", tentative: true, dadFailed: true },
      { name: "opt", tentative: false },
      { name: "lo", length: 128, linkLocal: false, tentative: false },
    ]);
  });

  it("if_inet6 of a machine without addresses, or cut off -> no row", () => {
    expect(parseAddressRows("")).toEqual([]);
    expect(parseAddressRows("fe80000000000000445e07fffeb638")).toEqual([]);
  });

  it("net/dev: the names below two lines of heading", () => {
    expect(parseLinkNames("Inter-| x\n face |bytes\n    lo: 1 2\nqg-1f2e3d4c-5b:30 0\n")).toEqual([
      "lo",
      "qg-1f2e3d4c-5b",
    ]);
  });

  it("ip -j link: flags, type and address; anything else is left out", () => {
    const links = parseIpLinks(
      '[{"ifindex":3,"ifname":"a0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"link_type":"ether",' +
        '"address":"46:5e:07:b6:38:51"},' +
        '{"ifindex":4,"ifname":"t0","flags":["UP"],"link_type":"none"},{},7]',
    );
    expect([...links.keys()]).toEqual(["a0", "t0"]);
    expect(links.get("a0")).toEqual({
      index: 3,
      flags: 0x1041,
      hardwareType: 1,
      mac: Uint8Array.of(0x46, 0x5e, 7, 0xb6, 0x38, 0x51),
    });
    expect(links.get("t0")).toMatchObject({ flags: 1, hardwareType: 0, mac: new Uint8Array(0) });
  });

  it.each(["", "x", "1.2.3.4", "2:0:0:0:0:1"])("%j is no hardware address", (text) => {
    expect(parseMac(text)).toHaveLength(0);
  });
});

describe("interfaces: of this network namespace", () => {
  const seen = [
    { name: "lo", index: 1, up: true, running: true, loopback: true, mac: "000000000000" },
    {
      name: "down0",
      index: 5,
      up: false,
      running: false,
      multicast: true,
      mac: "020000000005",
      hardwareType: 1,
    },
    { name: "up0", index: 7, up: true, running: false, loopback: false, mac: "020000000007" },
    { name: "peer0", index: 9, up: false, mac: "020000000009" },
  ];

  it("/sys of another namespace, as after unshare -n or nsenter -n -> not believed", async () => {
    expect(await probe(LINKS, "")).toMatchObject(seen);
  });

  it("/sys of the same namespace, as in ip netns exec -> the same answer", async () => {
    expect(await probe(`mount -t sysfs none /sys\n${LINKS}`, "", ["--mount"])).toMatchObject(seen);
  });

  it.each([
    ["up", "ip link set x0 up"],
    ["down", "true"],
  ])("/sys of another namespace with the same links, %s -> not believed", async (_how, set) => {
    const twins = `ip link add x0 index 7 address 02:aa:aa:aa:aa:aa type bridge
mount -t sysfs none /sys
exec unshare --net sh -ec 'ip link set lo up
ip link add x0 index 7 address 02:bb:bb:bb:bb:bb type bridge
${set}
"${process.execPath}" "${program}"' #`;
    expect(await probe(twins, "", ["--mount"])).toMatchObject([
      { name: "lo" },
      { name: "x0", mac: "02bbbbbbbbbb", up: set !== "true" },
    ]);
  });

  it("link-local addresses belong to their interface", async () => {
    const rows = await probe(`${LINKS}\nip link set peer0 up\nip -6 addr add fe80::5/64 dev up0 nodad`, "");
    expect(rows).toMatchObject([
      { name: "lo", addresses: ["::1"] },
      { name: "down0", addresses: [] },
      {
        name: "up0",
        running: true,
        addresses: expect.arrayContaining(["fe80::5", "fe80::ff:fe00:7"]) as unknown,
      },
      { name: "peer0", addresses: ["fe80::ff:fe00:9"] },
    ]);
  });
});

describe("interfaces: choosing", () => {
  const among: readonly NetworkInterface[] = readInterfaces();

  it("by name and by index", () => {
    expect(findInterface({ name: "lo" }, among).index).toBe(1);
    expect(findInterface({ index: 1 }, among).name).toBe("lo");
  });

  it.each([{ name: "eth99" }, { index: 999_999 }])(
    "%j is not there -> the error names those that are",
    (selector) => {
      expect(() => findInterface(selector, among)).toThrow(/does not exist here \(there are: lo/);
    },
  );
});

describe("interfaces: waiting for a link-local address", () => {
  const pair = "ip link add a0 type veth peer name b0; ip link set b0 up";

  it("duplicate address detection under way -> waits for its end", async () => {
    const answer = await probe(`${pair}; ip link set a0 address 02:00:00:00:00:01; ip link set a0 up`, "a0");
    expect(answer).toMatchObject({ address: "fe80::ff:fe00:1" });
    expect(answer).toHaveProperty("ms", expect.toSatisfy((ms: number) => ms > 100) as unknown);
  });

  it("several addresses -> the wanted one, at once", async () => {
    const script = `${pair}; ip link set a0 up; ip -6 addr add fe80::7/64 dev a0 nodad`;
    expect(await probe(script, "a0 fe80::7")).toMatchObject({ address: "fe80::7" });
  });

  it.each([
    ["no such interface", "true", "a0", "no-interface", "interface a0 does not exist here"],
    ["interface down", "ip link add a0 type bridge", "a0", "interface-down", "ip link set a0 up"],
    [
      "IPv6 switched off",
      `${pair}; echo 1 > /proc/sys/net/ipv6/conf/a0/disable_ipv6; ip link set a0 up`,
      "a0 '' 200",
      "no-link-local",
      "disable_ipv6",
    ],
    [
      "no carrier",
      "ip link add a0 type veth peer name b0; ip link set a0 up",
      "a0 '' 200",
      "no-link-local",
      "no carrier",
    ],
    [
      "another address wanted",
      `${pair}; ip link set a0 addrgenmode none up; ip -6 addr add fe80::7/64 dev a0 nodad`,
      "a0 fe80::8 200",
      "address-missing",
      "its link-local addresses: fe80::7",
    ],
    [
      "duplicate on the link",
      `${pair}; ip -6 addr add fe80::7/64 dev b0 nodad; ip link set a0 addrgenmode none up
       ip -6 addr add fe80::7/64 dev a0`,
      "a0 fe80::7",
      "dad-failed",
      "another host on the link uses it",
    ],
    [
      "detection too slow",
      `${pair}; echo 30 > /proc/sys/net/ipv6/conf/a0/dad_transmits; ip link set a0 up`,
      "a0 '' 300",
      "still-tentative",
      "still tentative after 0.3 s",
    ],
  ])("%s -> one sentence", async (_name, script, args, code, sentence) => {
    expect(await probe(script, args)).toMatchObject({
      code,
      sentence: expect.stringContaining(sentence) as unknown,
    });
  });
});
