import { connect } from "node:net";
import { isMainThread } from "node:worker_threads";
import { parseControlAnswer, controlLine, parseControlRequest } from "../../../shared/control.js";
import { parseDuid, formatDuid } from "../../../shared/duid.js";
import { openControl } from "../../../shared/edge/control-server.js";
import { readDuidFile } from "../../../shared/edge/duid-file.js";
import { SystemError } from "../../../shared/edge/errors.js";
import { createLineReader, orderLine, type ScriptOrder } from "../../../shared/edge/hook-orders.js";
import { shellFor } from "../../../shared/edge/hook-shell.js";
import {
  parseAddressRows,
  parseIpLinks,
  parseLinkNames,
  parseMac,
} from "../../../shared/edge/interface-tables.js";
import { failuresOf } from "../../../shared/edge/ip-batch.js";
import { probePidFile } from "../../../shared/edge/pid-file.js";
import { parseUdpTable } from "../../../shared/edge/port-holder.js";
import { sameOctets } from "../../../shared/octets.js";
import { parsePrefix } from "../../../shared/prefix.js";
import { readRoutes, removedIn } from "../../../server/routes.js";
import { leftovers } from "../../../client/plan-diff.js";
import { splitParts, joinParts } from "../script.js";
import { must, octetsOf, target, textOf } from "../target.js";
import { fileWith } from "./store.js";

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");

/** Tables of /proc and what `ip` prints. */
const tables = target({
  name: "interface-tables",
  entries: ["parseAddressRows", "parseLinkNames", "parseMac", "parseUdpTable", "failuresOf", "removedIn"],
  covers: ["shared/edge/interface-tables", "shared/edge/port-holder", "shared/edge/ip-batch"],
  shape: "text",
  tokens: ["fe80000000000000", " 02 40 20 80 ", "eth0", ":", "Command failed -:1", "RTNETLINK answers: "],
  seeds: () => [IF_INET6, DEV, UDP6, IP_ERRORS].map(octetsOf),
  rounds: 1500,
  run(input) {
    const text = latin1(input);
    for (const { address, name } of parseAddressRows(text))
      must(address.length === 16 && name !== "", "a row");
    for (const name of parseLinkNames(text)) must(!name.includes("\n"), "a name is on one line", name);
    for (const { address, inode } of parseUdpTable(text))
      must(address.length === 16 && inode !== "", "a socket");
    for (const line of text.split("\n")) must((removedIn(line)?.length ?? 0) <= 128, "a route has a prefix");
    must(parseMac(text).length <= text.length, "a hardware address is no longer than its text");
    for (const { why } of failuresOf(text, 3)) must(why !== "", "a failure has a reason");
  },
});

const IF_INET6 = `fe80000000000000020000fffe000001 02 40 20 80     eth0
20010db8000000000000000000000001 03 40 00 c0     wan0
`;
const DEV = `Inter-|   Receive  |  Transmit
 face |bytes    packets errs|bytes
  eth0: 1 2 3
    lo: 0 0 0
`;
const UDP6 = `  sl  local_address     remote_address    st tx_queue
 1234: 000080FE00000000FF00000201000000:0223 ${"0".repeat(32)}:0000 07 0:0 00:0 0 0 0 4711 2 0 0
`;
const IP_ERRORS = `RTNETLINK answers: File exists
Command failed -:1
Error: Invalid prefix.
Command failed -:3
`;

/** JSON of iproute2. */
const ipJson = target({
  name: "ip-json",
  entries: ["parseIpLinks", "leftovers", "readRoutes"],
  covers: ["shared/edge/interface-tables", "client/plan-diff", "server/routes"],
  shape: "text",
  tokens: ['"dst"', '"default"', '"addr_info"', '"noprefixroute"', "true", "null", "[]", "{}", '"__proto__"'],
  seeds: () => [IP_LINKS, IP_ROUTES, IP_ADDRESSES].map(octetsOf),
  rounds: 1500,
  run(input) {
    const text = textOf(input);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      // `ip` prints JSON or fails; the callers take a SyntaxError as its failure.
      return;
    }
    for (const [name, { flags, mac }] of parseIpLinks(text)) {
      must(typeof name === "string" && Number.isInteger(flags) && mac.length < 1e4, "a link", name);
    }
    for (const { prefix: to } of readRoutes(json)) must(to.length <= 128, "a route has a prefix");
    const prefix = parsePrefix("2001:db8::/48");
    if (prefix === undefined) return;
    const subnet = { downlink: "lan0", subnet: prefix, until: 0 as never };
    for (const { device } of leftovers(json, json, [subnet], [prefix])) {
      must(typeof device === "string", "a setting has a device");
    }
  },
});

const IP_LINKS =
  '[{"ifindex":2,"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"link_type":"ether",' +
  '"address":"02:00:00:00:00:01"}]';
const IP_ROUTES =
  '[{"type":"unreachable","dst":"2001:db8::/48","dev":"lo","flags":[]},{"dst":"default","dev":"e"}]';
const IP_ADDRESSES =
  '[{"ifname":"lan0","addr_info":[{"local":"2001:db8::1","prefixlen":64,"noprefixroute":true}]}]';

