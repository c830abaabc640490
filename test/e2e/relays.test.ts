import { describe, expect } from "vitest";
import { startCapture } from "./bed/capture.js";
import { type ClientProgram, clientPrograms, outer } from "./bed/clients.js";
import { diaryScript, forgetDiary, installDiary, waitForCall } from "./bed/diary.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { linkLocal } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import { buildRelayed, interfaceId, type RelayedNetwork, serverAddress, startRelays } from "./bed/relayed.js";
import type { RelayKind } from "./bed/relays.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

/** The relays on the way, the clients' one first. */
const rows: readonly (readonly RelayKind[])[] = [
  ["dhcrelay"],
  ["dibblerRelay"],
  ["dhcrelay", "dhcrelay"],
  ["dibblerRelay", "dibblerRelay"],
  ["dibblerRelay", "dhcrelay"],
];

const programs = [clientPrograms.dhcpcd, clientPrograms.dhcp6c, clientPrograms.dibblerClient];
const peers = programs.map(({ peer }) => peer);

/** The pool of the link behind the relays, and that of the relays' own link, which nobody must get. */
const pool = "2001:db8:1000::/40";
const otherPool = "2001:db8:2000::/40";

describe("e2e relays: dhcpcd, WIDE's and Dibbler's client on one link, relayed by", () => {
  for (const kinds of rows) {
    scenario(...kinds, ...peers)(
      `${kinds.join(", then ")}: lease, server restarted, two renewals, release`,
      async () => {
        const network = await buildRelayed(await testWorld(), kinds, programs.length);
        const { server } = network;
        const seats = takeSeats(network);
        const capture = await startCapture(server, "eth0");
        await serve(server);
        await startRelays(network, kinds);

        const running = await Promise.all(seats.map(({ program, host }) => program.start(host, {})));
        const prefixes = await Promise.all(seats.map((seat) => leasedPrefix(network, seat)));
        expect(new Set(prefixes).size).toBe(programs.length);
        await restart(server);
        const renewed = { action: "update", CLNT_MESSAGE: "RENEW" };
        for (const round of ["first", "second"]) {
          for (const prefix of prefixes) await waitForCall(server, { ...renewed, prefix });
          if (round === "first") forgetDiary(server);
        }

        for (const [index, { program, host }] of seats.entries()) {
          const client = running[index];
          if (client !== undefined) await program.stop(host, client);
          await waitForCall(server, { action: "delete", prefix: prefixes[index] ?? "", REASON: "released" });
        }
        const packets = await capture?.finish();
        if (packets !== undefined) expectWellFormed(packets, [serverAddress]);
      },
    );
  }
});

async function serve(server: Host): Promise<void> {
  installOurs(server);
  installDiary(server);
  server.writeFile("/etc/dibbler/server.conf", configuration);
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
}

const configuration = `script "${diaryScript}"
iface "eth0" {
  unicast ${serverAddress}
  pd-class { pd-pool ${otherPool} pd-length 56 }
}
iface "relay1" {
  relay "eth0"
  subnet 2001:db8:a::/48
  interface-id ${interfaceId}
  T1 3
  T2 30
  preferred-lifetime 60
  valid-lifetime 120
  pd-class { pd-pool ${pool} pd-length 56 }
}
`;

/** Which program runs on which host. */
interface Seat {
  readonly program: ClientProgram;
  readonly host: Host;
}

function takeSeats({ clients }: RelayedNetwork): readonly Seat[] {
  return clients.flatMap((host, index) => {
    const program = programs[index];
    return program === undefined ? [] : [{ program, host }];
  });
}

/** Waits until a client works with the prefix that the script was told of, and checks what it was told. */
async function leasedPrefix(
  { server, relays, linkAddresses }: RelayedNetwork,
  { program, host }: Seat,
): Promise<string> {
  const address = await linkLocal(host, outer);
  const { prefix, variables } = await waitForCall(server, { action: "add", CLNT_ADDR: address });
  expect(variables).toMatchObject({
    IFACE: "relay1",
    REMOTE_ADDR: "2001:db8:c::2",
    RELAYS: String(relays.length),
    RELAY1_PEER: address,
    RELAY1_LINK: linkAddresses[0],
    ...(relays.length > 1 ? { RELAY2_PEER: "2001:db8:b::2", RELAY2_LINK: linkAddresses[1] } : {}),
  });
  await waitFor(`${program.peer} to use ${prefix}`, () => program.uses(host, prefix));
  expect(await program.uses(host, pool)).toBe(true);
  return prefix;
}

/** Kills the server and starts it before any client thinks of renewing. */
async function restart(server: Host): Promise<void> {
  await server.shell("kill -9 $(cat /var/lib/dibbler/server.pid)");
  await waitFor("the server to be gone", () => !server.hasUdpPort(547));
  forgetDiary(server);
  await startServer(server, ours.server);
}
