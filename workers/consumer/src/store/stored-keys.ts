import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { imagePrefix, storeKey } from "@prewarm/shared/variant-key";

/** Pages of one image's list that are read; an image with more variants than that is treated as if the rest were missing. */
const PAGES_MAX = 10;

/** The variant keys that R2 holds of these images: one list per image, a few at a time. */
export async function storedKeys(ids: string[], bucket: Pick<R2Bucket, "list">): Promise<Set<string>> {
  const found = new Set<string>();
  const waiting = [...new Set(ids)];
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await listImage(id, bucket, found);
  };
  await Promise.all(Array.from({ length: MAX_CONNECTIONS }, work));
  return found;
}

async function listImage(id: string, bucket: Pick<R2Bucket, "list">, found: Set<string>): Promise<void> {
  const prefix = storeKey(imagePrefix(id));
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const listed: R2Objects = await bucket.list(cursor === undefined ? { prefix } : { prefix, cursor });
    for (const { key } of listed.objects) found.add(key.slice(storeKey("").length));
    if (!listed.truncated) return;
    cursor = listed.cursor;
  }
}
