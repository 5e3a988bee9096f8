import { ApiError } from "@prewarm/shared/api-errors";

/**
 * The request with a body that cannot be read beyond `maxBytes`: reading it then fails with `body_too_large`, and the rest is cancelled. A body
 * that declares more fails before its first byte. Nothing is read here. Why it is not the framework's limit: decisions/048.
 */
export function bounded(request: Request, maxBytes: number): Request {
  if (request.body === null) return request;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  let left = Number(request.headers.get("Content-Length") ?? 0) > maxBytes ? -1 : maxBytes;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (left >= 0) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          left -= value.byteLength;
          if (left >= 0) return controller.enqueue(value);
        }
        await giveUp(reader);
        throw new ApiError("body_too_large", { limitBytes: maxBytes });
      },
      cancel: () => giveUp(reader),
    },
    { highWaterMark: 0 },
  );
  // Node demands `duplex` for a stream; the platform's types lack it.
  return new Request(request, { body, duplex: "half" } as RequestInit);
}

/** A stream that fails while it is given up is given up all the same. */
function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  return reader.cancel().catch(() => undefined);
}

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
