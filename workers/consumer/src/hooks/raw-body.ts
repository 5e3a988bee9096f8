import { AppError } from "@prewarm/shared/errors";

/** A hook's body; senders' own limits are far below (S3: 64 kB, Standard Webhooks: 20 kB advised). */
export const HOOK_MAX_BYTES = 1_048_576;

/** The body's bytes, read once. Throws `body_too_large` as soon as it is, without reading the rest. */
export async function readRaw(request: Request, maxBytes = HOOK_MAX_BYTES): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new AppError("body_too_large", { limitBytes: maxBytes });
  if (Number(request.headers.get("Content-Length") ?? 0) > maxBytes) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
    size += next.value.byteLength;
    if (size > maxBytes) {
      await reader?.cancel().catch(() => undefined);
      throw tooLarge();
    }
    pieces.push(next.value);
  }
  const raw = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    raw.set(piece, at);
    at += piece.length;
  }
  return raw;
}
