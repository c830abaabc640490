import { millis, seconds } from "../../../shared/brand.js";
import { duid } from "../../../shared/duid.js";
import { parsePrefix } from "../../../shared/prefix.js";
import { encodeMessage } from "../../../shared/wire/message.js";
import { rkapAuth } from "../../../shared/wire/rkap.js";
import { type Option, option, rawOption } from "../../../shared/wire/options.js";
import { decodeDownlinks, encodeDownlinks } from "../../../client/downlinks-file.js";
import { deadline } from "../../../client/machine.js";
import { announcedAfter, radvdText, readRadvd } from "../../../client/radvd.js";
import { decodeState, encodeState } from "../../../client/remembered.js";
import { withResolver } from "../../../client/resolv-conf.js";
import { renderView } from "../../../client/view.js";
import type { ClientSetup } from "../../../client/state.js";
import {
  ADDRESS,
  advertise,
  type Bench,
  CLIENT,
  createBench,
  EPOCH,
  GRANT,
  na,
  pd,
  reply,
  SERVER_A,
} from "../../client/workbench.js";
import { joinParts, splitParts } from "../script.js";
import { datagrams } from "../seeds.js";
import { must, octetsOf, target, textOf } from "../target.js";

const NO_DIGEST = new Uint8Array(16);

const SETUPS: readonly Partial<ClientSetup>[] = [
  { requestedOptions: [21, 22, 23, 24, 31, 42, 67] },
  { wanted: [na(1), pd(1), pd(2, ["2001:db8:1::/60"])], rapidCommit: true, hmacMd5: () => NO_DIGEST },
  { wanted: [], stateless: true, requestedOptions: [23, 24, 32], hmacMd5: () => NO_DIGEST },
  { wanted: [pd(1), na(7)], insist: true, preferredServers: [{ by: "duid", octets: SERVER_A }] },
];

/** What may happen besides a datagram, by the number of the part; see `happen`. */
const OPS = 12;

/** A client's machine in whatever phase a story brings it to, and datagrams in each of them. */
const machine = target({
  name: "client-machine",
  entries: ["ClientMachine.step"],
  covers: ["client/"],
  shape: "script",
  tokens: [CLIENT, SERVER_A, Uint8Array.of(0, 13, 0, 2, 0, 3), new Uint8Array(16).fill(0xff)],
  seeds: clientStories,
  limit: 8192,
  rounds: 250,
  run(input) {
    const { setting, parts } = splitParts(input);
    const bench = createBench(SETUPS[setting % SETUPS.length]);
    bench.start();
    // The first messages of a machine come after a random delay of up to a second.
    bench.wait(1100);
    let asked = takeSent(bench, 0);
    for (const { op, payload } of parts.slice(0, 60)) {
      if (bench.ended()) break;
      happen(bench, op, payload, asked);
      asked = takeSent(bench, asked);
    }
    if (!bench.ended()) bench.wait(7 * 24 * 3_600_000);
    bench.stop();
    if (!bench.ended()) bench.wait(120_000);
    must(bench.ended(), "a client that is told to stop ends", bench.phase());
  },
});

function happen(bench: Bench, op: number, payload: Uint8Array, asked: number): void {
  switch (op % OPS) {
    case 0:
    case 1:
    case 2:
    case 3:
      bench.receiveBytes(answering(asked, payload));
      break;
    case 4:
      bench.receiveBytes(payload);
      break;
    case 5:
      bench.receiveBytes(answering(asked, payload), true);
      break;
    case 6:
      bench.wait(1100);
      break;
    case 7:
      bench.wait(60_000);
      break;
    case 8:
      bench.wait(1_001_000);
      break;
    case 9:
      bench.link(payload.length % 3);
      break;
    case 10:
      bench.duplicate("2001:db8:a::1");
      break;
    default:
      restart(bench);
  }
}

/** A datagram with the transaction-id of what the client sent last, so that it is an answer. */
function answering(asked: number, payload: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(payload);
  if (bytes.length >= 4 && bytes[0] !== 10) bytes.set([asked >>> 16, asked >>> 8, asked], 1);
  return bytes;
}

/** What it keeps can be read again by the next run. */
function restart(bench: Bench): void {
  const link = bench.saved();
  if (link === undefined) return;
  const text = encodeState({ duid: CLIENT, links: new Map([["wan0", link]]) });
  const read = decodeState(text);
  must(read.ok, "the client reads its own state file", read);
  const again = read.remembered.links.get("wan0");
  const next = createBench({}, undefined, EPOCH + bench.now() + 1000);
  next.start(again);
  next.wait(3_600_000);
}

