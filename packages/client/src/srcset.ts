import { boxOf, imageUrl, isPassThrough, type LooseUrlOptions, refOf, shapeOf } from "./image-url.ts";
import type { ImageRef, Settings } from "./public-config.ts";

export interface SrcsetOptions {
  /** In px; snapped and deduplicated. Default: the widths that uploads warm. */
  widths?: readonly number[];
  minWidth?: number;
  maxWidth?: number;
  /** Such as `[1, 2]`, for an image of a fixed `width`: descriptors are then `1x`, `2x`. */
  densities?: readonly number[];
}

export type LooseSrcsetOptions = SrcsetOptions & Omit<LooseUrlOptions, "dpr">;

/** One picture that a browser may choose. */
interface Candidate {
  url: string;
  /** The picture's own width in px, which is what a descriptor must say. */
  width: number;
  /** `828w` or `2x`. */
  descriptor: string;
}

/**
 * The candidates of a `srcset`. Where the original's size is known, the list ends with the first that shows all of it: what lies above
 * would be the same picture again. None for a preset, which has one size, and for what is shown as it is.
 */
export function candidates(settings: Settings, image: ImageRef | string, options: LooseSrcsetOptions): Candidate[] {
  const { widths = settings.pages.widths, minWidth = 0, maxWidth = 1 / 0, densities, width = 0, ...asked } = options;
  const ref = refOf(image);
  const list: Candidate[] = [];
  if (asked.preset !== undefined || isPassThrough(settings, ref)) return list;
  const within = widths.filter((px) => px >= minWidth && px <= maxWidth);
  const sizes = densities ? densities.map((density) => density * width) : within.length > 0 ? within : [maxWidth];
  const most = largest(ref, asked.ratio);
  let last = 0;
  for (const size of [...sizes].sort((a, b) => a - b)) {
    const rung = boxOf(settings, size, asked.ratio).width;
    if (rung === last || last >= most) continue;
    last = rung;
    const shown = Math.min(rung, most);
    const descriptor = densities ? `${size / width}x` : `${shown}w`;
    list.push({ url: imageUrl(settings, ref, { ...asked, width: rung }), width: shown, descriptor });
  }
  return list;
}

export function join(list: readonly Candidate[]): string {
  return list.map(({ url, descriptor }) => `${url} ${descriptor}`).join(", ");
}

export function srcset(settings: Settings, ref: ImageRef | string, options: LooseSrcsetOptions = {}): string {
  return join(candidates(settings, ref, options));
}

/** The widest picture that the original gives, in px; nothing is ever enlarged. */
function largest({ width = 1 / 0, height = 1 / 0 }: ImageRef, ratio: string | undefined): number {
  return ratio ? Math.round(Math.min(width, height * shapeOf(ratio))) : width;
}
