import { controlLine, parseControlRequest } from "../../../shared/control.js";
import { parseDuid, formatDuid } from "../../../shared/duid.js";
import { parseDomainName, formatDomainName } from "../../../shared/wire/domain-name.js";
import { readCommandArgs } from "../../../shared/edge/command-args.js";
import { parseCommandLine, pathsFor } from "../../../shared/edge/command-line.js";
import { parseSender } from "../../../shared/edge/address-text.js";
import { parseOctets, formatOctets, sameOctets } from "../../../shared/octets.js";
import { formatIp6, formatPrefix, parseIp6, parsePrefix } from "../../../shared/prefix.js";
import { parsePrefixOrAddress, readFilter } from "../../../server/lease-filter.js";
import { reconfigureRequest } from "../../../server/reconfigure-command.js";
import { releaseRequest } from "../../../server/release-command.js";
import { parseSubject, subjectText } from "../../../server/subject.js";
import { must, octetsOf, target, textOf } from "../target.js";

/** Addresses, prefixes, DUIDs, names and octets as people write them, and as Node tells of a sender. */
const literals = target({
  name: "literals",
  entries: [
    "parseIp6",
    "parsePrefix",
    "parseDuid",
    "parseOctets",
    "parseDomainName",
    "parseSender",
    "parseSubject",
    "parsePrefixOrAddress",
    "readFilter",
    "releaseRequest",
    "reconfigureRequest",
  ],
  covers: [
    "shared/prefix",
    "shared/duid",
    "shared/octets",
    "shared/edge/address-text",
    "shared/wire/domain-name",
  ],
  shape: "text",
  tokens: ["::", ":", "/64", "/128", "%eth0", "ffff", "::ffff:192.0.2.1", "0x", ".", "\\"],
  seeds: () =>
    ["2001:db8::1/56", "::ffff:192.0.2.1", "fe80::1%eth0", "00:03:00:01:aa", "a.example.org.", "::"].map(
      octetsOf,
    ),
  limit: 300,
  rounds: 4000,
  run(input) {
    const text = textOf(input);
    const address = parseIp6(text);
    if (address !== undefined)
      must(sameOctets(parseIp6(formatIp6(address)) ?? input, address), "an address again");
    const prefix = parsePrefix(text);
    if (prefix !== undefined) {
      must(prefix.length >= 0 && prefix.length <= 128, "a prefix length", prefix.length);
      must(
        formatPrefix(parsePrefix(formatPrefix(prefix)) ?? prefix) === formatPrefix(prefix),
        "a prefix again",
      );
    }
    const duid = parseDuid(text);
    if (duid !== undefined) must(sameOctets(parseDuid(formatDuid(duid)) ?? input, duid), "a DUID again");
    const octets = parseOctets(text);
    if (octets !== undefined)
      must(sameOctets(parseOctets(formatOctets(octets)) ?? input, octets), "octets again");
    const sender = parseSender(text);
    must(sender === undefined || sender.length === 16, "a sender has 16 octets");
    // What both read they read alike.
    if (sender !== undefined && address !== undefined)
      must(sameOctets(sender, address), "a sender is an address");
    checkName(text);
    const subject = parseSubject(text);
    if (subject !== undefined)
      must(parseSubject(subjectText(subject)) !== undefined, "a subject again", subject);
    const filter = readFilter({ client: text, prefix: text, states: [], interfaces: [], types: [] });
    if (typeof filter === "string") must(filter.length < 1000, "a sentence, not too long", filter.length);
    parsePrefixOrAddress(text);
    const words = text.split(" ");
    for (const request of [releaseRequest(text, 1), reconfigureRequest(words)]) {
      if (typeof request === "string") must(request !== "", "a sentence");
      else must(parseControlRequest(controlLine(request).trimEnd()) !== "", "a request that can be sent");
    }
  },
});

function checkName(text: string): void {
  const name = parseDomainName(text);
  if (name === undefined) return;
  const again = parseDomainName(formatDomainName(name));
  must(again !== undefined && formatDomainName(again) === formatDomainName(name), "a name again", text);
}

const DECLARATION = {
  name: "dibbler-server leases",
  describe: "list",
  words: { subject: { describe: "what", need: "many" } },
  options: {
    json: { type: "boolean", describe: "JSON" },
    state: { type: "string", many: true, choices: ["bound", "offered"], describe: "state" },
    limit: { type: "number", short: "n", describe: "how many" },
  },
} as const;

/** Words of a command line, separated by zero octets as the kernel has them. */
const commandLine = target({
  name: "command-line",
  entries: ["parseCommandLine", "pathsFor", "readCommandArgs"],
  covers: ["shared/edge/command-line", "shared/edge/command-args"],
  shape: "text",
  tokens: [
    "\0-w\0",
    "\0--config\0",
    "\0--config=",
    "\0--json",
    "\0--",
    "start",
    "leases\0",
    "--state\0bound",
    "--help",
    "-n\0",
    "--__proto__\0x",
  ],
  seeds: () =>
    [
      "run\0-w\0/tmp",
      "--config=a\0start",
      "leases\0--state\0bound\0x",
      "status\0--json",
      "leases\0-n\x003",
    ].map(octetsOf),
  limit: 500,
  rounds: 60,
  async run(input) {
    const args = textOf(input).split("\0");
    const own = [{ name: "leases", synopsis: "", help: [] }];
    const parsed = parseCommandLine(args, () => "/w", own);
    if (parsed.ok) {
      const paths = pathsFor("server", parsed.command);
      for (const path of Object.values<string>({ ...paths }))
        must(path.startsWith("/"), "paths are absolute", path);
    } else must(parsed.complaint !== "", "a complaint says something");
    const silent = silence();
    try {
      const read = await readCommandArgs(DECLARATION, args);
      if (typeof read === "number") must(read === 0 || read === 1, "an exit status", read);
      else {
        must(
          read.texts("state").every((state) => ["bound", "offered"].includes(state)),
          "a choice that there is",
        );
        must(!Number.isNaN(read.number("limit")), "a number");
      }
    } finally {
      silent.end();
    }
  },
});

/** What commands print is not for who looks on. */
function silence(): { readonly end: () => void } {
  const { stdout, stderr } = process;
  const [out, err] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
  stdout.write = () => true;
  stderr.write = () => true;
  return {
    end: () => {
      stdout.write = out;
      stderr.write = err;
    },
  };
}

/** What people write on a command line, and elsewhere in a word. */
export const WORD_TARGETS = [literals, commandLine];