/** Checks all that the machine has done since the last look; gives the transaction-id of its last message. */
function takeSent(bench: Bench, before: number): number {
  const { at, why } = deadline(bench.state());
  must(!Number.isNaN(at), "a deadline is an instant", why);
  for (const { message } of bench.sent) {
    const bytes = encodeMessage(message);
    must(bytes.length <= 65_527, "a message fits into a datagram", bytes.length);
    const { options } = message;
    must(
      options.some(({ name }) => name === "clientId") || message.type === "informationRequest",
      "it says who",
    );
  }
  for (const { call } of bench.hooks) {
    for (const [name, value] of Object.entries(call.variables)) {
      must(!/[\p{Cc}]/u.test(name + value), "no control character reaches a script", { name, value });
    }
  }
  for (const options of bench.options) {
    for (const line of Object.values(options).flat()) must(/^[!-~]+$/.test(line), "a line of a file", line);
  }
  must(bench.sent.length < 2000, "a client does not flood", bench.sent.length);
  const asked = bench.sent.at(-1)?.message.xid ?? before;
  bench.forget();
  return asked;
}

/** Stories of good clients, and each datagram that is known as an answer in it. */
function clientStories(): readonly Uint8Array[] {
  const sent = {
    at: 0,
    message: { form: "message", type: "solicit", code: 1, xid: 0, options: [] },
  } as never;
  const key = option("auth", rkapAuth(new Uint8Array(8).fill(1), { type: "key", value: NO_DIGEST }));
  const digest = option("auth", rkapAuth(new Uint8Array(8).fill(2), { type: "digest", value: NO_DIGEST }));
  const extra: readonly Option[] = [option("preference", 255), key];
  const grants = { ias: [GRANT, ADDRESS, { ...GRANT, iaid: 2 }], extra };
  const [offer, given] = [advertise(sent, grants), reply(sent, grants)].map(encodeMessage);
  const failed = encodeMessage(
    reply(sent, { ias: [{ status: "noBinding" }, { kind: "na", status: "noAddrsAvail" }] }),
  );
  const reconfigure = encodeMessage({
    form: "message",
    type: "reconfigure",
    code: 10,
    xid: 0 as never,
    options: [
      option("clientId", CLIENT),
      option("serverId", SERVER_A),
      rawOption(19, Uint8Array.of(5)),
      digest,
    ],
  });
  const good = [offer, given].flatMap((payload) => (payload === undefined ? [] : [{ op: 0, payload }]));
  const pause = { op: 8, payload: new Uint8Array(0) };
  const stories = [
    good,
    [...good, pause, ...good.slice(1), { op: 11, payload: pause.payload }],
    [...good, { op: 4, payload: reconfigure }, ...good.slice(1)],
    [...good, pause, { op: 0, payload: failed }, ...good],
    [...good, { op: 9, payload: Uint8Array.of(1, 2) }, { op: 10, payload: pause.payload }, ...good],
  ];
  const answers = datagrams().filter((bytes) => [2, 7, 10].includes(bytes[0] ?? 0));
  return SETUPS.flatMap((_setup, setting) => [
    ...stories.map((parts) => joinParts({ setting, parts })),
    ...shareOf(answers, setting).map((payload) =>
      joinParts({ setting, parts: [...good, { op: 0, payload }, pause] }),
    ),
  ]);
}

/** The corpus needs each of them in one setting only; changes bring them into the others. */
const shareOf = <T>(all: readonly T[], setting: number): readonly T[] =>
  all.filter((_each, n) => n % SETUPS.length === setting);

/** client-state.json: what the client remembers. */
const stateFile = target({
  name: "client-state",
  entries: ["decodeState"],
  covers: ["client/remembered", "client/view"],
  shape: "text",
  tokens: [
    '"prefixes"',
    '"addresses"',
    '"keys"',
    '"options"',
    "null",
    "4294967295",
    "1e308",
    '"__proto__"',
    "[]",
  ],
  seeds: () => [octetsOf(STATE)],
  limit: 8192,
  rounds: 800,
  run(input) {
    const read = decodeState(textOf(input));
    if (!read.ok) {
      must(read.why.length > 0, "it says why");
      return;
    }
    const { remembered } = read;
    const again = decodeState(encodeState(remembered));
    must(again.ok, "what was read can be written and read", again);
    must(encodeState(again.remembered) === encodeState(remembered), "it is the same again");
    must(
      renderView(remembered, { now: millis(EPOCH), indexOf: () => 2, isOver: false }) !== "",
      "it is shown",
    );
    const [[name, link] = []] = remembered.links;
    if (name === undefined || link === undefined) return;
    const wanted = link.ias
      .slice(0, 4)
      .map(({ kind, iaid }) => ({ ...(kind === "na" ? na(iaid) : pd(iaid)) }));
    const bench = createBench({ wanted });
    bench.start(link);
    bench.wait(86_400_000);
    bench.stop();
    if (!bench.ended()) bench.wait(120_000);
    must(bench.ended(), "a client with these memories can be stopped", bench.phase());
  },
});

