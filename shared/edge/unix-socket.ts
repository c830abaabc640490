import { chmodSync, closeSync, constants, fstatSync, openSync } from "node:fs";
import type { Server } from "node:net";
import { socketPathFault } from "../control.js";

/**
 * Listens on a socket of this mode, which nobody else may use for a moment either. Its place must be empty.
 * Rejects with the kernel's error, or a sentence on a path that can be no socket's.
 */
export function listenUnix(server: Server, path: string, mode: number): Promise<void> {
  const fault = socketPathFault(path);
  if (fault !== undefined) return Promise.reject(new Error(fault));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // The socket is made within this call.
    const umask = process.umask(~mode & 0o777);
    try {
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(umask);
    }
    // A directory's default access list would be stronger than the umask.
    if (server.listening) restrict(path, mode);
  });
}

/** The socket itself: its name may be another file's by now, where others may write to the directory. */
function restrict(path: string, mode: number): void {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (fstatSync(fd).isSocket()) chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}

/** For a descriptor that is good for nothing but telling the file (open(2)); Node has no name for it. */
const O_PATH = 0o10000000;
