import { hasSentTime, isRelayType, MESSAGE_CODE, type MessageType } from "./codes.js";
import type { RawFormat, RawOption } from "./kind.js";
import type { Container } from "./option-def.js";
import { type KnownOption, type Option, type OptionName, OPTIONS, type OptionValue } from "./option-table.js";

export type { RawFormat, RawOption } from "./kind.js";
export type { Container, OptionDef } from "./option-def.js";
export type {
  IaAddr,
  IaNa,
  IaPd,
  IaPrefix,
  KnownOption,
  LqRelayData,
  Nested,
  Option,
  OptionName,
  OptionValue,
} from "./option-table.js";
export { isOptionName, OPTION_NAMES, optionLabel, optionNameOf, OPTIONS } from "./option-table.js";

/** Makes an option of the table; its value is not copied. */
export function option<N extends OptionName>(name: N, value: OptionValue<N>): KnownOption<N> {
  return { name, value };
}

/** Makes an option of any code out of its octets; `format` says what these are, if that is known. */
export function rawOption(code: number, data: Uint8Array, format?: RawFormat): RawOption {
  return format === undefined ? { name: "raw", code, data } : { name: "raw", code, data, format };
}

/** The value of the first option of that name; faulty ones are passed over, being raw. */
export function find<N extends OptionName>(options: readonly Option[], name: N): OptionValue<N> | undefined {
  for (const candidate of options) if (isNamed(candidate, name)) return candidate.value;
  return undefined;
}

/** The values of all options of that name, in their order. */
export function findAll<N extends OptionName>(options: readonly Option[], name: N): OptionValue<N>[] {
  const values: OptionValue<N>[] = [];
  for (const candidate of options) if (isNamed(candidate, name)) values.push(candidate.value);
  return values;
}

/** True when an option of that name is there, whatever its value. */
export function has(options: readonly Option[], name: OptionName): boolean {
  return options.some((candidate) => candidate.name === name);
}

/** True for an option of a known code whose data break its layout; it is not to be passed on. */
export const isFaulty = (option: Option): boolean => option.name === "raw" && option.fault !== undefined;

/** The code of an option, raw ones too. */
export function codeOf(option: Option): number {
  return option.name === "raw" ? option.code : OPTIONS[option.name].code;
}

/**
 * True when the option table lets the option stand there (RFC 8415 appendices B and C, and the options'
 * RFCs).
 */
export function mayContain(container: Container, name: OptionName): boolean {
  const allowed: readonly Container[] = OPTIONS[name].in;
  return allowed.includes(container);
}

/** The container that a message of that type is, for `mayContain`. */
export function messageContainer(type: MessageType): Container {
  const code = MESSAGE_CODE[type];
  if (isRelayType(type)) return type;
  if (hasSentTime(code)) return "failover";
  switch (type) {
    case "advertise":
    case "reply":
      return "server";
    case "reconfigure":
      return "reconfigure";
    case "reconfigureRequest":
    case "reconfigureReply":
      return "reconfigureRequest";
    case "dhcpv4Query":
    case "dhcpv4Response":
      return "dhcpv4";
    case "addrRegInform":
    case "addrRegReply":
      return "registration";
    case "leasequery":
    case "leasequeryReply":
    case "leasequeryDone":
    case "leasequeryData":
    case "activeLeasequery":
    case "startTls":
      return "leasequery";
    default:
      return "client";
  }
}

function isNamed<N extends OptionName>(option: { readonly name: string }, name: N): option is KnownOption<N> {
  return option.name === name;
}
