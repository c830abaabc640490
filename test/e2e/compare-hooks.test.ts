import { describe, expect } from "vitest";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { duid, parseDuid } from "../../shared/duid.js";
import { parsePrefix } from "../../shared/prefix.js";
import { parseDomainName } from "../../shared/wire/domain-name.js";
import type { ClientServerType } from "../../shared/wire/codes.js";
import { clientServerMessage, encodeMessage } from "../../shared/wire/message.js";
import { type Option, option } from "../../shared/wire/options.js";
import { ask } from "./bed/craft.js";
import { startServer } from "./bed/guide-server.js";
import { addAddress, connect, linkLocal } from "./bed/network.js";
import { requirePeer } from "./bed/peers.js";
import { installOurs, ours } from "./bed/programs.js";
import { installRecorder, type Recorded, recorded, recorderScript, waitForRecorded } from "./bed/recorder.js";
import { scenario, testWorld } from "./fixture.js";

/** Both servers have the same DUID, addresses and configuration; one client talks to each. */
const SERVER_DUID = "00:01:00:01:32:97:22:90:02:00:00:00:00:03";
const UNICAST = "2001:db8:5::1";
const P1 = "2001:db8:1010:100::/56";
const P2 = "2001:db8:1010:200::/56";
const P3 = "2001:db8:1010:300::/56";

/** One message of a client to both servers, and how many calls of the script it leads to. */
interface Exchange {
  readonly what: string;
  readonly message: Uint8Array;
  readonly calls: number;
  /** Nothing is sent: the call comes by itself when a lease runs out. */
  readonly later?: true;
  /** What is not the same on purpose, and why: what stands instead of these variables of Dibbler's. */
  readonly differs?: { readonly why: string; readonly instead: Readonly<Record<string, readonly string[]>> };
}

const told = (n: number, prefix: string, preferred: number, valid: number): readonly string[] => [
  `PREFIX${n}=${prefix.replace("/56", "")}`,
  `PREFIX${n}LEN=56`,
  `PREFIX${n}PREF=${preferred}`,
  `PREFIX${n}VALID=${valid}`,
];

type Named = readonly [prefix: string, preferred: number, valid: number];

function pd(id: number, ...named: readonly Named[]): Option {
  const options = named.map(([text, preferred, valid]) => {
    const prefix = parsePrefix(text) ?? expect.fail(text);
    return option("iaPrefix", { prefix, preferred: seconds(preferred), valid: seconds(valid), options: [] });
  });
  return option("iaPd", { iaid: iaid(id), t1: seconds(0), t2: seconds(0), options });
}

let count = 0;
function message(type: ClientServerType, client: number, options: readonly Option[]): Uint8Array {
  count += 1;
  const isDirected = type === "request" || type === "renew" || type === "release" || type === "decline";
  return encodeMessage(
    clientServerMessage(type, xid(count), [
      option("clientId", duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, client))),
      ...(isDirected ? [option("serverId", parseDuid(SERVER_DUID) ?? expect.fail(SERVER_DUID))] : []),
      ...options,
    ]),
  );
}

const name = (text: string) => parseDomainName(text) ?? expect.fail(text);
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const ASKING = option("optionRequest", [17, 23, 24, 31, 32, 42, 64, 21, 22, 27, 28, 29, 30]);
const EVERYTHING: readonly Option[] = [
  option("elapsedTime", 5),
  option("vendorClass", { enterprise: 1, classes: [octets("x")] }),
  option("userClass", [octets("u")]),
  option("reconfigureAccept", null),
  option("clientFqdn", { flags: 1, name: name("h1.example.com") }),
  ASKING,
];

