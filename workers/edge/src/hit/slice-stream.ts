/**
 * The bytes from `start` on, `length` of them, without holding the rest. What comes before is read and dropped, what comes after is
 * cancelled. The known length makes the platform send `Content-Length`.
 */
export function sliceStream(
  source: ReadableStream<Uint8Array>,
  start: number,
  length: number,
): ReadableStream<Uint8Array> {
  let skip = start;
  let left = length;
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      const part = chunk.subarray(Math.min(skip, chunk.length), Math.min(chunk.length, skip + left));
      skip = Math.max(0, skip - chunk.length);
      left -= part.length;
      if (part.length > 0) controller.enqueue(part);
      if (left === 0) controller.terminate();
    },
  });
  const { readable, writable } = new FixedLengthStream(length);
  // When the viewer leaves or the source breaks, the pipe closes both sides, and nobody is left to report to.
  source
    .pipeThrough(cut)
    .pipeTo(writable)
    .catch(() => undefined);
  return readable;
}
