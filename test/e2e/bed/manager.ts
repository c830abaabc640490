import type { Host } from "./host.js";
import { waitFor } from "./wait.js";

/** What a service manager hears: each message with the milliseconds at which it came. */
export interface Heard {
  readonly at: number;
  /** Whether the UDP port was open then. */
  readonly isOpen: boolean;
  readonly message: string;
}

/** Somebody in the place of systemd: a socket, and what was said at it. */
export interface Manager {
  /** What a program has to have in its environment to be heard. */
  readonly environment: Readonly<Record<string, string>>;
  /** All but the barriers, with which systemd-notify waits until it was heard. */
  readonly heard: () => readonly Heard[];
}

/** Node cannot open such sockets; perl is part of every Debian. */
const LISTENER = `use strict; use Socket; use Time::HiRes;
my ($path, $port) = @ARGV;
$| = 1;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die;
bind($socket, pack_sockaddr_un($path)) or die;
chmod 0777, $path;
print "listening\\n";
while (defined recv($socket, my $message, 65536, 0)) {
  open(my $table, "<", "/proc/net/udp6") or die;
  my $open = grep { /^ *\\d+: [0-9A-F]{32}:$port / } <$table>;
  $message =~ s/\\n$//;
  $message =~ s/\\n/|/g;
  my $now = Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC());
  printf "%d %d %s\\n", $now * 1000, $open > 0, $message;
}
`;

/** Listens on a host as systemd does, and looks with each message whether the UDP port is open. */
export async function openManager(host: Host, port: number): Promise<Manager> {
  const path = "/run/notify";
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  host.remove(path);
  host.writeFile("/run/listener.pl", LISTENER);
  const listener = await host.spawn(["perl", "/run/listener.pl", path, hex]);
  await waitFor("the listener", () => listener.output().includes("listening"));
  return {
    environment: { NOTIFY_SOCKET: path },
    heard: () =>
      Array.from(listener.output().matchAll(/^(\d+) ([01]) (.*)$/gm), ([, at = "", open, message = ""]) => ({
        ...{ at: Number(at), isOpen: open === "1", message },
      })).filter(({ message }) => message !== "BARRIER=1"),
  };
}