/** Small files: DUID, pid, the head of a script. */
const smallFiles = target({
  name: "small-files",
  entries: ["readDuidFile", "probePidFile", "shellFor"],
  covers: ["shared/edge/duid-file", "shared/edge/pid-file", "shared/edge/hook-shell", "shared/duid"],
  shape: "text",
  tokens: ["0x", ":", "\n", "00:01", "#!", "\0", "1"],
  seeds: () =>
    ["00:01:00:01:0a:0b:0c:0d:02:00:00:00:00:01", "0x0003000102000000", "812", " 1\n", "#!/bin/sh\n"].map(
      octetsOf,
    ),
  rounds: 300,
  run(input) {
    const path = fileWith("small", input);
    try {
      const duid = readDuidFile(path);
      must(duid === undefined || (duid.length >= 3 && duid.length <= 130), "a DUID of 3 to 130 octets");
      if (duid !== undefined)
        must(sameOctets(parseDuid(formatDuid(duid)) ?? input, duid), "it is read as it is written");
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    const { state } = probePidFile(path, "client");
    must(["garbage", "dead", "foreign", "running"].includes(state), "a pid file that is there", state);
    shellFor(path);
  },
});

/** Requests and answers on the control socket, as lines. */
const controlLines = target({
  name: "control-lines",
  entries: ["parseControlRequest", "parseControlAnswer"],
  covers: ["shared/control"],
  shape: "text",
  tokens: [
    '{"ok":true,"message":"',
    '{"ok":false,"error":"',
    '"command"',
    "{}",
    "[]",
    '"__proto__"',
    "\\u0000",
  ],
  seeds: () =>
    ['{"command":"status"}', '{"ok":true,"message":"m","data":{}}', '{"ok":false,"error":"e"}'].map(octetsOf),
  limit: 6000,
  rounds: 2000,
  run(input) {
    const text = textOf(input);
    const request = parseControlRequest(text);
    if (typeof request !== "string") {
      const again = parseControlRequest(controlLine(request).trimEnd());
      const isSame = typeof again === "string" ? again.includes("longer") : again.command === request.command;
      must(isSame, "a request again");
    }
    const answer = parseControlAnswer(text);
    if (answer === undefined) return;
    const line = controlLine(answer);
    must(line.endsWith("\n") && !line.slice(0, -1).includes("\n"), "an answer is one line");
    must(JSON.stringify(parseControlAnswer(line)) === JSON.stringify(answer), "an answer again");
  },
});

/** The control socket itself: any octets in any pieces get one line of an answer. */
const controlSocket = target({
  name: "control-socket",
  entries: ["openControl"],
  covers: ["shared/edge/control-server"],
  shape: "script",
  seeds: () => [
    joinParts({ setting: 0, parts: [{ op: 0, payload: octetsOf('{"command":"status"}\n') }] }),
    joinParts({
      setting: 1,
      parts: [
        { op: 0, payload: octetsOf('{"comm') },
        { op: 0, payload: octetsOf('and":"x"}') },
      ],
    }),
    joinParts({ setting: 0, parts: [{ op: 0, payload: new Uint8Array(5000).fill(0x61) }] }),
  ],
  limit: 20_000,
  rounds: 60,
  async run(input) {
    const { parts } = splitParts(input);
    // Threads have no umask of their own; who may connect is not what this is about.
    if (!isMainThread) Object.assign(process, { umask: () => 0o022 });
    const path = fileWith("control", new Uint8Array(0)).replace(/control$/, "control.sock");
    const channel = await openControl({
      path,
      handle: ({ command }) => {
        if (command === "x") throw new Error("no");
        return { ok: true, message: command };
      },
      onTrouble: (sentence) => {
        throw new Error(sentence);
      },
    });
    try {
      const answer = await converse(
        path,
        parts.map(({ payload }) => payload),
      );
      must(answer.endsWith("\n") && parseControlAnswer(answer) !== undefined, "one answer", answer);
    } finally {
      await channel.close();
    }
  },
});

function converse(path: string, pieces: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (piece: string) => (text += piece));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // The server may have closed before it was told everything.
      if (error.code !== "EPIPE" && error.code !== "ECONNRESET") reject(error);
    });
    socket.on("close", () => {
      resolve(text);
    });
    for (const piece of pieces) socket.write(piece);
    socket.end();
  });
}

/** Orders to the hook helper and its answers, in whatever pieces they come. */
const orders = target({
  name: "hook-orders",
  entries: ["createLineReader"],
  covers: ["shared/edge/hook-orders"],
  shape: "script",
  seeds: () => [
    joinParts({
      setting: 3,
      parts: ["/s", "add", "P\n\u2028", "\0"].map((text, op) => ({ op, payload: octetsOf(text) })),
    }),
  ],
  rounds: 1000,
  run(input) {
    const { setting, parts } = splitParts(input);
    const sent = parts.map(({ op, payload }): ScriptOrder => {
      const text = textOf(payload);
      return { id: op, run: { script: text, action: text, variables: { [text]: text }, timeoutMs: op } };
    });
    const stream = sent.map(orderLine).join("");
    const got: ScriptOrder[] = [];
    const read = createLineReader<ScriptOrder>((order) => void got.push(order));
    const piece = 1 + (setting % 50);
    for (let at = 0; at < stream.length; at += piece) read(stream.slice(at, at + piece));
    must(JSON.stringify(got) === JSON.stringify(sent), "every order arrives as it was sent");
  },
});

/** What the system, its users and our own processes tell. */
export const SYSTEM_TARGETS = [tables, ipJson, smallFiles, controlLines, controlSocket, orders];
