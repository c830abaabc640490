import type { Host } from "./host.js";
import { eui64 } from "./network.js";
import type { Result } from "./process.js";

/** One tenant subnet with prefix delegation, as Neutron's L3 agent knows it on a router. */
export interface Subnet {
  readonly id: string;
  /** Device and MAC address of the router's port in the subnet. */
  readonly device: string;
  readonly mac: string;
  /** Link-local address made for this subnet on the router's outer device: the client's only address. */
  readonly bindAddress: string;
  /** The client's working directory. Its name has two colons. */
  readonly area: string;
}

/** Name of every router's outer device in these scenarios. */
export const outerDevice = "qg-1f2e3d4c-5b";

/** Subnet number `index`, up to 31, of a router, with identifiers that look as Neutron's do. */
export function makeSubnet(routerId: string, index: number): Subnet {
  const octet = (first: number): string => (first + index).toString(16);
  const id = `ea139dcd-17a3-4f0a-8cca-dff8b4e03f${octet(0x80)}`;
  const device = `qr-a7e4d663-${octet(0xe0)}`;
  const mac = `fa:16:3e:27:a5:${octet(0xc0)}`;
  const area = `/var/lib/neutron/pd/${routerId}:${id}:${device}`;
  return { id, device, mac, bindAddress: eui64("fe80::/64", mac), area };
}

/**
 * Writes what Neutron's driver writes before it starts a client; the hint is a prefix once delegated, with
 * length.
 */
export function prepareArea(router: Host, subnet: Subnet, hint?: string): void {
  router.writeFile(`${subnet.area}/client.conf`, clientConfiguration(subnet, hint));
  const notify = `exec neutron-pd-notify $1 ${subnet.area}/prefix 1`;
  router.writeFile(`${subnet.area}/notify.sh`, `#!/usr/bin/env bash\n\n${notify}`, 0o744);
}

/** Puts a stand-in for `neutron-pd-notify` on a router: same arguments, same file; it also keeps a diary. */
export function installNotify(router: Host): void {
  router.writeFile("/run/bed/bin/neutron-pd-notify", notifyProgram, 0o755);
}

/**
 * `dibbler-client start -w AREA` or `stop`, as the agent calls it: it waits for the exit and reads both
 * outputs to their end.
 */
export function callClient(
  router: Host,
  client: string,
  action: "start" | "stop" | "status",
  subnet: Subnet,
): Promise<Result> {
  return router.run([client, action, "-w", subnet.area]);
}

/**
 * The subnet's prefix as Neutron sees it, e.g. `2001:db8:0:1::/64`; undefined before the first notification.
 */
export function notifiedPrefix(router: Host, subnet: Subnet): string | undefined {
  return router.readFile(`${subnet.area}/prefix`);
}

/** Operations that the client has notified for a subnet, in order: `add`, `update`, ... */
export function notifications(router: Host, subnet: Subnet): readonly string[] {
  const diary = router.readFile(`/run/bed/notifications/${subnet.area.split("/").at(-1) ?? ""}`) ?? "";
  return diary.split("\n").slice(0, -1);
}

/** Byte for byte the file of Neutron's dibbler driver: first an empty line, no newline at the end. */
function clientConfiguration({ id, area, bindAddress }: Subnet, hint: string | undefined): string {
  const pd = hint === undefined ? "    pd 1\n" : `    pd 1 {\n        prefix ${hint}\n    }\n`;
  return `
# Config for dibbler-client.

# Use enterprise number based duid
duid-type duid-en 8888 0x${id.replaceAll("-", "")}

# 8 (Debug) is most verbose. 7 (Info) is usually the best option
log-level 8

# No automatic downlink address assignment
downlink-prefix-ifaces "none"

# Use script to notify l3_agent of assigned prefix
script "${area}/notify.sh"

# Ask for prefix over the external gateway interface
iface "${outerDevice}" {
# Bind to generated LLA
bind-to-address ${bindAddress}
# ask for address
   
${pd}   
}`;
}

/** Arguments: operation, file, process id of the agent (not signalled here). */
const notifyProgram = `#!/bin/sh
case $1 in
  add | update) prefix=\${PREFIX1:-::}/64 ;;
  delete) prefix=::/64 ;;
esac
if [ "$prefix" ]; then
  printf %s "$prefix" >"$2.new"
  chmod 644 "$2.new"
  mv "$2.new" "$2"
fi
mkdir -p /run/bed/notifications
area=\${2%/prefix}
echo "$1" >>"/run/bed/notifications/\${area##*/}"
`;
