import type { Format, Quality } from "@prewarm/shared/config";
import { DEFAULTS } from "./defaults.ts";
import { baseOf } from "./words.ts";

/**
 * The public part of a site's configuration, as `prewarm print client` prints it. An absent setting has its default.
 */
export interface PublicConfig {
  /** The largest width and height in px that a variant may have. */
  maxPx?: number;
  /** Formats that uploads make at each width. */
  formats?: readonly Format[];
  /** Shapes that an unsigned URL may crop to, such as `16:9`. */
  ratios?: readonly string[];
  /** Transforms that uploads make, by name, each written as a query. */
  presets?: Readonly<Record<string, string>>;
  /** The variants that pages ask for and uploads make. Every URL snaps to one (docs/configuration.md). */
  pages?: Partial<Pages>;
  /** Extensions of ids whose original is shown as it is. */
  passThrough?: readonly string[];
  /** With `private` every URL needs a signature. */
  access?: "open" | "signed" | "private";
}

/** The variants that pages ask for, without presets. docs/configuration.md explains each setting. */
export interface Pages {
  /** Widths in px, ascending: the candidates of every `srcset`. */
  widths: readonly number[];
  /** A URL without a format has the first. `auto` lets browser and edge negotiate. */
  formats: readonly (Format | "auto")[];
  /** Qualities of whole pictures; crops have `high` only. */
  qualities: readonly Quality[];
  /** The ratios that uploads crop to. */
  ratios: readonly string[];
}

export interface ClientOptions extends PublicConfig {
  /** The address of the edge, without `/images`: `https://images.example.com`. Empty: the page's own host. */
  baseUrl: string;
  /**
   * On a server: signs an image whose ref has no signature, by `signImageSync`. It holds the key, so it must not reach
   * a browser.
   */
  sign?: (ref: ImageRef) => string;
  /**
   * For loaders: the image of a source; null leaves the source as it is. Default: a path is an id, any other source is
   * foreign.
   */
  source?: (src: string) => ImageRef | string | null;
}

/** An image and its facts. `width` and `height`: of the original, in px. */
export interface ImageRef {
  id: string;
  /** The site's own version token. */
  v?: string;
  width?: number;
  height?: number;
  /**
   * The image's signature, made of `id` and `v` by `signImage` of `@prewarm/client/server`. It opens all URLs of the
   * image.
   */
  sig?: string;
  /** A tiny picture as a data URL, from `info`. */
  lqip?: string;
}

export interface Settings
  extends Required<Omit<ClientOptions, "source" | "sign" | "access" | "formats" | "passThrough" | "pages">> {
  formats: readonly string[];
  pages: Omit<Pages, "formats" | "ratios"> & { formats: readonly string[]; ratios: readonly string[] };
  passThrough: readonly (string | undefined)[];
  source?: ClientOptions["source"];
  sign?: ClientOptions["sign"];
  access?: ClientOptions["access"];
}

export function readOptions(options: ClientOptions): Settings {
  const pages = { ...DEFAULTS.pages, ...options.pages } as Settings["pages"];
  return {
    ...DEFAULTS,
    ...options,
    pages,
    baseUrl: baseOf(options.baseUrl),
  };
}

/** The ref of an id, or the ref itself. */
export function refOf(ref: ImageRef | string): ImageRef {
  return typeof ref === "string" ? { id: ref } : ref;
}

type Named<T, D extends string> = T extends readonly (infer N)[] ? Extract<N, string> : D;

export type RatioOf<C> = C extends { ratios: infer R } ? Named<R, never> : (typeof DEFAULTS.ratios)[number];
export type PresetOf<C> = C extends { presets: infer P } ? keyof P & string : never;
export type FormatOf<C> = C extends { formats: infer F } ? Named<F, never> : "avif";
