import { xid } from "../shared/brand.js";
import { formatDuid } from "../shared/duid.js";
import { formatIp6, type Ip6 } from "../shared/prefix.js";
import { type DomainName, formatDomainName } from "../shared/wire/domain-name.js";
import { textOf } from "../shared/wire/kinds.js";
import { clientServerMessage, encodeMessage } from "../shared/wire/message.js";
import type { Option } from "../shared/wire/options.js";

const MESSAGE_HEADER = 4;
const OPTION_HEADER = 4;

/** The data of an option as they are sent, without its header. */
export const optionData = (option: Option): Uint8Array =>
  encodeMessage(clientServerMessage("reply", xid(0), [option])).subarray(MESSAGE_HEADER + OPTION_HEADER);

/**
 * The value of a configured option as people read it, in the way of Dibbler's server-CfgMgr.xml: addresses
 * and names with a blank behind each, numbers, texts, `vendor=5678 1=30:31 `. What was configured by its
 * number is given in octets.
 */
export function optionText(option: Option): string {
  switch (option.name) {
    case "sipServers":
    case "dnsServers":
    case "nisServers":
    case "nisPlusServers":
    case "sntpServers":
      return addresses(option.value);
    case "sipDomains":
    case "domainList":
    case "nisDomain":
    case "nisPlusDomain":
    case "aftrName":
      return names(option.value);
    case "informationRefreshTime":
    case "solMaxRt":
    case "infMaxRt":
      return String(option.value);
    case "posixTimezone":
    case "tzdbTimezone":
    case "bootfileUrl":
    case "captivePortal":
      return textOf(option.value);
    case "vendorOptions": {
      const parts = option.value.options.map(({ code, data }) => `${code}=${formatDuid(data)} `);
      return [`vendor=${option.value.enterprise} `, ...parts].join("");
    }
    default:
      return formatDuid(optionData(option));
  }
}

const addresses = (all: readonly Ip6[]): string => all.map((each) => `${formatIp6(each)} `).join("");

const names = (all: readonly DomainName[]): string =>
  all.map((each) => `${formatDomainName(each).replace(/\.$/, "")} `).join("");
