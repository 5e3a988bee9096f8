import { madeFormats } from "./accept.ts";
import type { Config } from "./config.ts";
import { maximum } from "./ladder.ts";

/**
 * The part of a configuration that pages may know: `prewarm client` prints it. Sources, hooks and limits are not in it. `formats` are those
 * that uploads make at each width, and `presets` those that uploads make, because a page must not ask for another.
 */
export function publicConfig(config: Config) {
  const { ladder, ratios, presets, pages, passThrough, signing } = config;
  const formats = new Set(pages.formats.flatMap((format) => (format === "auto" ? madeFormats(config) : [format])));
  const { presets: names, make: _, ...list } = pages;
  return {
    maxPx: maximum(ladder),
    formats: [...formats],
    ratios: ratios.filter((ratio) => typeof ratio === "string"),
    presets: Object.fromEntries(names.map((name) => [name, presets[name] ?? ""])),
    pages: list,
    passThrough,
    signing,
  };
}
