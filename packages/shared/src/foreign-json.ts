import { JSON_MAX_DEPTH } from "./limits.ts";

/** Parses JSON that others wrote. Throws a SyntaxError as `JSON.parse` does, and for more than `JSON_MAX_DEPTH` levels before a value is made. */
export function parseForeignJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`The JSON has more than ${JSON_MAX_DEPTH} levels.`);
  return JSON.parse(text);
}

/** Whether a parsed value is an object, neither an array nor null. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether the text opens more than `JSON_MAX_DEPTH` arrays and objects inside each other. One walk over the text, which skips strings. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    // Without the bit of 32 `{` reads as `[`, and `}` as `]`.
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if ((code & ~32) === 0x5d) depth -= 1;
    else if ((code & ~32) === 0x5b) {
      depth += 1;
      if (depth > JSON_MAX_DEPTH) return true;
    }
  }
  return false;
}

/** Where the string that begins at `start` ends; the text's end when it does not, which `JSON.parse` refuses. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}
