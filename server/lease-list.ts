import { formatEnd } from "../shared/durations.js";
import { type LeaseRow, STORED_STATES } from "./lease-row.js";
import type { Column } from "../shared/text-table.js";

/** The table of `leases`. */
export const leaseColumns = (local: LocalTime): readonly Column<LeaseRow>[] => [
  { title: "PREFIX", cell: ({ prefix }) => prefix, rank: 0 },
  { title: "STATE", cell: ({ state }) => state, rank: 0 },
  { title: "ENDS", cell: ({ remaining }) => formatEnd(remaining), rank: 1 },
  { title: "CLIENT", cell: ({ client }) => client, rank: 0 },
  { title: "IAID", cell: ({ iaid }) => String(iaid), align: "right", rank: 4 },
  { title: "INTERFACE", cell: (row) => row.interface, rank: 2 },
  { title: "ADDRESS", cell: ({ address }) => address ?? "not heard", rank: 3 },
  { title: "SINCE", cell: ({ since }) => local(since), rank: 5 },
];

/** How the ISO 8601 of a row is shown to people. */
export type LocalTime = (iso: string) => string;

/** How many leases there are of each state. */
export type Tally = Map<LeaseRow["state"], number>;

/** `1,234 leases: 1,200 bound, 34 expired`, or that there are none; `filtered` when some were left out. */
export function tallyText(tally: Tally, filtered: boolean): string {
  const all = [...tally.values()].reduce((sum, count) => sum + count, 0);
  if (all === 0) return filtered ? "no such lease" : "no lease";
  const parts = STORED_STATES.flatMap((state) => {
    const count = tally.get(state) ?? 0;
    return count === 0 ? [] : [`${grouped(count)} ${state}`];
  });
  return `${grouped(all)} ${all === 1 ? "lease" : "leases"}: ${parts.join(", ")}`;
}

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
