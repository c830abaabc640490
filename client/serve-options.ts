import { realpathSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { codeOf, SystemError, sentenceOf } from "../shared/edge/errors.js";
import { readTextIfThere, replaceFileSync } from "../shared/edge/files.js";
import type { Log } from "../shared/edge/log.js";
import { isOptionFile, OPTION_FILES, type OptionFile, type ReceivedOptions } from "./option-files.js";
import { managerOf, withResolver } from "./resolv-conf.js";

/** Where options are written. */
export interface OptionPlaces {
  /** The `option-...` files, as Dibbler has them. */
  readonly workDir: string;
  readonly resolvConf: string;
}

/** The files of one client. `set`: from now on these options, and no others, hold on that interface. */
export interface OptionWriter {
  readonly set: (interfaceName: string, options: ReceivedOptions) => void;
}

/**
 * Writes options for others to read, and removes what does not hold any more, leftovers of a killed run too.
 */
export function openOptionFiles({ workDir, resolvConf }: OptionPlaces, log: Log): OptionWriter {
  const links = new Map<string, ReceivedOptions>();
  const said = new Set<string>();
  const sayOnce = (what: string, say: () => void): void => {
    if (!said.has(what)) say();
    said.add(what);
  };
  const valuesOf = (file: OptionFile): readonly string[] => [
    ...new Set([...links.values()].flatMap((options) => options[file] ?? [])),
  ];
  const writeFile = (file: OptionFile): void => {
    const path = `${workDir}/option-${file}`;
    const values = valuesOf(file);
    const text = values.map((value) => `${value}\n`).join("");
    if (readTextIfThere(path) === (text === "" ? undefined : text)) return;
    if (text === "") unlinkSync(path);
    else replaceFileSync(path, text, 0o640);
    log("OPTION-FILE", { path, values: text === "" ? "removed" : values.join(", ") });
    if (file !== "ntp-servers" && file !== "timezone") return;
    sayOnce(file, () => {
      log("OPTION-FILE-ONLY", { path });
    });
  };
  const writeResolver = (): void => {
    const nameservers = [...links].flatMap(([name, options]) =>
      (options["dns-servers"] ?? []).map((address) => scoped(address, name)),
    );
    const before = readTextIfThere(resolvConf);
    const resolver = { nameservers: [...new Set(nameservers)], domains: valuesOf("domains") };
    const after = withResolver(before ?? "", workDir, resolver);
    if (after === (before ?? "")) return;
    const target = before === undefined ? resolvConf : realpathSync(resolvConf);
    const manager = target === resolvConf ? undefined : managerOf(target);
    if (manager !== undefined) {
      sayOnce("managed", () => {
        log("RESOLV-MANAGED", { path: resolvConf, target, manager, file: `${workDir}/option-dns-servers` });
      });
      return;
    }
    write(target, after, before === undefined ? 0o644 : statSync(target).mode & 0o777);
    log("RESOLV-WRITTEN", { path: target, ...shown(resolver.nameservers, resolver.domains) });
  };
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      log("OPTION-TROUBLE", { sentence: sentenceOf(error) });
    }
  };
  return {
    set(interfaceName, options) {
      links.set(interfaceName, options);
      const files = Object.keys(OPTION_FILES).filter(isOptionFile);
      for (const file of files)
        attempt(() => {
          writeFile(file);
        });
      attempt(writeResolver);
    },
  };
}

const shown = (nameservers: readonly string[], domains: readonly string[]): Record<string, string> => ({
  nameservers: nameservers.join(", ") || "no name servers",
  domains: domains.join(", ") || "no domains",
});

/** A link-local address means nothing without its link. */
const scoped = (address: string, interfaceName: string): string =>
  /^fe[89ab]/.test(address) ? `${address}%${interfaceName}` : address;

/**
 * What a rename says of a file that is mounted on its own, as in containers, or stands where nothing can be
 * made.
 */
const NOT_REPLACEABLE: readonly (string | undefined)[] = ["EBUSY", "EXDEV", "EROFS", "EACCES", "EPERM"];

/** Whole, or where that cannot be, in place. */
function write(path: string, text: string, mode: number): void {
  try {
    replaceFileSync(path, text, mode);
  } catch (error) {
    if (!(error instanceof SystemError) || !NOT_REPLACEABLE.includes(codeOf(error))) throw error;
    try {
      writeFileSync(path, text);
    } catch {
      // The first one says in a sentence what to do.
      throw error;
    }
  }
}
