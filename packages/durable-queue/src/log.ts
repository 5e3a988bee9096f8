/** Writes one line per event. Event names are stable, and fields contain no secrets. */
export type Log = (event: string, fields?: Record<string, unknown>) => void;

const TEXT_MAX_CHARS = 300;
/** A longer text is cut before it is cleaned: the answer of a service may be megabytes. */
const READ_MAX_CHARS = 2_000;

/**
 * The text of a thrown value, fit for a log and a row: without queries of URLs, which may be signed, and without control
 * characters, at most 300 characters. It knows no secrets: a call whose errors may contain one replaces it itself.
 */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text
    .slice(0, READ_MAX_CHARS)
    .replace(/https?:\\?\/\\?\/[^\s"<>]*/gi, withoutQuery)
    .replace(/\bBearer\s+\S+/gi, "Bearer [redacted]")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, TEXT_MAX_CHARS);
}

function withoutQuery(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? url : `${url.slice(0, at)}?…`;
}
