import { showsInstead } from "@prewarm/shared/accept";
import { FORMATS, QUALITIES } from "@prewarm/shared/config";
import { type StoredInfo, storedVariants } from "@prewarm/shared/image-info";
import type { Transform } from "@prewarm/shared/transform";
import { variantName } from "@prewarm/shared/variant-key";

/** The variant that a client asked for, and the formats that it shows. */
export interface Wanted {
  transform: Transform;
  /** The version of the URL. Variants of another version do not stand in. */
  version: string | null;
  /** `accept` has chosen the format. */
  negotiated: boolean;
  /** The request's `Accept`. */
  accept: string | null;
}

type Original = Pick<StoredInfo, "width" | "height">;

/**
 * Two ratios that differ by less are one shape, because whole pixels change the ratio of a small picture by as much.
 */
const SAME_RATIO = 0.02;

/**
 * The stored variants that may stand in for the asked one, best first, in formats that the client shows.
 *
 * 1. At least half as wide as the asked one; if none is, the widest.
 * 2. A format that the client is proven to show, before one that only its wildcard covers.
 * 3. The same shape, best with the same part of the original.
 * 4. The closest width, by ratio: of 400 and 1920, 400 is closer to 800.
 * 5. The closest quality, the asked format, the newest format.
 */
export function bestStored(
  { transform, version, negotiated, accept }: Wanted,
  info: Original & Parameters<typeof storedVariants>[0],
): Transform[] {
  const asked = variantName(transform);
  return storedVariants(info, version)
    .filter((each) => variantName(each) !== asked)
    .map((each) => ({ each, shows: showsInstead(each.format, { asked: transform.format, negotiated, accept }) }))
    .filter(({ shows }) => shows !== "no")
    .map(({ each, shows }) => ({ each, rank: rankOf(each, shows === "proven", transform, info) }))
    .toSorted((a, b) => compare(a.rank, b.rank))
    .map(({ each }) => each);
}

/**
 * Whether the other variant shows no more of the original than the asked one: the same shape and part, and no more
 * pixels.
 */
export function showsNoMore(other: Transform, asked: Transform, original: Original): boolean {
  return shapeGap(other, asked, original) === 0 && sizeOf(other, original).width <= sizeOf(asked, original).width;
}

/**
 * Whether the other variant shows no less than the asked one: the same shape and part, as many pixels, and as good a
 * quality.
 */
export function showsAllOf(asked: Transform, other: Transform, original: Original): boolean {
  if (shapeGap(other, asked, original) !== 0) return false;
  const isFine = QUALITIES.indexOf(other.quality) >= QUALITIES.indexOf(asked.quality);
  return isFine && sizeOf(other, original).width >= sizeOf(asked, original).width;
}

/** The lower, the better; the first difference counts. */
function rankOf(each: Transform, isProven: boolean, asked: Transform, original: Original): number[] {
  const { width } = sizeOf(each, original);
  const distance = Math.abs(Math.log2(width / sizeOf(asked, original).width));
  const isNarrow = width * 2 < sizeOf(asked, original).width;
  return [
    isNarrow ? 1 / width : 0,
    isProven ? 0 : 1,
    shapeGap(each, asked, original),
    distance,
    Math.abs(QUALITIES.indexOf(each.quality) - QUALITIES.indexOf(asked.quality)),
    each.format === asked.format ? -1 : FORMATS.indexOf(each.format),
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, at) => value - (b[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** 0: the same shape and part of the original; 1: the same shape; 2: another. */
function shapeGap(a: Transform, b: Transform, original: Original): 0 | 1 | 2 {
  const [first, second] = [sizeOf(a, original).ratio, sizeOf(b, original).ratio];
  if (Math.abs(first / second - 1) > SAME_RATIO) return 2;
  return a.pos === b.pos && (a.fit === "fill") === (b.fit === "fill") ? 0 : 1;
}

/**
 * Width in px and ratio (width to height) of the picture. Nothing is enlarged, and `contain` keeps the original's
 * shape.
 */
function sizeOf({ width, height, fit }: Transform, original: Original): { width: number; ratio: number } {
  const isBox = width !== null && height !== null && fit !== "contain";
  const ratio = isBox ? width / height : original.width / original.height;
  const most = Math.min(original.width, original.height * ratio);
  return { ratio, width: Math.min(width ?? most, (height ?? Number.POSITIVE_INFINITY) * ratio, most) };
}
