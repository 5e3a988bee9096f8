import { imagePrefix, storeKey } from "@prewarm/shared/variant-key";
import { objectsAfter } from "./list-pages.ts";

/** Objects of one list. Between images that stand far apart, a list reads so many that nobody asked for. */
const LIST_MAX = 200;
/** Objects of one image that are looked at: one of this repository's has some dozens. */
const OBJECTS_MAX = 5_000;
/** After every name. */
const END = "\u{10FFFF}";

/** The variants of these images, by id, with their metadata. A list begins at the next image that is not read: images beside each other share it. */
export async function objectsOfImages(
  bucket: Pick<R2Bucket, "list">,
  ids: readonly string[],
): Promise<Map<string, R2Object[]>> {
  const found = new Map<string, R2Object[]>(ids.map((id) => [id, []]));
  const folders = new Map([...found].map(([id, objects]) => [storeKey(imagePrefix(id)), objects]));
  const options = { prefix: storeKey(""), limit: LIST_MAX, include: ["customMetadata" as const] };
  let readTo = "";
  for (const [folder, own] of [...folders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    while ((readTo < folder || readTo.startsWith(folder)) && own.length < OBJECTS_MAX) {
      // No object has a folder's name.
      const after = readTo < folder ? folder : readTo;
      const { objects, to } = await objectsAfter(bucket, options, { after, most: LIST_MAX });
      for (const object of objects) folders.get(folderOf(object.key))?.push(object);
      readTo = to ?? END;
    }
  }
  return found;
}

function folderOf(key: string): string {
  return key.slice(0, key.indexOf("/", storeKey("").length) + 1);
}
