import type { Host } from "./host.js";

/** A service of a distribution: the commands of its unit. */
export interface Service {
  readonly start: string;
  readonly stop: string;
}

/** What a unit with a program in the foreground comes to. */
export function foreground(name: string, command: string): Service {
  const pidFile = `/run/bed/${name}.pid`;
  return {
    start: `setsid ${command} </dev/null >/run/bed/${name}.log 2>&1 &\necho $! >${pidFile}`,
    stop: `kill $(cat ${pidFile})`,
  };
}

/**
 * There is no systemd in a host: `systemctl` is a stand-in that starts and stops services by the commands of
 * their units, and returns when the UDP port 547 of DHCPv6 servers is open, or free.
 */
export function installServices(host: Host, services: Readonly<Record<string, Service>>): void {
  host.writeFile("/run/bed/bin/systemctl", systemctl, 0o755);
  for (const [name, { start, stop }] of Object.entries(services)) {
    host.writeFile(`/run/bed/units/${name}.start`, start);
    host.writeFile(`/run/bed/units/${name}.stop`, stop);
  }
}

const systemctl = `#!/bin/sh
case "$1 $2" in
  "disable --now") verb=stop name=$3 ;;
  "enable --now") verb=start name=$3 ;;
  "start "* | "stop "* | "restart "*) verb=$1 name=$2 ;;
  *) echo "systemctl: $*?" >&2; exit 1 ;;
esac
unit() { sh -e "/run/bed/units/$name.$1"; }
if [ $verb = restart ]; then
  unit stop 2>/dev/null
  verb=start
fi
unit $verb || exit
case "$name" in *dibbler*|*dhcp*) ;; *) exit 0 ;; esac
serves() { grep -q ':0223 ' /proc/net/udp6; }
for try in $(seq 100); do
  case $verb in
    start) serves && exit ;;
    stop) serves || exit 0 ;;
  esac
  sleep 0.1
done
echo "systemctl: $name did not $verb" >&2
exit 1
`;
