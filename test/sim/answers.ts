import { formatIp6, formatPrefix } from "../../shared/prefix.js";
import { type ClientServerMessage, decodeMessage } from "../../shared/wire/message.js";
import { find, findAll } from "../../shared/wire/options.js";
import { formatDuid } from "../../shared/duid.js";

/** A lease as a message names it; an address is written with /128. */
export interface Named {
  readonly type: "pd" | "na";
  readonly iaid: number;
  readonly prefix: string;
  readonly preferred: number;
  readonly valid: number;
}

/** The message in a datagram that one of us sent: it must be well made. */
export function messageIn(bytes: Uint8Array, who: string): ClientServerMessage {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.faults.length > 0 || decoded.message.form !== "message") {
    throw new Error(`${who} sent a faulty message`);
  }
  return decoded.message;
}

/** All leases that a message names. */
export function namedIn({ options }: ClientServerMessage): readonly Named[] {
  const named: Named[] = [];
  for (const option of options) {
    if (option.name !== "iaPd" && option.name !== "iaNa") continue;
    const type = option.name === "iaPd" ? "pd" : "na";
    const { iaid, options: inner } = option.value;
    for (const { prefix, preferred, valid } of findAll(inner, "iaPrefix"))
      named.push({ type, iaid, prefix: formatPrefix(prefix), preferred, valid });
    for (const { address, preferred, valid } of findAll(inner, "iaAddr"))
      named.push({ type, iaid, prefix: `${formatIp6(address)}/128`, preferred, valid });
  }
  return named;
}

/** Whom a message is from or for. */
export const clientOf = ({ options }: ClientServerMessage): string =>
  formatDuid(find(options, "clientId") ?? new Uint8Array());

/** What a message names, for the diary. */
export const namesOf = (message: ClientServerMessage): string =>
  namedIn(message)
    .map(({ type, iaid, prefix, valid }) => ` ${type} ${iaid}: ${prefix} ${valid} s`)
    .join();
