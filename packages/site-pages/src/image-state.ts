import type { Config } from "@prewarm/shared/config";
import { samePicture } from "@prewarm/shared/same-picture";
import type { Transform } from "@prewarm/shared/transform";
import { parseVariantKey, variantKey, versionOfKey } from "@prewarm/shared/variant-key";

/** A variant as it is seen: an object of R2, or a row of the ledger. */
export interface SeenVariant {
  key: string;
  state: string;
  /** In px. */
  width: number | null;
  height: number | null;
  error: { code: string } | null;
}

/** What R2 and the ledger have of one image. */
export interface ImageState {
  /** By key, what R2 holds. */
  stored: Set<string>;
  /** By key, what is not in R2 and has a row in the ledger. */
  rows: Map<string, SeenVariant>;
  /** Of the original in px, where a stored variant shows all of it; else null. */
  original: { width: number; height: number } | null;
  /** The version that an upload or a run announced last; null: none. */
  v: string | null;
}

export function newImageState(): ImageState {
  return { stored: new Set(), rows: new Map(), original: null, v: null };
}

/** Notes a variant that R2 holds. */
export function noteStored(state: ImageState, variant: SeenVariant): void {
  state.stored.add(variant.key);
  state.original ??= originalOf(variant);
}

/** Nothing is enlarged: a variant that is narrower than it was asked to be has the original's own size. */
function originalOf({ key, width, height }: SeenVariant): ImageState["original"] {
  const asked = parseVariantKey(key)?.transform;
  if (asked === undefined || width === null || height === null || asked.height !== null) return null;
  return asked.width === null || width < asked.width ? { width, height } : null;
}

/** Whether the edge has the picture: under its own key, or under that of the same picture (packages/shared/src/same-picture.ts). */
export function isStored(
  id: string,
  version: string | null,
  transform: Transform,
  { stored, original }: ImageState,
  config: Config,
): boolean {
  if (stored.has(variantKey(id, transform, version))) return true;
  return original !== null && stored.has(variantKey(id, samePicture(transform, original, config), version));
}

/** Why a variant is not stored, in words; `isRefused`: it will never be. */
export function whyMissing(
  id: string,
  version: string | null,
  transform: Transform,
  state: ImageState,
): { reason: string; isRefused: boolean } {
  const row = state.rows.get(variantKey(id, transform, version));
  if (row !== undefined && row.state !== "stored") {
    const cause = row.error === null ? "" : ` (${row.error.code})`;
    const isEnded = row.state === "dead" || row.state === "refused" || row.state === "cancelled";
    return { reason: `${isEnded ? row.state : "being made"}${cause}`, isRefused: row.state === "refused" };
  }
  if (lacksOriginal(version, state)) return { reason: "the original is missing", isRefused: true };
  if (state.stored.size === 0) return { reason: "nothing of this image is stored", isRefused: false };
  const other = [...state.stored].find((key) => parseVariantKey(key)?.v !== version);
  const isElsewhere = other !== undefined && ![...state.stored].some((key) => versionOfKey(key) === version);
  if (!isElsewhere) return { reason: "not stored", isRefused: false };
  const named = versionOfKey(other);
  return { reason: `stored ${named === null ? "without v" : `under v=${named}`} only`, isRefused: false };
}

/** Whether a variant of this version was refused because there is no original: then no other variant can be made. */
function lacksOriginal(version: string | null, { rows }: ImageState): boolean {
  return [...rows].some(([key, { error }]) => error?.code === "original_missing" && versionOfKey(key) === version);
}
