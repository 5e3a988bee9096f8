import { ApiError } from "@prewarm/shared/api-errors";
import { isTooDeep } from "@prewarm/shared/foreign-json";
import { JSON_MAX_DEPTH } from "@prewarm/shared/limits";
import { giveUp } from "@prewarm/shared/read-at-most";

/**
 * The request with a body that cannot be read beyond `maxBytes`: reading it then fails with `body_too_large`, and the rest is cancelled. A body
 * that declares more fails before its first byte. Nothing is read here. Why it is not the framework's limit: decisions/18.
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

/** A request's JSON. Throws `body_too_deep`, `body_invalid`. */
export function parseBody(text: string): unknown {
  refuseDeep(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError("body_invalid", { detail: "The body is not valid JSON." });
  }
}

/** Throws `body_too_deep`. */
export function refuseDeep(text: string): void {
  if (isTooDeep(text)) throw new ApiError("body_too_deep", { limitLevels: JSON_MAX_DEPTH });
}
