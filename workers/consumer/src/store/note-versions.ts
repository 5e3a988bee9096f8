import { OTHERS_MAX, type StoredInfo, storedVariants, withStored } from "@prewarm/shared/image-info";
import type { Transform } from "@prewarm/shared/transform";
import { parseVariantKey, variantKey } from "@prewarm/shared/variant-key";
import { pictureOf, type Sizes, sizedVariants, sizesOf, withSizes } from "./sizes.ts";

/*
 * A note speaks of one version of its image, which an upload or a run announced last. What is stored of other versions
 * stands in `elsewhere`, for stand-ins and for the comparison of formats.
 */

/** A stored variant. */
interface Stored {
  transform: Transform;
  bytes: number;
}

/** How a variant is named in `elsewhere`: the end of its key. */
function endOf(transform: Transform, v: string | null): string {
  return variantKey("_", transform, v).slice("_/".length);
}

/** The note with these variants of a version. `listed`: those to be listed, where the version is the note's own; all of `stored` have bytes. */
export function withVariants(
  info: StoredInfo,
  v: string | null,
  listed: readonly Transform[],
  stored: readonly Stored[],
): StoredInfo {
  if (v === info.version) return withSizes(withStored(info, listed), stored);
  return withElsewhere(info, { ...info.elsewhere, ...byEnd(stored, v) });
}

/** The note as it speaks of the version that is announced by this number: of other variants, and without a placeholder of another version. */
export function announce(info: StoredInfo, v: string | null, announced: number): StoredInfo {
  if (v === info.version) return { ...info, announced };
  const own = variantsOf(info, v);
  const others = { ...info.elsewhere, ...byEnd(variantsOf(info, info.version), info.version) };
  for (const end of Object.keys(byEnd(own, v))) delete others[end];
  const empty = { ...info, version: v, announced, lqip: null, stored: {}, others: [], sizes: {} };
  return withVariants(
    withElsewhere(empty, others),
    v,
    own.map(({ transform }) => transform),
    own,
  );
}

/** The note without what is not there any more. */
export function withoutGone(
  info: StoredInfo,
  isThere: (transform: Transform, v: string | null) => boolean,
  placeholder: Transform | null,
): StoredInfo {
  const { version: v } = info;
  const lqip = placeholder !== null && isThere(placeholder, v) ? info.lqip : null;
  const listed = storedVariants(info, v).filter((transform) => isThere(transform, v));
  const left = withStored({ ...info, lqip, stored: {}, others: [] }, listed);
  const sized = sizedVariants(info).filter(({ transform }) => isThere(transform, v));
  const elsewhere = Object.entries(info.elsewhere ?? {}).filter(([end]) => {
    const parsed = parseVariantKey(`_/${end}`);
    return parsed !== null && isThere(parsed.transform, parsed.v);
  });
  return withElsewhere({ ...left, ...withSizes({}, sized) }, Object.fromEntries(elsewhere));
}

/** Bytes of the stored formats of one picture, by what the note says of this version. */
export function sizesIn(info: StoredInfo, v: string | null, picture: string): Sizes {
  if (v === info.version) return sizesOf(info, picture);
  const own = variantsOf(info, v).filter(({ transform }) => pictureOf(transform) === picture);
  return new Map(own.map(({ transform, bytes }) => [transform.format, bytes]));
}

/** The variants of a version whose bytes the note tells. */
function variantsOf(info: StoredInfo, v: string | null): Stored[] {
  return storedVariants(info, v).flatMap((transform) => {
    const bytes =
      v === info.version
        ? sizesOf(info, pictureOf(transform)).get(transform.format)
        : info.elsewhere?.[endOf(transform, v)];
    return bytes === undefined ? [] : [{ transform, bytes }];
  });
}

function byEnd(stored: readonly Stored[], v: string | null): Record<string, number> {
  return Object.fromEntries(stored.map(({ transform, bytes }) => [endOf(transform, v), bytes]));
}

/** The oldest leave when there are too many. Without any the note says nothing of them, as notes of before. */
function withElsewhere({ elsewhere: _, ...info }: StoredInfo, others: Record<string, number>): StoredInfo {
  const kept = Object.entries(others).slice(-OTHERS_MAX);
  return kept.length === 0 ? info : { ...info, elsewhere: Object.fromEntries(kept) };
}
