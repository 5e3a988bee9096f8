/** One structured line per decision; event names are stable, fields never hold secrets. */
export type Log = (event: string, fields?: Record<string, unknown>) => void;

const MESSAGE_MAX_CHARS = 300;

/**
 * Foreign text made fit for a log, a row or a page: secrets replaced, queries of URLs dropped (they may be signed),
 * control characters out, cut to MESSAGE_MAX_CHARS.
 */
export function publicText(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) if (secret !== "") clean = clean.replaceAll(secret, "[redacted]");
  clean = clean.replace(/(\bhttps?:\/\/[^\s?"'<>]*)\?[^\s"'<>]*/gi, "$1?…");
  clean = clean.replace(/\bBearer\s+\S+/gi, "Bearer [redacted]");
  return clean
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, MESSAGE_MAX_CHARS);
}

/** An exception's text, whatever was thrown. */
export function errorText(error: unknown, secrets: readonly string[] = []): string {
  return publicText(error instanceof Error ? `${error.name}: ${error.message}` : String(error), secrets);
}
