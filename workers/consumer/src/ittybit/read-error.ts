import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { fieldsOf, first, textOf } from "./fields.ts";

/** What Ittybit says about a call or a job that went wrong. */
export interface UpstreamError {
  kind: string | null;
  message: string;
}

const MESSAGES = ["message", "detail", "reason", "description", "title"];
const KINDS = ["kind", "code", "type"];
/** Where an error holds the error that matters. */
const INNER = ["error", "errors"];
/** Errors within errors that are looked into; the dialects have one. */
const DEPTH = 4;
/** Of an error whose shape nobody knows, in characters. */
const UNKNOWN_MAX = 200;

function wordOf(value: unknown): string | null {
  return typeof value === "number" ? String(value) : textOf(value);
}

/**
 * `{kind, message}`, `{message}`, `{error: {…}}`, `{error: "…"}`, `{errors: […]}`, a bare string, a list of any of these, or of another
 * object its kind alone. Null when there is nothing of these.
 */
export function errorIn(value: unknown, depth = 0): UpstreamError | null {
  const text = textOf(value);
  if (text !== null) return { kind: null, message: text };
  if (depth > DEPTH) return null;
  if (Array.isArray(value)) return errorIn(value[0], depth + 1);
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const message = first(fields, MESSAGES, textOf);
  const kind = first(fields, KINDS, wordOf);
  if (message !== null) return { kind, message };
  const inner = first(fields, INNER, (error) => errorIn(error, depth + 1));
  return inner ?? (kind === null ? null : { kind, message: kind });
}

/** An error that nobody has documented: its words, not what is nested in it. */
export function shown(value: unknown): UpstreamError | null {
  const words = Object.entries(fieldsOf(value) ?? {}).filter(([, word]) => wordOf(word) !== null);
  if (words.length === 0) return null;
  const text = words.map(([name, word]) => `${name}: ${word}`).join(", ");
  return { kind: null, message: text.slice(0, UNKNOWN_MAX) };
}

/** The error an unsuccessful answer carries. HTML and empty bodies say only their status. */
export function readError(status: number, text: string): UpstreamError {
  let body: unknown = null;
  try {
    body = parseForeignJson(text);
  } catch {
    // A proxy's page or plain text: its status is all that can be trusted.
  }
  return (fieldsOf(body) === null ? null : errorIn(body)) ?? { kind: null, message: `HTTP ${status}` };
}
