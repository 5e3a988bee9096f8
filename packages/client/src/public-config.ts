import type { Format, Quality } from "@prewarm/shared/config";
import { DEFAULTS } from "./defaults.ts";
import { baseOf } from "./words.ts";

/** What a page may know of a site's configuration: `prewarm print client` prints it. Whatever is absent is the default. */
export interface PublicConfig {
  /** The largest width and height in px that a variant may have. */
  maxPx?: number;
  /** Formats that uploads make at each width. */
  formats?: readonly Format[];
  /** Shapes that an unsigned URL may crop to, such as `16:9`. */
  ratios?: readonly string[];
  /** Transforms by name, each written as a query, that uploads make. */
  presets?: Readonly<Record<string, string>>;
  /** All that pages ask for, and uploads make: every URL snaps to it (docs/configuration.md). */
  pages?: Partial<Pages>;
  /** Extensions of ids whose original is shown as it is. */
  passThrough?: readonly string[];
  /** With `private` every URL needs a signature. */
  access?: "open" | "signed" | "private";
}

/** All that pages ask for but presets, of which `presets` has those that uploads make; docs/configuration.md says what each line means. */
export interface Pages {
  /** Widths in px, ascending: the candidates of every `srcset`. */
  widths: readonly number[];
  /** The one of a URL that names none first; `auto` lets browser and edge agree. */
  formats: readonly (Format | "auto")[];
  /** Qualities of whole pictures; crops have `high` only. */
  qualities: readonly Quality[];
  /** The ratios that uploads crop to. */
  ratios: readonly string[];
}

export interface ClientOptions extends PublicConfig {
  /** Where images are served, without `/images`: `https://images.example.com`. Empty: the page's own host. */
  baseUrl: string;
  /** On a server: the signature of an image whose ref has none, by `signImageSync`. A function with the key must not reach a browser. */
  sign?: (ref: ImageRef) => string;
  /** Loaders: what a source of the site names; null leaves it as it is. Default: a path is an id, all else is foreign. */
  source?: (src: string) => ImageRef | string | null;
}

/** An image, and what is known of it. `width` and `height` are the original's, in px. */
export interface ImageRef {
  id: string;
  /** The site's own version token. */
  v?: string;
  width?: number;
  height?: number;
  /** The image's signature, as `signImage` of `@prewarm/client/server` makes it of `id` and `v`: it opens all URLs of the image. */
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

/** The ref of whatever names an image. */
export function refOf(ref: ImageRef | string): ImageRef {
  return typeof ref === "string" ? { id: ref } : ref;
}

type Named<T, D extends string> = T extends readonly (infer N)[] ? Extract<N, string> : D;

export type RatioOf<C> = C extends { ratios: infer R } ? Named<R, never> : (typeof DEFAULTS.ratios)[number];
export type PresetOf<C> = C extends { presets: infer P } ? keyof P & string : never;
export type FormatOf<C> = C extends { formats: infer F } ? Named<F, never> : "avif";
