import { describe, expect } from "vitest";
import { type Iaid, iaid, millis, seconds, xid } from "../../shared/brand.js";
import { duid, formatDuid, parseDuid } from "../../shared/duid.js";
import { openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { leaseId } from "../../shared/lease/lease.js";
import { encodeRecord } from "../../shared/lease/record.js";
import { formatPrefix } from "../../shared/prefix.js";
import { clientServerMessage, decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { find, option, type Option } from "../../shared/wire/options.js";
import { leaseOf } from "../lease/model.js";
import { ask } from "./bed/craft.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectRefusal, scenario, testWorld } from "./fixture.js";

const clientId = duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1));
const client = formatDuid(clientId);
const state = "/var/lib/dibbler";

describe("e2e leases, show, release: a server that runs, stops, never ran", () => {
  scenario()(
    "no server ever -> said so; one client -> listed, shown, released; stopped -> still told",
    async () => {
      const { server, client: host } = await buildPair();
      expectRefusal(await run(server, "leases"), [
        "no lease database",
        "no server has used this directory yet",
      ]);
      expectRefusal(await run(server, "show", client), ["no lease database"]);
      expectRefusal(await run(server, "release", client), ["no dibbler-server runs in /var/lib/dibbler"]);

      await serve(server);
      expect(await run(server, "leases")).toMatchObject({ status: 0, stdout: "", stderr: "no lease\n" });
      const prefix = await lease(server, host, 1);
      await lease(server, host, 2);
      const listed = await run(server, "leases");
      expect(listed.stdout.split("\n")[0]).toMatch(
        /^PREFIX +STATE +ENDS +CLIENT +IAID +INTERFACE +ADDRESS +SINCE$/,
      );
      expect(listed.stdout).toMatch(
        new RegExp(`\\n${prefix} +bound  in (1h 59m|2h 00m)  ${client}     1  eth0       fe80::`),
      );
      expect(listed.stderr).toBe("2 leases: 2 bound\n");
      const rows = (await run(server, "leases", "--json", "--prefix", prefix)).stdout.trim().split("\n");
      expect(rows.map((row) => JSON.parse(row) as unknown)).toMatchObject([
        { prefix, type: "pd", state: "bound", client, iaid: 1, interface: "eth0", valid: 7200, relay: null },
      ]);
      expect(await run(server, "leases", "--state", "expired")).toMatchObject({ stderr: "no such lease\n" });
      expectRefusal(await run(server, "leases", "--client", "fe80::1"), ['"fe80::1" is no DUID']);

      const shown = (await run(server, "show", client)).stdout;
      expect(shown.split("\n")[0]).toBe(`Client ${client}: 2 leases`);
      expect(shown).toContain("from         pool 2001:db8:1000::/40 of eth0, in prefixes of /56");
      expect(shown).toContain("eth0: 2 of 2 leases (client-max-lease)");
      expect(shown).toMatch(new RegExp(`IA_PD 1 ${prefix}: granted \\(eth0\\)`));
      expect(await prefixFor(server, host, 3)).toBeUndefined();
      expect((await run(server, "show", client)).stdout).toMatch(
        /^Last, at .*: IA_PD 3: nothing: it has as many leases as one client may have/m,
      );

      expectRefusal(await run(server, "release", client), ["nothing was ended: say --yes"]);
      expect((await run(server, "leases")).stderr).toBe("2 leases: 2 bound\n");
      const ended = await run(server, "release", prefix);
      expect(ended).toMatchObject({ status: 0, stderr: "" });
      expect(ended.stdout).toContain(`1 lease ends now:\n  ${prefix} of ${client}, bound, ends in `);
      await waitFor("the hook script to hear of it", () => server.readFile("/run/bed/hook") !== undefined);
      expect(server.readFile("/run/bed/hook")).toBe(`delete operator ${prefix}\n`);
      expect((await run(server, "leases")).stderr).toBe("1 lease: 1 bound\n");
      expect((await run(server, "show", prefix)).stdout).toMatch(
        /^Prefix .*: nobody has it; it lies in a pool\nLast, until .*, ended by the operator/,
      );
      expectRefusal(await run(server, "release", prefix), [`${prefix} is not leased`]);
      expect(await run(server, "release", "--yes", client)).toMatchObject({ status: 0, stderr: "" });
      await lease(server, host, 4);
      await lease(server, host, 5);
      const narrow = await onTerminal(server, "leases", "");
      expect(narrow).toMatch(/^PREFIX +STATE +ENDS +CLIENT\r$/m);
      expect(narrow).toContain("no room for the columns IAID, INTERFACE, ADDRESS, SINCE; see --wide");
      expect(await onTerminal(server, `release ${client}`, "n")).toContain("nothing was ended");
      expect((await run(server, "leases")).stderr).toBe("2 leases: 2 bound\n");
      expect(await onTerminal(server, `release ${client}`, "y")).toContain("2 leases end now:");
      expect((await run(server, "leases")).stderr).toBe("no lease\n");

      expectRefusal(await run(server, "release", client), [`client ${client} has no lease`]);
      expectRefusal(await run(server, "show", "everything"), ['"everything" is neither a prefix']);

      const again = await lease(server, host, 1);
      await server.run([ours.server, "stop"]);
      const stopped = await run(server, "show", client);
      expect(stopped).toMatchObject({
        status: 0,
        stderr: "no dibbler-server runs in /var/lib/dibbler: this is what it has stored\n",
      });
      expect(stopped.stdout).toContain(`Client ${client}: 1 lease`);
      expect(stopped.stdout).toContain("only a running server has one, in its memory");
      const json = await run(server, "show", "--json", again);
      expect(JSON.parse(json.stdout)).toMatchObject({
        subject: { kind: "prefix", value: again },
        leaseCount: 1,
        leases: [{ prefix: again, client, source: { link: "eth0", pool: "2001:db8:1000::/40" } }],
        history: null,
      });
      expect((await run(server, "leases")).stderr).toBe("1 lease: 1 bound\n");
      expectRefusal(await run(server, "release", client), ["no dibbler-server runs in /var/lib/dibbler"]);
    },
  );

  scenario()("a user that may read nothing -> a sentence about that", async () => {
    const { server } = await buildPair();
    await serve(server);
    await server.shell(`chmod 0700 ${state}; chmod 0600 ${state}/server-leases.mdb*`);
    const nobody = ["setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"];
    const words = ["no permission to read the leases in /var/lib/dibbler"];
    expectRefusal(await server.run([...nobody, ours.server, "leases"]), words);
    await server.shell(`chmod 0755 ${state}`);
    expectRefusal(await server.run([...nobody, ours.server, "leases"]), words);
  });

  scenario()(
    "100,000 leases: all of them, in order, in little memory; a reader that goes is no error",
    async () => {
      const { server } = await buildPair();
      await store(server.outside(state), 100_000);
      const limited = `node --max-old-space-size=64 $(readlink -f $(command -v ${ours.server})) leases`;
      const all = await server.shell(`${limited} --json > /run/bed/all; wc -l < /run/bed/all`);
      expect(Number(all)).toBe(100_000);
      await server.shell("node -e '" + IN_ORDER + "'");
      const head = await server.run([
        "bash",
        "-c",
        `${ours.server} leases | head -n 2; echo \${PIPESTATUS[0]}`,
      ]);
      expect(head.stdout.trim().split("\n")).toHaveLength(3);
      expect(head).toMatchObject({ stderr: "", stdout: expect.stringMatching(/\n0\n$/) as string });
      const few = await run(server, "leases", "--prefix", "2001:db8::/48", "--wide");
      expect(few.stderr).toBe("65,536 leases: 65,536 bound\n");
    },
  );
});

