import type { Quality } from "@prewarm/shared/config";

/*
 * The default settings, as literals, so that a bundle does not carry the whole configuration. defaults.test.ts compares
 * them with packages/shared.
 */

/**
 * A number for each quality. The nearest one of a number from 1 to 100 is the quality that the edge takes, which a test
 * shows.
 */
export const QUALITIES: Readonly<Record<Quality, number>> = {
  very_low: 19,
  low: 39,
  medium: 59,
  high: 79,
  very_high: 99,
};

export const DEFAULTS = {
  maxPx: 2048,
  /** Formats that uploads make at each width. */
  formats: ["avif"],
  ratios: ["1:1", "4:3", "3:2", "16:9", "1.91:1"] as const,
  presets: {},
  /** The variants that pages ask for and uploads make. */
  pages: {
    widths: [320, 480, 640, 828, 1080, 1440, 1920],
    formats: ["auto"],
    qualities: ["high"],
    ratios: [],
  },
  passThrough: ["svg", "gif", "ico"],
};

/** The formats that a URL may name. */
export const FORMATS: readonly string[] = ["auto", ...DEFAULTS.formats, "webp", "jpeg", "png"];