const lease = {
  prefix: parsePrefix("2001:db8:1::/56") ?? { address: new Uint8Array(16) as never, length: 56 },
  preferred: seconds(3000),
  valid: seconds(4000),
  since: millis(EPOCH - 1000),
  until: millis(EPOCH + 3_999_000),
  exclude: parsePrefix("2001:db8:1:ff::/64"),
};
const ia = { server: SERVER_A, renewAt: millis(EPOCH), rebindAt: millis(Infinity), last: [lease.prefix] };
const STATE = encodeState({
  duid: CLIENT,
  links: new Map([
    [
      "wan0",
      {
        solMaxRt: seconds(3600),
        infMaxRt: seconds(3600),
        keys: [{ server: SERVER_A, key: new Uint8Array(16), replay: new Uint8Array(8) }],
        options: { "dns-servers": ["2001:db8::53"], domains: ["example.org"] },
        ias: [
          { ...ia, kind: "pd", iaid: pd(1).iaid, leases: [lease] },
          { ...ia, kind: "na", iaid: na(2).iaid, leases: [], server: duid(SERVER_A), last: [] },
        ],
      },
    ],
  ]),
});

/** client-downlinks.json. */
const downlinks = target({
  name: "client-downlinks",
  entries: ["decodeDownlinks"],
  covers: ["client/downlinks-file"],
  shape: "text",
  tokens: ['"subnets"', '"unreachable"', '"until"', "null", "1e400", "2001:db8::/64"],
  seeds: () => [
    octetsOf(
      encodeDownlinks({
        subnets: [{ downlink: "lan0", subnet: lease.prefix, until: millis(EPOCH) }],
        rests: [lease.prefix],
      }),
    ),
  ],
  rounds: 1500,
  run(input) {
    const read = decodeDownlinks(textOf(input));
    if (!read.ok) return;
    const text = encodeDownlinks(read.memory);
    const again = decodeDownlinks(text);
    must(again.ok && encodeDownlinks(again.memory) === text, "what was read can be written and is the same");
  },
});

/** radvd.conf, be it ours or not. */
const radvd = target({
  name: "radvd-conf",
  entries: ["readRadvd"],
  covers: ["client/radvd"],
  shape: "text",
  tokens: [
    "### lan0 start ###\n",
    "### lan0 end ###\n",
    "prefix 2001:db8::/64\n{",
    "AdvValidLifetime",
    "infinity",
  ],
  seeds: () => [octetsOf(RADVD), octetsOf("interface lan0 { };\n")],
  limit: 16_384,
  rounds: 800,
  run(input) {
    const file = readRadvd(textOf(input), millis(EPOCH));
    if (file.owner === "other") return;
    for (const { prefixes } of file.announced) {
      for (const { validUntil, preferredUntil } of prefixes) {
        must(!Number.isNaN(validUntil) && !Number.isNaN(preferredUntil), "lifetimes are numbers");
      }
    }
    const after = announcedAfter(file.announced, [], millis(EPOCH));
    const again = readRadvd(radvdText(after, "/w", millis(EPOCH)), millis(EPOCH));
    must(again.owner === "us", "what we write is ours");
  },
});

const RADVD = radvdText(
  [
    {
      interfaceName: "lan0",
      prefixes: [
        { prefix: lease.prefix, preferredUntil: lease.until, validUntil: lease.until, stale: false },
      ],
    },
    { interfaceName: "guest0", prefixes: [] },
  ],
  "/var/lib/dibbler",
  millis(EPOCH),
);

/** resolv.conf, which belongs to others as well. */
const resolvConf = target({
  name: "resolv-conf",
  entries: ["withResolver"],
  covers: ["client/resolv-conf"],
  shape: "text",
  tokens: ["# begin of dibbler-client in /w\n", "# end of dibbler-client in /w\n", "search ", "nameserver "],
  seeds: () => [
    octetsOf("search a.example\nnameserver ::1\n"),
    octetsOf(withResolver("nameserver ::1\n", "/w", { nameservers: ["2001:db8::53"], domains: ["a.b"] })),
  ],
  limit: 16_384,
  rounds: 1000,
  run(input) {
    const text = textOf(input);
    const ours = { nameservers: ["2001:db8::53"], domains: ["example.org", "b c"] };
    const others = withResolver(text, "/w", { nameservers: [], domains: [] });
    const once = withResolver(text, "/w", ours);
    must(once.startsWith(others), "what others wrote stays as it is");
    must(withResolver(once, "/w", ours) === once, "written twice it is the same");
    const gap = others === "" || others.endsWith("\n") ? "" : "\n";
    const gone = withResolver(once, "/w", { nameservers: [], domains: [] });
    must(gone === others + gap, "our part can be taken away again");
  },
});

/** What the client reads. */
export const CLIENT_TARGETS = [machine, stateFile, downlinks, radvd, resolvConf];
