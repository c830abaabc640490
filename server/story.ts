import type { Lease } from "../shared/lease/lease.js";

/** What a Reply changes, for the hook script and the log; each list in the order of the Reply. */
export interface Story {
  readonly added: readonly Lease[];
  /** Extended, and nothing else changed. */
  readonly kept: readonly Lease[];
  /** Extended for a client that is now heard at another address, link or relay. */
  readonly moved: readonly Move[];
  /** Given up by the client, or no longer fit for the configuration. */
  readonly ended: readonly Lease[];
}

/** A lease before and after its client was heard at another place. */
export interface Move {
  readonly before: Lease;
  readonly after: Lease;
}

/** Nothing has changed. */
export const NO_STORY: Story = { added: [], kept: [], moved: [], ended: [] };
