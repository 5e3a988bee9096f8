import { boxOf, cropOf, imageUrl, isPassThrough, type LooseUrlOptions, shapeOf } from "./image-url.ts";
import type { ImageRef, Settings } from "./public-config.ts";

export interface SrcsetOptions {
  /** In px; snapped and deduplicated. Default: the widths that uploads warm. */
  widths?: readonly number[] | undefined;
  minWidth?: number | undefined;
  maxWidth?: number | undefined;
  /** Such as `[1, 2]`, for an image of a fixed `width`, whose descriptors are `1x`, `2x`. */
  densities?: readonly number[] | undefined;
}

export type LooseSrcsetOptions = SrcsetOptions & Omit<LooseUrlOptions, "dpr">;

/** One picture that a browser may choose. */
interface Candidate {
  url: string;
  /** The width of the picture in px, for the descriptor. */
  width: number;
  /** Such as `828w` or `2x`. */
  size: string;
}

/**
 * The candidates of a `srcset`. If the size of the original is known, the list ends with the first candidate of its
 * full size, because wider ones would show the same picture. None for a preset, which has one size, and for an original
 * that is shown as it is.
 */
export function candidates(settings: Settings, ref: ImageRef, options: LooseSrcsetOptions): Candidate[] {
  const { widths = settings.pages.widths, minWidth = 0, maxWidth = 1 / 0, densities, width = 0, ...asked } = options;
  const list: Candidate[] = [];
  if (asked.preset || isPassThrough(settings, ref)) return list;
  const within = widths.filter((px) => px >= minWidth && px <= maxWidth);
  const sizes = densities?.map((density) => density * width) ?? (within[0] ? within : [maxWidth]);
  // Nothing is enlarged.
  const crop = cropOf(settings, asked.ratio);
  const most = Math.round(Math.min(ref.width ?? 1 / 0, (ref.height ?? 1 / 0) * shapeOf(crop)));
  let last = 0;
  for (const px of [...sizes].sort((a, b) => a - b)) {
    const { w } = boxOf(settings, px, crop);
    const shown = Math.min(w, most);
    const size = densities ? `${px / width}x` : `${shown}w`;
    if (shown > last) list.push({ url: imageUrl(settings, ref, { ...asked, width: w }), width: shown, size });
    last = shown;
  }
  return list;
}

export function join(list: readonly Candidate[]): string {
  return list.map(({ url, size }) => `${url} ${size}`).join(", ");
}

export function srcset(settings: Settings, ref: ImageRef, options: LooseSrcsetOptions): string {
  return join(candidates(settings, ref, options));
}
