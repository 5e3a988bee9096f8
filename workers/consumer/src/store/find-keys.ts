import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { storeKey } from "@prewarm/shared/variant-key";
import { objectsAfter } from "./list-pages.ts";

/** Objects of one list. */
const LIST_MAX = 1_000;
/** Keys of a connection of its own. */
const SPAN_MIN = 100;

/**
 * Which of these variant keys R2 has. The keys are looked up in lists over their sorted range, and a list begins at the
 * next wanted key: variants of one image, and images beside each other, share a list.
 */
export async function findKeys(bucket: Pick<R2Bucket, "list">, keys: readonly string[]): Promise<Set<string>> {
  const sorted = [...new Set(keys)].sort();
  const found = new Set<string>();
  const size = Math.max(SPAN_MIN, Math.ceil(sorted.length / MAX_CONNECTIONS));
  const spans = Array.from({ length: Math.ceil(sorted.length / size) }, (_, n) => n * size);
  await Promise.all(spans.map((from) => findSpan(bucket, sorted.slice(from, from + size), found)));
  return found;
}

async function findSpan(bucket: Pick<R2Bucket, "list">, sorted: string[], found: Set<string>): Promise<void> {
  const prefix = storeKey("");
  for (let n = 0; n < sorted.length; ) {
    // A list begins after a name, and a name without its last character is before it.
    const after = storeKey(sorted[n]?.slice(0, -1) ?? "");
    const { objects, to } = await objectsAfter(bucket, { prefix, limit: LIST_MAX }, { after, most: LIST_MAX });
    const names = new Set(objects.map(({ key }) => key));
    while (n < sorted.length && (to === null || storeKey(sorted[n] ?? "") <= to)) {
      const key = sorted[n] ?? "";
      if (names.has(storeKey(key))) found.add(key);
      n += 1;
    }
  }
}
