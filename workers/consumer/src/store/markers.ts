import { R2_DELETE_MAX_KEYS } from "@prewarm/shared/limits";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";

/** Deletes the dead markers of these variants and the missing markers of these images. R2 charges nothing for a delete. */
export async function clearMarkers(
  bucket: Pick<R2Bucket, "delete">,
  keys: readonly string[],
  ids: readonly string[],
): Promise<void> {
  const markers = [...new Set([...keys.map(deadKey), ...ids.map(missingKey)])];
  for (let at = 0; at < markers.length; at += R2_DELETE_MAX_KEYS)
    await bucket.delete(markers.slice(at, at + R2_DELETE_MAX_KEYS));
}
