import type { WarmItem } from "@prewarm/control-schema/warm";
import { itemFromFields, type Namer, type Read } from "./item.ts";
import { type Line, readLineGroups } from "./read-lines.ts";
import { readOne } from "./read-text.ts";

/** One JSON value a line: an object with the fields of an item, or a string (an id or a URL). Empty lines are skipped. */
export async function* readNdjson(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  namer: Namer,
): AsyncGenerator<Iterable<Read>> {
  for await (const lines of readLineGroups(bytes)) yield readAll(lines, name, namer);
}

function* readAll(lines: Iterable<Line>, name: string, namer: Namer): Generator<Read> {
  for (const { number, text } of lines) {
    if (text !== null && text.trim() === "") continue;
    yield readOne(`${name}:${number}`, () => readLine(text, namer));
  }
}

function readLine(text: string | null, namer: Namer): WarmItem {
  if (text === null) throw new Error("the line is too long");
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
