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
  let number = 0;
  let rest = "";
  let tooLong = false;
  for await (const piece of decode(bytes)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      number += 1;
      yield { number, text: tooLong ? null : trimEnd(line) };
      tooLong = false;
    }
    if (rest.length > LINE_MAX) {
      tooLong = true;
      rest = "";
    }
  }
  if (rest !== "" || tooLong) yield { number: number + 1, text: tooLong ? null : trimEnd(rest) };
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
