import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { storeKey } from "@prewarm/shared/variant-key";
import { objectsAfter } from "./list-pages.ts";

/** A list costs as much as twelve reads: from so many on a list is cheaper. */
export const LIST_FROM = 13;
/** Objects of one list. */
const LIST_MAX = 1_000;
/** Keys of a connection of its own. */
const SPAN_MIN = 100;

/** Which of these variant keys R2 has. */
export async function findKeys(bucket: Pick<R2Bucket, "list">, keys: readonly string[]): Promise<Set<string>> {
  const found = await findNames(bucket, storeKey(""), keys.map(storeKey));
  return new Set(keys.filter((key) => found.has(storeKey(key))));
}

/**
 * Which of these objects R2 has, all of one prefix. They are looked up in lists over their sorted range, and a list begins
 * at the next wanted name: variants of one image, and images beside each other, share a list.
 */
export async function findNames(
  bucket: Pick<R2Bucket, "list">,
  prefix: string,
  wanted: readonly string[],
): Promise<Set<string>> {
  const sorted = [...new Set(wanted)].sort();
  const found = new Set<string>();
  const size = Math.max(SPAN_MIN, Math.ceil(sorted.length / MAX_CONNECTIONS));
  const spans = Array.from({ length: Math.ceil(sorted.length / size) }, (_, n) => n * size);
  await Promise.all(spans.map((from) => findSpan(bucket, prefix, sorted.slice(from, from + size), found)));
  return found;
}

async function findSpan(
  bucket: Pick<R2Bucket, "list">,
  prefix: string,
  sorted: string[],
  found: Set<string>,
): Promise<void> {
  for (let n = 0; n < sorted.length; ) {
    // A list begins after a name, and a name without its last character is before it.
    const after = sorted[n]?.slice(0, -1) ?? "";
    const { objects, to } = await objectsAfter(bucket, { prefix, limit: LIST_MAX }, { after, most: LIST_MAX });
    const names = new Set(objects.map(({ key }) => key));
    while (n < sorted.length && (to === null || (sorted[n] ?? "") <= to)) {
      const name = sorted[n] ?? "";
      if (names.has(name)) found.add(name);
      n += 1;
    }
  }
}
