import type { Host } from "./host.js";
import type { CommandOptions, Result } from "./process.js";
import { waitFor } from "./wait.js";

/** The pool of the guide's configuration. */
export const guidePool = "2222:2222:2222::/48";

/**
 * Writes the guide's server configuration and hook script as printed there; `timers` adds lines to its
 * pd-class.
 */
export function configureGuideServer(node: Host, timers = "", script = guideScript): void {
  node.writeFile("/etc/dibbler/server.conf", guideConfiguration(timers));
  node.writeFile("/var/lib/dibbler/pd-server.sh", script, 0o755);
}

/** The same without the script: the server sets the routes. */
export function configureRoutingServer(node: Host): void {
  node.writeFile(
    "/etc/dibbler/server.conf",
    `routes 1\n${guideConfiguration("").replace(/^script .*\n/, "")}`,
  );
}

/** Short timers for scenarios: renewal after 2 s, rebinding after 5 s, end after 20 s. */
export const shortTimers = "T1 2\n        T2 5\n        preferred-lifetime 10\n        valid-lifetime 20";

/** `dibbler-server start`, and waits until it serves; rejects with what it said when it does not start. */
export async function startServer(node: Host, server: string, options?: CommandOptions): Promise<Result> {
  const result = await node.run([server, "start"], options);
  if (result.status !== 0) throw new Error(`the server did not start: ${result.stdout}${result.stderr}`);
  await waitFor("the server to listen on port 547", () => node.hasUdpPort(547));
  return result;
}

/** The hook script of the guide, without a first line that names an interpreter, as printed there. */
export const guideScript = `if [ "$PREFIX1" != "" ]; then
    if [ "$1" == "add" ]; then
        sudo ip -6 route add \${PREFIX1}/64 via $REMOTE_ADDR dev $IFACE
    fi
    if [ "$1" == "delete" ]; then
        sudo ip -6 route del \${PREFIX1}/64 via $REMOTE_ADDR dev $IFACE
    fi
fi
`;

function guideConfiguration(timers: string): string {
  return `script "/var/lib/dibbler/pd-server.sh"

iface "br-ex" {
    pd-class {
        pd-pool ${guidePool}
        pd-length 64${timers === "" ? "" : `\n        ${timers}`}
    }
}
`;
}
