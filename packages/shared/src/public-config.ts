import { madeFormats } from "./accept.ts";
import { type Config, RATIOS } from "./config.ts";
import { maximum } from "./ladder.ts";

/**
 * The part of a configuration that pages may know: `prewarm print client` prints it. Sources, hooks and limits are not in it. `formats` are those
 * that uploads make at each width, because a page must not ask for another.
 */
export function publicConfig(config: Config) {
  const { ladder, ratios, presets, pages, passThrough, access } = config;
  const formats = new Set(pages.formats.flatMap((format) => (format === "auto" ? madeFormats(config) : [format])));
  const { make: _, ...list } = pages;
  return {
    maxPx: maximum(ladder),
    formats: [...formats],
    ratios: [...new Set([...RATIOS, ...ratios])],
    presets,
    pages: list,
    passThrough,
    access,
  };
}
