/** One structured line per decision; event names are stable, fields never hold secrets. */
export type Log = (event: string, fields?: Record<string, unknown>) => void;

/** Writes one JSON line per decision, with the part that decided and the version of its code; Workers Logs indexes the fields. */
export function createLog(write: (line: string) => void, from: { part: string; version: string | null }): Log {
  return (event, fields) => write(JSON.stringify({ event, ...from, ...fields }));
}

const MESSAGE_MAX_CHARS = 300;
/** Of a longer text only so much is looked at: an upstream's answer may be megabytes, and cleaning makes a text shorter at times. */
const LOOKED_AT_CHARS = 2000;

/**
 * Foreign text made fit for a log, a row or a page: secrets replaced, queries of URLs dropped (they may be signed),
 * control characters out, cut to MESSAGE_MAX_CHARS.
 */
export function publicText(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) if (secret !== "") clean = clean.replaceAll(secret, "[redacted]");
  // Secrets first: a cut must leave no half of one.
  clean = clean.slice(0, LOOKED_AT_CHARS);
  clean = clean.replace(/\bhttps?:\/\/[^\s"'<>]*/gi, (url) => url.replace(/\?.*$/s, "?…"));
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
