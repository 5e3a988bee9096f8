import { imageUrl, type PartOptions, type PresetOptions, refOf, shapeOf } from "./image-url.ts";
import type { ImageRef, RatioOf, Settings } from "./public-config.ts";
import { candidates, join, type LooseSrcsetOptions, type SrcsetOptions } from "./srcset.ts";

interface Look {
  /** Default: the image is as wide as `width`, or as its viewport where that is narrower. */
  sizes?: string;
  /** Default: empty, which is right for decoration only. */
  alt?: string;
  /** Loads at once and first: the one image that is seen first. All others load lazily. */
  priority?: boolean;
  /** Shows the ref's `lqip` behind the image, by an inline style. Not for pictures with transparency. */
  placeholder?: boolean;
}

/** The box of an image in CSS px. A ref that knows its own size needs a width at most; a bare id needs a shape as well. */
type Box<C, R> = R extends { width: number; height: number }
  ? { width?: number; height?: number; ratio?: RatioOf<C>; preset?: never }
  : { width: number; preset?: never } & ({ height: number; ratio?: never } | { ratio: RatioOf<C>; height?: never });

type Picked<C> = Omit<PartOptions<C>, "width" | "ratio" | "dpr" | "preset">;

/** `ratio` crops. `height` tells the shape only, so that the box is right before the picture is there. */
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

/** What the `src` of an image of unknown width is good for: readers of feeds, crawlers, browsers without `srcset`. */
const PLAIN_WIDTH = 800;

export function attrs(settings: Settings, image: ImageRef | string, options: LooseAttrOptions = {}): ImgAttributes {
  const ref = refOf(image);
  const { width, height } = boxOfImg(settings, ref, options);
  const { alt = "", priority, densities, sizes } = options;
  // A picture is at most as wide as its box, and an eye sees no more than two pixels a CSS pixel.
  const enough = sizes || !width ? undefined : settings.pages.widths.find((px) => px >= 2 * width);
  const list = candidates(settings, ref, { ...(enough && { maxWidth: enough }), ...options, width });
  const asked = sizes ?? (width ? `(min-width: ${width}px) ${width}px, 100vw` : "100vw");
  const hasChoice = list.length > 1;
  return {
    // `sizes` comes first: browsers read attributes in order.
    // Without its size a box of `auto` becomes 300 × 150, and an eager image does not know its box yet.
    sizes: hasChoice && !densities ? (width && height && !priority ? `auto, ${asked}` : asked) : undefined,
    srcset: hasChoice ? join(list) : undefined,
    src:
      (list.find((each) => each.width >= (width ?? PLAIN_WIDTH)) ?? list.at(-1))?.url ??
      imageUrl(settings, ref, options),
    width,
    height,
    alt,
    loading: priority ? "eager" : "lazy",
    decoding: "async",
    fetchpriority: priority ? "high" : undefined,
    style:
      options.placeholder && DATA_URL.test(ref.lqip ?? "") ? `background:url(${ref.lqip}) center/cover` : undefined,
  };
}

/** What cannot end the style's `url(`. */
const DATA_URL = /^data:image\/[\w+.-]+;base64,[\w+/=]+$/;

/** The box in CSS px: as asked, else by the ratio, the preset or the original's shape. */
function boxOfImg(
  settings: Settings,
  ref: ImageRef,
  asked: LooseAttrOptions,
): { width: number | undefined; height: number | undefined } {
  const preset = new URLSearchParams(settings.presets[asked.preset ?? ""]);
  const [w = 0, h = 0] = ["w", "h"].map((name) => Number(preset.get(name)));
  const shape = asked.ratio ? shapeOf(asked.ratio) : h ? w / h : (ref.width ?? 0) / (ref.height ?? 0);
  const width = asked.width || w || ref.width;
  return { width, height: asked.height || Math.round((width ?? 0) / shape) || undefined };
}
