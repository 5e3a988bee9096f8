import type { Quality } from "@prewarm/shared/config";

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
  maxPx: 2048,
  /** Those that uploads make at each width. */
  formats: ["avif"],
  ratios: ["1:1", "4:3", "3:2", "16:9", "1.91:1"] as const,
  presets: {},
  /** All that pages ask for, and uploads make. */
  pages: {
    widths: [320, 480, 640, 828, 1080, 1440, 1920],
    formats: ["auto"],
    qualities: ["high"],
    ratios: [],
  },
  passThrough: ["svg", "gif", "ico"],
};

/** What a URL may name as its format. */
export const FORMATS: readonly string[] = ["auto", ...DEFAULTS.formats, "webp", "jpeg", "png"];
