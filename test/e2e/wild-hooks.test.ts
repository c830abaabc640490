import { describe, expect } from "vitest";
import { isLogged } from "../log-lines.js";
import type { Host } from "./bed/host.js";
import { ours } from "./bed/programs.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import { layOutSwarm, listLeases, serverPid, smallHeap, startQuietly, swarmLog } from "./bed/swarm-server.js";
import { openSwarm } from "./bed/swarm.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const script = "/var/lib/dibbler/wild.sh";
const diary = "/run/bed/wild";

/** What the script does, and how the log calls that. */
const manners = {
  "prints 100 MB": { text: "yes noise | head -c 100000000; exit 3", log: "HOOK-STATUS" },
  "leaves a child that holds its output open": { text: "sleep 1234 & exit 4", log: "HOOK-STATUS" },
  "dies by a signal": { text: "kill -SEGV $$", log: "HOOK-SIGNAL" },
  "is gone": { text: undefined, log: "HOOK-NOT-RUN" },
  // What the kernel does not know glibc gives to sh, which knows no such command.
  "is no program": { text: "\0\u0001\u0002", log: "HOOK-STATUS" },
} as const;

describe("e2e wild hooks: a server under load with a script that is replaced while it runs", () => {
  scenario()(
    "floods, forks, dies, is gone, hangs -> answers, bounded memory, quick stop",
    async () => {
      const { server, client } = await layOutSwarm(
        await testWorld(),
        `script "${script}"\nscript-timeout 20\nlog-level 7`,
      );
      write(server, "exit 0");
      const pid = await startQuietly(server, { env: smallHeap });
      const swarm = await openSwarm(client, { clients: 100, ias: 1 });
      await swarm.order({ do: "exchange", count: 500 });
      const before = residentMib(server);

      for (const [manner, { text, log }] of Object.entries(manners)) {
        server.writeFile(swarmLog, "");
        if (manner === "is no program") server.writeFile(script, text ?? "", 0o755);
        else write(server, text);
        const { complaints } = await swarm.order({ do: "exchange", count: 60 });
        expect({ manner, complaints }).toEqual({ manner, complaints: [] });
        await waitFor(`a word on a script that ${manner}`, () => isLogged(server.readFile(swarmLog), log));
      }
      expect(residentMib(server) - before).toBeLessThan(30);

      write(server, `trap "" TERM\necho begun >>${diary}\nsleep 4321 & wait\nsleep 4321`);
      await waitFor("scripts to hang", async () => {
        await swarm.order({ do: "exchange", count: 20 });
        return (await loadOf(server)).running === 8;
      });
      const { entries, complaints } = await swarm.order({ do: "exchange", count: 4000 });
      expect(complaints).toEqual([]);
      const load = await loadOf(server);
      expect(load.waiting).toBeGreaterThan(0);
      // From 1000 on only what counts waits: an `add` and a `delete` for a prefix at most.
      expect(load.waiting).toBeLessThan(1300);
      expect(residentMib(server) - before).toBeLessThan(30);

      const { status, milliseconds } = await server.run([ours.server, "stop"]);
      expect({ status, isQuick: milliseconds < 5000 }).toEqual({ status: 0, isQuick: true });
      expect(server.readFile(swarmLog)).toMatch(
        /wild\.sh \w+ still ran when the program ended, and was ended/,
      );
      expect(server.commandLines()).not.toContainEqual(["sleep", "4321"]);
      expect(server.commandLine(pid)).toBeUndefined();

      write(server, `echo "$1 $PREFIX1/$PREFIX1LEN" >>${diary}`);
      server.remove(diary);
      await startQuietly(server);
      await waitFor("all calls to be made", async () => {
        const { waiting, running, owed } = await loadOf(server);
        return waiting + running + owed === 0;
      });
      const held = entries.flatMap(({ standing }) => (standing.kind === "held" ? [standing.prefix] : []));
      const last = new Map(
        (server.readFile(diary) ?? "").split("\n").map((line) => {
          const [action = "", prefix = ""] = line.split(" ");
          return [prefix, action] as const;
        }),
      );
      // What the script was told last of each prefix is how it stands.
      const alive = [...last].flatMap(([prefix, action]) => (action === "add" ? [prefix] : []));
      expect(alive.sort()).toEqual([...held].sort());
      expect(compareLedger(entries, await listLeases(server), true)).toEqual([]);
    },
    120_000,
  );
});

/** Puts another script in the place of the one before, as a package manager does; without text none. */
function write(server: Host, text: string | undefined): void {
  server.remove(script);
  if (text !== undefined) server.writeFile(script, `#!/bin/bash\n${text}\n`, 0o755);
}

interface Load {
  readonly waiting: number;
  readonly running: number;
  readonly owed: number;
}

async function loadOf(server: Host): Promise<Load> {
  const { stdout } = await server.run([ours.server, "status", "--json"]);
  const { hooks } = JSON.parse(stdout) as { readonly hooks: Load | null };
  if (hooks === null) throw new Error("the server does not tell of its hooks");
  return hooks;
}

function residentMib(server: Host): number {
  const status = server.readFile(`/proc/${serverPid(server)}/status`) ?? "";
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
