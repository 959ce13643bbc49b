/** A mistake in what was given: a file, a picture, a code, a number. The message says what to do. */
export class AdaINError extends Error {
  override name = "AdaINError";
}

/** What another library, or the operating system, says went wrong. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
