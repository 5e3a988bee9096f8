import type { Config } from "@prewarm/shared/config";
import { parseId } from "@prewarm/shared/image-id";
import { readExp } from "@prewarm/shared/signature";
import { isPassThrough, isWithheld } from "@prewarm/shared/source";
import { parseTransform } from "@prewarm/shared/transform";
import { variantKey } from "@prewarm/shared/variant-key";
import type { Target } from "../request-context.ts";

export const IMAGES_PATH = "/images/";

/** Reads `/images/<id>?…`. Throws `id_invalid` and what `parseTransform` throws. */
export function readTarget(url: URL, query: URLSearchParams, headers: Headers, config: Config): Target {
  const path = url.pathname;
  const id = parseId(path.slice(IMAGES_PATH.length));
  const { transform, version, negotiated, orElse, closed } = parseTransform(query, config, headers.get("Accept"));
  const exp = readExp(query);
  const passThrough = isPassThrough(config, id);
  return {
    origin: url.origin,
    path,
    id,
    transform,
    version,
    key: variantKey(id, transform, version),
    negotiated,
    orElse,
    // A version is anything: where not everybody may name one, it takes a signature; an image's signature names it.
    inClosedSet:
      closed &&
      (version === null || config.access !== "signed" || query.has("sc")) &&
      (passThrough || !isWithheld(config, id, transform)),
    signed: false,
    expiresAt: exp === "bad" ? null : exp,
    passThrough,
  };
}

/** Whether the answer to an unreadable query might have depended on `Accept`; then its refusal must say `Vary` as well. */
export function mayNegotiate(query: URLSearchParams): boolean {
  return query.has("p") || query.getAll("f").some((format) => format.toLowerCase() === "auto");
}
