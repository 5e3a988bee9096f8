import { R2_DELETE_MAX_KEYS } from "@prewarm/shared/limits";
import { deadKey, imagePrefix, infoKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import { pagesOf } from "./list-pages.ts";

/** Deletes objects by their full names, however many: R2 takes 1,000 a call. */
export async function deleteObjects(bucket: Pick<R2Bucket, "delete">, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += R2_DELETE_MAX_KEYS) {
    await bucket.delete(names.slice(at, at + R2_DELETE_MAX_KEYS));
  }
}

/**
 * Deletes every object of the image whose generation is below `floor` (or unknown), what is known of the image, if it was noted with such
 * a one, and the image's markers. `goOn` is asked before each page; the purge stops when it answers false. Safe to run again.
 */
export async function purgeObjects(
  bucket: Pick<R2Bucket, "list" | "delete">,
  { id, floor }: { id: string; floor: number },
  goOn: () => boolean,
): Promise<void> {
  const isBelow = (object: R2Object) => (fromCustomMetadata(object.customMetadata)?.gen ?? 0) < floor;
  await deleteWhere(bucket, storeKey(imagePrefix(id)), goOn, isBelow);
  await deleteWhere(bucket, infoKey(id), goOn, isBelow);
  await deleteMarkers(bucket, id, goOn);
}

/** Deletes the markers of an image and of all its variants. */
export async function deleteMarkers(
  bucket: Pick<R2Bucket, "list" | "delete">,
  id: string,
  goOn: () => boolean = () => true,
): Promise<void> {
  await deleteWhere(bucket, deadKey(imagePrefix(id)), goOn, () => true);
}

async function deleteWhere(
  bucket: Pick<R2Bucket, "list" | "delete">,
  prefix: string,
  goOn: () => boolean,
  isDoomed: (object: R2Object) => boolean,
): Promise<void> {
  if (!goOn()) return;
  for await (const { objects, truncated } of pagesOf(bucket, { prefix, include: ["customMetadata"] })) {
    await deleteObjects(
      bucket,
      objects.filter(isDoomed).map(({ key }) => key),
    );
    if (truncated && !goOn()) return;
  }
}
