import { ApiError } from "@prewarm/shared/api-errors";

/** Characters in one line or record: an item with 200 transforms has room. */
export const LINE_MAX_CHARS = 65_536;

/** Decodes a body piece by piece. Throws `body_invalid` for what is no UTF-8. */
export async function* decode(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const text = decodeOrRefuse(() => (done ? decoder.decode() : decoder.decode(value, { stream: true })));
      if (text !== "") yield text;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function decodeOrRefuse(decode: () => string): string {
  try {
    return decode();
  } catch {
    throw new ApiError("body_invalid", { detail: "The body is not UTF-8." });
  }
}

/** Lines of a text that comes in pieces, without their ends; null stands for a line that is too long. Memory is one line. */
export async function* splitLines(
  pieces: AsyncIterable<string>,
  maxChars = LINE_MAX_CHARS,
): AsyncGenerator<string | null> {
  let rest = "";
  let tooLong = false;
  for await (const piece of pieces) {
    const lines = piece.split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      const whole = rest + line;
      yield tooLong || whole.length > maxChars ? null : whole.replace(/\r$/, "");
      rest = "";
      tooLong = false;
    }
    rest += last;
    if (rest.length <= maxChars) continue;
    rest = "";
    tooLong = true;
  }
  if (tooLong) yield null;
  else if (rest !== "") yield rest.replace(/\r$/, "");
}
