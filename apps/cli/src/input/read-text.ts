import type { WarmItem } from "@prewarm/control-schema/warm";
import type { Namer, Read } from "./item.ts";
import { type Line, readLineGroups } from "./read-lines.ts";

/** One id, or one URL, a line. Empty lines are skipped; everything else counts as it stands, spaces too. */
export async function* readText(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  namer: Namer,
): AsyncGenerator<Iterable<Read>> {
  for await (const lines of readLineGroups(bytes)) yield readAll(lines, name, namer);
}

function* readAll(lines: Iterable<Line>, name: string, namer: Namer): Generator<Read> {
  for (const { number, text } of lines) {
    if (text === "") continue;
    yield readOne(`${name}:${number}`, () => {
      if (text === null) throw new Error("the line is too long");
      return namer.fromText(text);
    });
  }
}

/** Runs `read`. An error becomes a bad line, so that one bad line does not lose the others. */
export function readOne(place: string, read: () => WarmItem): Read {
  try {
    return { kind: "item", place, item: read() };
  } catch (error) {
    return { kind: "bad", place, reason: error instanceof Error ? error.message : String(error) };
  }
}
