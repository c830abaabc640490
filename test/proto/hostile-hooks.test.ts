import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPTIONS, type Option, option, type OptionName, rawOption } from "../../shared/wire/options.js";
import { advertise, createBench, GRANT, lastOf, reply } from "../client/workbench.js";
import { createClient, createRig, pd, prefixIn } from "../server/rig.js";
import { behind, configure, iface, pdClass, subnet } from "../server/settings.js";
import { optionOf } from "../wire/generators.js";

/** Names that a call can have; a packet chooses nothing but the number of an option. */
const NAMES = new RegExp(
  "^(?:RELAYS|RELAY[0-9]_(?:PEER|LINK)|(?:ARRIVAL_)?IFACE|IFINDEX|REMOTE_ADDR|(?:CLNT|SRV)_MESSAGE" +
    "|(?:PREFIX|ADDR)[0-9]+(?:LEN|PREF|VALID|IAID|EXCLUDE)?|(?:CLNT|SRV)_OPTION[0-9]+(?:_[A-Z0-9]+)?|REASON" +
    "|CLNT_(?:DUID|ADDR|MAC)|DOWNLINK_PREFIX_IFACES|DOWNLINK_PREFIXES|IAID)$",
);
/** No quote, no `$`, no `()` of a function, no control octet; `[generic]` and `[none]` are ours. */
const HARMLESS = /^(?:[\w .:/,=+@%-]|\[generic\]|\[none\])*$/;

/** What makes calls worth reading; IAs and what ends an exchange are the tests' own. */
const OWN = new Set<string>(["clientId", "serverId", "iaNa", "iaTa", "iaPd", "relayMessage", "statusCode"]);
const free = (Object.keys(OPTIONS) as OptionName[]).filter((name) => !OWN.has(name));

const hostileText = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "() { :;}; reboot",
      "$(reboot)",
      "`id`",
      "a\0b",
      "x\nLD_PRELOAD=/tmp/x.so",
      "';--",
      "\u001b[2J",
    ),
  )
  .map((text) => new TextEncoder().encode(text));
/** Any option of the registry, any other code, and texts that shells take for more than that. */
const foreignOption: fc.Arbitrary<Option> = fc.oneof(
  ...free.map((name) => optionOf(name, 1) as fc.Arbitrary<Option>),
  fc.tuple(fc.integer({ min: 200, max: 65_535 }), hostileText).map(([code, text]) => rawOption(code, text)),
  fc
    .tuple(fc.constantFrom(41, 42, 59, 103, 16, 15, 37), hostileText)
    .map(([code, text]) => rawOption(code, text)),
);
const foreignOptions = fc.array(foreignOption, { maxLength: 6 });

function expectHarmless(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    expect(name).toMatch(NAMES);
    expect(value).toMatch(HARMLESS);
  }
}

describe("hooks: whatever a packet holds, a script gets known names and harmless values", () => {
  const line = behind(
    "eth0",
    iface("line1", [pdClass(56, ["2001:db8:1100::/40"])], { subnets: [subnet("2001:db8:a::/48")] }),
  );
  const config = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])]), line]);

  test("server: options of clients and relays, for add, update and delete", () => {
    let calls = 0;
    fc.assert(
      fc.property(
        foreignOptions,
        fc.array(foreignOption, { maxLength: 3 }),
        fc.boolean(),
        (options, told, isFar) => {
          const rig = createRig(config);
          const far = { hops: [{ link: "2001:db8:a::1", options: told }] };
          const client = createClient(rig, 1, isFar ? far : {});
          const held = prefixIn(client.ask("request", [pd(1)], { options }));
          for (const type of ["renew", "release"] as const)
            client.ask(type, [pd(1, held ?? "::/56")], { options });
          for (const { variables } of rig.hooks()) {
            calls += 1;
            expectHarmless(variables);
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(calls).toBeGreaterThan(400);
  });

  test("client: options of servers", () => {
    let calls = 0;
    fc.assert(
      fc.property(foreignOptions, (extra) => {
        const bench = createBench();
        bench.start();
        bench.receive(advertise(bench.nextSent("solicit"), { extra: [option("preference", 255)] }));
        bench.receive(reply(lastOf(bench), { ias: [GRANT], extra }));
        for (const { call } of bench.hooks) {
          calls += 1;
          expectHarmless(call.variables);
        }
      }),
      { numRuns: 200 },
    );
    expect(calls).toBeGreaterThan(100);
  });
});
