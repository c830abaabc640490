import { fstatSync } from "node:fs";

/** Whether this descriptor leads to systemd's journal, as the environment tells (systemd.exec(5)). */
export function isJournal(
  fd: number,
  { JOURNAL_STREAM: stream = "" }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (stream === "") return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** What a line for the journal begins with: how grave it is, Dibbler's level less one as in syslog. */
export const journalHead = (level: number): string => `<${level - 1}>`;

/** Text for stderr; where that is the journal, each of its lines is a mistake. */
export function forStderr(text: string): string {
  return isJournal(2, process.env) ? text.replaceAll(/^(?=.)/gm, journalHead(ERROR)) : text;
}

const ERROR = 4;
