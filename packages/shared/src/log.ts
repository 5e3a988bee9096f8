import { printableJson } from "./printable.ts";

/** One structured line per decision; event names are stable, fields never hold secrets. */
export type Log = (event: string, fields?: Record<string, unknown>) => void;

/** Writes one JSON line per decision, with the part that decided and the version of its code; Workers Logs indexes the fields. */
export function createLog(write: (line: string) => void, from: { part: string; version: string | null }): Log {
  return (event, fields) => write(printableJson(JSON.stringify({ event, ...from, ...fields })));
}

const MESSAGE_MAX_CHARS = 300;
/** Of a longer text only so much is looked at: an upstream's answer may be megabytes, and cleaning makes a text shorter at times. */
const LOOKED_AT_CHARS = 2000;

/** A shorter secret is not looked for in Base64: its few characters there would be found in other words. */
const BASE64_MIN_CHARS = 8;

/** What a secret makes of a text in Base64, wherever in the text it stands: the characters that depend on it alone. */
function base64Forms(secret: string): string[] {
  if (secret.length < BASE64_MIN_CHARS) return [];
  const text = String.fromCharCode(...new TextEncoder().encode(secret));
  return [0, 1, 2].flatMap((before) => {
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor(((before + text.length) * 8) / 6)];
    const own = btoa(" ".repeat(before) + text).slice(from, to);
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** A secret as services quote it: plain, percent-encoded once or twice, with escaped slashes, in Base64. */
function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  return [secret, encoded, encodeURIComponent(encoded), secret.replaceAll("/", "\\/"), ...base64Forms(secret)];
}

/** The text's beginning without secrets. A cut leaves no half of a secret: what may be one goes, too. */
function redacted(text: string, secrets: readonly string[]): string {
  const forms = [...new Set(secrets.filter((secret) => secret !== "").flatMap(formsOf))];
  const longest = Math.max(0, ...forms.map(({ length }) => length));
  const beginning = text.slice(0, LOOKED_AT_CHARS + longest);
  const clean = forms.reduce((all, form) => all.replaceAll(form, "[redacted]"), beginning);
  const isCut = beginning.length < text.length;
  return (isCut ? clean.slice(0, Math.max(0, clean.length - longest)) : clean).slice(0, LOOKED_AT_CHARS);
}

/** A URL with a scheme, also with escaped slashes (`https:\/\/`). An apostrophe is part of it: `encodeURIComponent` leaves one as it is. */
const URLS = /https?:\\?\/\\?\/[^\s"<>]*/gi;

/**
 * Foreign text made fit for a log, a row or a page: secrets replaced in every form in which services quote them, queries of URLs dropped
 * (they may be signed), control and format characters out, cut to MESSAGE_MAX_CHARS.
 */
export function publicText(text: string, secrets: readonly string[] = []): string {
  let clean = redacted(text, secrets);
  clean = clean.replace(URLS, (url) => url.replace(/\?.*$/s, "?…"));
  clean = clean.replace(/\bBearer\s+\S+/gi, "Bearer [redacted]");
  return clean
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, MESSAGE_MAX_CHARS);
}

/** An exception's text, whatever was thrown. */
export function errorText(error: unknown, secrets: readonly string[] = []): string {
  return publicText(error instanceof Error ? `${error.name}: ${error.message}` : String(error), secrets);
}
