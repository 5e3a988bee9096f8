import { type AttrOptions, attrs, type ImgAttributes } from "./attributes.ts";
import { imageUrl, type PartOptions, type UrlOptions } from "./image-url.ts";
import type { ImageInfo } from "./info.ts";
import { type Art, imageSet, img, og, picture, preload } from "./markup.ts";
import { type Meta, type MetaOptions, meta } from "./meta.ts";
import { type ClientOptions, type ImageRef, type RatioOf, readOptions, refOf, type Settings } from "./public-config.ts";
import { type SrcsetOptions, srcset } from "./srcset.ts";
import type { ImageRoot } from "./upgrade.ts";
import { checkWords } from "./words.ts";

export type { Format, Quality } from "@prewarm/shared/config";
export type { AttrOptions, ImgAttributes } from "./attributes.ts";
export type { PartOptions, PresetOptions, UrlOptions } from "./image-url.ts";
export type { ImageInfo } from "./info.ts";
export type { Art } from "./markup.ts";
export type { Meta, MetaImage, MetaOptions } from "./meta.ts";
export type { ClientOptions, FormatOf, ImageRef, Pages, PresetOf, PublicConfig, RatioOf } from "./public-config.ts";
export type { SrcsetOptions } from "./srcset.ts";
export type { ImageRoot } from "./upgrade.ts";

type Ref = ImageRef | string;
type Single<C> = Omit<PartOptions<C>, "dpr">;

/** The functions for components. The edge takes each URL without a signature, and each picture has one URL. */
export interface Core<C> {
  /** `https://images.example.com/images/photo?w=828&f=auto`. */
  imageUrl(ref: Ref, options?: UrlOptions<C>): string;
  /** Candidates for the widths that uploads warm; empty for an image of one size. */
  srcset(ref: Ref, options?: SrcsetOptions & Single<C>): string;
  /** Attributes of an `<img>`, with `width` and `height` if they are known. */
  attrs<R extends Ref>(ref: R, options: AttrOptions<C, R>): ImgAttributes;
}

/** The functions for pages that are written as text. Markup is escaped. */
export interface Prewarm<C> extends Core<C> {
  img<R extends Ref>(ref: R, options: AttrOptions<C, R>): string;
  picture<R extends Ref>(
    ref: R,
    options: AttrOptions<C, R> & { art?: readonly Art<RatioOf<C>>[]; formats?: readonly string[] },
  ): string;
  /** A `<link rel="preload">` with the options of the first visible `<img>`. */
  preload<R extends Ref>(ref: R, options: AttrOptions<C, R>): string;
  /** A CSS `image-set()`. */
  imageSet(ref: Ref, options: Single<C> & { width: number; densities?: readonly number[] }): string;
  /** The picture of a link's preview. */
  og(ref: Ref, options?: { v?: string }): string;
  /** Sizes and placeholders of images with a stored variant; other images are absent. */
  info(ids: Iterable<string>): Promise<Map<string, ImageInfo>>;
  /**
   * Replaces originals that images of `root` (default: the document) show by their variants, as soon as these are
   * stored, within `maxMs` (default a minute). It costs a second download, so a page must ask for it. Does nothing for
   * visitors who save data, and on a server. Returns a function that stops it.
   */
  upgrade(root?: ImageRoot, options?: { maxMs?: number }): () => void;
}

/** The images of a site. With the output of `prewarm print client` the compiler checks ratios, presets and formats. */
export function createPrewarm<const C extends ClientOptions>(options: C): Prewarm<C> {
  const settings = readOptions(options);
  const bound = binder(settings);
  return {
    ...core(bound),
    img: bound(img),
    picture: bound(picture),
    preload: bound(preload),
    imageSet: bound(imageSet),
    og: bound(og),
    // Few pages use these two, so a bundler that splits loads them when they are called.
    info: async (ids) => (await import("./info.ts")).info(settings, ids),
    upgrade: (root = (globalThis as { document?: ImageRoot }).document, { maxMs = 60_000 } = {}) => {
      const stop = new AbortController();
      if (root) void import("./upgrade.ts").then(({ upgrade }) => upgrade(settings, root, maxMs, stop.signal));
      return () => stop.abort();
    },
  };
}

/** The same without the functions that write markup, for components in browsers: a third less to load. */
export function createCore<const C extends ClientOptions>(options: C): Core<C> {
  return core(binder(readOptions(options)));
}

/**
 * Describes the picture of a page in its head, for link previews, cards and search engines. `baseUrl` must be a whole
 * address. It is no method of `Prewarm`, because it would add half a kB to every bundle that writes images.
 */
export function createMeta<const C extends ClientOptions>(options: C): (ref: Ref, options?: MetaOptions) => Meta {
  return binder(readOptions(options))(meta);
}

/** Makes functions for one site: they take ids as refs, and need no options. */
function binder(settings: Settings) {
  return <O extends object, T>(call: (settings: Settings, ref: ImageRef, options: O) => T) =>
    (ref: Ref, options = {} as O): T => {
      checkWords(options);
      return call(settings, refOf(ref), options);
    };
}

function core<C>(bound: ReturnType<typeof binder>): Core<C> {
  return { imageUrl: bound(imageUrl), srcset: bound(srcset), attrs: bound(attrs) };
}
