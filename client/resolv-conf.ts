/** What a client puts into resolv.conf. */
export interface Resolver {
  /** Addresses, with `%interface` where they need it. */
  readonly nameservers: readonly string[];
  readonly domains: readonly string[];
}

/**
 * A resolv.conf with the part of the client of `workDir`, which is at the end and marked; without a part,
 * exactly as it was, when there is nothing to say. Of several `search` lines the last one counts: ours
 * repeats the others'.
 */
export function withResolver(text: string, workDir: string, { nameservers, domains }: Resolver): string {
  const others = text.replace(partOf(workDir), "");
  const usable = domains.filter((name) => NAME.test(name));
  if (nameservers.length === 0 && usable.length === 0) return others;
  const search = usable.length === 0 ? [] : [...new Set([...searchOf(others), ...usable])];
  const lines = [
    `${BEGIN}${workDir}`,
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(search.length === 0 ? [] : [`search ${search.join(" ")}`]),
    `${END}${workDir}`,
  ];
  const gap = others === "" || others.endsWith("\n") ? "" : "\n";
  return `${others}${gap}${lines.join("\n")}\n`;
}

/**
 * Who writes a resolv.conf that is a link to `target`; `undefined` for nobody known. What they did not write
 * is gone with their next change, and systemd-resolved does not even read it.
 */
export const managerOf = (target: string): string | undefined =>
  MANAGERS.find(([folder]) => target.startsWith(folder))?.[1];

const MANAGERS = [
  ["/run/systemd/resolve/", "systemd-resolved"],
  ["/usr/lib/systemd/", "systemd-resolved"],
  ["/run/NetworkManager/", "NetworkManager"],
  ["/run/resolvconf/", "resolvconf"],
  ["/etc/resolvconf/run/", "resolvconf"],
  ["/run/connman/", "connman"],
] as const;

const BEGIN = "# begin of dibbler-client in ";
const END = "# end of dibbler-client in ";
/** A name that resolvers know what to do with: they take no escapes, and a blank would begin another one. */
const NAME = /^[\w-]+(\.[\w-]+)*$/;

/** From mark to mark, both included; without an end mark the lines that we write. */
function partOf(workDir: string): RegExp {
  const quoted = workDir.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(
    `^${BEGIN}${quoted}(?:\\n|(?![^]))(?:(?:nameserver|search) .*\\n?)*(?:${END}${quoted}(?:\\n|$))?`,
    "gm",
  );
}

function searchOf(text: string): readonly string[] {
  const last = text.match(/^(?:search|domain)[ \t].*$/gm)?.at(-1) ?? "";
  return last
    .split(/\s+/)
    .slice(1)
    .filter((word) => word !== "");
}
