import { imagePrefix } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";

/** What a purge needs of R2; R2Bucket fits. */
export type PurgeBucket = Pick<R2Bucket, "list" | "delete">;

/**
 * Deletes every object of the image whose generation is below `floor` (or unknown), then the image's markers. In pages of
 * 1,000: `goOn` is asked before each and stops it by false. Safe to run again.
 */
export async function purgeObjects(
  bucket: PurgeBucket,
  { id, floor }: { id: string; floor: number },
  goOn: () => boolean,
): Promise<void> {
  await eachPage(
    bucket,
    `variants/${imagePrefix(id)}`,
    goOn,
    (object) => (fromCustomMetadata(object.customMetadata)?.gen ?? 0) < floor,
  );
  await eachPage(bucket, `dead/${imagePrefix(id)}`, goOn, () => true);
}

async function eachPage(
  bucket: PurgeBucket,
  prefix: string,
  goOn: () => boolean,
  isDoomed: (object: R2Object) => boolean,
): Promise<void> {
  let cursor: string | undefined;
  do {
    if (!goOn()) return;
    const page = await bucket.list({
      prefix,
      include: ["customMetadata"],
      ...(cursor === undefined ? {} : { cursor }),
    });
    const keys = page.objects.filter(isDoomed).map(({ key }) => key);
    if (keys.length > 0) await bucket.delete(keys);
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}