/** Throws when two lines in a row are not in the order of their prefixes. */
const IN_ORDER = `
  const lines = require("fs").readFileSync("/run/bed/all", "utf8").trim().split("\\n");
  const digits = (part) => part.padStart(4, "0");
  const groups = (line) => JSON.parse(line).prefix.split("::")[0].split(":");
  const keys = lines.map((line) => groups(line).map(digits).join("").padEnd(16, "0"));
  if (keys.some((each, i) => i > 0 && each <= keys[i - 1])) throw new Error("not in order");
`;

const run = (server: Host, ...words: readonly string[]) => server.run([ours.server, ...words]);

/** Runs it on a terminal of its own, where somebody types an answer; gives what is to be seen there. */
async function onTerminal(server: Host, words: string, answer: string): Promise<string> {
  const typed = `(sleep 1; echo ${answer}; sleep 1) | script -qec "stty cols 80; ${ours.server} ${words}" /dev/null`;
  return (await server.run(["bash", "-c", typed])).stdout;
}

async function buildPair(): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(await testWorld());
  return { server, client };
}

async function serve(server: Host): Promise<void> {
  server.writeFile("/etc/dibbler/server.conf", CONFIGURATION);
  server.writeFile(`${state}/hook.sh`, HOOK, 0o755);
  expect(await startServer(server, ours.server)).toMatchObject({ status: 0, stderr: "" });
}

const CONFIGURATION = `script "${state}/hook.sh"
iface eth0 {
 client-max-lease 2
 pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 preferred-lifetime 3600 valid-lifetime 7200 }
}
`;
const HOOK = `#!/bin/sh
if [ "$1" = delete ]; then echo "$1 $REASON $PREFIX1/$PREFIX1LEN" >> /run/bed/hook; fi
`;

/** Asks for a prefix, which it has to get. */
async function lease(server: Host, host: Host, id: number): Promise<string> {
  const given = await prefixFor(server, host, id);
  if (given === undefined) throw new Error("no prefix was given");
  return given;
}

/** The prefix that an IA is given, or `undefined` when there is none. */
async function prefixFor(server: Host, host: Host, id: number): Promise<string | undefined> {
  const serverId = parseDuid(server.readFile(`${state}/server-duid`) ?? "");
  if (serverId === undefined) throw new Error("the server has no DUID");
  const request = clientServerMessage("request", xid(id), [
    option("clientId", clientId),
    option("serverId", serverId),
    option("elapsedTime", 0),
    iaPd(iaid(id)),
  ]);
  const { answer } = await ask(host, encodeMessage(request));
  const decoded = decodeMessage(Buffer.from(answer, "hex"));
  const ia = decoded.ok ? find(decoded.message.options, "iaPd") : undefined;
  const given = ia && find(ia.options, "iaPrefix");
  return given && formatPrefix(given.prefix);
}

const iaPd = (id: Iaid): Option => option("iaPd", { iaid: id, t1: seconds(0), t2: seconds(0), options: [] });

/** Fills a store with leases of as many clients. */
async function store(directory: string, count: number): Promise<void> {
  const filled = await openLeaseStore(directory);
  const until = millis(Date.now() + 3_600_000);
  for (let from = 0; from < count; from += 10_000) {
    await filled.commit(
      Array.from({ length: 10_000 }, (_, i) => {
        const n = ((from + i) * 7919) % count;
        return { type: "put", id: leaseId(from + i), record: encodeRecord(leaseOf(n, { until })) };
      }),
    );
  }
  await filled.close();
}
