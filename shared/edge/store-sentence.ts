import { codeOf, sentenceOf } from "./errors.js";
import { isStoreError } from "./store-error.js";

/** Why the leases of a state directory cannot be read, in a sentence for somebody who only wants to look. */
export function readingFailure(error: unknown, directory: string): string {
  const cause = isStoreError(error) ? codeOf(error.cause) : undefined;
  if (cause !== "EACCES" && cause !== "EPERM") return sentenceOf(error);
  return `no permission to read the leases in ${directory}; use the account that the server runs under, or root's`;
}
