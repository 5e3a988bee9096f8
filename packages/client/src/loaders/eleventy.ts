import { type ClientOptions, readOptions } from "../public-config.ts";
import { loaderUrl } from "./modifiers.ts";

export type { ClientOptions } from "../public-config.ts";

/** One size of one image, as Eleventy Image describes it. */
export interface UrlStats {
  src: string;
  width?: number;
  format?: string;
}

/** A function for `urlFormat` of `@11ty/eleventy-img` with `statsOnly: true`. Each listed format gets its own URL. */
export function urlFormat(options: ClientOptions): (stats: UrlStats) => string {
  const settings = readOptions(options);
  return ({ src, width, format }) => loaderUrl(settings, src, { width, format });
}

/** Options for Eleventy Image: the widths that uploads warm, and one format, which browser and edge negotiate. */
export function eleventyOptions(options: ClientOptions): {
  statsOnly: true;
  widths: number[];
  formats: ["auto"];
  urlFormat: (stats: UrlStats) => string;
} {
  const settings = readOptions(options);
  return {
    statsOnly: true,
    widths: [...settings.pages.widths],
    formats: ["auto"],
    urlFormat: ({ src, width }) => loaderUrl(settings, src, { width }),
  };
}
