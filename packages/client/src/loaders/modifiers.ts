import { imageUrl, isId, type LooseUrlOptions, shapeOf } from "../image-url.ts";
import { type ImageRef, refOf, type Settings } from "../public-config.ts";

/*
 * The translation of a library's modifiers, for all loaders. Modifiers that an image URL cannot say (position,
 * background, blur, rotation) are dropped, because a refused image is worse than one without its blur.
 */

/** The modifiers of libraries, in one spelling. */
export interface Modifiers {
  width?: unknown;
  height?: unknown;
  quality?: unknown;
  format?: unknown;
  /** Whether the library means both sides as a crop. */
  crop?: boolean;
}

/**
 * The URL for a source of the site, or a foreign source as it is. Throws if every URL needs a signature and the source
 * has none: loaders also run in browsers, where a key would be public.
 */
export function loaderUrl(settings: Settings, src: string, asked: Modifiers): string {
  const found = (settings.source ?? ((text) => sourceOf(settings, text)))(src);
  const ref = refOf(found ?? "");
  if (!isId(ref.id)) return src;
  if (settings.access === "private" && !ref.sig && !settings.sign)
    throw new Error(`With access: "private" ${src} needs the image's signature: ?sig=… of signImage`);
  return imageUrl(settings, ref, modifiersOf(settings, ref, asked));
}

const FOREIGN = /^([a-z][a-z\d+.-]*:|\/\/|\/[@_])/i;

/**
 * The image behind a source: a path is an id, in which `#` is a letter, `?v=` is the version, `?sig=` the image's
 * signature, and percent signs may be encoded or not. Null for other hosts, `data:`, and files of a build (`/_next/…`,
 * `/_astro/…`, `/@fs/…`).
 */
export function sourceOf({ baseUrl }: Settings, src: string): ImageRef | null {
  const ours = `${baseUrl}/images/`;
  const path = src.startsWith(ours) ? src.slice(ours.length) : src;
  if (FOREIGN.test(path)) return null;
  const [name = "", query] = path.replace(/^(\.?\/)+/, "").split("?");
  const given = new URLSearchParams(query);
  const [v, sig] = [given.get("v"), given.get("sig")];
  return { id: name.split("/").map(decoded).join("/"), ...(v && { v }), ...(sig && { sig }) };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // a percent sign that stands for itself: 50% off.jpg
  }
}

function modifiersOf(settings: Settings, ref: ImageRef, asked: Modifiers): LooseUrlOptions {
  const [width, height] = [sizeOf(asked.width), sizeOf(asked.height)];
  const shape = (ref.width ?? 0) / (ref.height ?? 0);
  // No URL asks for a height alone. With a known shape it means a width.
  const px = width || Math.round(height * shape) || 0;
  const isWhole = Math.abs(px / shape - height) <= 1;
  const ratio = asked.crop && px && height && !isWhole ? ratioOf(settings.pages, px, height) : undefined;
  return {
    ratio,
    width: px,
    quality: qualityOf(asked.quality),
    ...(typeof asked.format === "string" && { format: asked.format }),
  };
}

/** A side in px; 0: it is no number. */
function sizeOf(value: unknown): number {
  const px = Number.parseFloat(`${value}`);
  return px > 0 && px < 1 / 0 ? px : 0;
}

/** The ratio of the list that a pair has, within a pixel or half a percent of the height. */
export function ratioOf({ ratios }: Settings["pages"], width: number, height: number): string | undefined {
  const off = (ratio: string) => Math.abs(width / shapeOf(ratio) - height);
  const [best] = [...ratios].sort((a, b) => off(a) - off(b));
  return best !== undefined && off(best) <= Math.max(1, height / 200) ? best : undefined;
}

/** A name, 1–100, or a fraction below 1. Any other text stays as it is. */
function qualityOf(value: unknown): number | string {
  const number = Number(value);
  if (number > 0) return Math.min(100, number < 1 ? number * 100 : number);
  return `${value}`;
}
