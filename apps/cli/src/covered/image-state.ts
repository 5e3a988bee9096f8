import { Image, Variant } from "@prewarm/control-schema/images";
import type { Config } from "@prewarm/shared/config";
import { samePicture } from "@prewarm/shared/same-picture";
import type { Transform } from "@prewarm/shared/transform";
import { parseVariantKey, variantKey, versionOfKey } from "@prewarm/shared/variant-key";
import * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";

const SeenImage = Image.pick({ nextCursor: true }).extend({
  variants: z.array(Variant.pick({ key: true, state: true, width: true, height: true, error: true })),
});
type SeenVariant = z.infer<typeof SeenImage>["variants"][number];

/** What R2 and the ledger have of one image. */
export interface ImageState {
  /** By key, what R2 holds. */
  stored: ReadonlySet<string>;
  /** By key, what is not in R2 and has a row in the ledger. */
  rows: ReadonlyMap<string, SeenVariant>;
  /** Of the original in px, where a stored variant shows all of it; else null. */
  original: { width: number; height: number } | null;
}

/** Asks what is there of an image: one list of R2 and one look at the ledger, and nothing is made. */
export async function readImageState(id: string, api: ControlApi): Promise<ImageState> {
  const stored = new Set<string>();
  const rows = new Map<string, SeenVariant>();
  let original: ImageState["original"] = null;
  for (let cursor: string | undefined, isLast = false; !isLast; ) {
    const given = { params: { id }, query: cursor === undefined ? {} : { cursor } };
    const page = await api.call("GET /api/v1/images/{id}", given, SeenImage, { what: `image ${id}` });
    for (const variant of page.variants) {
      // Only what R2 holds tells its size; a row of a variant that was stored lately tells none.
      if (variant.width === null) rows.set(variant.key, variant);
      else stored.add(variant.key);
      original ??= originalOf(variant);
    }
    cursor = page.nextCursor ?? undefined;
    isLast = cursor === undefined;
  }
  return { stored, rows, original };
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
  if (state.stored.size === 0) return { reason: "nothing of this image is stored", isRefused: false };
  const other = [...state.stored].find((key) => parseVariantKey(key)?.v !== version);
  const isElsewhere = other !== undefined && ![...state.stored].some((key) => versionOfKey(key) === version);
  if (!isElsewhere) return { reason: "not stored", isRefused: false };
  const named = versionOfKey(other);
  return { reason: `stored ${named === null ? "without v" : `under v=${named}`} only`, isRefused: false };
}
