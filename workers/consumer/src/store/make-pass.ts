import type { FoundObject } from "@prewarm/control-schema/removal";
import { isRemovedNote, REMOVED_METADATA } from "@prewarm/shared/image-info";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { blockKey, deadKey, imagePrefix, infoKey, stagedPrefix, storeKey } from "@prewarm/shared/variant-key";
import { createSemaphore } from "../platform/semaphore.ts";
import { pagesOf } from "./list-pages.ts";
import { sharedBuckets } from "./shared-calls.ts";
import { deleteObjects, sweepImage } from "./sweep-image.ts";

/** An original in a bucket of the site. */
export interface OwnOriginal {
  bucket: Pick<R2Bucket, "head" | "delete">;
  /** The bucket's binding. */
  binding: string;
  key: string;
}

/** Asked before each delete, with what is deleted; false: delete nothing more. */
type GoOn = (found?: readonly FoundObject[]) => boolean;

interface Pass {
  kind: "delete" | "remake" | "recrop";
  /** The image's id, decoded. */
  id: string;
  fence: number;
  pass: 1 | 2;
  /** The image is removed. */
  removes: boolean;
}

interface Stores {
  images: Pick<R2Bucket, "head" | "list" | "delete" | "put">;
  /** Null: the original of this image is not in a bucket that is bound. */
  original(id: string): OwnOriginal | null;
  sleep(ms: number): Promise<void>;
}

/** The same stores for many passes at once, whose calls share six connections. `now`: Unix ms. */
export function sharedStores({ images, original, sleep }: Stores, now: () => number): Stores {
  const shared = sharedBuckets(createSemaphore(MAX_CONNECTIONS), now);
  const ownOriginal = (id: string) => {
    const own = original(id);
    return own === null ? null : { ...own, bucket: shared(own.bucket) };
  };
  return { images: shared(images), original: ownOriginal, sleep };
}

/** R2 takes one write of a key a second (developers.cloudflare.com/r2/platform/limits), and a worker may just have put the note. */
export const SAME_KEY_MS = 1_100;

/** Makes a pass of a sweep over an image. Throws when R2 does not answer. Safe to run again. */
export async function makePass(stores: Stores, pass: Pass, goOn: GoOn): Promise<{ key: string; gen: number }[]> {
  if (!pass.removes) return sweepImage(stores.images, pass, goOn);
  await removeObjects(stores, pass.id, goOn);
  return [];
}

/**
 * Deletes every object of an image, whatever its generation, and the older original where it is ours. The note goes
 * first, and another takes its place, by which the edge knows that the image is removed. Where R2 refuses that one, the
 * rest is deleted first.
 */
async function removeObjects({ images, original, sleep }: Stores, id: string, goOn: GoOn): Promise<void> {
  const own = original(id);
  const isTold = await replaceNote(images, id, goOn);
  const goesOn =
    isTold !== null &&
    (await deleteAll(images, storeKey(imagePrefix(id)), goOn)) &&
    (await deleteAll(images, deadKey(imagePrefix(id)), goOn)) &&
    (await deleteAll(images, stagedPrefix(id), goOn));
  if (goesOn && own !== null) await deleteOriginal(own, await images.head(blockKey(id)), goOn);
  if (isTold !== false) return;
  await sleep(SAME_KEY_MS);
  if (goOn()) await putNote(images, id);
}

/** Null: the pass goes on no more. False: R2 did not take the note. */
async function replaceNote(images: Stores["images"], id: string, goOn: GoOn): Promise<boolean | null> {
  const name = infoKey(id);
  for await (const { objects } of pagesOf(images, { prefix: name, include: ["customMetadata"] }))
    if (!goOn(foundOf(objects.filter((object) => !isRemovedNote(object))))) return null;
  return putNote(images, id).then(
    () => true,
    () => false,
  );
}

async function putNote(images: Stores["images"], id: string): Promise<void> {
  await images.put(infoKey(id), "{}", { customMetadata: REMOVED_METADATA });
}

async function deleteAll(images: Stores["images"], prefix: string, goOn: GoOn): Promise<boolean> {
  for await (const { objects } of pagesOf(images, { prefix })) {
    if (objects.length === 0) continue;
    if (!goOn(foundOf(objects))) return false;
    await deleteObjects(
      images,
      objects.map(({ key }) => key),
    );
  }
  return true;
}

/**
 * Deletes the original, unless it was put after the removal was last ordered. The block in R2 (`removed/`) was put
 * then, so R2's own times are compared. Without a block the removal was lifted.
 */
async function deleteOriginal(
  { bucket, binding, key }: OwnOriginal,
  block: R2Object | null,
  goOn: GoOn,
): Promise<void> {
  const object = await bucket.head(key);
  if (object === null || block === null || object.uploaded > block.uploaded) return;
  if (goOn(foundOf([object], `${binding} `))) await bucket.delete(key);
}

function foundOf(objects: readonly R2Object[], before = "") {
  return objects.map(({ key, size, uploaded }) => {
    return { name: `${before}${key}`, bytes: size, uploadedAt: uploaded.getTime() };
  });
}
