import { encodedIdOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import type { Noted } from "../store/info.ts";

/** A variant as a list shows it. */
export interface ListedVariant {
  key: string;
  bytes: number;
  smaller: Noted["smaller"];
  /** It is the original's own picture, which a note does not count. */
  isCopy: boolean;
  /** Unix ms. */
  uploaded: number;
}

/** A note as a list shows it. */
export interface ListedNote {
  /** How many variants it tells of. Infinity: a note of before, which does not say. */
  listed: number;
  /** Unix ms. */
  uploaded: number;
}

/** A handler writes its notes by the end of its shift. Chosen, with a margin. */
const LATE_MS = 180_000;
/** Images of one slice: each costs a look at its original, a head, a read and a put. Chosen. */
const IMAGES_MAX = 20;

/** The variants of the version that was stored last: a note tells of no other. */
function ofLastVersion(variants: readonly ListedVariant[]): ListedVariant[] {
  const last = variants.reduce((newest, one) => (one.uploaded > newest.uploaded ? one : newest));
  return variants.filter(({ key }) => versionOfKey(key) === versionOfKey(last.key));
}

/**
 * Variants of images whose note does not tell of all that is listed here: there is none, or it is older than a variant, or it counts fewer.
 * They are left by a handler that died between its word to the ledger and its note. Where something else is the reason, such as metadata
 * that was written anew, the note stays as it is. `notes`: by the image's encoded id.
 */
export function unnotedOf(
  variants: readonly ListedVariant[],
  notes: ReadonlyMap<string, ListedNote>,
  now: number,
): Noted[] {
  const late = variants.filter(({ uploaded, isCopy }) => uploaded < now - LATE_MS && !isCopy);
  const images = [...Map.groupBy(late, ({ key }) => encodedIdOfKey(key))].map(([id, all]) => {
    const found = ofLastVersion(all);
    const { uploaded = Number.NEGATIVE_INFINITY, listed = 0 } = notes.get(id) ?? {};
    return { found, isOlder: found.some((one) => one.uploaded > uploaded), isShort: found.length > listed };
  });
  // Those that only count fewer may do so in each pass, say because a note has room for so many: they come last.
  const unnoted = [...images.filter(({ isOlder }) => isOlder), ...images.filter((one) => !one.isOlder && one.isShort)];
  return unnoted
    .slice(0, IMAGES_MAX)
    .flatMap(({ found }) => found)
    .map(({ key, bytes, smaller }) => ({ key, bytes, smaller, made: null, original: null, isFirst: false }));
}
