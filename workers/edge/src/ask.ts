import type { Config } from "@prewarm/shared/config";
import { parseId } from "@prewarm/shared/image-id";
import { readExp } from "@prewarm/shared/signature";
import { parseTransform, type Transform } from "@prewarm/shared/transform";
import { variantKey } from "@prewarm/shared/variant-key";

export const IMAGES_PATH = "/images/";

/** A request for an image that has been read and found well-formed. */
export interface Ask {
  method: "GET" | "HEAD";
  /** Scheme and host under which the viewer came. */
  origin: string;
  /** The path as asked, still encoded: it is what was signed. */
  path: string;
  query: URLSearchParams;
  headers: Headers;
  id: string;
  transform: Transform;
  version: string | null;
  key: string;
  /** The answer depends on `Accept`. */
  negotiated: boolean;
  /** Open to unsigned requests. */
  closed: boolean;
  /** `exp` in Unix seconds; null without one. */
  expiresAt: number | null;
}

/** Reads a request for `/images/<id>`. Throws `id_invalid` and what `parseTransform` throws. */
export function readAsk(request: Request, url: URL, config: Config): Ask {
  const query = url.searchParams;
  const id = parseId(url.pathname.slice(IMAGES_PATH.length));
  const asked = parseTransform(query, config, request.headers.get("Accept"));
  const exp = query.has("exp") ? readExp(query) : null;
  return {
    method: request.method === "HEAD" ? "HEAD" : "GET",
    origin: url.origin,
    path: url.pathname,
    query,
    headers: request.headers,
    id,
    transform: asked.transform,
    version: asked.version,
    key: variantKey(id, asked.transform, asked.version),
    negotiated: asked.negotiated,
    closed: asked.closed,
    expiresAt: exp === "bad" ? null : exp,
  };
}

/** Whether the answer to a query that could not be read would have depended on `Accept`: caches must keep refusals apart, too. */
export function mayNegotiate(query: URLSearchParams): boolean {
  return query.has("p") || query.getAll("f").some((format) => format.toLowerCase() === "auto");
}
