import { iaid, millis, seconds } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import type { InterfaceAddress, NetworkInterface } from "../../shared/edge/interfaces.js";
import type { IpFailure } from "../../shared/edge/ip-batch.js";
import { formatPrefix, parsePrefix } from "../../shared/prefix.js";
import { type DownlinkSystem, openDownlinks } from "../../client/serve-downlinks.js";
import type { LeaseUser } from "../../client/lease-user.js";
import type { RememberedLink } from "../../client/remembered.js";
import { temporaryDirectory } from "../edge/workbench.js";
import { prefix, SERVER_A } from "./workbench.js";

/** A machine of our making: it has addresses as `ip` sets them, and writes down what `ip` was told. */
export interface Rig {
  readonly system: DownlinkSystem;
  readonly links: NetworkInterface[];
  readonly batches: string[][];
  /** What radvd was told, each time. */
  readonly radvd: string[][];
  readonly logged: (readonly [LogId, object])[];
  /** Lines that contain this fail, with this reason. */
  readonly failing: Map<string, string>;
  readonly answers: Record<string, unknown>;
  /** What was told since the last look. */
  readonly told: () => string[];
}

/** The machine before anything is set: `wan0`, `lan1`, `lan2`. */
export function createRig(workDir = temporaryDirectory(), forwards = true): Rig {
  const links = [linkOf("wan0", 2), linkOf("lan1", 3), linkOf("lan2", 4)];
  const batches: string[][] = [];
  const logged: (readonly [LogId, object])[] = [];
  const failing = new Map<string, string>();
  const answers: Record<string, unknown> = {};
  const radvd: string[][] = [];
  const system: DownlinkSystem = {
    clock: { now: () => millis(Date.now()) },
    log: (id, values = {}) => logged.push([id, values]),
    workDir,
    readInterfaces: () => links,
    fingerprint: () => JSON.stringify(links),
    forwards: () => forwards,
    radvd: {
      announce: (downlinks) => {
        radvd.push(
          downlinks.map(({ interfaceName, prefixes }) =>
            [interfaceName, ...prefixes.map((one) => formatPrefix(one.prefix))].join(" "),
          ),
        );
      },
    },
    ip: {
      ask: ([what = ""]) =>
        what in answers ? Promise.resolve(answers[what]) : Promise.reject(new Error(`no ${what} here`)),
      batch: (lines) => {
        batches.push([...lines]);
        const failures = lines.flatMap((line, index): IpFailure[] => {
          const reason = [...failing].find(([part]) => line.includes(part))?.[1];
          if (reason === undefined) setAddress(links, line);
          return reason === undefined ? [] : [{ line: index, why: reason }];
        });
        return Promise.resolve(failures);
      },
    },
  };
  return { system, links, batches, radvd, logged, failing, answers, told: () => batches.splice(0).flat() };
}

/** An interface that hosts can be on. */
export function linkOf(
  name: string,
  index: number,
  addresses: readonly InterfaceAddress[] = [],
): NetworkInterface {
  const local = addressOf(`fe80::${index}/64`);
  return {
    name,
    index,
    up: true,
    running: true,
    multicast: true,
    loopback: false,
    hardwareType: 1,
    mac: Uint8Array.of(2, 0, 0, 0, 0, index),
    addresses: [local, ...addresses],
  };
}

/** An address of an interface. */
export function addressOf(text: string): InterfaceAddress {
  const { address, length } = parsePrefix(text) ?? prefix("::/0");
  const linkLocal = text.startsWith("fe80");
  return { address, length, linkLocal, tentative: false, dadFailed: false, deprecated: false };
}

/** The kernel's part: an address is there once it was set. */
function setAddress(links: NetworkInterface[], line: string): void {
  const [, verb, text = "", device] = /^address (\w+) (\S+) dev (\S+)/.exec(line) ?? [];
  const at = links.findIndex(({ name }) => name === device);
  const link = links[at];
  if (link === undefined) return;
  const others = link.addresses.filter(({ address, length }) => formatPrefix({ address, length }) !== text);
  links[at] = { ...link, addresses: verb === "replace" ? [...others, addressOf(text)] : others };
}

/** What an uplink remembers: this prefix, or none. */
export function holding(text: string | undefined, preferred = 1000, valid = 2000): RememberedLink {
  const since = millis(Date.now());
  const leases =
    text === undefined
      ? []
      : [
          {
            prefix: prefix(text),
            exclude: undefined,
            preferred: seconds(preferred),
            valid: seconds(valid),
            since,
            until: millis(since + valid * 1000),
          },
        ];
  const never = millis(Infinity);
  const ia = { kind: "pd", iaid: iaid(1), server: SERVER_A, renewAt: never, rebindAt: never } as const;
  return { solMaxRt: seconds(3600), ias: [{ ...ia, leases, last: [] }] };
}

/** The service with this configuration. */
export function open({ system }: Rig, text = "iface wan0 { pd }", held?: RememberedLink): LeaseUser {
  const { config } = parseClientConfig(text);
  if (config === undefined) throw new Error(`not a configuration: ${text}`);
  return openDownlinks(config, system, new Map(held === undefined ? [] : [["wan0", held]]));
}
