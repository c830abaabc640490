import { describe, expect } from "vitest";
import { configureGuideServer } from "./bed/guide-server.js";
import { buildServerHost } from "./bed/guide.js";
import { ours } from "./bed/programs.js";
import { scenario, testWorld } from "./fixture.js";

describe("e2e check: a configuration is read and judged, and nothing else happens", () => {
  scenario()(
    "the guide's file: served; a script without a first line is noted; no state is made",
    async () => {
      const host = await buildServerHost(await testWorld());
      configureGuideServer(host);
      const { status, stdout, stderr } = await host.run([ours.server, "check"]);
      expect(status).toBe(0);
      expect(stdout.split("\n")[0]).toBe("server");
      expect(stdout).toContain("  prefixes      /64 out of 2222:2222:2222::/48: 65536\n");
      expect(stdout).toContain("/etc/dibbler/server.conf can be served: 0 errors, 0 warnings, 1 note\n");
      expect(stderr).toBe(
        'note: the script /var/lib/dibbler/pd-server.sh has no "#!" line: a shell is started for it, ' +
          "bash if there is one\n",
      );
      expect(host.listFolder("/var/lib/dibbler")).toEqual(["pd-server.sh"]);
    },
  );

  scenario()("two mistakes -> both with place, caret and suggestion, status 1", async () => {
    const host = await buildServerHost(await testWorld());
    host.writeFile("/etc/dibbler/a.conf", "preferense 3\niface br-ex { pd-class { pd-pool ::/40 } }\n");
    const { status, stdout, stderr } = await host.run([
      "sh",
      "-c",
      `cd /etc/dibbler && ${ours.server} check a.conf`,
    ]);
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: "/etc/dibbler/a.conf cannot be served: 2 errors, 0 warnings, 0 notes\n",
    });
    expect(stderr).toContain(`/etc/dibbler/a.conf:1:1: error: unknown directive "preferense"
    1 | preferense 3
      | ^^^^^^^^^^
      = did you mean "preference"?
`);
    expect(stderr).toContain("/etc/dibbler/a.conf:2:15: error: this pd-class has no pd-length");
  });

  scenario()("--json with -w: one object; without the file: one sentence", async () => {
    const host = await buildServerHost(await testWorld());
    host.writeFile("/var/lib/dibbler/area/server.conf", "iface br-ex { stateless }");
    const found = await host.run([ours.server, "check", "--json", "-w", "/var/lib/dibbler/area"]);
    expect(found).toMatchObject({ status: 1, stderr: "" });
    expect(JSON.parse(found.stdout)).toMatchObject({
      file: "/var/lib/dibbler/area/server.conf",
      served: false,
      diagnostics: [{ severity: "error", line: 1, column: 15 }],
      configuration: null,
    });
    const missing = await host.run([ours.server, "check", "/nowhere.conf"]);
    expect(missing).toMatchObject({ status: 1, stdout: "" });
    expect(missing.stderr).toMatch(/^.*\/nowhere\.conf.*\n$/);
  });

  scenario()("--help -> how to use it, status 0; an unknown option -> status 1", async () => {
    const host = await buildServerHost(await testWorld());
    const help = await host.run([ours.server, "check", "--help"]);
    expect(help).toMatchObject({ status: 0, stderr: "" });
    expect(help.stdout).toContain("dibbler-server check [file]");
    expect(await host.run([ours.server, "check", "--jsn"])).toMatchObject({
      status: 1,
      stdout: "",
      stderr:
        "dibbler-server check: unknown argument: jsn; did you mean --json?\n" +
        'Try "dibbler-server check --help".\n',
    });
  });
});
