/**
 * The octets of a string as ISC dhcpd writes it: `\ooo`, `\"` and `\\` among signs that stand for themselves.
 */
export function unescapeOctets(text: string): Uint8Array {
  const octets: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const octal = /^\\([0-7]{3})/.exec(text.slice(i, i + 4))?.[1];
    if (octal !== undefined) {
      octets.push(Number.parseInt(octal, 8) & 0xff);
      i += 3;
    } else if (text[i] === "\\" && i + 1 < text.length) octets.push(text.charCodeAt(++i) & 0xff);
    else octets.push(text.charCodeAt(i) & 0xff);
  }
  return Uint8Array.from(octets);
}

/**
 * A date as ISC dhcpd writes it, in seconds of Unix time: `2 2026/11/24 19:33:03` (UTC, the day of the week
 * in front), `epoch 1795548783`, or `never`; `undefined` for anything else.
 */
export function parseIscTime(text: string): number | undefined {
  if (text === "never") return Infinity;
  const epoch = /^epoch (\d{1,12})$/.exec(text)?.[1];
  if (epoch !== undefined) return Number(epoch);
  const parts = /^\d (\d{4})\/(\d\d?)\/(\d\d?) (\d\d?):(\d\d):(\d\d)$/.exec(text)?.slice(1).map(Number);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts ?? [];
  if (parts === undefined || month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  return daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
}

/** Days of the Gregorian calendar, counted in years that begin in March. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}
