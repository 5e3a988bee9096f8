import { idOf, imageOf } from "./originals.ts";

/** Rungs of the ladder, all smaller than an original: each is a picture of its own, so each needs one job. */
export const WIDTHS = [64, 96, 128, 160, 256, 320, 384, 480] as const;
/** Widths that only the cancelled run asks for. */
export const CANCELLED_WIDTHS = [640, 750] as const;

/** A variant of a storm: always a JPEG of one width. */
export interface Variant {
  id: string;
  width: number;
}

export const transformOf = (width: number): string => `w=${width}&f=jpeg`;
export const pathOf = ({ id, width }: Variant): string => `/images/${id}?${transformOf(width)}`;
/** The variant's key, which is a stored format (packages/shared/src/variant-key.ts). */
export const keyOf = ({ id, width }: Variant): string => `${encodeURIComponent(id)}/${width}-high.jpeg`;

/** The first so many variants: all widths of each image, in turn. */
export function variantsOf(count: number): Variant[] {
  return Array.from({ length: count }, (_, n) => ({
    id: idOf(Math.floor(n / WIDTHS.length)),
    width: WIDTHS[n % WIDTHS.length] ?? 0,
  }));
}

export const imagesFor = (variants: number): number => Math.ceil(variants / WIDTHS.length);

/** The image that a variant key names. */
export const imageOfKey = (key: string): number => imageOf(decodeURIComponent(key.split("/")[0] ?? ""));

/** Lines for `POST /warm`, an image each. */
export function warmLines(variants: readonly Variant[]): string {
  const byImage = Map.groupBy(variants, ({ id }) => id);
  const lines = [...byImage].map(([id, all]) => ({ id, transforms: all.map(({ width }) => transformOf(width)) }));
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
