/** What happened to a prefix, as argv[1] of the hook script. */
export type HookAction = "add" | "update" | "delete" | "expire";

/**
 * One call of the hook script: `script action`, with exactly these variables (and PATH) as environment.
 * `order` names everything the call is about (prefixes, as a rule: one call may tell of several). A call
 * starts when every earlier call that has a key in common with it has ended, so the delete of a prefix's
 * last holder runs before the add of its next one, whatever else those calls carry; calls without a common
 * key may run side by side.
 */
export interface HookCall {
  readonly action: HookAction;
  readonly order: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** True for a call that takes away what an earlier one has put in place. */
export const isRemoval = ({ action }: HookCall): boolean => action === "delete" || action === "expire";

/** A call whose variables are written when they are first looked at: one that is never run costs nothing. */
export function hookCall(
  action: HookAction,
  order: readonly string[],
  write: () => HookCall["variables"],
): HookCall {
  let written: HookCall["variables"] | undefined;
  return {
    action,
    order,
    get variables() {
      written ??= write();
      return written;
    },
  };
}
