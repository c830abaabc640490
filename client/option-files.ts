/** The options that are kept in files, by the name of the file behind `option-`, which is Dibbler's. */
export const OPTION_FILES = {
  "dns-servers": 23,
  domains: 24,
  "ntp-servers": 31,
  timezone: 42,
  "sip-servers": 22,
  "sip-domains": 21,
  "nis-servers": 27,
  "nis-domain": 29,
  "nisplus-servers": 28,
  "nisplus-domain": 30,
} as const;

/** Name of such a file behind `option-`. */
export type OptionFile = keyof typeof OPTION_FILES;
/** What a server has said, ready to be written: addresses and names, each of them one line. */
export type ReceivedOptions = Readonly<Partial<Record<OptionFile, readonly string[]>>>;

/** None. */
export const NO_OPTIONS: ReceivedOptions = {};

/** True for a name of such a file. */
export const isOptionFile = (name: string): name is OptionFile => Object.hasOwn(OPTION_FILES, name);

/** True when one of these codes is kept in a file. */
export const needsFile = (codes: readonly number[]): boolean =>
  FILES.some(([, code]) => codes.includes(code));

/** Those that were asked for again after a restart; the configuration may have changed. */
export function stillRequested(options: ReceivedOptions, requested: readonly number[]): ReceivedOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([file]) => isOptionFile(file) && requested.includes(OPTION_FILES[file])),
  );
}

/** True when both say the same. */
export const sameOptions = (a: ReceivedOptions, b: ReceivedOptions): boolean =>
  FILES.every(([file]) => a[file]?.join("\n") === b[file]?.join("\n"));

/** All of them: name and code of the option. */
export const FILES = Object.entries(OPTION_FILES).flatMap(([file, code]): [OptionFile, number][] =>
  isOptionFile(file) ? [[file, code]] : [],
);
