import type { Rate } from "../shared/config/types.js";
/** tmp */
export interface Limiter {
  readonly rate: Rate;
}
/** tmp */
export const createLimiter = (rate: Rate): Limiter => ({ rate });
/** tmp */
export const allows = (_l: Limiter, _key: Uint8Array, _now: number): boolean => true;
/** tmp */
export function take(_l: Limiter, _key: Uint8Array, _now: number, _count: number): void {
  return;
}
