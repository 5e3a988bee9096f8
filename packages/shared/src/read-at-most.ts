/*
 * A server of others decides how long its answer is, and how much a small zipped one unzips to. The linter therefore refuses `.text()`, `.json()`
 * and the like (`scripts/lint/whole-bodies.grit`), and these read a fetched answer instead.
 */

/** Reads a body as text, at most `maxBytes` of it: a hostile or broken server cannot fill the isolate. */
export async function readBoundedText(response: Response, maxBytes: number): Promise<string> {
  const bytes = await readAtMost(response.body, maxBytes);
  return new TextDecoder().decode(bytes);
}

/** The first `maxBytes` of a stream; the rest is cancelled, never read. */
export async function readAtMost(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let total = 0;
  while (total < maxBytes) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, total);
    chunks.push(value);
    total += value.byteLength;
  }
  await giveUp(reader);
  return joined(chunks, total).subarray(0, maxBytes);
}

export function joined(chunks: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return all;
}

/** A stream that fails while it is given up is given up all the same. */
export function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  return reader.cancel().catch(() => undefined);
}
