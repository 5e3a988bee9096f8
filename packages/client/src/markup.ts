import { OG_WIDTH } from "@prewarm/shared/shape";
import { attrs, type LooseAttrOptions } from "./attributes.ts";
import {
  cropOf,
  imageUrl,
  isMade,
  isPassThrough,
  type LooseUrlOptions,
  partsOf,
  print as printUrl,
} from "./image-url.ts";
import { type ImageRef, refOf, type Settings } from "./public-config.ts";
import { candidates } from "./srcset.ts";

export interface Art<R = string> {
  /** Such as `(max-width: 600px)`. A browser uses the first that holds. */
  media: string;
  /** Another image, such as one for dark mode. Default: the image of the picture. */
  ref?: ImageRef | string;
  /**
   * Crops to this shape. If uploads do not make it, the source is the whole picture: CSS cannot crop one source of
   * several.
   */
  ratio?: R;
  /** The width of the box in CSS px under this query. */
  width?: number;
  sizes?: string;
}

export interface PictureOptions {
  art?: readonly Art[];
  /**
   * Formats with a `<source>` each, for caches before the edge that ignore `Vary`. Name them in `pages.formats`, and
   * `jpeg` for the `<img>`. A format that uploads do not make at each width gets none. Default: none, so the edge
   * negotiates.
   */
  formats?: readonly string[];
}

export function img(settings: Settings, ref: ImageRef, options: LooseAttrOptions): string {
  return print("img", { ...attrs(settings, ref, options) });
}

export function picture(settings: Settings, ref: ImageRef, options: LooseAttrOptions & PictureOptions): string {
  const { art = [], formats: named, ...rest } = options;
  const formats = named?.filter((format) => isMade(settings, format));
  const cuts: readonly Partial<Art>[] = formats ? [...art, {}] : art;
  const sources = cuts.flatMap(({ media, ref: other = ref, ...cut }) => {
    const shown = refOf(other);
    const own = isPassThrough(settings, shown) ? [undefined] : formats;
    // An image of one size needs no source, because the `<img>` shows it.
    if (own !== formats && shown.id === ref.id) return [];
    // The height belongs to the shape of the whole image, which this source replaces.
    const isOther = shown !== ref && shown.width && shown.height;
    const shape = {
      ...((cut.ratio || isOther) && { height: undefined }),
      ...(cut.ratio && { ratio: cropOf(settings, cut.ratio) }),
    };
    return (own ?? [rest.format]).map((format) => {
      const { srcset, src, sizes, width, height } = attrs(settings, shown, { ...rest, ...cut, ...shape, format });
      const type = own && format && `image/${format}`;
      return print("source", { media, type, srcset: srcset ?? src, sizes, width, height });
    });
  });
  // A browser that shows none of the formats uses the `<img>`.
  const plain = img(settings, ref, formats ? { ...rest, format: "jpeg" } : rest);
  return `<picture>${sources.join("")}${plain}</picture>`;
}

/** A preload for the head of the page, with the options of the `<img>`. */
export function preload(settings: Settings, ref: ImageRef, options: LooseAttrOptions): string {
  const { src, srcset, sizes, fetchpriority } = attrs(settings, ref, { ...options, priority: true });
  // Without an href, because browsers that do not know imagesrcset would load it in vain.
  const target = srcset ? { imagesrcset: srcset, imagesizes: sizes } : { href: src };
  return print("link", { rel: "preload", as: "image", ...target, fetchpriority });
}

/** A CSS `image-set()` of one width for screens of several densities. */
export function imageSet(
  settings: Settings,
  ref: ImageRef,
  { densities = [1, 2], ...options }: LooseUrlOptions & { densities?: readonly number[] },
): string {
  const list = candidates(settings, ref, { ...options, densities });
  if (list.length < 2) return `url("${imageUrl(settings, ref, options)}")`;
  return `image-set(${list.map(({ url, size }) => `url("${url}") ${size}`)})`;
}

/** The picture of a link's preview: the preset `og`, else a JPEG of the next width of the list. */
export function og(settings: Settings, ref: ImageRef, { v }: { v?: string } = {}): string {
  if ("og" in settings.presets) return imageUrl(settings, ref, { preset: "og", v });
  return printUrl(settings, ref, { ...partsOf(settings, { width: OG_WIDTH }), f: "jpeg" }, v);
}

export function print(tag: string, attributes: Record<string, unknown>): string {
  const text = Object.entries(attributes).map(([name, value]) =>
    value === undefined ? "" : ` ${name}="${escaped(String(value))}"`,
  );
  return `<${tag}${text.join("")}>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
}
