import { describe, expect } from "vitest";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { parsePrefix } from "../../shared/prefix.js";
import type { ClientServerType } from "../../shared/wire/codes.js";
import { clientServerMessage, decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { find, findAll, type Option, option } from "../../shared/wire/options.js";
import { ask } from "./bed/craft.js";
import { goodDuid } from "./bed/good-client.js";
import { guideScript, startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { addAddress, routes } from "./bed/network.js";
import { buildPair, type Pair, pairAddresses } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { installRecorder, type Recorded, recorded, recorderScript, waitForRecorded } from "./bed/recorder.js";
import { leaseRelayed, type RelayPost } from "./bed/good-relay.js";
import { post } from "./bed/talk.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const POOL = "2001:db8:1000::/40";
const P1 = "2001:db8:1010:100::/56";
const P2 = "2001:db8:1010:200::/56";
const script = "/var/lib/dibbler/hook.sh";

const configuration = (globals: string, path = recorderScript): string => `${globals}
script "${path}"
iface "eth0" {
  T1 1000
  T2 2000
  preferred-lifetime 2-3000
  valid-lifetime 2-6000
  pd-class { pd-pool ${POOL} pd-length 56 }
}
`;

/** A prefix that a message names, with lifetimes that the client wishes for. */
type Named = readonly [prefix: string, lifetime: number];

function pd(id: number, ...named: readonly Named[]): Option {
  const options = named.map(([text, lifetime]) => {
    const prefix = parsePrefix(text) ?? expect.fail(text);
    const times = { preferred: seconds(Math.floor(lifetime / 2)), valid: seconds(lifetime) };
    return option("iaPrefix", { prefix, ...times, options: [] });
  });
  return option("iaPd", { iaid: iaid(id), t1: seconds(0), t2: seconds(0), options });
}

/** A client that has heard of the server once and says what it is told to. */
async function meet({ other }: Pair, place?: Parameters<typeof ask>[2]) {
  let count = 100;
  const say = async (type: ClientServerType, ...options: readonly Option[]): Promise<readonly Option[]> => {
    count += 1;
    const message = clientServerMessage(type, xid(count), [option("clientId", goodDuid(1)), ...options]);
    const { answer } = await ask(other, encodeMessage(message), place);
    const decoded = decodeMessage(Buffer.from(answer, "hex"));
    if (!decoded.ok) throw new Error(`no answer to a ${type}`);
    return decoded.message.options;
  };
  const server = option(
    "serverId",
    find(await say("solicit", pd(1)), "serverId") ?? expect.fail("no server"),
  );
  return { say, server };
}

const variable = ({ environment }: Recorded, name: string): string | undefined =>
  environment.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);

/** A call in short: `add new 2001:db8:1010:100:: 6000, … at fe80::1`. */
function brief(call: Recorded): string {
  const numbers = call.environment.flatMap((line) => /^PREFIX(\d+)=/.exec(line)?.[1] ?? []);
  const told = numbers.map(
    (n) => `${variable(call, `PREFIX${n}`) ?? ""} ${variable(call, `PREFIX${n}VALID`) ?? ""}`,
  );
  return `${call.args.join(" ")} ${variable(call, "REASON") ?? "-"}: ${told.join(", ")}`;
}

const plain = (prefix: string): string => prefix.replace("/56", "");

async function restart(server: Host): Promise<void> {
  await server.run([ours.server, "stop"]);
  await startServer(server, ours.server);
}

async function build(text: string): Promise<Pair> {
  return buildPair(await testWorld(), text);
}

describe("e2e hook calls: a lease from its beginning to its end", () => {
  scenario()("request, renew, rebind, another address, release, several prefixes, restart", async () => {
    const pair = await build(configuration(""));
    const { server, other } = pair;
    installRecorder(server);
    const { say, server: id } = await meet(pair);
    const calls: string[] = [];
    const next = async (count: number): Promise<readonly Recorded[]> => {
      const fresh = (await waitForRecorded(server, calls.length + count)).slice(calls.length);
      calls.push(...fresh.map(brief));
      return fresh;
    };

    await say("request", id, pd(1, [P1, 6000]), pd(2, [P2, 6000]));
    const [first] = await next(1);
    if (first === undefined) throw new Error("no call");
    expect(first).toMatchObject({ args: ["add"], endsWithPath: true, place: "/var/lib/dibbler 0027" });
    expect(first.environment.map((line) => line.split("=", 1)[0])).toEqual([
      ...["RELAYS", "IFACE", "IFINDEX", "REMOTE_ADDR", "CLNT_MESSAGE", "SRV_MESSAGE"],
      ...["PREFIX1", "PREFIX1LEN", "PREFIX1PREF", "PREFIX1VALID"],
      ...["PREFIX2", "PREFIX2LEN", "PREFIX2PREF", "PREFIX2VALID"],
      ...["SRV_OPTION1", "SRV_OPTION2", "CLNT_OPTION1", "CLNT_OPTION2"],
      ...["REASON", "PREFIX1IAID", "PREFIX2IAID", "CLNT_DUID"],
    ]);
    await say("renew", id, pd(1, [P1, 0]), pd(2, [P2, 0]));
    await next(1);
    await say("rebind", pd(1, [P1, 0]));
    await next(1);
    await restart(server);
    await next(2);
    await addAddress(other, "wan0", "fe80::77/64");
    const there = `fe80::77%wan0`;
    const renewal = clientServerMessage("renew", xid(900), [
      option("clientId", goodDuid(1)),
      id,
      pd(1, [P1, 0]),
    ]);
    await post(other, there, 546, { to: "ff02::1:2%wan0", message: encodeMessage(renewal) });
    await next(2);
    await say("release", id, pd(1, [P1, 0]), pd(2, [P2, 0]));
    await next(1);
    expect(calls).toEqual([
      `add new: ${plain(P1)} 6000, ${plain(P2)} 6000`,
      `update renewed: ${plain(P1)} 6000, ${plain(P2)} 6000`,
      `update renewed: ${plain(P1)} 6000`,
      expect.stringMatching(/^add start: .* \d+$/),
      expect.stringMatching(/^add start: .* \d+$/),
      `delete moved: ${plain(P1)} 0`,
      `add moved: ${plain(P1)} 6000`,
      `delete released: ${plain(P1)} 0, ${plain(P2)} 0`,
    ]);
  });

  scenario()("a lease that runs out, one while the server is away -> delete, once each", async () => {
    const pair = await build(configuration(""));
    const { server } = pair;
    installRecorder(server);
    const { say, server: id } = await meet(pair);
    await say("request", id, pd(1, [P1, 2]));
    await waitForRecorded(server, 2);
    await say("request", id, pd(2, [P2, 2]));
    await waitForRecorded(server, 3);
    await server.run([ours.server, "stop"]);
    await server.shell("sleep 3");
    await startServer(server, ours.server);
    await waitForRecorded(server, 4);
    await restart(server);
    expect(recorded(server).map(brief)).toEqual([
      `add new: ${plain(P1)} 2`,
      `delete expire: ${plain(P1)} 0`,
      `add new: ${plain(P2)} 2`,
      `delete expire: ${plain(P2)} 0`,
    ]);
  });

  scenario()('compatibility "strict": no call at a start, expire at the end', async () => {
    const pair = await build(configuration('compatibility "strict"'));
    const { server } = pair;
    installRecorder(server);
    const { say, server: id } = await meet(pair);
    await say("request", id, pd(1, [P1, 6]));
    await waitForRecorded(server, 1);
    await restart(server);
    const [add, end] = await waitForRecorded(server, 2);
    expect([add?.args, end?.args]).toEqual([["add"], ["expire"]]);
    expect(end?.environment.map((line) => line.split("=", 1)[0])).toEqual([
      ...["IFINDEX", "IFACE", "REMOTE_ADDR"],
      ...["PREFIX1", "PREFIX1LEN", "PREFIX1PREF", "PREFIX1VALID", "IAID", "SRV_OPTION1"],
    ]);
  });
});

describe("e2e hook calls: script-wait", () => {
  const slow = `#!/bin/sh\nsleep 0.5\nip -6 route add $PREFIX1/56 via $REMOTE_ADDR dev $IFACE\n`;

  scenario()("the route is there when the Reply comes", async () => {
    const pair = await build(configuration("script-wait 1", script));
    pair.server.writeFile(script, slow, 0o755);
    const { say, server: id } = await meet(pair);
    const reply = await say("request", id, pd(1, [P1, 6000]));
    const seen = await routes(pair.server, "eth0");
    expect(findAll(reply, "iaPd")).toHaveLength(1);
    expect(seen.map(({ dst }) => dst)).toContain(P1);
  });

  scenario()("a script that hangs -> the Reply comes after script-timeout", async () => {
    const pair = await build(configuration("script-wait 1 script-timeout 1", script));
    pair.server.writeFile(script, "#!/bin/sh\nsleep 1234\n", 0o755);
    const { server: id } = await meet(pair);
    const request = clientServerMessage("request", xid(901), [
      option("clientId", goodDuid(1)),
      id,
      pd(1, [P1, 6000]),
    ]);
    const message = encodeMessage(request);
    const [heard] = await post(pair.other, pair.otherLocal, 546, { to: "ff02::1:2%wan0", message });
    expect(heard?.message).toMatchObject({ type: "reply" });
    const isOver = (): boolean => !pair.server.commandLines().some((words) => words.includes("1234"));
    await waitFor("the script to be ended", isOver);
  });
});

describe("e2e hook calls: the guide's script leaves the right routes", () => {
  const withShell = `#!/bin/bash\n${guideScript}`;
  /** The guide has /64s, its script a fixed length. */
  const guideClass = configuration("", script).replace("pd-length 56", "pd-length 64");
  const G1 = "2001:db8:1010:100::/64";

  scenario().each([
    ["without a #! line", guideScript],
    ["with one", withShell],
  ])("%s: request, renew, rebind, restart, another address, end of the lease", async (_kind, text) => {
    const pair = await build(guideClass);
    const { server, other, otherLocal } = pair;
    server.writeFile(script, text, 0o755);
    const { say, server: id } = await meet(pair);
    const local = otherLocal.replace("%wan0", "");
    const routed = (expected: readonly string[]): Promise<unknown> =>
      waitFor(
        `the routes ${JSON.stringify(expected)}`,
        async () =>
          (await routes(server, "eth0")).flatMap(({ dst, gateway }) =>
            gateway === undefined ? [] : [`${dst} via ${gateway}`],
          ),
        (seen) => JSON.stringify(seen) === JSON.stringify(expected),
      );
    await say("request", id, pd(1, [G1, 6000]));
    await routed([`${G1} via ${local}`]);
    await say("renew", id, pd(1, [G1, 0]));
    await say("rebind", pd(1, [G1, 0]));
    await routed([`${G1} via ${local}`]);
    await server.run([ours.server, "stop"]);
    await server.shell("ip -6 route flush proto boot");
    await startServer(server, ours.server);
    await routed([`${G1} via ${local}`]);
    await addAddress(other, "wan0", "fe80::77/64");
    const more = [option("clientId", goodDuid(1)), id, pd(1, [G1, 0])];
    const renewal = encodeMessage(clientServerMessage("renew", xid(902), more));
    await post(other, "fe80::77%wan0", 546, { to: "ff02::1:2%wan0", message: renewal });
    await routed([`${G1} via fe80::77`]);
    const release = encodeMessage(clientServerMessage("release", xid(903), more));
    await post(other, "fe80::77%wan0", 546, { to: "ff02::1:2%wan0", message: release });
    await routed([]);
    await say("request", id, pd(2, [G1, 2]));
    await routed([`${G1} via fe80::77`]);
    await routed([]);
  });

  scenario()("a relayed client: the route goes to the relay, where that is heard", async () => {
    const relayed = `script "${script}"
iface "eth0" { unicast ${pairAddresses.server} pd-class { pd-pool 2001:db8:2000::/40 pd-length 64 } }
iface "relay1" {
  relay "eth0"
  subnet 2001:db8:a::/64
  preferred-lifetime 3
  valid-lifetime 3
  pd-class { pd-pool ${POOL} pd-length 64 }
}
`;
    const { server, other } = await build(relayed);
    server.writeFile(script, guideScript.replaceAll("dev $IFACE", "dev ${ARRIVAL_IFACE:-$IFACE}"), 0o755);
    const { prefix } = await leaseRelayed(relayPost(other), 1);
    const seen = (): Promise<readonly string[]> =>
      routes(server, "eth0").then((all) => all.map(({ dst, gateway }) => `${dst} via ${gateway ?? "-"}`));
    const wanted = `${prefix} via ${pairAddresses.other}`;
    await waitFor("the route", seen, (all) => all.includes(wanted));
    await waitFor("its end", seen, (all) => !all.includes(wanted));
  });
});

const relayPost = (host: Host): RelayPost => ({
  host,
  from: pairAddresses.other,
  port: 547,
  to: pairAddresses.server,
  linkAddress: "2001:db8:a::1",
  options: [],
});
