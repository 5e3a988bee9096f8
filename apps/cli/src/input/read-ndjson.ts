import { type InputItem, itemFromFields, type Namer, type Read } from "./item.ts";
import { readEach } from "./read-text.ts";

/** What else stands in an export of the ledger: calls of the API, and the number of its lines. */
const NO_ITEM = /^\{"(?:call|end)":/;

/** One JSON value a line: an object with the fields of an item, or a string (an id or a URL). Empty lines are skipped. */
export function readNdjson(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  namer: Namer,
): AsyncGenerator<Iterable<Read>> {
  return readEach(bytes, name, { isEmpty, read: (text) => readLine(text, namer) });
}

function isEmpty(text: string): boolean {
  return text.trim() === "" || NO_ITEM.test(text);
}

function readLine(text: string, namer: Namer): InputItem {
  const value = parse(text);
  if (typeof value === "string") return namer.fromText(value);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("a line must be an object or a string");
  return itemFromFields(value as Record<string, unknown>, namer);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
}
