import { execute, type Result } from "./process.js";

/** How namespaces can be had here: as root directly, or by any user inside a user namespace. */
export type Footing = "root" | "user";

/** The footing for test beds on this machine, or one sentence that says why there is none and what to do. */
export type FootingCheck =
  | { readonly ok: true; readonly footing: Footing }
  | { readonly ok: false; readonly reason: string };

/**
 * `unshare` flags of a world: own mounts and processes, all of which end with it. Networks are made per host.
 * Root takes no user namespace, because peers that change to a user of their own need that user to exist.
 */
export function worldFlags(footing: Footing): readonly string[] {
  return [
    ...(footing === "user" ? ["--user", "--map-root-user"] : []),
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
  ];
}

/** Tries, without leaving anything behind, all that a test bed does to the kernel. Takes some 30 ms. */
export async function checkFooting(): Promise<FootingCheck> {
  const footings: readonly Footing[] = process.getuid?.() === 0 ? ["root", "user"] : ["user"];
  let reason = "";
  for (const footing of footings) {
    const result = await tryEverything(footing);
    if (result.status === 0) return { ok: true, footing };
    reason ||= explain(footing, result);
  }
  return { ok: false, reason };
}

/**
 * `sh` script that does one of each thing a test bed needs; says on standard output which could not be done.
 */
const trial = `
try() {
  what=$1
  shift
  "$@" || { echo "$what"; exit 1; }
}
try "find the program ip" command -v ip >&2
try "find IPv6 in the kernel" test -d /proc/sys/net/ipv6
try "mount /proc" mount -t proc proc /proc
try "mount a tmpfs" mount -t tmpfs bed /var/log
try "make a network" unshare --net --mount --uts sh -c '
  mount -t sysfs sysfs /sys &&
  ip link add name probe0 type bridge &&
  ip link add name probe1 type veth peer name probe2 &&
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
`;

async function tryEverything(footing: Footing): Promise<Result> {
  return execute(["unshare", ...worldFlags(footing), "sh", "-c", trial], {
    env: { PATH: searchPath(), LC_ALL: "C" },
  });
}

/** Our search path with the folders of system programs, which a user's often lacks. */
export function searchPath(): string {
  const own = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return [...new Set([...own, "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"])].join(":");
}

function explain(footing: Footing, { status, stdout, stderr }: Result): string {
  const what = stdout.trim();
  if (status === 127) return "The program unshare is not there: install util-linux.";
  if (what === "find the program ip") return "The program ip is not there: install iproute2.";
  if (what.includes("IPv6")) return "IPv6 is switched off in this kernel: start it without ipv6.disable=1.";
  const detail = [what, stderr.trim().split("\n").at(-1)].filter((text) => text !== "").join(": ");
  const advice =
    footing === "root"
      ? "in a container, start it with --privileged (Docker, Podman)"
      : "run it as root, or allow namespaces to users " +
        "(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, " +
        "kernel.apparmor_restrict_unprivileged_userns)";
  const who = footing === "root" ? "Even root" : "This user";
  return `${who} may not make network namespaces here (${detail}): ${advice}.`;
}
