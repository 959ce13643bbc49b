/** Something a person can put right: the message is one line that says what came and what was expected. */
export class AdainError extends Error {
  override name = "AdainError";
}

/** The first line of whatever was thrown: runtimes add stack traces and paths. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n")[0] || "no reason given";
}
