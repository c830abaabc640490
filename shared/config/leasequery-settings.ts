import { type Seconds, seconds } from "../brand.js";
import type { Report, Span } from "./diagnostics.js";
import type { BulkLeasequery } from "./types.js";

/** What is said of Leasequery, up to one point of the file. */
export interface LeasequerySettings {
  readonly accept: boolean;
  /** Where the listener for TCP is asked for. */
  readonly bulkAt: Span | undefined;
  readonly port: number;
  readonly maxConnections: number;
  readonly timeout: Seconds;
}

/** A directive about Leasequery as read. */
export type LeasequeryHead =
  | { readonly keyword: "accept-leasequery"; readonly value: boolean | null }
  | { readonly keyword: "bulk-leasequery-accept"; readonly value: boolean; readonly at: Span }
  | {
      readonly keyword: "bulk-leasequery-tcp-port" | "bulk-leasequery-max-conns" | "bulk-leasequery-timeout";
      readonly value: number;
    };

/** The settings with this directive applied. */
export function applyLeasequery(settings: LeasequerySettings, head: LeasequeryHead): LeasequerySettings {
  switch (head.keyword) {
    case "accept-leasequery":
      return { ...settings, accept: head.value ?? true };
    case "bulk-leasequery-accept":
      return { ...settings, bulkAt: head.value ? head.at : undefined };
    case "bulk-leasequery-tcp-port":
      return { ...settings, port: head.value };
    case "bulk-leasequery-max-conns":
      return { ...settings, maxConnections: head.value };
    case "bulk-leasequery-timeout":
      return { ...settings, timeout: seconds(head.value) };
    default:
      return head satisfies never;
  }
}

/** The listener of an interface; Leasequery over TCP is for those who may ask over UDP (RFC 5460). */
export function makeBulkLeasequery(
  { accept, bulkAt, port, maxConnections, timeout }: LeasequerySettings,
  report: Report,
): BulkLeasequery | undefined {
  if (bulkAt === undefined) return undefined;
  if (accept) return { port, maxConnections, timeout };
  report.once(
    `bulk ${bulkAt.start}`,
    "warning",
    bulkAt,
    'there is no Leasequery over TCP without "accept-leasequery" on the same interface',
  );
  return undefined;
}
