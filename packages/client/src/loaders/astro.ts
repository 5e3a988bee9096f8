import { info } from "../info.ts";
import type { ClientOptions } from "../public-config.ts";
import { forLoader, loaderUrl } from "./modifiers.ts";

/** An image of the site by its path or URL, or one that the build has imported. */
type Source = string | { src: string; width: number; height: number };

interface Transform {
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
interface ImageConfig {
  service: { config: Record<string, unknown> };
}

interface Candidate {
  transform: Transform;
  descriptor: string;
  attributes: Record<string, string>;
}

/** Made by Astro itself or meant for it: no attribute of an `<img>`. */
const OWN = [
  "src",
  "widths",
  "densities",
  "formats",
  "format",
  "quality",
  "layout",
  "priority",
  "fit",
  "position",
  "background",
];

/** Astro's mark of an image whose layout is responsive. */
const LAYOUT = "data-astro-image";

function settingsOf({ service }: ImageConfig) {
  return forLoader(service.config as unknown as ClientOptions);
}

/** Astro's own names of qualities, where they are not ours. */
const QUALITIES: Record<string, string> = { mid: "medium", max: "very_high" };

function urlOf({ src, fit, quality, ...rest }: Transform, config: ImageConfig): string {
  if (typeof src !== "string") return src.src;
  const asked = { ...rest, quality: QUALITIES[`${quality}`] ?? quality };
  // Astro demands both sides of every image that it cannot open: only `fit` says that they are a crop, and a layout crops by CSS.
  return loaderUrl(settingsOf(config), src, { ...asked, crop: fit === "cover" && !(LAYOUT in asked) });
}

/** `image.service` of an Astro configuration; `config` holds the options of the client. */
const service = {
  validateOptions(options: Transform): Transform {
    const { width, height } = typeof options.src === "string" ? options : { ...options.src, ...options };
    if (width === undefined || height === undefined)
      throw new Error(`${String(options.src)} needs width and height: without them the page jumps when it is shown`);
    return { ...options, width: Math.round(width), height: Math.round(height) };
  },

  getURL: urlOf,

  /** The sizes that are asked for, on the edge's rungs and each once; nothing for what the build has made. */
  getSrcSet(options: Transform, config: ImageConfig): Candidate[] {
    const { widths = [], densities, width = 0, height = 0, ...rest } = options;
    if (urlOf(options, config) === rest.src || typeof rest.src !== "string") return [];
    const steps = densities
      ? densities.map((density) => ({
          px: Number.parseFloat(`${density}`) * width,
          descriptor: `${Number.parseFloat(`${density}`)}x`,
        }))
      : widths.map((px) => ({ px, descriptor: `${px}w` }));
    const seen = new Set<string>();
    return steps
      .sort((a, b) => a.px - b.px)
      .map(({ px, descriptor }) => {
        const transform = { ...rest, width: px, height: Math.round((px * height) / width) };
        return { url: urlOf(transform, config), transform, descriptor, attributes: {} };
      })
      .filter(({ url }) => !seen.has(url) && seen.add(url))
      .map(({ url, transform, descriptor, attributes }) => {
        const rung = /[?&]w=(\d+)/.exec(url)?.[1];
        return { transform, descriptor: densities || !rung ? descriptor : `${rung}w`, attributes };
      });
  },

  getHTMLAttributes(options: Transform): Record<string, unknown> {
    const kept = Object.entries(options).filter(([name]) => !OWN.includes(name));
    return { loading: "lazy", decoding: "async", ...Object.fromEntries(kept) };
  },

  /** Size of an image by its URL at the edge, for `inferSize`: without downloading it, once it is known. */
  async getRemoteSize(url: string, config: ImageConfig): Promise<{ width: number; height: number; format: string }> {
    const settings = settingsOf(config);
    const prefix = `${settings.baseUrl}/images/`;
    const id = decodeURIComponent(url.slice(prefix.length).split("?")[0] ?? "");
    const found = url.startsWith(prefix) ? (await info(settings, [id])).get(id) : undefined;
    if (!found) throw new Error(`The size of ${url} is not known yet: warm it first, or give width and height`);
    return { width: found.width, height: found.height, format: found.type.replace("image/", "") };
  },
};

// biome-ignore lint/style/noDefaultExport: Astro takes an image service as the default export of a file.
export default service;
