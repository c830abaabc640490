import { checkFooting } from "./bed/namespaces.js";
import { missingPeers, peersRequired } from "./bed/peers.js";

/** Says once, before the scenarios, which of them are left out on this machine and how to get them. */
export async function setup(): Promise<void> {
  const footing = await checkFooting();
  const notes = [footing.ok ? undefined : `left out: all scenarios. ${footing.reason}`, missingPeers()];
  const lines = notes.filter((note) => note !== undefined);
  if (peersRequired && lines.length > 0) throw new Error(`DIBBLER_REQUIRE_PEERS=1, but ${lines.join("; ")}`);
  for (const line of lines) console.log(`test/e2e: ${line}`);
}
