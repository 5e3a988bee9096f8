import { cropOf, imageUrl, type PartOptions, type PresetOptions, shapeOf } from "./image-url.ts";
import type { ImageRef, RatioOf, Settings } from "./public-config.ts";
import { candidates, join, type LooseSrcsetOptions, type SrcsetOptions } from "./srcset.ts";

interface Look {
  /** Default: the image is as wide as `width`, or as its viewport where that is narrower. */
  sizes?: string | undefined;
  /** Default: empty, which is right for decoration only. */
  alt?: string | undefined;
  /** The image loads at once and first. Set it for the first visible image; all others load lazily. */
  priority?: boolean | undefined;
  /** Shows the ref's `lqip` behind the image, by an inline style. Not for pictures with transparency. */
  placeholder?: boolean | undefined;
}

/** The box of an image in CSS px. A ref with a size needs a width at most; a bare id needs a shape as well. */
type Box<C, R> = R extends { width: number; height: number }
  ? { width?: number | undefined; height?: number | undefined; ratio?: RatioOf<C> | undefined; preset?: never }
  : { width: number; preset?: never } & ({ height: number; ratio?: never } | { ratio: RatioOf<C>; height?: never });

type Picked<C> = Omit<PartOptions<C>, "width" | "ratio" | "dpr" | "preset">;

/**
 * `ratio` crops, by CSS if uploads do not make the crop (`pages.ratios`). `height` sets the shape only, so that the box
 * is right before the picture loads.
 */
export type AttrOptions<C, R = ImageRef | string> = Look & SrcsetOptions & ((Picked<C> & Box<C, R>) | PresetOptions<C>);

export type LooseAttrOptions = Look & LooseSrcsetOptions & { height?: number | undefined };

/** Attributes of an `<img>`, by their names in HTML. */
export interface ImgAttributes {
  src: string;
  srcset: string | undefined;
  sizes: string | undefined;
  width: number | undefined;
  height: number | undefined;
  alt: string;
  loading: "eager" | "lazy";
  decoding: "async";
  fetchpriority: "high" | undefined;
  style: string | undefined;
}

export function attrs(settings: Settings, ref: ImageRef, options: LooseAttrOptions): ImgAttributes {
  const { ratio, preset = "", alt = "", priority, densities, sizes, placeholder } = options;
  // The box in CSS px: as given, else by the ratio, the preset or the shape of the original.
  const side = (name: string) => Number(new URLSearchParams(settings.presets[preset]).get(name));
  const width = options.width || side("w") || ref.width;
  const slope = ratio ? 1 / shapeOf(ratio) : side("h") / side("w") || Number(ref.height) / Number(ref.width);
  const height = options.height || Math.round(Number(width) * slope) || undefined;
  // A whole picture that CSS crops is wider than its box if its shape is wider.
  const isCut = ratio && !cropOf(settings, ratio);
  const cover = (isCut && Math.max(1, Number(ref.width) / Number(ref.height) / shapeOf(ratio))) || 1;
  // A picture needs the width of its box at most, and an eye sees no more than two pixels a CSS pixel.
  const maxWidth = sizes ? undefined : settings.pages.widths.find((px) => px >= 2 * Number(width) * cover);
  const list = candidates(settings, ref, { maxWidth, ...options, width });
  const hasChoice = list.length > 1;
  // Without its size a box of `auto` becomes 300 × 150, and an eager image does not know its box yet.
  const auto = width && height && !priority ? "auto, " : "";
  const box = width ? `(min-width: ${width}px) ${Math.ceil(width * cover)}px, ` : "";
  return {
    // First, because browsers read attributes in order.
    sizes: hasChoice && !densities ? auto + (sizes ?? `${box}${Math.ceil(100 * cover)}vw`) : undefined,
    srcset: hasChoice ? join(list) : undefined,
    // For readers of feeds, crawlers, and browsers without `srcset`.
    src:
      (list.find((each) => each.width >= (width ?? 800) * cover) ?? list.at(-1))?.url ??
      imageUrl(settings, ref, options),
    width,
    height,
    alt,
    loading: priority ? "eager" : "lazy",
    decoding: "async",
    fetchpriority: priority ? "high" : undefined,
    // The pattern admits no character that could end the `url(` of the style.
    style:
      [
        isCut && `aspect-ratio:${ratio.replace(":", "/")};object-fit:cover`,
        placeholder && /^data:image\/[^\s"'()\\]+$/.test(`${ref.lqip}`) && `background:url(${ref.lqip}) center/cover`,
      ]
        .filter(Boolean)
        .join(";") || undefined,
  };
}
