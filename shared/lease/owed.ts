import type { HookAction, HookCall } from "../hook.js";

/**
 * What a store has to do about calls of the hook script that must not be lost, each under a number of its
 * own: keep a note of one, or forget it because the call has ended.
 */
export type OwedChange =
  | { readonly type: "owe"; readonly number: number; readonly call: Uint8Array }
  | { readonly type: "settle"; readonly number: number };

/** A call as it is kept: JSON, for people who look into a store as well. */
export const encodeOwed = ({ action, order, variables }: HookCall): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ action, order, variables }));

/** The call of a note; `undefined` when it cannot be read. */
export function decodeOwed(octets: Uint8Array): HookCall | undefined {
  const value = parseJson(new TextDecoder().decode(octets));
  if (typeof value !== "object" || value === null) return undefined;
  const { action, order, variables }: Readonly<Record<string, unknown>> = { ...value };
  if (!isAction(action) || !Array.isArray(order) || typeof variables !== "object" || variables === null)
    return undefined;
  const texts = Object.fromEntries(
    Object.entries(variables).map(([name, text]: [string, unknown]) => [name, String(text)]),
  );
  return { action, order: order.map(String), variables: texts };
}

const isAction = (value: unknown): value is HookAction =>
  value === "add" || value === "update" || value === "delete" || value === "expire";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
