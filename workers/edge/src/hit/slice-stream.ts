/**
 * `length` bytes from `start` on. Drops the bytes before them, and cancels the source after them. The known length
 * makes the platform send `Content-Length`.
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
  // If the viewer leaves or the source breaks, the pipe closes both sides, and no reader is left.
  source
    .pipeThrough(cut)
    .pipeTo(writable)
    .catch(() => undefined);
  return readable;
}
