import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import type { KnownScript } from "../config/script-notes.js";
import { shellFor } from "./hook-shell.js";

/** How the script would be started: relative paths are below the working directory. */
export function knownScript(script: string, workDir: string): KnownScript {
  const path = resolve(workDir, script);
  if (!isAccessible(path, constants.F_OK)) return "missing";
  if (shellFor(path) !== undefined) return "started by a shell";
  return isAccessible(path, constants.X_OK) ? "ready" : "not executable";
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
