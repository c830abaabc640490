import type { Reason } from "./compare.js";
import { inAllocation } from "./differences-allocation.js";
import { inBindings } from "./differences-bindings.js";
import { inOptions } from "./differences-options.js";

/**
 * Every difference that is wanted, with its reason: a section of an RFC, or the label of a requirement or a
 * decision. Texts of statuses are not compared.
 */
export const differences: readonly Reason[] = [...inAllocation, ...inBindings, ...inOptions];
