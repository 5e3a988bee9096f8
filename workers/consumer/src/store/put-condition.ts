/**
 * The condition of a put: the object is still the one with this etag; null: there is still none.
 *
 * R2 documents `If-None-Match: *` (Workers API reference, "Conditional operations": all conditional headers but `If-Range`; RFC 9110) and says
 * nothing of a `*` in `etagDoesNotMatch`, which workerd took for an etag until 2024.
 */
export function ifUnchanged(etag: string | null): R2Conditional | Headers {
  return etag === null ? new Headers({ "If-None-Match": "*" }) : { etagMatches: etag };
}

/**
 * The condition of a put of the same bytes: the object is still the very one that was read. The etag does not tell, because R2 makes it of the
 * bytes: a newer generation may have stored the same ones since. With a condition on the etag that is met, R2 ignores `uploadedBefore`; with
 * `uploadedAfter` it writes nothing where the object is gone. So the time of upload alone tells, in ms.
 */
export function ifNotPutAgain({ uploaded }: Pick<R2Object, "uploaded">): R2Conditional {
  return { uploadedAfter: new Date(uploaded.getTime() - 1), uploadedBefore: new Date(uploaded.getTime() + 1) };
}
