import type { Semaphore } from "../platform/semaphore.ts";

/*
 * R2's lists. A page may be short, or have no objects, although more follow (R2ListOptions, `include`: "fewer results may be returned"): only
 * `truncated` tells the end. So only this file and shared-calls.ts call `list`.
 */

type Listing = Pick<R2Bucket, "list">;

/** The bucket's lists, each as one call of a handler's connections. */
export function listingThrough(bucket: Listing, { run }: Pick<Semaphore, "run">): Listing {
  return { list: (options) => run(() => bucket.list(options)) };
}

/** All pages of a list. */
export async function* pagesOf(bucket: Listing, { startAfter, ...options }: R2ListOptions): AsyncGenerator<R2Objects> {
  let page = await bucket.list(startAfter === undefined ? options : { ...options, startAfter });
  yield page;
  while (page.truncated) {
    page = await bucket.list({ ...options, cursor: page.cursor });
    yield page;
  }
}

/**
 * The first `most` objects of a list that follow a name (`after`, a whole name; "": from the beginning). `to`: the last name, when there are
 * more; else null.
 */
export async function objectsAfter(
  bucket: Listing,
  options: R2ListOptions,
  { after = "", most }: { after?: string; most: number },
): Promise<{ objects: R2Object[]; to: string | null }> {
  const objects: R2Object[] = [];
  let isWhole = false;
  for await (const page of pagesOf(bucket, after === "" ? options : { ...options, startAfter: after })) {
    objects.push(...page.objects);
    isWhole = !page.truncated && objects.length <= most;
    if (objects.length >= most) break;
  }
  const first = objects.slice(0, most);
  return { objects: first, to: isWhole ? null : (first.at(-1)?.key ?? null) };
}
