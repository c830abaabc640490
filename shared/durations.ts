const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A duration for people in its two largest units: `45s`, `12m 05s`, `3h 07m`, `12d 04h`. Not negative. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const part = (unit: number, below: number): string =>
    String(Math.floor((whole % below) / unit)).padStart(2, "0");
  if (whole < MINUTE) return `${whole}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m ${part(1, MINUTE)}s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h ${part(MINUTE, HOUR)}m`;
  return `${Math.floor(whole / DAY)}d ${part(HOUR, DAY)}h`;
}

/** When something ends, seen from now, in seconds: `in 3h 07m`, `5m 10s ago`; null is `never`. */
export function formatEnd(seconds: number | null): string {
  if (seconds === null) return "never";
  return seconds <= 0 ? `${formatDuration(-seconds)} ago` : `in ${formatDuration(seconds)}`;
}
