import { once } from "node:events";
import { hostSetup } from "./host-setup.js";
import { createHost, type Host, type HostPlace } from "./host.js";
import { checkFooting, type Footing, searchPath, worldFlags } from "./namespaces.js";
import { type Launched, launch } from "./process.js";

/** A set of test hosts that share nothing with this machine and end together. */
export interface World {
  readonly addHost: (name: string) => Promise<Host>;
  readonly hosts: () => readonly Host[];
  /** Ends every process inside; namespaces, mounts and files are in memory and go with them. */
  readonly end: () => Promise<void>;
}

/**
 * What a world is like: with duplicate address detection, links take a second or two to be usable, as in
 * life.
 */
export interface WorldOptions {
  readonly duplicateAddressDetection?: boolean;
}

/**
 * Opens an empty world. It lives as long as this process: its first process reads a pipe from us and ends,
 * with everything inside, when the pipe closes for whatever reason. Rejects where namespaces are not to be
 * had.
 */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const check = await checkFooting();
  if (!check.ok) throw new Error(check.reason);
  const holder = launch(
    ["unshare", ...worldFlags(check.footing), "sh", "-c", holderScript],
    hostEnvironment(),
  );
  const holderPid = await announcedPid(holder);
  const hosts: Host[] = [];
  const anchors: Launched[] = [];
  return {
    addHost: async (name) => {
      const parameters = [name, options.duplicateAddressDetection === true ? "yes" : "no"];
      const make = ["unshare", "--net", "--mount", "--uts", "sh", "-c", hostSetup, "sh", ...parameters];
      const anchor = launch([...enterWorld(check.footing, holderPid), ...make], hostEnvironment());
      anchors.push(anchor);
      const host = createHost(name, placeOf(check.footing, holderPid, await announcedPid(anchor)));
      hosts.push(host);
      return host;
    },
    hosts: () => hosts,
    end: async () => {
      const running = holder.child.exitCode === null && holder.child.signalCode === null;
      if (running) process.kill(holderPid, "SIGKILL");
      await Promise.all([holder, ...anchors].map(({ ended }) => ended));
      await Promise.all(hosts.flatMap((host) => host.spawned().map(({ ended }) => ended)));
    },
  };
}

/**
 * First process of a world: says who it is to the machine outside, then collects orphans until our pipe
 * closes.
 */
const holderScript = `
read -r outer_pid rest </proc/self/stat
mount -t proc proc /proc
echo "$outer_pid"
exec 3<&0
cat <&3 >/dev/null & wait $!
`;

function hostEnvironment(): { env: Record<string, string> } {
  return { env: { PATH: searchPath(), LC_ALL: "C" } };
}

function enterWorld(footing: Footing, holderPid: number): readonly string[] {
  return ["nsenter", ...enterUser(footing, holderPid), `--target=${holderPid}`, "--mount", "--pid", "--"];
}

/** The host's own namespaces are reached through the world's /proc: its process ids mean nothing out here. */
function placeOf(footing: Footing, holderPid: number, anchor: number): HostPlace {
  const processes = `/proc/${holderPid}/root/proc`;
  const own = `${processes}/${anchor}`;
  const namespaces = [`--mount=${own}/ns/mnt`, `--net=${own}/ns/net`, `--uts=${own}/ns/uts`];
  const shared = [...enterUser(footing, holderPid), `--pid=/proc/${holderPid}/ns/pid`];
  return { anchor, enter: ["nsenter", ...shared, ...namespaces, "--"], root: `${own}/root`, processes };
}

function enterUser(footing: Footing, holderPid: number): readonly string[] {
  return footing === "user" ? [`--user=/proc/${holderPid}/ns/user`, "--preserve-credentials"] : [];
}

/** The process id that a set-up script prints on a line of its own when it is done. */
async function announcedPid({ child, output, ended }: Launched): Promise<number> {
  const failed = ended.then(() => false);
  for (;;) {
    const pid = /^(\d+)\n/m.exec(output())?.[1];
    if (pid !== undefined) return Number.parseInt(pid, 10);
    const more = child.stdout === null ? failed : once(child.stdout, "data").then(() => true);
    if (!(await Promise.race([more, failed]))) break;
  }
  throw new Error(`the test bed could not be set up: ${output()}`);
}
