/**
 * The bytes from `start` on, `length` of them, without holding the rest. What comes before is read and dropped, what comes after is
 * cancelled. The known length makes the platform send `Content-Length`.
 */
export function sliceStream(
  source: ReadableStream<Uint8Array>,
  start: number,
  length: number,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new FixedLengthStream(length);
  // When the viewer leaves or the source breaks, `pump` closes both sides, and nobody is left to report to.
  pump(source, writable, start, length).catch(() => undefined);
  return readable;
}

async function pump(
  source: ReadableStream<Uint8Array>,
  sink: WritableStream<Uint8Array>,
  start: number,
  length: number,
): Promise<void> {
  const reader = source.getReader();
  const writer = sink.getWriter();
  try {
    let skip = start;
    let left = length;
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the source ended before the range did");
      const chunk = value.subarray(Math.min(skip, value.length), Math.min(value.length, skip + left));
      skip = Math.max(0, skip - value.length);
      left -= chunk.length;
      if (chunk.length > 0) await writer.write(chunk);
    }
    await writer.close();
    await reader.cancel();
  } catch (error) {
    await Promise.allSettled([writer.abort(error), reader.cancel(error)]);
  }
}
