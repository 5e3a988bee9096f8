/** The longest line that is read, in characters. */
const LINE_MAX = 1_000_000;

export interface Line {
  /** From 1. */
  number: number;
  /** Without its end (`\n` or `\r\n`); null when it is too long to be read. */
  text: string | null;
}

/** Splits bytes into lines; holds one line and one chunk in memory. A byte order mark is dropped, a last line needs no end. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  for await (const lines of readLineGroups(bytes)) yield* lines;
}

/**
 * The lines of each chunk of bytes together: over a million lines, a promise for each would cost more than reading them. A line is made when it
 * is asked for, so that it is garbage before the next one.
 */
export async function* readLineGroups(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Iterable<Line>> {
  let number = 0;
  let rest = "";
  let tooLong = false;
  for await (const piece of decode(bytes)) {
    const texts = (rest + piece).split("\n");
    rest = texts.pop() ?? "";
    if (texts.length > 0) {
      yield linesOf(texts, number, tooLong);
      number += texts.length;
      tooLong = false;
    }
    if (rest.length > LINE_MAX) {
      tooLong = true;
      rest = "";
    }
  }
  if (rest !== "" || tooLong) yield [{ number: number + 1, text: tooLong ? null : trimEnd(rest) }];
}

function* linesOf(texts: readonly string[], before: number, isFirstTooLong: boolean): Generator<Line> {
  let number = before;
  for (const text of texts) {
    const isTooLong = isFirstTooLong && number === before;
    number += 1;
    yield { number, text: isTooLong ? null : trimEnd(text) };
  }
}

/** UTF-8 as text, piece by piece; a byte order mark is dropped. */
export async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

function trimEnd(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
