import type { Namer, Read } from "./item.ts";
import { readLines } from "./read-lines.ts";

/** One id, or one URL, a line. Empty lines are skipped; everything else counts as it stands, spaces too. */
export async function* readText(bytes: AsyncIterable<Uint8Array>, name: string, namer: Namer): AsyncGenerator<Read> {
  for await (const { number, text } of readLines(bytes)) {
    if (text === "") continue;
    yield readOne(`${name}:${number}`, () => {
      if (text === null) throw new Error("the line is too long");
      return namer.fromText(text);
    });
  }
}

/** Runs `read`. An error becomes a bad line, so that one bad line does not lose the others. */
export function readOne(place: string, read: () => Extract<Read, { kind: "item" }>["item"]): Read {
  try {
    return { kind: "item", place, item: read() };
  } catch (error) {
    return { kind: "bad", place, reason: error instanceof Error ? error.message : String(error) };
  }
}
