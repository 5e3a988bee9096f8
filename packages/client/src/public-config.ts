import type { Format, Quality } from "@prewarm/shared/config";
import { DEFAULTS } from "./defaults.ts";

/** What a page may know of a site's configuration: `prewarm client` prints it. Whatever is absent is the default. */
export interface PublicConfig {
  /** Widths in px, ascending, to which every width snaps up. */
  ladder?: readonly number[];
  formats?: readonly Format[];
  qualities?: readonly Quality[];
  /** Shapes that an unsigned URL may crop to, such as `16:9`. */
  ratios?: readonly string[];
  /** Whole transforms by name, each written as a query. */
  presets?: Readonly<Record<string, string>>;
  pages?: {
    /** Widths in px that pages ask for and uploads warm. */
    widths: readonly number[];
    format: Format | "auto";
  };
  /** Extensions of ids whose original is shown as it is. */
  passThrough?: readonly string[];
  signing?: "off" | "custom" | "all";
}

export interface ClientOptions extends PublicConfig {
  /** Where images are served, without `/images`: `https://images.example.com`. Empty: the page's own host. */
  baseUrl: string;
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
  /** A tiny picture as a data URL, from `info`. */
  lqip?: string;
}

export interface Settings extends Required<Omit<ClientOptions, "source" | "signing" | "formats" | "passThrough">> {
  formats: readonly string[];
  passThrough: readonly (string | undefined)[];
  source?: ClientOptions["source"];
}

export function readOptions(options: ClientOptions): Settings {
  return {
    ...DEFAULTS,
    ...options,
    baseUrl: options.baseUrl.replace(/\/+$/, ""),
  };
}

/** The ref of whatever names an image. */
export function refOf(ref: ImageRef | string): ImageRef {
  return typeof ref === "string" ? { id: ref } : ref;
}

type Named<T, D extends string> = T extends readonly (infer N)[] ? Extract<N, string> : D;

export type RatioOf<C> = C extends { ratios: infer R } ? Named<R, never> : (typeof DEFAULTS.ratios)[number];
export type PresetOf<C> = C extends { presets: infer P } ? keyof P & string : never;
export type FormatOf<C> = C extends { formats: infer F } ? Named<F, never> : "avif" | "webp" | "jpeg";
export type QualityOf<C> = C extends { qualities: infer Q } ? Named<Q, never> : Quality;
