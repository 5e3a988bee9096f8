import type { Format, Quality } from "@prewarm/shared/config";

/*
 * What a site gets that says nothing, as literals so that a bundle carries these and not the whole configuration.
 * defaults.test.ts holds them against packages/shared.
 */

/** Qualities by a number that is nearer to what each means than to its neighbours; a test asks for all hundred. */
export const QUALITIES: Readonly<Record<Quality, number>> = {
  very_low: 19,
  low: 39,
  medium: 59,
  high: 79,
  very_high: 99,
};

export const DEFAULTS = {
  ladder: [
    16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 400, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1440, 1600, 1920,
    2048,
  ],
  formats: ["webp", "avif", "jpeg"],
  qualities: Object.keys(QUALITIES) as Quality[],
  ratios: ["1:1", "4:3", "3:2", "16:9", "1.91:1"] as const,
  presets: {},
  /** The widths in px that pages ask for and uploads warm, and the format of a URL that names none. */
  pages: { widths: [320, 480, 640, 828, 1080, 1440, 1920], format: "auto" as Format | "auto" },
  passThrough: ["svg", "gif", "ico"],
};
