import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseUdpTable } from "../../shared/edge/port-holder.js";
import { formatIp6 } from "../../shared/prefix.js";
import { bundleProgram, inNamespace, TWO_LINKS } from "./workbench.js";

let directory = "";
let udp = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edge-udp-"));
  const program = join(directory, "udp-probe.cjs");
  await bundleProgram("udp", program);
  udp = `'${process.execPath}' '${program}'`;
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/**
 * Starts a holder in the background and goes on when it has said that it holds; all ends with the namespace.
 */
const holding = (command: string): string => `mkfifo '${directory}'/said.$$
${udp} ${command} > '${directory}'/said.$$ &
holder=$!
trap 'kill $holder' EXIT
read -r said < '${directory}'/said.$$`;

async function probe(script: string): Promise<unknown> {
  const { status, stdout, stderr } = await inNamespace(`${TWO_LINKS}\n${script}`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

describe("udp: sockets", () => {
  it("multicast and unicast both ways, each socket hears its own, trouble is told once", async () => {
    expect(await probe(`${udp} exchange`)).toEqual({
      heard: [
        'client hears "reply" from fe80::b 547',
        'group hears "solicit" from fe80::a 546',
        'server hears "unicast" from fe80::a 546',
      ],
      troubles: ["ENETUNREACH", "EMSGSIZE", "ERR_SOCKET_DGRAM_NOT_RUNNING"],
      buffers: [expect.toSatisfy((octets: number) => octets >= 100_000), expect.any(Number)],
    });
  });

  it("two servers on one interface -> the second is told who has the port, the first goes on", async () => {
    const answer = await probe(
      `${holding("open a0 fe80::a 547 hold")}\n${udp} open a0 fe80::a 547; kill -0 $holder`,
    );
    expect(answer).toMatchObject({
      code: "EADDRINUSE",
      sentence: expect.stringMatching(
        /^port 547 on fe80::a%a0 is already in use by udp-probe\.cjs \(pid \d+\); stop that first$/,
      ) as unknown,
    });
  });

  it("the same address on another interface, or another address on the same one -> both open", async () => {
    const more = "ip -6 addr add fe80::a/64 dev c0 nodad; ip -6 addr add fe80::aa/64 dev a0 nodad";
    const hold = holding("open a0 fe80::a 546 hold");
    expect(await probe(`${more}\n${hold}\n${udp} open c0 fe80::a 546`)).toMatchObject({ ok: true });
    expect(await probe(`${more}\n${hold}\n${udp} open a0 fe80::aa 546`)).toMatchObject({ ok: true });
  });

  it("an interface configured twice -> says so instead of naming ourselves", async () => {
    expect(await probe(`${udp} twice`)).toMatchObject({
      sentence: expect.stringContaining("is interface a0 configured twice?") as unknown,
    });
  });

  it("Dibbler's wildcard socket beside our client -> bound with a warning", async () => {
    expect(await probe(`${holding("wildcard 546 reuse")}\n${udp} open a0 fe80::a 546 share`)).toEqual({
      ok: true,
      troubles: ["shared-port"],
    });
  });

  it.each([
    ["exclusive wildcard, client", "wildcard 546 alone", "546 share"],
    ["wildcard, server", "wildcard 547 reuse", "547"],
    ["another client on the very address", "open a0 fe80::a 546 hold", "546 share"],
  ])("%s -> refused", async (_name, holder, rest) => {
    expect(await probe(`${holding(holder)}\n${udp} open a0 fe80::a ${rest}`)).toMatchObject({
      code: "EADDRINUSE",
    });
  });

  it.each([
    ["no privilege", "setpriv --bounding-set -all UDP open a0 fe80::a 547", "EACCES", "start as root"],
    [
      "address not there",
      "UDP open a0 fe80::99 547",
      "EADDRNOTAVAIL",
      "interface a0 does not have this address",
    ],
    ["interface not there", "UDP open eth99 fe80::a 547", "EINVAL", "there is no interface eth99"],
  ])("%s -> one sentence", async (_name, command, code, sentence) => {
    expect(await probe(command.replace("UDP", udp))).toMatchObject({
      code,
      sentence: expect.stringContaining(sentence) as unknown,
    });
  });
});

describe("udp: table of the kernel", () => {
  it("gives address, port and inode of each socket", () => {
    const none = "00000000000000000000000000000000";
    const row = (local: string, inode: number): string =>
      `  99: ${local} ${none}:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0 0`;
    const table = [
      "  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      row("000080FE00000000FF7E1E445163B6FE:0222", 4242),
      row(`${none}:0223`, 77),
      "",
    ].join("\n");
    const rows = parseUdpTable(table).map((row) => ({ ...row, address: formatIp6(row.address) }));
    expect(rows).toEqual([
      { address: "fe80::441e:7eff:feb6:6351", port: 546, inode: "4242" },
      { address: "::", port: 547, inode: "77" },
    ]);
  });
});
