/*
 * The key of a job is `group/part`. The group is percent-encoded (`encodeURIComponent`), so it has no slash; the part may
 * have slashes.
 */

/** The group of a key, encoded. */
export function groupOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}
