import { changeMessage } from "./mutate-message.js";
import { changeList, changeOctets, concat, draw, type Means } from "./mutate-octets.js";
import { changeText } from "./mutate-text.js";
import { joinParts, type Part, splitParts } from "./script.js";

/**
 * What an input is: octets without a known layout, text, a DHCPv6 message, a stream of messages over TCP, or
 * a script of events (see script.ts).
 */
export type Shape = "octets" | "text" | "message" | "stream" | "script";

/** One to eight changes, one upon the other; the same chance gives the same input. */
export function mutate(input: Uint8Array, shape: Shape, means: Means): Uint8Array {
  const { chance, limit } = means;
  let changed = input;
  const count = 1 << Math.floor(chance.between(0, 4));
  for (let n = 0; n < count; n++) changed = CHANGES[shape](changed, means);
  return changed.length > limit ? changed.subarray(0, limit) : changed;
}

type Change = (input: Uint8Array, means: Means) => Uint8Array;

const CHANGES: Readonly<Record<Shape, Change>> = {
  octets: changeOctets,
  text: (input, means) =>
    means.chance.happens(0.25) ? changeOctets(input, means) : changeText(input, means),
  message: changeMessageOrOctets,
  stream: changeStream,
  script: changeScript,
};

function changeMessageOrOctets(input: Uint8Array, means: Means): Uint8Array {
  return means.chance.happens(0.2) ? changeOctets(input, means) : changeMessage(input, means);
}

/** Each message behind its size. */
function changeStream(input: Uint8Array, means: Means): Uint8Array {
  if (means.chance.happens(0.15)) return changeOctets(input, means);
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= input.length) {
    const end = at + 2 + (((input[at] ?? 0) << 8) | (input[at + 1] ?? 0));
    frames.push(input.subarray(at + 2, end));
    at = end;
  }
  const changed = changeList(frames, means, (frame) => changeMessageOrOctets(frame, means));
  return concat(changed.flatMap((frame) => [Uint8Array.of(frame.length >>> 8, frame.length), frame]));
}

function changeScript(input: Uint8Array, means: Means): Uint8Array {
  const { setting, parts } = splitParts(input);
  const { chance } = means;
  if (chance.happens(0.05)) return joinParts({ setting: draw(chance, 256), parts });
  const changed = changeList(parts, means, (part): Part => {
    if (chance.happens(0.2)) return { ...part, op: draw(chance, 256) };
    return { ...part, payload: changeMessageOrOctets(part.payload, means) };
  });
  const others = splitParts(means.other).parts;
  const other = others[draw(chance, others.length)];
  if (other === undefined || !chance.happens(0.2)) return joinParts({ setting, parts: changed });
  const at = draw(chance, changed.length + 1);
  return joinParts({ setting, parts: [...changed.slice(0, at), other, ...changed.slice(at)] });
}
