import type { InputItem, Namer, Read } from "./item.ts";
import { type Line, readLineGroups } from "./read-lines.ts";

/** One id, or one URL, a line. Empty lines are skipped; everything else counts as it stands, spaces too. */
export function readText(bytes: AsyncIterable<Uint8Array>, name: string, namer: Namer): AsyncGenerator<Iterable<Read>> {
  return readEach(bytes, name, { isEmpty: (text) => text === "", read: (text) => namer.fromText(text) });
}

interface LineReader {
  /** The line names nothing, and is skipped. */
  isEmpty(text: string): boolean;
  /** Throws an Error with the reason where the line names no item. */
  read(text: string): InputItem;
}

/** What each line names, in groups. A line is read when it is asked for. */
export async function* readEach(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  reader: LineReader,
): AsyncGenerator<Iterable<Read>> {
  for await (const lines of readLineGroups(bytes)) yield readGroup(lines, name, reader);
}

function* readGroup(lines: Iterable<Line>, name: string, { isEmpty, read }: LineReader): Generator<Read> {
  for (const { number, text } of lines) {
    if (text !== null && isEmpty(text)) continue;
    yield readOne(`${name}:${number}`, () => {
      if (text === null) throw new Error("the line is too long");
      return read(text);
    });
  }
}

/** Runs `read`. An error becomes a bad line, so that one bad line does not lose the others. */
export function readOne(place: string, read: () => InputItem): Read {
  try {
    return { kind: "item", place, item: read() };
  } catch (error) {
    return { kind: "bad", place, reason: error instanceof Error ? error.message : String(error) };
  }
}
