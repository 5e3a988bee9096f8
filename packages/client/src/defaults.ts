import type { Format, Quality } from "@prewarm/shared/config";

/*
 * What a site gets that says nothing, as literals so that a bundle carries these and not the whole configuration.
 * defaults.test.ts holds them against packages/shared; RATIOS and PAGES until the configuration has these settings.
 */

export const RATIOS = ["1:1", "4:3", "3:2", "16:9", "1.91:1"] as const;
/** The widths in px that pages ask for and uploads warm, and the format of a URL that names none. */
export const PAGES: { widths: readonly number[]; format: Format | "auto" } = {
  widths: [320, 480, 640, 828, 1080, 1440, 1920],
  format: "auto",
};
export const LADDER: readonly number[] = [
  16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 400, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1440, 1600, 1920,
  2048,
];
export const FORMATS: readonly Format[] = ["webp", "avif", "jpeg"];
export const QUALITIES: readonly Quality[] = ["very_low", "low", "medium", "high", "very_high"];
export const PASS_THROUGH: readonly string[] = ["svg", "gif", "ico"];