const exchanges: readonly Exchange[] = [
  {
    what: "Solicit",
    message: message("solicit", 1, [pd(1, [P1, 3000, 6000])]),
    calls: 0,
  },
  {
    what: "Request",
    message: message("request", 1, [pd(1, [P1, 3000, 6000]), ASKING]),
    calls: 1,
  },
  {
    what: "Request again, with all kinds of options",
    message: message("request", 1, [...EVERYTHING, pd(1, [P1, 3000, 6000])]),
    calls: 1,
  },
  { what: "Renew", message: message("renew", 1, [pd(1, [P1, 0, 0]), ASKING]), calls: 1 },
  { what: "Renew of an unknown IAID", message: message("renew", 1, [pd(9, [P2, 0, 0])]), calls: 1 },
  { what: "Renew of an unknown client", message: message("renew", 7, [pd(1, [P2, 0, 0])]), calls: 1 },
  {
    what: "Rebind",
    message: message("rebind", 1, [pd(1, [P1, 3000, 6000])]),
    calls: 1,
    differs: {
      why: "S-MSG-50: Dibbler 1.0.1 answers a Rebind with empty IA_PDs; ours has the prefix, which is counted first",
      instead: {
        "SRV_MESSAGE=REPLY": ["SRV_MESSAGE=REPLY", ...told(1, P1, 3000, 6000)],
        [told(1, P1, 3000, 6000)[0] ?? ""]: told(2, P1, 3000, 6000),
        "PREFIX1LEN=56": [],
        "PREFIX1PREF=3000": [],
        "PREFIX1VALID=6000": [],
      },
    },
  },
  { what: "Information-request", message: message("informationRequest", 1, [ASKING]), calls: 1 },
  { what: "Information-request for nothing", message: message("informationRequest", 1, []), calls: 0 },
  { what: "Confirm", message: message("confirm", 1, [pd(1, [P1, 3000, 6000])]), calls: 1 },
  { what: "Release of an unknown IAID", message: message("release", 1, [pd(9, [P2, 0, 0])]), calls: 1 },
  { what: "Release of an unknown client", message: message("release", 7, [pd(1, [P1, 0, 0])]), calls: 0 },
  { what: "Release", message: message("release", 1, [pd(1, [P1, 3000, 6000])]), calls: 1 },
  {
    what: "Request of two IA_PDs",
    message: message("request", 2, [pd(1, [P1, 0, 0]), pd(2, [P2, 0, 0])]),
    calls: 1,
  },
  {
    what: "Request of a third one, beyond client-max-lease",
    message: message("request", 2, [pd(3, [P3, 0, 0])]),
    calls: 1,
  },
  {
    what: "Renew of both and of one that is not there",
    message: message("renew", 2, [pd(1), pd(2), pd(3)]),
    calls: 1,
  },
  {
    what: "Release of both",
    message: message("release", 2, [pd(1, [P1, 0, 0]), pd(2, [P2, 0, 0])]),
    calls: 1,
  },
  { what: "Request without IA", message: message("request", 3, []), calls: 1 },
  {
    what: "Request of a short lease",
    message: message("request", 4, [pd(5, [P3, 3, 3])]),
    calls: 1,
  },
  { what: "the end of it", message: new Uint8Array(), calls: 1, later: true },
];

const configuration = (compatibility: string): string => `${compatibility}
script "${recorderScript}"
reconfigure-enabled 1
iface "eth0" {
  unicast ${UNICAST}
  client-max-lease 2
  T1 1000-2000
  T2 1500-3000
  preferred-lifetime 3-7200
  valid-lifetime 3-7200
  option vendor-spec 1234-5678-0x0102,1234-1-2001:db8::1,4321-2-"foo"
  option lifetime 600
  option time-zone "CET"
  option aftr aftr.example.com
  option sip-server 2001:db8::5
  option sip-domain sip.example.com
  option nis-server 2001:db8::6
  option nis-domain nis.example.com
  option nis+-server 2001:db8::7
  option nis+-domain nisp.example.com
  option ntp-server 2001:db8::8
  option domain a.example.com,b.example.com
  option dns-server 2001:db8::53,2001:db8::54
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}
`;

/** What the script of a server was told in each exchange. */
async function record(program: string, compatibility: string): Promise<readonly (readonly Recorded[])[]> {
  const world = await testWorld();
  const [server, client] = await Promise.all([world.addHost("server"), world.addHost("client")]);
  const end = { host: client, device: "wan0", mac: "02:00:00:00:00:02" };
  await connect({ host: server, device: "eth0", mac: "02:00:00:00:00:03" }, end);
  await addAddress(server, "eth0", `${UNICAST}/64`);
  for (const [host, device] of [
    [server, "eth0"],
    [client, "wan0"],
  ] as const)
    await linkLocal(host, device);
  installOurs(server);
  installRecorder(server);
  server.writeFile("/var/lib/dibbler/server-duid", SERVER_DUID);
  server.writeFile("/etc/dibbler/server.conf", configuration(compatibility));
  await startServer(server, program);
  const all: (readonly Recorded[])[] = [];
  let seen = 0;
  for (const { message: question, calls, later } of exchanges) {
    if (later !== true) await ask(client, question);
    const now = await waitForRecorded(server, seen + calls);
    all.push(now.slice(seen));
    seen = now.length;
  }
  await server.run([program, "stop"]);
  all.push(recorded(server).slice(seen));
  return all;
}

/** What ours has to be by what Dibbler's is; of a name that comes twice a shell takes the last (S-HK-34). */
function expected({ differs }: Exchange, { environment, ...rest }: Recorded): Recorded {
  const variables = new Map<string, string>();
  for (const line of environment) {
    const [key = ""] = line.split("=", 1);
    variables.set(key, line);
  }
  const instead = differs?.instead ?? {};
  return { ...rest, environment: [...variables.values()].flatMap((line) => instead[line] ?? [line]) };
}

describe("e2e hooks: Dibbler's server and ours in strict mode, the same messages", () => {
  scenario("dibblerServer")("the same calls with the same variables in the same order", async () => {
    const theirs = await record(requirePeer("dibblerServer"), "");
    const our = await record(ours.server, 'compatibility "strict"');
    for (const [i, exchange] of exchanges.entries()) {
      const { what, calls } = exchange;
      const wanted = theirs[i]?.map((call) => expected(exchange, call));
      expect({ what, calls: our[i] }).toEqual({ what, calls: wanted });
      // Dibbler's server must have called its script as well.
      expect({ what, count: wanted?.length }).toEqual({ what, count: calls });
    }
    // Nothing is said about what ends with the server.
    expect([theirs.at(-1), our.at(-1)]).toEqual([[], []]);
  });
});
