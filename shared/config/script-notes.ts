/** What is known of the script: how the system would start it. */
export type KnownScript = "missing" | "not executable" | "started by a shell" | "ready";

/** What is worth knowing of it before a start; `without` says what the program would do without it. */
export function scriptNotes(path: string, script: KnownScript, without: string): string[] {
  switch (script) {
    case "missing":
      return [`the script ${path} does not exist: ${without}`];
    case "not executable":
      return [`the script ${path} is not executable: ${without} (chmod +x it)`];
    case "started by a shell":
      return [`the script ${path} has no "#!" line: a shell is started for it, bash if there is one`];
    case "ready":
      return [];
    default:
      return script satisfies never;
  }
}
