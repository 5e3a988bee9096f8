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

/** What a component needs. Every URL is one that the edge takes without a signature, and is the only URL of its picture. */
export interface Core<C> {
  /** `https://images.example.com/images/photo?w=828&f=auto`. */
  imageUrl(ref: Ref, options?: UrlOptions<C>): string;
  /** Candidates for the widths that uploads warm; empty for what has one size only. */
  srcset(ref: Ref, options?: SrcsetOptions & Single<C>): string;
  /** Attributes of an `<img>`, with `width` and `height` whenever they can be known. */
  attrs<R extends Ref>(ref: R, options: AttrOptions<C, R>): ImgAttributes;
}

/** What pages need that are written as text, besides. Markup is escaped. */
export interface Prewarm<C> extends Core<C> {
  img<R extends Ref>(ref: R, options: AttrOptions<C, R>): string;
  picture<R extends Ref>(
    ref: R,
    options: AttrOptions<C, R> & { art?: readonly Art<RatioOf<C>>[]; formats?: readonly string[] },
  ): string;
  /** A `<link rel="preload">` for the options of the `<img>` that is seen first. */
  preload<R extends Ref>(ref: R, options: AttrOptions<C, R>): string;
  /** A CSS `image-set()`. */
  imageSet(ref: Ref, options: Single<C> & { width: number; densities?: readonly number[] }): string;
  /** The picture of a link's preview. */
  og(ref: Ref, options?: { v?: string }): string;
  /** Sizes and placeholders of images that were made already; others are absent. */
  info(ids: Iterable<string>): Promise<Map<string, ImageInfo>>;
  /**
   * Swaps images of `root` (default: the document) that were shown as the original for their variants, as soon as these are made, within
   * `maxMs` (default a minute). It costs a second download, so a page must want it; visitors who save data never get it. Returns what
   * stops it. Does nothing on a server.
   */
  upgrade(root?: ImageRoot, options?: { maxMs?: number }): () => void;
}

/** A site's images. With what `prewarm print client` prints, ratios, presets and formats are checked as the program is compiled. */
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
    // Few pages use these two: a bundler that can split loads them when they are called.
    info: async (ids) => (await import("./info.ts")).info(settings, ids),
    upgrade: (root = (globalThis as { document?: ImageRoot }).document, { maxMs = 60_000 } = {}) => {
      const stop = new AbortController();
      if (root) void import("./upgrade.ts").then(({ upgrade }) => upgrade(settings, root, maxMs, stop.signal));
      return () => stop.abort();
    },
  };
}

/** The same without what writes markup, for components in browsers: a third less to load. */
export function createCore<const C extends ClientOptions>(options: C): Core<C> {
  return core(binder(readOptions(options)));
}

/**
 * What heads of pages say of their pictures to link previews, cards and search engines; `baseUrl` must be a whole address. A function of
 * its own, because as a method it would be half a kB of every bundle that writes images.
 */
export function createMeta<const C extends ClientOptions>(options: C): (ref: Ref, options?: MetaOptions) => Meta {
  return binder(readOptions(options))(meta);
}

/** Functions for one site: they take ids for refs, and need no options. */
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
