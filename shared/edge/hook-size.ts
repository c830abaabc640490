import type { HookCall } from "../hook.js";

/**
 * Octets that the environment may take before options are left out of it. The kernel refuses to start a
 * program with a variable of 128 KiB (execve(2)), or with more than a quarter of the stack's limit in all;
 * no client must be able to stop its own `delete` by that.
 */
const ENVIRONMENT_OCTETS = 98_304;

const IS_OPTION = /^(?:SRV|CLNT)_OPTION\d/;

/** An environment that a program can be started with, and the options that it had no room for. */
export interface FittedVariables {
  readonly variables: HookCall["variables"];
  readonly left: readonly string[];
}

/** Leaves out the longest options until the rest has room; what a route needs always stays. */
export function fitted(variables: HookCall["variables"]): FittedVariables {
  const sizes = Object.entries(variables).map(([name, value]) => ({ name, size: sizeOf(name, value) }));
  let excess = sizes.reduce((sum, { size }) => sum + size, -ENVIRONMENT_OCTETS);
  const left: string[] = [];
  if (excess <= 0) return { variables, left };
  for (const { name, size } of sizes.toSorted((a, b) => b.size - a.size)) {
    if (excess <= 0) break;
    if (!IS_OPTION.test(name)) continue;
    left.push(name);
    excess -= size;
  }
  const kept = Object.entries(variables).filter(([name]) => !left.includes(name));
  return { variables: Object.fromEntries(kept), left };
}

/** `NAME=value` with its end and a pointer to it. */
const sizeOf = (name: string, value: string): number => name.length + Buffer.byteLength(value) + 2 + 8;
