import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeMessage, encodeMessage, type Message } from "../../shared/wire/message.js";

/**
 * Prints the cost of one decode and one encode of typical packets. Run from the top folder of the project.
 */
const packets = [
  ["Solicit", "s01-solicit-pd.hex"],
  ["Reply, one prefix", "s32-rapid-reply.hex"],
  ["Reply, exclude and key", "s06-reply-pd-exclude-rkap.hex"],
  ["Relay-forward, two hops", "s21-relay-forw-two-hops.hex"],
] as const;

const WARM_UP_MS = 300;
const ROUNDS = 20;
const ROUND_MS = 50;

for (const [name, file] of packets) {
  const hex = readFileSync(join(process.cwd(), "test/vectors", file), "utf8").replace(/\s/g, "");
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) throw new Error(`${file}: ${decoded.fault.code}`);
  const message: Message = decoded.message;
  const decode = nanoseconds(() => decodeMessage(bytes));
  const encode = nanoseconds(() => encodeMessage(message));
  const label = `${name} (${bytes.length} octets)`.padEnd(38);
  console.log(
    `${label} decode ${decode.toFixed(0).padStart(5)} ns   encode ${encode.toFixed(0).padStart(5)} ns`,
  );
}

/** Time of one call in the best of several rounds: what else runs on the machine only ever adds. */
function nanoseconds(run: () => unknown): number {
  measure(run, WARM_UP_MS);
  return Math.min(...Array.from({ length: ROUNDS }, () => measure(run, ROUND_MS)));
}

function measure(run: () => unknown, ms: number): number {
  const start = process.hrtime.bigint();
  const end = start + BigInt(ms * 1e6);
  let calls = 0;
  let now = start;
  for (; now < end; now = process.hrtime.bigint()) {
    for (let i = 0; i < 1000; i++) run();
    calls += 1000;
  }
  return Number(now - start) / calls;
}
