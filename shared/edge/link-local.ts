import { formatIp6, type Ip6, sameIp6 } from "../prefix.js";
import { pause } from "./clock.js";
import { SystemError } from "./errors.js";
import type { AddressRow } from "./interface-tables.js";
import { findInterface, readAddresses } from "./interfaces.js";

/**
 * The address to bind on `name`: `wanted`, or else the first usable link-local one. Waits, at most
 * `timeoutMs`, while something is under way: duplicate address detection, or an interface that is up and has
 * no such address yet. Rejects with SystemError "no-interface", "interface-down", "no-link-local",
 * "address-missing", "dad-failed", "still-tentative" or "aborted", the sentence saying what to do.
 */
export async function waitForLinkLocal(
  name: string,
  wanted: Ip6 | undefined,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Ip6> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (signal?.aborted === true) throw new SystemError("aborted", `stopped while waiting for ${name}`);
    const rows = candidates(name, wanted);
    const usable = rows.find((row) => !row.tentative && !row.dadFailed);
    if (usable !== undefined) return usable.address;
    if (!isUnderWay(name, rows) || performance.now() >= end) throw complaint(name, wanted, rows, timeoutMs);
    await pause(POLL_MS, signal);
  }
}

const POLL_MS = 25;

function candidates(name: string, wanted: Ip6 | undefined): readonly AddressRow[] {
  const rows = readAddresses().filter((row) => row.name === name);
  return rows.filter((row) => (wanted === undefined ? row.linkLocal : sameIp6(row.address, wanted)));
}

function isUnderWay(name: string, rows: readonly AddressRow[]): boolean {
  if (rows.length === 0) return findInterface({ name }).up;
  return rows.some((row) => row.tentative && !row.dadFailed);
}

function complaint(
  name: string,
  wanted: Ip6 | undefined,
  rows: readonly AddressRow[],
  timeoutMs: number,
): SystemError {
  const failed = rows.find((row) => row.dadFailed);
  if (failed !== undefined) {
    return new SystemError(
      "dad-failed",
      `address ${formatIp6(failed.address)} on ${name} is a duplicate: another host on the link uses it; ` +
        "give one of the two another address",
    );
  }
  const tentative = rows[0];
  if (tentative !== undefined) {
    return new SystemError(
      "still-tentative",
      `address ${formatIp6(tentative.address)} on ${name} is still tentative` +
        (timeoutMs === 0
          ? ": duplicate address detection is under way"
          : ` after ${timeoutMs / 1000} s: duplicate address detection has not ended; ` +
            "check the link and start again"),
    );
  }
  const link = findInterface({ name });
  if (!link.up) {
    return new SystemError(
      "interface-down",
      `interface ${name} is down; bring it up: ip link set ${name} up`,
    );
  }
  if (wanted !== undefined) {
    const present = link.addresses.filter((row) => row.linkLocal).map((row) => formatIp6(row.address));
    return new SystemError(
      "address-missing",
      `address ${formatIp6(wanted)} is not on interface ${name} (its link-local addresses: ` +
        `${present.join(", ") || "none"}); add it there or correct the configuration`,
    );
  }
  return new SystemError(
    "no-link-local",
    `interface ${name} has no link-local address, which DHCPv6 cannot do without` +
      (link.running
        ? `; is IPv6 switched off on it (sysctl net.ipv6.conf.${name}.disable_ipv6)?`
        : "; it has no carrier"),
  );
}
