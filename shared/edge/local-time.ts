import type { Millis } from "../brand.js";

/** ISO 8601 in UTC. */
export const isoTime = (at: Millis): string => new Date(at).toISOString();

/** `2026-11-24 18:37:45` where the machine is, of an instant that `isoTime` wrote. */
export function localTime(iso: string): string {
  const date = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
