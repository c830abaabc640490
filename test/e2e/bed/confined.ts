/** A user who may do nothing. */
export const NOBODY = 65_534;

/** The command as `NOBODY` with these capabilities and no way to get more, as the systemd units have it. */
export function confined(capabilities: readonly string[], command: readonly string[]): readonly string[] {
  const set = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  const sets = [`--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`];
  return [
    "setpriv",
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    "--clear-groups",
    ...sets,
    "--no-new-privs",
    ...command,
  ];
}
