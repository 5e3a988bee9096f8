import type { Format } from "@prewarm/shared/config";
import { sniffType } from "@prewarm/shared/image-header";
import { errorText } from "@prewarm/shared/log";
import { FORMAT_ROWS } from "@prewarm/shared/mime";
import type { Transform } from "@prewarm/shared/transform";
import { mayBeTransparent } from "@prewarm/shared/transparency";
import { imagePrefix, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import type { OpaquePng } from "../images/calls.ts";
import { listingThrough, objectsAfter } from "../store/list-pages.ts";
import { type BatchContext, rankOf } from "./batch-context.ts";
import type { HeldClaim, Prepared } from "./held-claims.ts";

/*
 * Many originals have an alpha channel and no transparent pixel. A WebP of such a picture has no alpha channel, so a
 * stored WebP shows that the picture's JPEGs lose nothing. Until a WebP is stored, a PNG stands in for a JPEG.
 * Originals without the channel cost no read here.
 */

/** The header of a WebP has fewer bytes. */
const HEADER_BYTES = 64;
/** Variants of an image that are compared. Chosen: a recipe seldom has more than 100. */
const VARIANTS_MAX = 1_000;

/** A stored variant of the original and the version of a claim. */
interface Found {
  key: string;
  transform: Transform;
  type: string | undefined;
  gen: number;
}

/** The stored variants of the claim's version that were made from the original with this etag. */
async function findVariants(context: BatchContext, claim: HeldClaim, etag: string): Promise<Found[]> {
  const version = parseVariantKey(claim.key)?.v;
  const rank = rankOf(claim, "result");
  const bucket = listingThrough(context.images, { run: (work) => context.connections.run(work, { rank }) });
  const prefix = storeKey(imagePrefix(claim.image));
  const options: R2ListOptions = { prefix, include: ["customMetadata", "httpMetadata"] };
  const { objects } = await objectsAfter(bucket, options, { most: VARIANTS_MAX });
  return objects.flatMap(({ key: name, customMetadata, httpMetadata }) => {
    const key = name.slice(storeKey("").length);
    const parsed = parseVariantKey(key);
    const made = fromCustomMetadata(customMetadata);
    if (parsed === null || parsed.v !== version || made?.sourceEtag !== etag) return [];
    return [{ key, transform: parsed.transform, type: httpMetadata?.contentType, gen: made.gen }];
  });
}

/** Padding is transparent in a PNG, and black in a JPEG. */
function canBeJpeg({ format, fit }: Transform): boolean {
  return format === "jpeg" && fit !== "contain";
}

/**
 * The asked width in px; infinite for the original's own. A smaller original shrinks WebP and JPEG alike, so its size
 * does not matter.
 */
function widthOf({ width }: Transform): number {
  return width ?? Number.POSITIVE_INFINITY;
}

/**
 * The width up to which JPEGs of this picture can be JPEGs: that of the widest WebP of the whole picture, if that has
 * no alpha channel. A narrower WebP may have lost a small transparent spot. 0: no WebP shows it.
 */
async function opaqueUpTo(context: BatchContext, claim: HeldClaim, found: readonly Found[]): Promise<number> {
  const webps = found.filter(({ transform }) => transform.format === "webp" && transform.height === null);
  const most = Math.max(...webps.map(({ transform }) => widthOf(transform)));
  const widest = webps.find(({ transform }) => widthOf(transform) === most);
  if (widest === undefined) return 0;
  const { connections, images } = context;
  const start = await connections.run(
    async () => {
      const object = await images.get(storeKey(widest.key), { range: { offset: 0, length: HEADER_BYTES } });
      // biome-ignore lint/plugin: a range
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
    { rank: rankOf(claim, "result") },
  );
  const isOpaque = start !== null && sniffType(start) === "webp" && !mayBeTransparent(start);
  return isOpaque ? most : 0;
}

/** Whether a stored WebP shows that this JPEG of an original with an alpha channel can be a JPEG. Never throws. */
export async function isShownOpaque(
  context: BatchContext,
  claim: HeldClaim,
  { etag }: Pick<Prepared["original"], "etag">,
): Promise<boolean> {
  // Originals without an etag cannot be told apart.
  if (etag === null || !canBeJpeg(claim.transform)) return false;
  try {
    const found = await findVariants(context, claim, etag);
    return widthOf(claim.transform) <= (await opaqueUpTo(context, claim, found));
  } catch (error) {
    context.log("variant.compare_failed", { key: claim.key, error: errorText(error) });
    return false;
  }
}

/** Whether the stored variant may show that a PNG is opaque: it is an opaque WebP of the whole picture, or that PNG. */
function canShow({ transform }: HeldClaim, bytes: Uint8Array, format: Format): boolean {
  if (format === "webp") return transform.height === null && !mayBeTransparent(bytes);
  return format === "png" && canBeJpeg(transform);
}

/**
 * PNGs of the claim's image that stand in for JPEGs needlessly, now that this variant of an original with an alpha
 * channel is stored. The search runs after each put of a PNG or a WebP, so the second one finds both. Never throws: the
 * PNGs show the picture too.
 */
export async function findOpaquePngs(
  context: BatchContext,
  claim: HeldClaim,
  { bytes, format, etag }: { bytes: Uint8Array; format: Format; etag: string | null },
): Promise<OpaquePng[]> {
  if (etag === null || !canShow(claim, bytes, format)) return [];
  try {
    const found = await findVariants(context, claim, etag);
    const pngs = found.filter(({ transform, type }) => canBeJpeg(transform) && type === FORMAT_ROWS.png.type);
    if (pngs.length === 0) return [];
    const most = await opaqueUpTo(context, claim, found);
    // One generation for all, so that none is made again as a copy of another one.
    const gen = Math.max(...pngs.map((png) => png.gen));
    const needless = pngs.filter(({ transform }) => widthOf(transform) <= most);
    return needless.map(({ key }) => ({ key, gen, run: claim.assignment.run }));
  } catch (error) {
    context.log("variant.compare_failed", { key: claim.key, error: errorText(error) });
    return [];
  }
}
