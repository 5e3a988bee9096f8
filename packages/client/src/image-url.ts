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
  /** Crops to a declared shape. A shape that uploads do not crop to (`pages.ratios`) is the whole picture: crop it by CSS. */
  ratio?: RatioOf<C> | undefined;
  /** A name or 1–100; becomes the nearest quality that uploads make. Crops have the usual one. */
  quality?: Quality | number | undefined;
  /** A format that uploads do not make at each width becomes the first of `pages.formats`. */
  format?: FormatOf<C> | "auto" | undefined;
  /** Multiplies `width`; clamped to 1–3. */
  dpr?: number | undefined;
  v?: string | undefined;
}

export type UrlOptions<C> = PresetOptions<C> | PartOptions<C>;

/** The same, from callers whose words the compiler has checked, or nobody has. */
export interface LooseUrlOptions {
  preset?: string | undefined;
  width?: number | undefined;
  ratio?: string | undefined;
  quality?: string | number | undefined;
  format?: string | undefined;
  dpr?: number | undefined;
  v?: string | undefined;
}

/** No segment that is empty, `.` or `..`, no character that no id may hold, and not too long. */
export function isId(id: string): boolean {
  return !/(^|\/)\.{0,2}(\/|$)|[\\\p{Cc}\p{Cs}]/u.test(id) && encodeURIComponent(id).length <= ENCODED_ID_MAX_BYTES;
}

/** The original is shown as it is: no width, no format, no candidates. */
export function isPassThrough({ passThrough }: Settings, { id }: ImageRef): boolean {
  // What stands behind the last dot of a name that has something before it.
  return passThrough.includes(/[^/]\.(\w+)$/.exec(id.toLowerCase())?.[1]);
}

/** Of a URL's query; those that are empty need not be said. */
type Parameters = Record<string, string | number | undefined>;

/**
 * The one URL of what is asked, snapped to what uploads make and written as the edge itself would write it, so that a page, its caches and
 * the recipe `upload` mean the same URL. Throws a TypeError for what is no id, and for a ratio or preset that is not declared.
 */
export function imageUrl(settings: Settings, ref: ImageRef, { preset, v, ...parts }: LooseUrlOptions): string {
  if (preset) declared(preset, Object.keys(settings.presets));
  return print(settings, ref, preset ? { p: preset } : partsOf(settings, parts), v);
}

/** The URL of these parameters; the version is the ref's where none is given. */
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
  // A millionth less, so that 1.1 × 640 is not pushed past a rung by binary fractions.
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

/** The declared ratio as far as uploads crop to it; a crop that they do not make is left to CSS. */
export function cropOf({ ratios, pages }: Settings, ratio?: string): string | undefined {
  if (ratio) declared(ratio, ratios);
  return pages.ratios.find((each) => each === ratio);
}

/** The next width that uploads make for a width in px, and with a ratio its height; the largest whose height is allowed where that would be too tall. */
export function boxOf({ maxPx, pages }: Settings, px: number, ratio?: string): { w: number; h: number } {
  const heightOf = (width: number) => Math.round(width / shapeOf(ratio));
  const w = snapUp(
    px,
    pages.widths.filter((width) => heightOf(width) <= maxPx),
  );
  return { w, h: heightOf(w) };
}

/** Width divided by height; without a ratio the height is nothing beside the width. */
export function shapeOf(ratio = "1:0"): number {
  const [width, height] = ratio.split(":");
  return Number(width) / Number(height);
}

/** The nearest quality that uploads make; what is no quality is the usual one, which goes without saying. */
function qualityOf({ pages }: Settings, asked: string | number | undefined): string | undefined {
  const numberOf = (quality: string | number | undefined) =>
    QUALITIES[quality as Quality] ?? (Number(quality) || QUALITIES.high);
  const distance = (name: string) => Math.abs(numberOf(name) - numberOf(asked));
  const [nearest] = [...pages.qualities].sort((a, b) => distance(a) - distance(b));
  return nearest === "high" ? "" : nearest;
}
