import { R2_DELETE_MAX_KEYS } from "@prewarm/shared/limits";
import { parseStagedSegment } from "@prewarm/shared/staged-name";
import { deadKey, imagePrefix, infoKey, stagedPrefix, storeKey } from "@prewarm/shared/variant-key";
import { genOf, ORIGINAL_JOB } from "@prewarm/shared/variant-metadata";
import { pagesOf } from "./list-pages.ts";

type Bucket = Pick<R2Bucket, "list" | "delete">;

/** Deletes objects by their full names, however many: R2 takes 1,000 a call. */
export async function deleteObjects(bucket: Pick<R2Bucket, "delete">, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += R2_DELETE_MAX_KEYS) {
    await bucket.delete(names.slice(at, at + R2_DELETE_MAX_KEYS));
  }
}

/**
 * One pass of a sweep over an image. `delete` deletes every variant of a generation below `fence`, or without one, the
 * image's note and its staged originals if they are below too, and the image's markers. `goOn` is asked before each delete; the pass stops when it
 * answers false. The others return the image's variants with their generations, 0 for objects that Prewarm did not put.
 * The first pass of `remake` deletes the markers, because they tell of the older original. Throws when R2 does not
 * answer. Safe to run again.
 */
export async function sweepImage(
  bucket: Bucket,
  { kind, id, fence, pass }: { kind: "delete" | "remake" | "recrop"; id: string; fence: number; pass: 1 | 2 },
  goOn: () => boolean,
): Promise<{ key: string; gen: number }[]> {
  const variants = storeKey(imagePrefix(id));
  const markers = deadKey(imagePrefix(id));
  if (kind === "remake" && pass === 1) await deleteWhere(bucket, markers, () => true);
  if (kind !== "delete") return listGenerations(bucket, variants);
  const isBelow = ({ customMetadata }: R2Object) => genOf(customMetadata) < fence;
  await deleteWhere(bucket, variants, goOn, isBelow);
  await deleteWhere(bucket, infoKey(id), goOn, isBelow);
  await deleteWhere(bucket, markers, goOn);
  const numberOf = (key: string) => parseStagedSegment(key.slice(stagedPrefix(id).length))?.number ?? 0;
  await deleteWhere(bucket, stagedPrefix(id), goOn, ({ key }) => numberOf(key) < fence);
  return [];
}

async function listGenerations(bucket: Bucket, prefix: string): Promise<{ key: string; gen: number }[]> {
  const found: { key: string; gen: number }[] = [];
  for await (const { objects } of pagesOf(bucket, { prefix, include: ["customMetadata"] })) {
    const made = objects.filter(({ customMetadata }) => customMetadata?.job !== ORIGINAL_JOB);
    for (const object of made)
      found.push({ key: object.key.slice(storeKey("").length), gen: genOf(object.customMetadata) });
  }
  return found;
}

async function deleteWhere(
  bucket: Bucket,
  prefix: string,
  goOn: () => boolean,
  isDoomed: (object: R2Object) => boolean = () => true,
): Promise<void> {
  for await (const { objects } of pagesOf(bucket, { prefix, include: ["customMetadata"] })) {
    const doomed = objects.filter(isDoomed).map(({ key }) => key);
    if (doomed.length === 0) continue;
    // The list may have taken long. A variant that was stored since has the name of an older object of the list.
    if (!goOn()) return;
    await deleteObjects(bucket, doomed);
  }
}
