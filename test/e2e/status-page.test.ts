import { describe, expect } from "vitest";
import { parseDuid } from "../../shared/duid.js";
import { pd } from "../server/rig.js";
import { member, openCrowd } from "./bed/crowd.js";
import { startServer } from "./bed/guide-server.js";
import type { Host } from "./bed/host.js";
import { layOutPair } from "./bed/pair.js";
import { ours } from "./bed/programs.js";
import { scenario, testWorld } from "./fixture.js";

const LINK = `iface eth0 { pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 } }`;

describe("e2e status page: what a browser fetches", () => {
  scenario()("page, JSON, events; beside metrics; another address by reload; refused; none", async () => {
    const { server, client } = await layOutPair(await testWorld());
    const crowd = await openCrowd(client, "2001:db8:c::2");
    configure(server, 'metrics "[::1]:9547" status-page "[::1]:9547" auth-replay none');
    await startServer(server, ours.server);
    const duid = parseDuid(server.readFile("/var/lib/dibbler/server-duid") ?? "");
    if (duid === undefined) throw new Error("the server has no DUID");

    const told = eventsUntil(server, 9547, '"action":"add"');
    await crowd.request(member("one", 1, [pd(1)]), duid);
    const event = JSON.parse((await told).split("data: ").at(-1) ?? "") as Readonly<Record<string, unknown>>;
    expect(event).toMatchObject({
      ...{ leases: 1, troubles: [], latest: 1 },
      events: [{ number: 1, action: "add", reason: "request", interface: "eth0" }],
    });
    expect(await get(server, 9547, "/metrics")).toContain("dibbler_info");
    const html = await get(server, 9547, "/");
    expect(html).toContain('<li id="leases-count"><span>leases</span> <b>1</b>');
    expect(html).toContain("<code>2001:db8:1000::/40</code>");
    expect(html).toMatch(/<p class="remark">warning, line 1:47: /);
    expect(await get(server, 9547, "/page.js")).toContain("new EventSource(");
    expect(await get(server, 9547, "/page.css")).toContain("prefers-color-scheme: dark");
    const { rows } = JSON.parse(await get(server, 9547, "/api/leases?state=bound")) as {
      readonly rows: readonly { readonly prefix: string }[];
    };
    expect(rows).toHaveLength(1);
    const { kind, cells } = JSON.parse(await get(server, 9547, "/api/map")) as Record<string, string>;
    const taken = Buffer.from(cells ?? "", "base64").filter((octet) => octet === 2);
    expect({ kind, taken: taken.length }).toEqual({ kind: "pieces", taken: 1 });

    configure(server, 'metrics "[::1]:9547" status-page "[::1]:9548"');
    expect(await server.run([ours.server, "reload"])).toMatchObject({ status: 0 });
    const moved = await get(server, 9548, "/");
    expect(moved).toContain("dibbler-server");
    expect(moved).not.toContain("remark");
    // Events are kept over a reload.
    expect(moved).toContain("add: request");
    expect(await get(server, 9547, "/")).toContain("there is nothing here; there is /healthz, /metrics");

    configure(server, 'status-page "[2001:db8:ffff::1]:9549"');
    const refused = await server.run([ours.server, "reload"]);
    expect(refused.stderr).toContain(
      "status-page [2001:db8:ffff::1]:9549 cannot be opened: this host does not have the address",
    );
    expect(await get(server, 9548, "/")).toContain("dibbler-server");
    configure(server, "");
    expect(await server.run([ours.server, "reload"])).toMatchObject({ status: 0 });
    expect(await get(server, 9548, "/")).toBe("");
    expect(await get(server, 9547, "/metrics")).toBe("");
  });
});

function configure(server: Host, line: string): void {
  server.writeFile("/etc/dibbler/server.conf", `${line}\n${LINK}\n`);
}

/** Fetches over HTTP inside the host; empty when nobody listens. */
async function get(server: Host, port: number, path: string): Promise<string> {
  const program = `fetch("http://[::1]:${port}${path}").then((it) => it.text()).then(console.log, () => {})`;
  return (await server.run(["node", "-e", program])).stdout;
}

/** What whoever looks is told, from the first of all events on until something is in it. */
async function eventsUntil(server: Host, port: number, wanted: string): Promise<string> {
  const program = `void (async () => {
    let text = "";
    const { body } = await fetch("http://[::1]:${port}/events?after=0");
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.includes(${JSON.stringify(wanted)}) && text.endsWith("\\n\\n")) break;
    }
    console.log(text);
    process.exit();
  })()`;
  return (await server.run(["node", "-e", program])).stdout;
}
