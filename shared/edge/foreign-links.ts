import { lstatSync } from "node:fs";

/**
 * True when a symbolic link stands in the place of a file, and neither root nor our own user has made it: in
 * a directory that others may write to, such a link would have us write wherever its maker likes. Links of
 * the operator's are followed. (As the kernel's protected_symlinks, which looks at sticky directories only.)
 */
export function isForeignLink(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isSymbolicLink() === true && stats.uid !== 0 && stats.uid !== process.geteuid?.();
}
