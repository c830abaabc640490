import { changeList, changeOctets, concat, draw, type Means, oneOf } from "./mutate-octets.js";

/** A message or option taken apart as far as its lengths let it; what is wrong in it stays as octets. */
interface Tree {
  /** Header fields, or all of the data where no options are inside. */
  readonly head: Uint8Array;
  readonly options: readonly Node[];
  /** Octets behind the last whole option. */
  readonly rest: Uint8Array;
}

interface Node {
  readonly code: number;
  readonly tree: Tree;
}

/** How many octets are before the options in an option; those that are not here have none inside. */
const HEADS: ReadonlyMap<number, number> = new Map([
  [3, 12],
  [4, 4],
  [5, 24],
  [17, 4],
  [25, 12],
  [26, 25],
  [44, 17],
  [45, 0],
  [56, 0],
  [94, 0],
  [95, 0],
  [96, 0],
]);
const RELAY_MESSAGE = 9;
/** Options that hold a message, and what is before it. */
const MESSAGES: ReadonlyMap<number, number> = new Map([
  [RELAY_MESSAGE, 0],
  [47, 16],
]);
const isRelay = (type: number | undefined): boolean => type === 12 || type === 13;

/** A change of the message that keeps the lengths around it right, or of one of the lengths. */
export function changeMessage(input: Uint8Array, means: Means): Uint8Array {
  const { chance } = means;
  const tree = readMessage(input, 0);
  switch (draw(chance, 12)) {
    case 0:
      return wrapIn(input, 1 + draw(chance, chance.happens(0.2) ? 34 : 3), means);
    case 1:
      return tree.options.find(({ code }) => code === RELAY_MESSAGE)?.tree.head.length === undefined
        ? write(addTo(tree, means))
        : write(innerOf(tree) ?? tree);
    case 2:
      return write(addTo(tree, means));
    case 3:
      return spoilLength(write(tree), means);
    default:
      return write(changeTree(tree, means, 0));
  }
}

function changeTree(tree: Tree, means: Means, depth: number): Tree {
  const { chance } = means;
  if (tree.options.length === 0 || chance.happens(0.15)) {
    return chance.happens(0.3) ? addTo(tree, means) : { ...tree, head: changeOctets(tree.head, means) };
  }
  if (chance.happens(0.15)) return addTo(tree, means);
  const options = changeList(tree.options, means, (node) => {
    if (chance.happens(0.1)) return { ...node, code: anyCode(means) };
    return { ...node, tree: changeTree(node.tree, means, depth + 1) };
  });
  return { ...tree, options };
}

/** An option more: of this message, of another one, a word of the target, or empty. */
function addTo(tree: Tree, means: Means): Tree {
  const { chance, tokens, other } = means;
  const known = [...allNodes(tree), ...allNodes(readMessage(other, 0))];
  const data = oneOf(chance, tokens) ?? new Uint8Array(0);
  const made: Node = { code: anyCode(means), tree: leaf(data) };
  const added = (chance.happens(0.7) ? oneOf(chance, known) : undefined) ?? made;
  const at = draw(chance, tree.options.length + 1);
  return { ...tree, options: [...tree.options.slice(0, at), added, ...tree.options.slice(at)] };
}

const anyCode = ({ chance }: Means): number =>
  chance.happens(0.9) ? draw(chance, 156) : draw(chance, 65_536);

/** Relay-forwards (or replies) around the message, as relays put them. */
function wrapIn(message: Uint8Array, levels: number, { chance }: Means): Uint8Array {
  let inner = message;
  for (let hop = 0; hop < levels; hop++) {
    const head = Uint8Array.of(chance.happens(0.95) ? 12 : 13, hop, ...new Uint8Array(32));
    if (chance.happens(0.7)) head.set([0x20, 1, 0xd, 0xb8, 0, 0, 0, draw(chance, 4)], 2);
    head.set([0xfe, 0x80], 18);
    head[33] = draw(chance, 8);
    const id = chance.happens(0.5) ? [{ code: 18, tree: leaf(Uint8Array.of(0x65, draw(chance, 4))) }] : [];
    const options = [...id, { code: RELAY_MESSAGE, tree: leaf(inner) }];
    inner = write({ head, options, rest: EMPTY });
    if (inner.length > 65_000) break;
  }
  return inner;
}

function innerOf({ options }: Tree): Tree | undefined {
  return options.find(({ code }) => code === RELAY_MESSAGE)?.tree;
}

/** Makes one of the 16-bit lengths a little (or much) too long or too short. */
function spoilLength(message: Uint8Array, { chance }: Means): Uint8Array {
  const places: number[] = [];
  let at = isRelay(message[0]) ? 34 : 4;
  while (at + 4 <= message.length) {
    places.push(at + 2);
    const length = ((message[at + 2] ?? 0) << 8) | (message[at + 3] ?? 0);
    // Now over it, now into it.
    at += 4 + (chance.happens(0.6) ? length : (HEADS.get(message[at + 1] ?? 0) ?? length));
  }
  const place = oneOf(chance, places);
  if (place === undefined) return message;
  const changed = Uint8Array.from(message);
  const length = ((changed[place] ?? 0) << 8) | (changed[place + 1] ?? 0);
  const wrong = chance.happens(0.8) ? length + draw(chance, 9) - 4 : draw(chance, 65_536);
  changed[place] = (wrong >>> 8) & 0xff;
  changed[place + 1] = wrong & 0xff;
  return changed;
}

const EMPTY = new Uint8Array(0);
const leaf = (head: Uint8Array): Tree => ({ head, options: [], rest: EMPTY });
const DEEPEST = 40;

function readMessage(octets: Uint8Array, depth: number): Tree {
  const length = isRelay(octets[0]) ? 34 : 4;
  return octets.length < length ? leaf(octets) : readOptions(octets, length, depth);
}

function readOptions(octets: Uint8Array, from: number, depth: number): Tree {
  const options: Node[] = [];
  let at = from;
  while (at + 4 <= octets.length) {
    const [high = 0, low = 0, long = 0, short = 0] = octets.subarray(at, at + 4);
    const end = at + 4 + ((long << 8) | short);
    if (end > octets.length) break;
    const code = (high << 8) | low;
    options.push({ code, tree: readOption(code, octets.subarray(at + 4, end), depth + 1) });
    at = end;
  }
  return { head: octets.subarray(0, from), options, rest: octets.subarray(at) };
}

function readOption(code: number, data: Uint8Array, depth: number): Tree {
  if (depth > DEEPEST) return leaf(data);
  const before = MESSAGES.get(code);
  if (before !== undefined && data.length >= before + 4) {
    const { head, ...tree } = readMessage(data.subarray(before), depth);
    return { ...tree, head: concat([data.subarray(0, before), head]) };
  }
  const head = HEADS.get(code);
  return head === undefined || data.length < head ? leaf(data) : readOptions(data, head, depth);
}

function allNodes({ options }: Tree): readonly Node[] {
  return options.flatMap((node) => [node, ...allNodes(node.tree)]);
}

function write({ head, options, rest }: Tree): Uint8Array {
  const pieces = options.flatMap(({ code, tree }) => {
    const data = write(tree);
    return [Uint8Array.of(code >>> 8, code, data.length >>> 8, data.length), data];
  });
  return concat([head, ...pieces, rest]);
}
