import { isRemovedNote } from "@prewarm/shared/image-info";
import { decodeId, encodedIdOfKey, encodeId, INFO_PREFIX, storeKey } from "@prewarm/shared/variant-key";
import { pagesOf } from "./list-pages.ts";

type Bucket = Pick<R2Bucket, "list">;
type Options = R2ListOptions & { include: string[] };

interface Page {
  ids: string[];
  next: string | null;
}

/** Behind every object of an image whose name it follows. */
const BEHIND = "\uffff";

/**
 * A page of the images of a folder (`summer/`) of which R2 has a variant, and then of those of which it has a note, so
 * that an image may stand on two pages. A removed image has a note only, and is left out. `after`: `next` of the page
 * before; null: from the beginning. `next`: null on the last page.
 */
export async function imagesIn(bucket: Bucket, folder: string, after: string | null): Promise<Page> {
  const begin = encodeId(folder);
  return after?.startsWith(INFO_PREFIX) ? noted(bucket, begin, after) : stored(bucket, begin, after);
}

/** Whether a text is a place in the pages of a folder. */
export function isPlaceIn(folder: string, place: string): boolean {
  return place === INFO_PREFIX || [storeKey(""), INFO_PREFIX].some((name) => place.startsWith(name + encodeId(folder)));
}

async function stored(bucket: Bucket, begin: string, after: string | null): Promise<Page> {
  const options: R2ListOptions = { prefix: storeKey(begin), delimiter: "/" };
  for await (const page of pagesOf(bucket, after === null ? options : { ...options, startAfter: after })) {
    // The folder of an image's variants has the image's id as its name.
    const last = page.delimitedPrefixes.at(-1);
    if (last === undefined) continue;
    return { ids: idsOf(page.delimitedPrefixes, storeKey("")), next: page.truncated ? last + BEHIND : INFO_PREFIX };
  }
  return { ids: [], next: INFO_PREFIX };
}

async function noted(bucket: Bucket, begin: string, after: string): Promise<Page> {
  const options: Options = { prefix: INFO_PREFIX + begin, startAfter: after, include: ["customMetadata"] };
  for await (const { objects, truncated } of pagesOf(bucket, options)) {
    const last = objects.at(-1);
    if (last === undefined) continue;
    const names = objects.filter((object) => !isRemovedNote(object)).map(({ key }) => key);
    return { ids: idsOf(names, INFO_PREFIX), next: truncated ? last.key : null };
  }
  return { ids: [], next: null };
}

/** The ids in names that Prewarm gave. */
function idsOf(names: readonly string[], prefix: string): string[] {
  return names.flatMap((name) => idOf(encodedIdOfKey(name.slice(prefix.length))) ?? []);
}

function idOf(encoded: string): string | null {
  try {
    const id = decodeId(encoded);
    return encodeId(id) === encoded ? id : null;
  } catch {
    return null;
  }
}
