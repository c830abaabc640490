import type { Host } from "./host.js";
import type { World } from "./world.js";

/**
 * What somebody who looks into a failed scenario wants to see: programs, logs, addresses, routes of every
 * host.
 */
export async function reportWorld(world: World): Promise<string> {
  const parts = await Promise.all(world.hosts().map(reportHost));
  return parts.join("\n");
}

async function reportHost(host: Host): Promise<string> {
  const programs = host.spawned().map(({ command, output }) => `$ ${command.join(" ")}\n${output()}`);
  const { stdout } = await host.run(["sh", "-c", inspection]);
  return [`===== ${host.name} =====`, ...programs, stdout].join("\n");
}

const inspection = `
for log in /var/log/dibbler/*.log /var/lib/dibbler/*.log /var/lib/neutron/pd/*/*.log; do
  [ -f "$log" ] || continue
  echo "--- $log"
  tail -n 40 "$log"
done
ip -6 address show
ip -6 route show
`;
