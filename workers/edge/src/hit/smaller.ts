import { type Changes, standingOf } from "@prewarm/shared/changes";
import { keyInFormat, storeKey } from "@prewarm/shared/variant-key";
import { genOf } from "@prewarm/shared/variant-metadata";
import type { StoredObject } from "../bindings.ts";
import type { RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";
import { discard, fromStore, type ReadyVariant } from "./variant.ts";

/** Share of the budget. It is small, because the object in hand is an answer too. */
const SHARE = 0.3;

/**
 * The variant that replaces the object in hand, because `f=auto` allows its format and it has fewer bytes. It costs a
 * read only if the object names one. That one may have been purged or made again since, so it must still be smaller and
 * of the same original; then the object's body is discarded. `isUnknown`: R2 did not answer, so the cache must not keep
 * the object as the answer.
 */
export async function findSmaller(
  { target: { orElse, id, transform }, edge, left, mark }: RequestContext,
  { key, inHand, changes }: { key: string; inHand: StoredObject; changes: Changes },
): Promise<{ found?: ReadyVariant; isUnknown?: boolean }> {
  const named = orElse.length === 0 ? [] : (inHand.customMetadata?.smaller?.split(" ") ?? []);
  const format = named.map((name) => orElse.find((each) => each === name)).find((each) => each !== undefined);
  if (format === undefined) return {};
  const other = storeKey(keyInFormat(key, format));
  const read = await withTimeLimit(() => edge.images.get(other), left(SHARE));
  mark("smaller");
  if (!read.ok) return { isUnknown: true };
  if (read.value === null) return {};
  const standing = standingOf(changes, id, transform, genOf(read.value.customMetadata));
  const isOfSameOriginal = etagOf(read.value) !== undefined && etagOf(read.value) === etagOf(inHand);
  const isFit = standing !== "gone" && read.value.size < inHand.size && isOfSameOriginal;
  discard(isFit ? inHand.body : read.value.body);
  return isFit ? { found: fromStore(read.value, format, standing === "old") } : {};
}

/** The etag of the original. */
function etagOf({ customMetadata }: StoredObject): string | undefined {
  return customMetadata?.["source-etag"];
}
