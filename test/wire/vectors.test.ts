import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decodeMessage, encodeMessage, type Message } from "../../shared/wire/message.js";
import { find, type Option } from "../../shared/wire/options.js";
import { rkapInformation } from "../../shared/wire/rkap.js";
import { joinFrames, splitFrames } from "../../shared/wire/tcp-frames.js";
import { describeMessage } from "./describe-message.js";
import { loadVectors, toHex, type Vector } from "./vectors.js";

const vectors = loadVectors();
const udp = vectors.filter(({ transport }) => transport === "udp");
const accepted = udp.filter(({ parse }) => parse !== "reject");

test("the index names all vectors", () => {
  expect(vectors).toHaveLength(291);
});

describe("decode", () => {
  test.each(accepted.filter((vector) => vector.expect !== undefined))("$file -> as described", (vector) => {
    expect(describeMessage(decoded(vector))).toEqual(vector.expect);
  });

  test.each(udp.filter(({ parse }) => parse === undefined || parse === "ok"))(
    "$file -> every option understood",
    (vector) => {
      expect(faultyOptions(decoded(vector).options)).toEqual([]);
    },
  );

  test.each(udp.filter(({ parse }) => parse === "drop-option"))(
    "$file ($fault) -> that option raw, its fault noted",
    ({ bytes }) => {
      const result = decodeMessage(bytes);
      if (!result.ok) throw new Error(result.fault.code);
      expect(result.faults).toHaveLength(1);
      expect(faultyOptions(result.message.options)).toMatchObject([{ fault: result.faults[0] }]);
    },
  );

  test.each(udp.filter(({ parse }) => parse === "reject"))("$file ($fault) -> rejected", ({ bytes }) => {
    expect(decodeMessage(bytes).ok).toBe(false);
  });
});

describe("encode", () => {
  test.each(accepted)("$file -> the same octets", (vector) => {
    expect(toHex(encodeMessage(decoded(vector)))).toBe(toHex(vector.bytes));
  });
});

describe("TCP streams", () => {
  const stream = vectors.find(({ file }) => file.startsWith("s25"));
  const cut = vectors.find(({ file }) => file.startsWith("m58"));

  test("bulk leasequery -> four frames as described, and back", () => {
    const bytes = stream?.bytes ?? new Uint8Array();
    const { messages, rest } = splitFrames(bytes);
    const frames = messages.map((frame) => describeMessage(decoded({ file: "frame", bytes: frame })));
    expect({ frames }).toEqual(stream?.expect);
    expect(rest).toHaveLength(0);
    expect(toHex(joinFrames(messages))).toBe(toHex(bytes));
  });

  test("a frame longer than the stream -> no message, all of it left over", () => {
    const { messages, rest } = splitFrames(cut?.bytes ?? new Uint8Array());
    expect({ messages, left: rest.length }).toEqual({ messages: [], left: 20 });
  });
});

describe("RKAP digests", () => {
  const keyed = udp.filter(({ rkapKey }) => rkapKey !== undefined);
  const forged = new Set(["m42-rkap-bad-digest.hex"]);

  test.each(keyed)("$file -> HMAC-MD5 over the message with a zeroed digest", (vector) => {
    const reconfigure = innermost(decoded(vector));
    const bytes = encodeMessage(reconfigure);
    const auth = find(reconfigure.options, "auth");
    const digest = auth === undefined ? undefined : rkapInformation(auth)?.value;
    if (digest === undefined) throw new Error("a Reconfigure with a digest");
    const zeroed = Buffer.from(bytes);
    zeroed.fill(0, zeroed.indexOf(digest), zeroed.indexOf(digest) + 16);
    const hmac = createHmac("md5", Buffer.from(vector.rkapKey ?? "", "hex"))
      .update(zeroed)
      .digest("hex");
    expect(hmac === toHex(digest)).toBe(!forged.has(vector.file));
  });
});

function decoded({ file, bytes }: Pick<Vector, "file" | "bytes">): Message {
  const result = decodeMessage(bytes);
  if (!result.ok) throw new Error(`${file}: ${result.fault.code} at ${result.fault.offset}`);
  return result.message;
}

function innermost(message: Message): Message {
  const inner = find(message.options, "relayMessage");
  return inner === undefined ? message : innermost(inner);
}

/** Raw options that have a fault, at any depth. */
function faultyOptions(options: readonly Option[]): Option[] {
  return options.flatMap((option) => {
    if (option.name === "raw") return option.fault === undefined ? [] : [option];
    if (option.name === "relayMessage") return faultyOptions(option.value.options);
    const value: unknown = option.value;
    const inside = typeof value === "object" && value !== null && "options" in value;
    return inside && option.name !== "vendorOptions" ? faultyOptions(value.options as readonly Option[]) : [];
  });
}
