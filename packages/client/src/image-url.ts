import type { Quality } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";
import { snapUp } from "@prewarm/shared/ladder";
import { ENCODED_ID_MAX_BYTES } from "@prewarm/shared/limits";
import { QUALITIES } from "./defaults.ts";
import type { FormatOf, ImageRef, PresetOf, RatioOf, Settings } from "./public-config.ts";
import { declared, demand, tokenOf } from "./words.ts";

/** A whole transform by its name. */
export interface PresetOptions<C> {
  preset: PresetOf<C>;
  v?: string | undefined;
}

/** A transform, part by part. */
export interface PartOptions<C> {
  preset?: never;
  /** In CSS px; snaps up to a width that uploads make. Default: the widest of them. */
  width?: number | undefined;
  /**
   * Crops to a declared shape. For a shape that uploads do not make (`pages.ratios`) the URL is of the whole picture:
   * crop it by CSS.
   */
  ratio?: RatioOf<C> | undefined;
  /** A name or 1–100; becomes the nearest quality that uploads make. Crops have `high`. */
  quality?: Quality | number | undefined;
  /** A format that uploads do not make at each width becomes the first of `pages.formats`. */
  format?: FormatOf<C> | "auto" | undefined;
  /** Multiplies `width`; clamped to 1–3. */
  dpr?: number | undefined;
  v?: string | undefined;
}

export type UrlOptions<C> = PresetOptions<C> | PartOptions<C>;

/** The same without the types of the site. */
export interface LooseUrlOptions {
  preset?: string | undefined;
  width?: number | undefined;
  ratio?: string | undefined;
  quality?: string | number | undefined;
  format?: string | undefined;
  dpr?: number | undefined;
  v?: string | undefined;
}

/** Whether the text is an id: no segment is empty, `.` or `..`, no character is forbidden, and it is not too long. */
export function isId(id: string): boolean {
  return !/(^|\/)\.{0,2}(\/|$)|[\\\p{Cc}\p{Cs}]/u.test(id) && encodeURIComponent(id).length <= ENCODED_ID_MAX_BYTES;
}

/** Whether the original is shown as it is: no width, no format, no candidates. */
export function isPassThrough({ passThrough }: Settings, { id }: ImageRef): boolean {
  // The text after the last dot of a name that does not begin with it.
  return passThrough.includes(/[^/]\.(\w+)$/.exec(id.toLowerCase())?.[1]);
}

/** Parameters of a URL. Empty ones are left out. */
type Parameters = Record<string, string | number | undefined>;

/**
 * The URL of the nearest variant that uploads make, written as the edge writes it, so that a page, its caches and the
 * recipe `upload` have the same URL. Throws a TypeError for an id that is none, and for a ratio or preset that is not
 * declared.
 */
export function imageUrl(settings: Settings, ref: ImageRef, { preset, v, ...parts }: LooseUrlOptions): string {
  if (preset) declared(preset, Object.keys(settings.presets));
  return print(settings, ref, preset ? { p: preset } : partsOf(settings, parts), v);
}

/** The URL of these parameters. Default of the version: that of the ref. */
export function print(settings: Settings, ref: ImageRef, asked: Parameters, v = ref.v ?? ""): string {
  demand(ref.id, isId(ref.id), "an id");
  const [s, exp] = (ref.sig ?? settings.sign?.({ ...ref, v }))?.split(".") ?? [];
  const signed = { exp, sc: s && "image", s };
  const query = Object.entries({ ...(isPassThrough(settings, ref) ? {} : asked), v: tokenOf(v), ...signed })
    .map(([name, value]) => (value ? `&${name}=${encodeURIComponent(value)}` : ""))
    .join("");
  return `${settings.baseUrl}/images/${formatId(ref.id)}${query.replace("&", "?")}`;
}

export function partsOf(
  settings: Settings,
  { width, ratio, quality, format = "", dpr = 1 }: LooseUrlOptions,
): Parameters {
  // A millionth less, so that the binary fraction of 1.1 × 640 does not pass the next width.
  const px = (width || 1 / 0) * Math.min(3, Math.max(1, dpr)) - 1e-6;
  const crop = cropOf(settings, ratio);
  return {
    ...boxOf(settings, px, crop),
    q: crop ? "" : qualityOf(settings, quality),
    f: isMade(settings, format) ? format : settings.pages.formats[0],
  };
}

/** Whether uploads make the format at each width. */
export function isMade({ formats, pages }: Settings, format: string): boolean {
  return [...formats, ...pages.formats].includes(format);
}

/** The declared ratio, if uploads crop to it. Undefined: CSS must crop. */
export function cropOf({ ratios, pages }: Settings, ratio?: string): string | undefined {
  if (ratio) declared(ratio, ratios);
  return pages.ratios.find((each) => each === ratio);
}

/**
 * The next width that uploads make for a width in px, and its height with a ratio; at most the largest width whose
 * height is allowed.
 */
export function boxOf({ maxPx, pages }: Settings, px: number, ratio?: string): { w: number; h: number } {
  const heightOf = (width: number) => Math.round(width / shapeOf(ratio));
  const w = snapUp(
    px,
    pages.widths.filter((width) => heightOf(width) <= maxPx),
  );
  return { w, h: heightOf(w) };
}

/** Width divided by height; infinite without a ratio. */
export function shapeOf(ratio = "1:0"): number {
  const [width, height] = ratio.split(":");
  return Number(width) / Number(height);
}

/**
 * The nearest quality that uploads make; empty for `high`, which a URL leaves out. A quality that is none counts as
 * `high`.
 */
function qualityOf({ pages }: Settings, asked: string | number | undefined): string | undefined {
  const numberOf = (quality: string | number | undefined) =>
    QUALITIES[quality as Quality] ?? (Number(quality) || QUALITIES.high);
  const distance = (name: string) => Math.abs(numberOf(name) - numberOf(asked));
  const [nearest] = [...pages.qualities].sort((a, b) => distance(a) - distance(b));
  return nearest === "high" ? "" : nearest;
}
