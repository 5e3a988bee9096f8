import { type ClientOptions, readOptions } from "../public-config.ts";
import { loaderUrl, sourceOf } from "./modifiers.ts";

export type { ClientOptions } from "../public-config.ts";

/** An image of the site by its path or URL, or one that the build has imported. */
export type Source = string | { src: string; width?: number; height?: number };

export interface Transform {
  src: Source;
  width?: number;
  height?: number;
  widths?: number[];
  densities?: (number | `${number}x`)[];
  quality?: number | string | null;
  format?: string;
  fit?: string;
  [attribute: string]: unknown;
}

/** The part of Astro's image configuration that holds `image.service.config`. */
export interface ImageConfig {
  service: { config: Record<string, unknown> };
}

export interface Candidate {
  transform: Transform;
  descriptor: string;
  attributes: Record<string, string>;
}

function settingsOf({ service }: ImageConfig) {
  return readOptions(service.config as unknown as ClientOptions);
}

/** Astro's names of qualities that differ from Prewarm's. */
const QUALITIES: Record<string, string> = { mid: "medium", max: "very_high" };

function urlOf({ src, fit, quality, ...rest }: Transform, config: ImageConfig): string {
  if (typeof src !== "string") return src.src;
  return loaderUrl(settingsOf(config), src, {
    ...rest,
    quality: QUALITIES[`${quality}`] ?? quality,
    // Astro demands both sides of every image that it cannot open, so only `fit` makes them a crop. A layout crops by
    // CSS.
    crop: fit === "cover" && !rest["data-astro-image"],
  });
}

/** `image.service` of an Astro configuration; `config` holds the options of the client. */
const service = {
  validateOptions(options: Transform): Transform {
    const { width, height } = typeof options.src === "string" ? options : { ...options.src, ...options };
    if (!width || !height) throw new Error(`${options.src} needs width and height, or the page jumps`);
    return { ...options, width: Math.round(width), height: Math.round(height) };
  },

  getURL: urlOf,

  /**
   * The asked sizes, snapped to widths of the edge, each once. None for an image of the build, or one that is shown as
   * it is.
   */
  getSrcSet({ widths = [], densities, width = 0, height = 0, ...rest }: Transform, config: ImageConfig): Candidate[] {
    const list: Candidate[] = [];
    let last = rest.src;
    const steps = (densities ?? widths).map((step) => Number.parseFloat(`${step}`));
    for (const step of steps.sort((a, b) => a - b)) {
      const px = densities ? step * width : step;
      const url = urlOf({ ...rest, width: px, height: Math.round((px * height) / width) }, config);
      const rung = /[?&]w=(\d+)/.exec(url)?.[1];
      // Astro calls getURL with this URL, which must come back as it is, like that of an image of the build.
      if (rung && url !== last)
        list.push({
          transform: { src: { src: url } },
          descriptor: densities ? `${step}x` : `${rung}w`,
          attributes: {},
        });
      last = url;
    }
    return list;
  },

  /** Without the attributes that Astro makes or reads itself. */
  getHTMLAttributes(options: Transform): Record<string, unknown> {
    const { src, widths, densities, formats, format, quality, layout, priority, fit, position, background, ...kept } =
      options;
    return { loading: "lazy", decoding: "async", ...kept };
  },

  /**
   * The size of an image by its URL at the edge, for `inferSize`, without a download. Without a format, because Astro
   * would then ask for WebP for every browser.
   */
  async getRemoteSize(url: string, config: ImageConfig): Promise<{ width: number; height: number }> {
    const settings = settingsOf(config);
    const { info } = await import("../info.ts");
    const [found] = (await info(settings, [sourceOf(settings, url)?.id ?? ""])).values();
    if (!found) throw new Error(`${url} has no known size yet: warm it first`);
    return found;
  },
};

// biome-ignore lint/style/noDefaultExport: Astro takes an image service as the default export of a file.
export default service;
