import type { Paths } from "../../shared/edge/command-line.js";
import { sendCommand } from "../../shared/edge/control-client.js";

/** How long a status waits for the server, in milliseconds. */
const PATIENCE_MS = 2000;

/** What `status --json` tells of a server: its hook calls, null when it does not answer. */
export async function serverDetails(paths: Paths, isRunning: boolean): Promise<object> {
  if (!isRunning) return { hooks: null };
  const answer = await sendCommand("server", paths, { command: "status" }, PATIENCE_MS);
  const data = answer.ok ? answer.data : undefined;
  return typeof data === "object" && data !== null ? data : { hooks: null };
}
