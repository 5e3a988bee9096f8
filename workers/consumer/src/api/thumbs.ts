import { ApiError } from "@prewarm/shared/api-errors";
import { checkId } from "@prewarm/shared/image-id";
import { typeOfVariant } from "@prewarm/shared/mime";
import { imagePrefix, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { objectsAfter } from "../store/list-pages.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";

/** Stored variants that are looked through. */
const LOOKED_AT = 200;
/** Smaller ones are placeholders of a few pixels. */
const ENOUGH_BYTES = 600;
const KEEP_SECONDS = 3600;

export const thumbs = {
  "GET /api/v1/thumbs/{id}": async ({ params: { id }, query: { key: asked }, c }, { bucket }) => {
    checkId(id);
    const key = asked ?? (await smallestOf(bucket, id));
    const parsed = key === null ? null : parseVariantKey(key);
    const object = key === null || parsed?.id !== id ? null : await bucket.get(storeKey(key));
    if (object === null || parsed === null) throw new ApiError("not_found", { detail: "Nothing of it is stored." });
    c.header("Content-Type", typeOfVariant(parsed.transform.format, object.httpMetadata?.contentType));
    c.header("Cache-Control", asked === undefined ? `private, max-age=${KEEP_SECONDS}` : "private, no-cache");
    return c.body(object.body);
  },
} satisfies Resource;

/** The key of the image's smallest stored variant that shows something; null: nothing of it is stored. */
async function smallestOf(bucket: ApiDeps["bucket"], id: string): Promise<string | null> {
  const options = { prefix: storeKey(imagePrefix(id)), limit: LOOKED_AT };
  const { objects } = await objectsAfter(bucket, options, { most: LOOKED_AT });
  const bySize = objects.toSorted((a, b) => a.size - b.size);
  const chosen = bySize.find(({ size }) => size >= ENOUGH_BYTES) ?? bySize.at(-1);
  return chosen?.key.slice(storeKey("").length) ?? null;
}
