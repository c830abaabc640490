/**
 * Something the system refused: a stable code of ours or of the kernel
 * ("EADDRINUSE", "already-running") and one plain sentence that says what,
 * where and what to do. `main` prints the sentence and ends with exit status 1.
 */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;

  constructor(code: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

/** The code of a system error ("ENOENT", ...); `undefined` for anything that carries none. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The sentence of an error of ours, else the message of whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
