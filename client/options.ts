import { formatIp6 } from "../shared/prefix.js";
import { formatDomainName } from "../shared/wire/domain-name.js";
import { codeOf, type Option } from "../shared/wire/options.js";

import { FILES, type OptionFile, type ReceivedOptions } from "./option-files.js";

/** Of a Reply, what was asked for and is kept in files: nothing else is used (Dibbler 1.0.1 used it all). */
export function receivedOptions(options: readonly Option[], requested: readonly number[]): ReceivedOptions {
  const found = FILES.flatMap(([file, code]): [OptionFile, readonly string[]][] => {
    if (!requested.includes(code)) return [];
    const values = options.filter((option) => codeOf(option) === code).flatMap(valuesOf);
    return values.length === 0 ? [] : [[file, [...new Set(values)]]];
  });
  return Object.fromEntries(found);
}

function valuesOf(option: Option): readonly string[] {
  switch (option.name) {
    case "dnsServers":
    case "sntpServers":
    case "sipServers":
    case "nisServers":
    case "nisPlusServers":
      return option.value.map(formatIp6);
    case "domainList":
    case "sipDomains":
    case "nisDomain":
    case "nisPlusDomain":
      return option.value
        .map((name) => formatDomainName(name).replace(/\.$/, ""))
        .filter((name) => name !== "");
    case "tzdbTimezone":
      return [new TextDecoder().decode(option.value)].filter((text) => /^[\w+/-]+$/.test(text));
    default:
      return [];
  }
}
