import { formatDuid } from "../duid.js";
import type { Reader, Writer } from "./bytes.js";
import { MAX_OPTION_DEPTH, MAX_OPTIONS } from "./fault.js";
import type { Kind, OptionList, Printed, RawOption } from "./kind.js";
import { opaque } from "./kinds.js";

/** What a run of options needs to know of the option with some code. */
export interface OptionCodec<O> {
  /** True when it may stand more than once in one container. */
  readonly multi: boolean;
  /** Reads its data from the reader's window. */
  readonly decode: (reader: Reader) => O;
}

/** What a run of options asks of the option table. */
export interface OptionTable<O> {
  /** By option code; nothing for codes without a row. */
  readonly byCode: readonly (OptionCodec<O> | undefined)[];
  readonly encode: (writer: Writer, option: O) => void;
  readonly label: (code: number) => string;
  readonly print: (option: O) => Printed;
}

/** Options whose repetition makes a message ambiguous: who asks, who answers, what is relayed, where to. */
const IDENTITY_CODES: ReadonlySet<number> = new Set([1, 2, 9, 18]);

const HEADER_OCTETS = 4;

/** Codes of singletons met so far in one run: a bit each for those below 96, which nearly all are. */
interface Seen {
  /** Of the codes below 32, below 64 and below 96. */
  low: number;
  middle: number;
  upper: number;
  high: Set<number> | undefined;
}

/**
 * Runs of options of one table (RFC 8415 21.1). Unknown and faulty options become raw ones at their place;
 * only a run that cannot be cut into options is a fault of what is around it. The table is asked for when it
 * is first used, so that the kinds in a table can hold runs of that same table.
 */
export function optionList<O extends { readonly name: string }>(
  tableOf: () => OptionTable<O>,
): OptionList<O | RawOption> {
  return {
    decode: (reader) => decodeList(reader, tableOf()),
    encode: (writer, options) => {
      const table = tableOf();
      for (const option of options) {
        if (isRaw(option)) writeOption(writer, option.code, opaque, option.data);
        else table.encode(writer, option);
      }
    },
    print: (options) => options.map((option) => printOption(option, tableOf())),
  };
}

/** Writes the header of an option and its data (RFC 8415 21.1). */
export function writeOption<T>(writer: Writer, code: number, kind: Kind<T>, value: T): void {
  writer.u16(code);
  const mark = writer.openLength();
  kind.encode(writer, value);
  writer.closeLength(mark);
}

const NOTHING: readonly never[] = [];

function decodeList<O>(reader: Reader, table: OptionTable<O>): readonly (O | RawOption)[] {
  if (reader.left === 0) return NOTHING;
  const options: (O | RawOption)[] = [];
  const seen: Seen = { low: 0, middle: 0, upper: 0, high: undefined };
  reader.optionDepth += 1;
  if (reader.optionDepth > MAX_OPTION_DEPTH) reader.fail("option-depth");
  while (reader.left > 0 && !reader.fatal) {
    const option = decodeOption(reader, table, seen);
    if (option !== undefined) options.push(option);
  }
  reader.optionDepth -= 1;
  return options;
}

function decodeOption<O>(reader: Reader, table: OptionTable<O>, seen: Seen): O | RawOption | undefined {
  const start = reader.at;
  reader.optionCount += 1;
  if (reader.optionCount > MAX_OPTIONS) {
    reader.reject("option-count");
    return undefined;
  }
  if (reader.left < HEADER_OCTETS) {
    reader.fail("option-header");
    return undefined;
  }
  const code = reader.u16();
  const length = reader.u16();
  if (length > reader.left) {
    reader.fail("option-overrun", start);
    return undefined;
  }
  const outer = reader.narrow(length);
  const codec = table.byCode[code];
  const option =
    codec === undefined
      ? { name: "raw" as const, code, data: reader.rest() }
      : decodeData(reader, code, codec);
  reader.widen(outer);
  if (codec?.multi === false && isRepeated(seen, code)) onRepeated(reader, code, start);
  return option;
}

function decodeData<O>(reader: Reader, code: number, codec: OptionCodec<O>): O | RawOption {
  const start = reader.at;
  const length = reader.left;
  const option = codec.decode(reader);
  if (reader.left > 0) reader.fail("option-long");
  if (reader.fault === undefined || reader.fatal) return option;
  const fault = reader.takeFault(reader.fault, code);
  return { name: "raw", code, data: reader.slice(start, length), fault };
}

/** True when the code was met before; from then on it has been. */
function isRepeated(seen: Seen, code: number): boolean {
  const word = wordOf(code);
  if (word === "high") {
    const repeated = seen.high?.has(code) === true;
    (seen.high ??= new Set()).add(code);
    return repeated;
  }
  const bit = 1 << (code & 31);
  const repeated = (seen[word] & bit) !== 0;
  seen[word] |= bit;
  return repeated;
}

const wordOf = (code: number): keyof Seen =>
  code < 32 ? "low" : code < 64 ? "middle" : code < 96 ? "upper" : "high";

/** Identity twice in a message spoils the message; of any other singleton the first one counts. */
function onRepeated(reader: Reader, code: number, start: number): void {
  if (reader.optionDepth === 1 && IDENTITY_CODES.has(code)) reader.fail("option-repeated", start);
  else reader.note("option-repeated", start, code);
}

function printOption<O extends { readonly name: string }>(
  option: O | RawOption,
  table: OptionTable<O>,
): Printed {
  if (!isRaw(option)) return table.print(option);
  const fault = option.fault === undefined ? "" : ` (${option.fault.code})`;
  return { text: `${table.label(option.code)}${fault} ${formatDuid(option.data)}` };
}

const isRaw = <O extends { readonly name: string }>(option: O | RawOption): option is RawOption =>
  option.name === "raw";
