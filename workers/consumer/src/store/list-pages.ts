/*
 * R2's lists. A page may be short, or have no objects, although more follow (R2ListOptions, `include`: "fewer results may be returned"): only
 * `truncated` tells the end. So nobody else calls `list`.
 */

type Listing = Pick<R2Bucket, "list">;

/** All pages of a list. */
export async function* pagesOf(bucket: Listing, { startAfter, ...options }: R2ListOptions): AsyncGenerator<R2Objects> {
  let page = await bucket.list(startAfter === undefined ? options : { ...options, startAfter });
  yield page;
  while (page.truncated) {
    page = await bucket.list({ ...options, cursor: page.cursor });
    yield page;
  }
}

/** The first objects of a list: `most`, or some more that stand on the same page. */
export async function firstObjects(bucket: Listing, options: R2ListOptions, most: number): Promise<R2Object[]> {
  const found: R2Object[] = [];
  for await (const { objects } of pagesOf(bucket, options)) {
    found.push(...objects);
    if (found.length >= most) break;
  }
  return found;
}

/** The objects that follow a name ("": all of the prefix), as many as R2 lists at once. `to`: the last name, when there are more; else null. */
export async function objectsAfter(
  bucket: Listing,
  options: R2ListOptions,
  after: string,
): Promise<{ objects: R2Object[]; to: string | null }> {
  for await (const page of pagesOf(bucket, after === "" ? options : { ...options, startAfter: after })) {
    const { objects, truncated } = page;
    if (objects.length > 0) return { objects, to: truncated ? (objects.at(-1)?.key ?? null) : null };
  }
  return { objects: [], to: null };
}
