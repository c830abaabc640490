import { describe, expect, test } from "vitest";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import { understand, understandingText } from "../../client/understanding.js";

/** What `check` prints of a configuration, line by line. */
function linesOf(text: string): readonly string[] {
  const { config } = parseClientConfig(text);
  if (config === undefined) throw new Error(`not a configuration: ${text}`);
  return understandingText(understand(config)).split("\n");
}

describe("client check: what a configuration means", () => {
  test("Neutron's, with a hint", () => {
    const text = `duid-type duid-en 8888 0xea139dcd17a34f0a8ccadff8b4e03f8a
log-level 8
downlink-prefix-ifaces "none"
script "/area/notify.sh"
iface "qg-1" {
bind-to-address fe80::1:1
pd 1 { prefix 2001:db8:1::/64 }
}`;
    expect(linesOf(text)).toEqual([
      "client",
      '  log         full, level 8, as "Client"',
      '  script      "/area/notify.sh", 10 s at most',
      "  DUID        the one in client-duid; without that one of the kind en",
      "  downlinks   none: a prefix is told to the script only",
      "",
      'interface "qg-1" (line 5)',
      "  sends from  fe80::1:1",
      "  asks for    a prefix, IAID 1, wishes 2001:db8:1::/64",
      "",
    ]);
  });

  test.each([
    ["iface eth0 { ia pd 7 }", "  asks for    a prefix, IAID 7"],
    ["iface eth0 { ia pd 7 }", "  asks for    an address, IAID 1"],
    ["iface 3 { pd }", 'interface "#3" (line 1)'],
    ["iface eth0 { stateless option dns-server }", "  asks for    options only (Information-request)"],
    ["iface eth0 { stateless option dns-server }", "  options     asked for: 23"],
    ["iface eth0 { rapid-commit 1 }", "  asks for    nothing: write pd, ia or stateless into the block"],
    [
      "rapid-commit 1 iface eth0 { pd }",
      "              with Rapid Commit, in two messages where the server allows it",
    ],
    ["inactive-mode insist-mode iface eth0 { pd }", "  modes       inactive-mode, insist-mode"],
    ["iface eth0 { pd }", "  script      none"],
    ["iface eth0 { pd }", "  downlinks   prefixes are for all other interfaces that are up"],
    ["downlink-prefix-ifaces lan1, lan2 iface eth0 { pd }", "  downlinks   prefixes are for lan1, lan2"],
  ])("%s: %s", (text, line) => {
    expect(linesOf(text)).toContain(line);
  });
});
