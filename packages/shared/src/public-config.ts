import type { Config } from "./config.ts";
import { maximum } from "./ladder.ts";

/**
 * The part of a configuration that pages may know: `prewarm client` prints it. Sources, hooks and limits are not in it. `formats` are those
 * and `presets` those that uploads make, because a page must not ask for another.
 */
export function publicConfig({ ladder, ratios, presets, pages, autoFormats, passThrough, signing }: Config) {
  const formats = new Set(pages.formats.flatMap((format) => (format === "auto" ? autoFormats : [format])));
  const { presets: names, ...list } = pages;
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
