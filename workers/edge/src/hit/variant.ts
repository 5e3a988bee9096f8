import type { Format } from "@prewarm/shared/config";
import { CONTENT_TYPES } from "@prewarm/shared/mime";
import type { StoredObject } from "../bindings.ts";
import type { Facts } from "./conditional.ts";

/** A variant's bytes with what is known of them, wherever they came from. */
export interface Variant extends Facts {
  contentType: string;
  body: ReadableStream<Uint8Array> | null;
}

/** The type follows from the key, not from the object's metadata: nothing but this format is ever stored under it. */
export function fromStore(object: StoredObject, format: Format): Variant {
  return {
    etag: object.httpEtag,
    lastModified: object.uploaded.toUTCString(),
    size: object.size,
    contentType: CONTENT_TYPES[format],
    body: object.body,
  };
}

/** What goes into the cache: the whole body and the facts; what clients are told is added to each answer anew. */
export function toCacheCopy(variant: Variant, body: ReadableStream<Uint8Array>, cacheSeconds: number): Response {
  return new Response(body, {
    headers: {
      "Cache-Control": `public, max-age=${cacheSeconds}`,
      "Content-Type": variant.contentType,
      ETag: variant.etag,
      "Last-Modified": variant.lastModified,
    },
  });
}

/** Null when it is no copy of ours, which is a miss. What only some requests need is read when it is. */
export function fromCacheCopy(response: Response, format: Format): Variant | null {
  const { headers } = response;
  const etag = headers.get("ETag");
  if (response.status !== 200 || etag === null) return null;
  return {
    etag,
    lastModified: headers.get("Last-Modified") ?? "",
    get size() {
      const size = headers.get("Content-Length");
      return size === null ? null : Number(size);
    },
    contentType: CONTENT_TYPES[format],
    body: response.body,
  };
}
