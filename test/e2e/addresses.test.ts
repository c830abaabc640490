import { describe, expect } from "vitest";
import { type Capture, startCapture } from "./bed/capture.js";
import { type ClientProgram, clientPrograms, outer } from "./bed/clients.js";
import { diaryScript, installDiary, waitForCall } from "./bed/diary.js";
import { startServer } from "./bed/guide-server.js";
import type { Host, Running } from "./bed/host.js";
import { addClients } from "./bed/lan.js";
import { linkLocal } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

const programs: readonly ClientProgram[] = Object.values(clientPrograms);
const peers = programs.map(({ peer }) => peer);

/** The addresses 2001:db8:1::100 to ::1ff as a prefix, and as a server's configuration has them. */
const range = "2001:db8:1::100/120";
const addressClass = "class { pool 2001:db8:1::100-2001:db8:1::1ff }";

describe("e2e addresses: every client of another maker asks for an address and a prefix in one message", () => {
  scenario(...peers)("with an address class: each gets both, and keeps both at a renewal", async () => {
    const lan = await buildLan(addressClass);
    const prefixes = await Promise.all(lan.seats.map((seat) => leasePrefix(lan, seat)));
    await Promise.all(lan.seats.map(waitForAddress));
    await Promise.all(prefixes.map((prefix) => waitForCall(lan.server, { action: "update", prefix })));
    await Promise.all(lan.seats.map(waitForAddress));
    await finish(lan, prefixes);
  });

  scenario(...peers)(
    "without one: each gets its prefix all the same, of the length it asks for",
    async () => {
      const lan = await buildLan("", "::/60");
      const prefixes = await Promise.all(lan.seats.map((seat) => leasePrefix(lan, seat)));
      for (const [index, { program, host }] of lan.seats.entries()) {
        expect(prefixes[index]).toMatch(program.hints.includes("length") ? /\/60$/ : /\/56$/);
        expect(await program.uses(host, range)).toBe(false);
      }
      await finish(lan, prefixes);
    },
  );
});

/** A client at work. */
interface Seat {
  readonly program: ClientProgram;
  readonly host: Host;
  readonly running: Running;
}

interface Lan {
  readonly server: Host;
  readonly seats: readonly Seat[];
  readonly capture: Capture | undefined;
}

/** A server with such a class beside its pools of prefixes, and all the clients, started. */
async function buildLan(addressClassText: string, hint?: string): Promise<Lan> {
  const world = await testWorld();
  const server = await world.addHost("server");
  const clients = await addClients(world, server, "br0", programs.length);
  installOurs(server);
  installDiary(server);
  server.writeFile("/etc/dibbler/server.conf", configuration(addressClassText));
  const capture = await startCapture(server, "br0");
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
  const seats = programs.flatMap((program, index) => {
    const host = clients[index];
    return host === undefined ? [] : [{ program, host }];
  });
  const start = async ({ program, host }: (typeof seats)[number]): Promise<Seat> => {
    const wish = hint !== undefined && program.hints.includes("length") ? { hint } : {};
    return { program, host, running: await program.start(host, { address: true, ...wish }) };
  };
  return { server, capture, seats: await Promise.all(seats.map(start)) };
}

function configuration(addressClassText: string): string {
  return `script "${diaryScript}"
iface "br0" {
  T1 2
  T2 30
  preferred-lifetime 60
  valid-lifetime 120
  ${addressClassText}
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
  pd-class { pd-pool 2001:db8:2000::/40 pd-length 60 }
}
`;
}

async function leasePrefix({ server }: Lan, { program, host }: Seat): Promise<string> {
  const REMOTE_ADDR = await linkLocal(host, outer);
  const { prefix } = await waitForCall(server, { action: "add", REMOTE_ADDR });
  await waitFor(`${program.peer} to use ${prefix}`, () => program.uses(host, prefix));
  return prefix;
}

async function waitForAddress({ program, host }: Seat): Promise<void> {
  await waitFor(`${program.peer} to use an address of ${range}`, () => program.uses(host, range));
}

/** Ends the clients, which give back what they have, and looks through all that the server has sent. */
async function finish({ server, seats, capture }: Lan, prefixes: readonly string[]): Promise<void> {
  expect(new Set(prefixes).size).toBe(programs.length);
  await Promise.all(seats.map(({ program, host, running }) => program.stop(host, running)));
  for (const [index, { program }] of seats.entries()) {
    const prefix = prefixes[index] ?? "";
    if (program.releases) await waitForCall(server, { action: "delete", prefix, REASON: "released" });
  }
  const packets = await capture?.finish();
  if (packets !== undefined) expectWellFormed(packets, [await linkLocal(server, "br0")]);
}
