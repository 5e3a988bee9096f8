import type { Config, Format } from "@prewarm/shared/config";
import { parseId } from "@prewarm/shared/image-id";
import { readExp } from "@prewarm/shared/signature";
import { isPassThrough, isWithheld } from "@prewarm/shared/source";
import { parseTransform, type Transform } from "@prewarm/shared/transform";
import { variantKey } from "@prewarm/shared/variant-key";

export const IMAGES_PATH = "/images/";

/** What an image URL names, read and found well-formed. */
export interface Target {
  /** Scheme and host under which the viewer came. */
  origin: string;
  /** The path as asked, still encoded: it is what was signed. */
  path: string;
  id: string;
  transform: Transform;
  version: string | null;
  key: string;
  /** The answer depends on `Accept`. */
  negotiated: boolean;
  /** Formats that may be served instead where their variant is smaller. */
  orElse: readonly Format[];
  /** One of the URLs that unsigned requests may ask for. */
  inClosedSet: boolean;
  /** The URL's signature was found right. */
  signed: boolean;
  /** `exp` in Unix seconds; null without one. */
  expiresAt: number | null;
  /** The original is shown as it is. */
  passThrough: boolean;
}

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
