import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { millis } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import type { ClientConfig } from "../../shared/config/types.js";
import type { UdpOptions, UdpSocket } from "../../shared/edge/udp.js";
import type { HookCall } from "../../shared/hook.js";
import { formatIp6 } from "../../shared/prefix.js";
import { decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { hmacMd5 } from "../hmac.js";
import { temporaryDirectory } from "../edge/workbench.js";
import { type ClientSystem, runClient, type RunningClient } from "../../client/loop.js";
import { openMemory } from "../../client/serve-memory.js";
import { advertise, CLIENT, FROM, ip, reply, type Sent } from "./workbench.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A system of our making, and what the client did to it, in order. */
interface Rig {
  readonly system: ClientSystem;
  readonly did: string[];
  readonly logged: LogId[];
  readonly hooks: HookCall[];
  readonly sockets: UdpOptions[];
  readonly lastSent: () => Sent;
  /** The next places asked for are not there; each gives this reason. */
  readonly refuse: string[];
  /** What a look at the interface shows; index of the interface when it is found. */
  readonly seen: { usable: boolean; carrier: string; linked: boolean; index: number };
}

async function createRig(directory = temporaryDirectory()): Promise<Rig> {
  const did: string[] = [];
  const logged: LogId[] = [];
  const hooks: HookCall[] = [];
  const sockets: UdpOptions[] = [];
  const sent: Sent[] = [];
  const refuse: string[] = [];
  const seen = { usable: true, carrier: "1", linked: true, index: 7 };
  const log = (id: LogId): void => {
    logged.push(id);
  };
  const clock = { now: () => millis(Date.now()) };
  const memory = await openMemory({ workDir: directory, duid: CLIENT, isFresh: false, clock, log });
  const system: ClientSystem = {
    clock,
    random: (octets) => new Uint8Array(octets).fill(128),
    hmacMd5,
    log,
    duid: CLIENT,
    memory: {
      of: memory.of,
      save: (name, remembered) => {
        did.push(`save ${name}`);
        memory.save(name, remembered);
      },
      close: memory.close,
    },
    hooks: {
      run: (call) => {
        did.push(`hook ${call.action}`);
        hooks.push(call);
        return Promise.resolve("ended");
      },
      drain: () => {
        did.push("drain");
        return Promise.resolve();
      },
    },
    setOptions: (name, options) => {
      did.push(`options ${name} ${Object.keys(options).join()}`);
    },
    findPlace: ({ selector, bindToAddress }) => {
      const reason = refuse.shift();
      if (reason !== undefined) return Promise.reject(new Error(reason));
      const name = "name" in selector ? selector.name : `if${selector.index}`;
      return Promise.resolve({ name, index: seen.index, address: bindToAddress ?? ip("fe80::1") });
    },
    glanceAt: () => ({ ...seen }),
    watchPlace: () => {
      let last = JSON.stringify(seen);
      const hasStirred = (): boolean => {
        const stirred = JSON.stringify(seen) !== last;
        last = JSON.stringify(seen);
        return stirred;
      };
      return { hasStirred, close: () => undefined };
    },
    openSocket: (options) => {
      sockets.push(options);
      const socket: UdpSocket = {
        address: options.address,
        receiveBufferBytes: 0,
        send: (bytes, to, port) => {
          did.push(`send to ${formatIp6(to)} ${port}`);
          const decoded = decodeMessage(bytes);
          if (!decoded.ok || decoded.message.form !== "message") throw new Error("faulty");
          sent.push({ at: Date.now(), message: decoded.message });
        },
        join: () => undefined,
        close: () => {
          did.push("close");
          return Promise.resolve();
        },
      };
      return Promise.resolve(socket);
    },
  };
  const lastSent = (): Sent => {
    const last = sent.at(-1);
    if (last === undefined) throw new Error("nothing was sent");
    return last;
  };
  return { system, did, logged, hooks, sockets, lastSent, refuse, seen };
}

function configOf(text: string): ClientConfig {
  const { config } = parseClientConfig(text);
  if (config === undefined) throw new Error(`not a configuration: ${text}`);
  return config;
}

const NEUTRON = 'downlink-prefix-ifaces "none"\niface "qg-1" {\n bind-to-address fe80::7\n pd 1\n}';

/** Answers the client's last message through its socket. */
function answer({ sockets, lastSent }: Rig): void {
  const last = lastSent();
  const message = last.message.type === "solicit" ? advertise(last) : reply(last);
  sockets.at(-1)?.onDatagram(encodeMessage(message), FROM, 547, "");
}

/** A client that has just got its lease; the record is clean. */
async function bound(given?: Rig, system?: ClientSystem): Promise<Rig & { readonly running: RunningClient }> {
  const rig = given ?? (await createRig());
  const running = await runClient(configOf(NEUTRON), system ?? rig.system);
  await vi.advanceTimersByTimeAsync(1000);
  answer(rig);
  await vi.advanceTimersByTimeAsync(1100);
  answer(rig);
  rig.did.length = 0;
  return { ...rig, running };
}

describe("client loop", () => {
  test("from bound socket to lease: port 546 on the configured address, sends to ff02::1:2, saves before the hook", async () => {
    const rig = await createRig();
    const running = await runClient(configOf(NEUTRON), rig.system);
    expect(rig.sockets).toMatchObject([{ interfaceName: "qg-1", address: ip("fe80::7"), port: 546 }]);
    expect(rig.logged).toEqual(expect.arrayContaining(["CLIENT-STARTED", "CLIENT-DUID"]));
    await vi.advanceTimersByTimeAsync(1000);
    expect(rig.did).toContain("send to ff02::1:2 547");
    answer(rig);
    await vi.advanceTimersByTimeAsync(1100);
    rig.did.length = 0;
    answer(rig);
    expect(rig.did).toEqual(["save qg-1", "hook add"]);
    expect(rig.logged).toContain("CLIENT-SEND");
    rig.did.length = 0;
    const stopped = running.stop();
    await vi.advanceTimersByTimeAsync(1);
    answer(rig);
    await stopped;
    expect(rig.did).toEqual(["save qg-1", "send to ff02::1:2 547", "hook delete", "close", "drain"]);
  });

  test("an answer nobody gives holds a stop up for little more than a second", async () => {
    const rig = await createRig();
    const running = await runClient(configOf(NEUTRON), rig.system);
    await vi.advanceTimersByTimeAsync(1000);
    answer(rig);
    await vi.advanceTimersByTimeAsync(1100);
    answer(rig);
    let ended = false;
    void running.stop().then(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(1100);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(ended).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the second of two interfaces cannot be used: nothing was sent on the first", async () => {
    const rig = await createRig();
    const config = configOf('downlink-prefix-ifaces "none" iface wan0 { pd } iface wan1 { pd }');
    const findPlace: ClientSystem["findPlace"] = (wanted) =>
      "name" in wanted.selector && wanted.selector.name === "wan1"
        ? Promise.reject(new Error("interface wan1 is down"))
        : rig.system.findPlace(wanted);
    await expect(runClient(config, { ...rig.system, findPlace })).rejects.toThrow("wan1 is down");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rig.did).toEqual([]);
  });

  test("inactive-mode: it waits for the interface, says why once per reason, and goes on", async () => {
    const rig = await createRig();
    rig.refuse.push("it is down", "it is down", "no link-local address");
    const running = await runClient(configOf(`inactive-mode\n${NEUTRON}`), rig.system);
    await vi.advanceTimersByTimeAsync(7000);
    expect(rig.sockets).toEqual([]);
    expect(rig.logged.filter((id) => id === "CLIENT-WAITING")).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(3000);
    expect(rig.did).toContain("send to ff02::1:2 547");
    await running.stop();
  });

  test("inactive-mode: a stop does not wait for an address that is coming", async () => {
    const rig = await createRig();
    const findPlace: ClientSystem["findPlace"] = async (_wanted, patienceMs = 5000) => {
      await new Promise((resolve) => setTimeout(resolve, patienceMs));
      throw new Error("still tentative");
    };
    const running = await runClient(configOf(`inactive-mode\n${NEUTRON}`), { ...rig.system, findPlace });
    const begun = Date.now();
    const stopped = running.stop().then(() => Date.now() - begun);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await stopped).toBe(0);
  });

  test("inactive-mode: a stop while it waits ends at once", async () => {
    const rig = await createRig();
    rig.refuse.push("it is down", "it is down");
    const running = await runClient(configOf(`inactive-mode\n${NEUTRON}`), rig.system);
    await running.stop();
    expect(rig.did).toEqual(["drain"]);
  });

  test("the interface is taken away and made again: waited for, bound anew, asked about, told to the script", async () => {
    const rig = await bound();
    rig.seen.usable = false;
    rig.refuse.push("interface qg-1 does not exist", "interface qg-1 does not exist", "it is down");
    await vi.advanceTimersByTimeAsync(3000);
    expect(rig.did).toEqual([]);
    Object.assign(rig.seen, { usable: true, index: 8 });
    await vi.advanceTimersByTimeAsync(2500);
    expect(rig.logged.filter((id) => id === "CLIENT-LINK-LOST")).toHaveLength(2);
    expect(rig.logged).toContain("CLIENT-LINK");
    expect(rig.sockets).toHaveLength(2);
    expect(rig.lastSent().message.type).toBe("rebind");
    answer(rig);
    expect(rig.hooks.at(-1)).toMatchObject({ action: "update", variables: { IFINDEX: "8" } });
  });

  test("the carrier was lost and is back: asked about through the same socket; a look that shows nothing new does nothing", async () => {
    const rig = await bound();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(rig.did).toEqual([]);
    Object.assign(rig.seen, { carrier: "2", linked: false });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(rig.did).toEqual([]);
    Object.assign(rig.seen, { carrier: "3", linked: true });
    await vi.advanceTimersByTimeAsync(4000);
    expect(rig.lastSent().message.type).toBe("rebind");
    expect(rig.sockets).toHaveLength(1);
  });

  test("the machine slept: asked about", async () => {
    const rig = await createRig();
    let asleep = 0;
    const clock = { now: () => millis(Date.now() + asleep) };
    await bound(rig, { ...rig.system, clock });
    asleep = 120_000;
    await vi.advanceTimersByTimeAsync(4000);
    expect(rig.lastSent().message.type).toBe("rebind");
  });

  test("a stop while an address that is gone is waited for does not wait with it", async () => {
    const rig = await createRig();
    let gone = false;
    const findPlace: ClientSystem["findPlace"] = async (wanted, patienceMs = 5000) => {
      if (!gone) return await rig.system.findPlace(wanted);
      await new Promise((resolve) => setTimeout(resolve, patienceMs));
      throw new Error("no such address");
    };
    const running = await bound(rig, { ...rig.system, findPlace });
    gone = true;
    rig.seen.usable = false;
    await vi.advanceTimersByTimeAsync(3100);
    const begun = Date.now();
    const stopped = running.running.stop().then(() => Date.now() - begun);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await stopped).toBeLessThan(1300);
    expect(rig.sockets).toHaveLength(1);
  });

  test("a stop while the interface is gone gives up the lease and ends", async () => {
    const rig = await bound();
    rig.seen.usable = false;
    rig.refuse.push(...Array<string>(10).fill("gone"));
    await vi.advanceTimersByTimeAsync(5000);
    const stopped = rig.running.stop();
    await vi.advanceTimersByTimeAsync(1300);
    await stopped;
    const sends = Array<string>(2).fill("send to ff02::1:2 547");
    expect(rig.did).toEqual(["save qg-1", sends[0], "hook delete", sends[1], "close", "drain"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("trouble of the socket is logged", async () => {
    const rig = await createRig();
    const running = await runClient(configOf(NEUTRON), rig.system);
    rig.sockets[0]?.onTrouble("ENETUNREACH", "cannot send");
    expect(rig.logged).toContain("CLIENT-SOCKET-TROUBLE");
    await running.stop();
  });

  test("killed and started again in the same directory: Rebind for the lease that was saved", async () => {
    const directory = temporaryDirectory();
    const first = await createRig(directory);
    await runClient(configOf(NEUTRON), first.system);
    await vi.advanceTimersByTimeAsync(1000);
    answer(first);
    await vi.advanceTimersByTimeAsync(1100);
    answer(first);
    vi.clearAllTimers();
    const second = await createRig(directory);
    await runClient(configOf(NEUTRON), second.system);
    await vi.advanceTimersByTimeAsync(1000);
    expect(second.lastSent().message.type).toBe("rebind");
  });
});
