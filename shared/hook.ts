/** What happened to a prefix, as argv[1] of the hook script. */
export type HookAction = "add" | "update" | "delete" | "expire";

/**
 * One call of the hook script: `script action`, with exactly these variables (and PATH) as environment.
 * Calls with an equal `order` run one after the other, in the order given; others may run side by side.
 */
export interface HookCall {
  readonly action: HookAction;
  readonly order: string;
  readonly variables: Readonly<Record<string, string>>;
}
