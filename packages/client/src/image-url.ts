import type { Format } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";
import { maximum, snapUp } from "@prewarm/shared/ladder";
import { ENCODED_ID_MAX_BYTES } from "@prewarm/shared/limits";
import { QUALITIES } from "./defaults.ts";
import type { FormatOf, ImageRef, PresetOf, QualityOf, RatioOf, Settings } from "./public-config.ts";

/** A whole transform by its name. */
export interface PresetOptions<C> {
  preset: PresetOf<C>;
  v?: string | undefined;
}

/** A transform, part by part. */
export interface PartOptions<C> {
  preset?: never;
  /** In CSS px; snaps up to a rung. Without it the original's size. */
  width?: number | undefined;
  /** Crops to a declared shape; needs `width`. */
  ratio?: RatioOf<C> | undefined;
  /** A name or 1–100; becomes the nearest quality that needs no signature. Crops have the usual one. */
  quality?: QualityOf<C> | number | undefined;
  /** One that is not configured becomes `auto`. */
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

/** A segment that is empty, `.` or `..`, and characters that no id may hold. */
const NO_ID = /(^|\/)\.{0,2}(\/|$)|[\\\p{Cc}\p{Cs}]/u;

export function isId(id: string): boolean {
  return !NO_ID.test(id) && encodeURIComponent(id).length <= ENCODED_ID_MAX_BYTES;
}

export function refOf(ref: ImageRef | string): ImageRef {
  return typeof ref === "string" ? { id: ref } : ref;
}

/** The original is shown as it is: no width, no format, no candidates. */
export function isPassThrough({ passThrough }: Settings, ref: ImageRef | string): boolean {
  // What stands behind the last dot of a name that has something before it.
  return passThrough.includes(/[^/]\.([^./]+)$/.exec(refOf(ref).id)?.[1]?.toLowerCase() ?? "");
}

/**
 * The one URL of what is asked: rungs, quality names and ratios come out as the edge itself would write them, so that a page, its caches
 * and an upload's recipe mean the same URL. Throws a TypeError for what is no id, and for a ratio or preset that is not declared.
 */
export function imageUrl(settings: Settings, ref: ImageRef | string, options: LooseUrlOptions = {}): string {
  const { preset } = options;
  if (preset === undefined) return partsUrl(settings, ref, options);
  declared(preset, Object.keys(settings.presets));
  return urlOf(settings, ref, options.v, `p=${encodeURIComponent(preset)}`);
}

/** The same of a transform that is no preset. */
export function partsUrl(settings: Settings, ref: ImageRef | string, options: Omit<LooseUrlOptions, "preset">): string {
  const { width, ratio, quality, format, dpr = 1, v } = options;
  // At a millionth, so that 1.1 × 640 is not pushed past a rung by binary fractions.
  const px = width && Math.round(width * Math.min(3, Math.max(1, dpr)) * 1e6) / 1e6;
  const box = px && boxOf(settings, px, ratio);
  // A crop is open in the usual quality only.
  const name = ratio ? "high" : qualityOf(settings, quality);
  const size = box ? `w=${box.width}&${box.height ? `h=${box.height}&` : ""}` : "";
  return urlOf(settings, ref, v, `${size}${name === "high" ? "" : `q=${name}&`}f=${formatOf(settings, format)}`);
}

function urlOf(settings: Settings, ref: ImageRef | string, asked: string | undefined, query: string): string {
  const { id, v = "" } = refOf(ref);
  if (!isId(id)) throw new TypeError(`"${id}" is not an image id`);
  const version = (asked ?? v).replace(/[^\w-]+/g, "-").slice(-64);
  const all = [isPassThrough(settings, id) ? "" : query, version && `v=${version}`].filter(Boolean).join("&");
  return `${settings.baseUrl}/images/${formatId(id)}${all && `?${all}`}`;
}

/** The rung for a width in px, and with a ratio its height; the largest rung whose height is allowed where that would be too tall. */
export function boxOf({ ladder, ratios }: Settings, px: number, ratio?: string): { width: number; height?: number } {
  if (!ratio) return { width: snapUp(px, ladder) };
  declared(ratio, ratios);
  const shape = shapeOf(ratio);
  const heightOf = (width: number) => Math.round(width / shape);
  const width = snapUp(
    px,
    ladder.filter((rung) => heightOf(rung) <= maximum(ladder)),
  );
  return { width, height: heightOf(width) };
}

/** Width divided by height. */
export function shapeOf(ratio: string): number {
  const [width = 1, height = 1] = ratio.split(":").map(Number);
  return width / height;
}

export function formatOf({ formats, pages }: Settings, asked: string = pages.format): Format | "auto" {
  return formats.find((format) => format === asked.replace("jpg", "jpeg")) ?? "auto";
}

/** The numbers up to which 1–100 mean the first four of QUALITIES; a test holds them against the edge's table. */
const UP_TO = [29, 49, 69, 89];

/** The open quality that is nearest; what is no quality is the usual one. */
function qualityOf({ qualities }: Settings, asked: string | number = "high"): string {
  const names: readonly (string | number)[] = QUALITIES;
  const rankOf = (name: string | number) => names.indexOf(name);
  const rank = typeof asked === "number" ? UP_TO.filter((number) => asked > number).length : rankOf(asked);
  const distance = (name: string) => Math.abs(rankOf(name) - (rank < 0 ? rankOf("high") : rank));
  return [...qualities].sort((a, b) => distance(a) - distance(b))[0] ?? "high";
}

function declared(name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new TypeError(`"${name}" is not one of ${names}`);
}
