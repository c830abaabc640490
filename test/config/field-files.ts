import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { renderConfigView } from "../../server/config-view.js";
import { parseDuid, formatDuid } from "../../shared/duid.js";
import { parseIp6 } from "../../shared/prefix.js";
import { server } from "./given.js";

/**
 * Configurations as they are written in the field, each with the server-CfgMgr.xml that Debian's
 * dibbler-server 1.0.1 dumped for it on a host with FIELD_INTERFACES.
 */
export interface FieldFile {
  readonly name: string;
  readonly text: string;
  readonly dump: string;
}

/** The interfaces of the host, numbered from 2 on, and their addresses. */
export const FIELD_INTERFACES: readonly (readonly [name: string, address?: string])[] = [
  ["s0", "2001:db8:5::1/64"],
  ["s1", "2001:db8:6::1/64"],
  ["eth0", "2001:db8:5::1/64"],
  ["eth1", "2001:db8:6::1/64"],
  ["br-ex", "2001:db8:5::1/64"],
  ["br-ex2"],
  ["br-lan"],
  ["bond0.100"],
  ["bond0.101"],
  ["bond0.102"],
  ["ens3"],
];

const folder = "test/config/field";

/** All of them. */
export const FIELD_FILES: readonly FieldFile[] = readdirSync(folder)
  .filter((file) => file.endsWith(".conf"))
  .map((file) => {
    const name = file.replace(/\.conf$/, "");
    const read = (ending: string): string => readFileSync(`${folder}/${name}.${ending}`, "utf8");
    return { name, text: read("conf"), dump: read("xml") };
  });

/** Our view of the configuration, of a server with that DUID. */
export function ourView(text: string, duid: string): string {
  const config = server(text);
  const indexes = new Map(FIELD_INTERFACES.map(([name], index) => [name, index + 2]));
  const relayed = config.interfaces.filter(({ relay }) => relay !== undefined);
  for (const [index, { selector }] of relayed.entries()) {
    if ("name" in selector) indexes.set(selector.name, 1024 + index);
  }
  return renderConfigView(config, {
    duid: parseDuid(duid) ?? expect.fail(`no DUID: ${duid}`),
    workDir: "/var/lib/dibbler",
    indexes,
    assigned: () => 0,
  });
}

/** The server's DUID in a dump. */
export const duidOf = (dump: string): string => /<duid length="\d+">([^<]*)</.exec(dump)?.[1] ?? "";

/** One way in which our view is meant to differ from Dibbler's dump. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /** The dump as it would be without that difference. */
  readonly apply: (dump: string) => string;
}

/** All of them; there is no other. */
export const DIFFERENCES: readonly Difference[] = [
  {
    what: "a relay interface without interface-id",
    why: "interfaceid=null is no XML",
    apply: (dump) => dump.replaceAll("interfaceid=null", 'interfaceid="null"'),
  },
  {
    what: "a range of times upside down",
    why: "it is read the right way round, with a warning",
    apply: (dump) =>
      dump.replace(/min="(\d+)" max="(\d+)"/g, (range, min: string, max: string) =>
        Number(min) > Number(max) ? `min="${max}" max="${min}"` : range,
      ),
  },
  {
    what: "the length of option 42",
    why: "the text is sent without the two zero octets behind it",
    apply: (dump) =>
      dump.replace(/(type="42" length=")(\d+)/g, (_all, before: string, length: string) => {
        return `${before}${Number(length) - 2}`;
      }),
  },
  {
    what: "options configured by number",
    why: "they are shown in octets however they were written; texts are sent without zero octets",
    apply: (dump) => dump.replace(/type="(\d+)" length="\d+">([^<]*)</g, inOctets),
  },
  {
    what: "next-hop, route, neighbors, addr-params",
    why: "they never became standards and are not sent",
    apply: (dump) =>
      dump
        .replace(/^ *<AddrParams .*\n/gm, "")
        .replace(/<!-- (\d+) extra option\(s\) -->\n((?: *<extraOption.*\n)*)/g, withoutRoutes),
  },
  {
    what: "names for clients",
    why: "no names are given and no DNS update is made",
    apply: (dump) => dump.replace(/<fqdnOptions [^]*?<\/fqdnOptions>/g, "<!-- <fqdnOptions/> -->"),
  },
  {
    what: "a class of exactly 2^32 addresses",
    why: "Dibbler counts none",
    apply: (dump) =>
      dump.replace(
        /addrs in class: 0, ([^]*?)<ClassMaxLease>0</g,
        "addrs in class: 4294967296, $1<ClassMaxLease>4294967295<",
      ),
  },
];

/** Codes for which Dibbler's configuration has a word. */
const NAMED = new Set([17, 21, 22, 23, 24, 27, 28, 29, 30, 31, 32, 42, 64, 242, 243, 254]);

function inOctets(all: string, code: string, value: string): string {
  if (NAMED.has(Number(code))) return all;
  const words = value.trim().split(" ");
  const addresses = words.map(parseIp6);
  const isHex = /^[\da-f]{2}(:[\da-f]{2})*$/.test(value);
  const octets = isHex
    ? Buffer.from(value.replaceAll(":", ""), "hex")
    : addresses.every((address) => address !== undefined)
      ? Buffer.concat(addresses)
      : Buffer.from(value);
  return `type="${code}" length="${4 + octets.length}">${formatDuid(octets)}<`;
}

function withoutRoutes(_all: string, count: string, lines: string): string {
  const kept = lines.split("\n").filter((line) => !/type="(242|243|254)"/.test(line));
  const left = Number(count) - (lines.split("\n").length - kept.length);
  return `<!-- ${left} extra option(s) -->\n${kept.join("\n")}`;
}
