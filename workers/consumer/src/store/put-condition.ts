/**
 * The condition of a put: the object is still the one with this etag; null: there is still none.
 *
 * R2 documents `If-None-Match: *` (Workers API reference, "Conditional operations": all conditional headers but `If-Range`; RFC 9110) and says
 * nothing of a `*` in `etagDoesNotMatch`, which workerd took for an etag until 2024.
 */
export function ifUnchanged(etag: string | null): R2Conditional | Headers {
  return etag === null ? new Headers({ "If-None-Match": "*" }) : { etagMatches: etag };
}
