import { imagePrefix, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import { pagesOf } from "./list-pages.ts";
import { deleteMarkers } from "./purge-objects.ts";

/**
 * What R2 holds of an image that has a new original: its variants with their generations. With the first look the markers go, whatever
 * variants they are of: they tell of the older one. Throws when R2 does not answer.
 */
export async function lookForRenewal(
  bucket: Pick<R2Bucket, "list" | "delete">,
  { id, look }: { id: string; look: 1 | 2 },
): Promise<{ key: string; gen: number }[]> {
  if (look === 1) await deleteMarkers(bucket, id);
  return listGenerations(bucket, id);
}

/** An image's variants in R2 with the generations that made them; 0 for objects that we did not put. Throws when R2 does not answer. */
export async function listGenerations(
  bucket: Pick<R2Bucket, "list">,
  id: string,
): Promise<{ key: string; gen: number }[]> {
  const found: { key: string; gen: number }[] = [];
  for await (const page of pagesOf(bucket, { prefix: storeKey(imagePrefix(id)), include: ["customMetadata"] })) {
    for (const { key, customMetadata } of page.objects)
      found.push({ key: key.slice(storeKey("").length), gen: fromCustomMetadata(customMetadata)?.gen ?? 0 });
  }
  return found;
}
