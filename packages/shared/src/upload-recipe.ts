import { autoChoices, madeFormats } from "./accept.ts";
import type { Config } from "./config.ts";
import { maximum, snapUp } from "./ladder.ts";
import { OG_WIDTH, readRatio } from "./shape.ts";

/** A picture of some 100 bytes, to be written into a page until the real one is there. */
export const LQIP = "w=16&q=very_low&f=webp";

/** The lines that no page names: they are there for misses, and for browsers that lack the formats of `pages.make`. */
export const PLACEHOLDER = "placeholder";
export const STAND_INS = "stand-ins";
/** Widths in px, each of which becomes the next of `pages.widths`: half and all of what most screens show, and what a link preview wants. */
const STAND_IN_WIDTHS = [640, OG_WIDTH];

/** A line of `pages`, and the transforms that an upload makes because the line is there. */
export interface PageLine {
  /** Such as `ratios 4:3`. */
  line: string;
  specs: string[];
}

/** The settings that the recipe `upload` is made of. */
type ListSettings = Pick<Config, "pages" | "formats" | "presets" | "ladder">;

/**
 * The lines of `pages` with their transforms, in the order of the settings; the placeholder is the last. The client (`packages/client`)
 * snaps every URL to these lines. A setting that is no list has no lines here; `checkConfig` reports the setting.
 */
export function pageLines(settings: ListSettings): PageLine[] {
  const { formats, qualities, ratios } = settings.pages;
  const widths = list(settings.pages.widths);
  const ends = list(formats).map((format) => `f=${format}`);
  const whole = (sizes: readonly number[], quality: string) =>
    sizes.flatMap((width) => ends.map((end) => wholeSpec(width, quality, end)));
  return [
    ...list(qualities).map((quality) => ({ line: `widths ${quality}`, specs: whole(widths, quality) })),
    ...(widths.length > 0 ? list(qualities) : []).map((quality) => ({
      line: `${STAND_INS} ${quality}`,
      specs: standIns(settings, quality),
    })),
    ...list(ratios).map((ratio) => ({
      line: `ratios ${ratio}`,
      specs: cropSizes(widths, ratio, settings.ladder).flatMap((size) => ends.map((end) => `${size}&${end}`)),
    })),
    ...Object.keys(settings.presets ?? {}).map((name) => ({ line: `presets ${name}`, specs: [`p=${name}`] })),
    { line: PLACEHOLDER, specs: [LQIP] },
  ].filter(({ specs }) => specs.length > 0);
}

/** What an upload makes: exactly the variants that pages ask for, and the picture that stands in meanwhile. */
export function uploadRecipe(settings: ListSettings): string[] {
  return [...new Set(pageLines(settings).flatMap(({ specs }) => specs))];
}

/**
 * All recipes by name: the site's own, and `upload`, which is made of `pages` unless the site writes it. The configuration holds only what
 * the site wrote, because the edge reads it and needs no recipe.
 */
export function recipesOf<C extends ListSettings & { recipes: Readonly<Record<string, readonly string[]>> }>(
  config: C,
): Record<string, readonly string[]> & { upload: readonly string[] } {
  return { upload: uploadRecipe(config), ...config.recipes };
}

/** The crops of a ratio at these widths, as far as the ladder has their heights. */
export function cropSizes(widths: readonly number[], ratio: string, ladder: readonly number[]): string[] {
  const shape = typeof ratio === "string" ? readRatio(ratio) : null;
  if (shape === null) return [];
  return widths
    .map((width) => ({ width, height: Math.round(width / shape) }))
    .filter(({ height }) => height <= maximum(list(ladder)))
    .map(({ width, height }) => `w=${width}&h=${height}`);
}

function wholeSpec(width: number, quality: string, end: string): string {
  return `w=${width}${quality === "high" ? "" : `&q=${quality}`}&${end}`;
}

/**
 * Of each format that `f=auto` may become and that uploads do not make at each width two widths; of JPEG, which link previews and the oldest
 * browsers get, the wider one.
 */
function standIns(settings: ListSettings, quality: string): string[] {
  const { pages } = settings;
  const isAuto = list(pages.formats).includes("auto");
  const auto = isAuto ? autoChoices({ formats: list(settings.formats) }) : [];
  const made: readonly string[] = [...list(pages.formats), ...(isAuto ? list(madeFormats(settings)) : [])];
  const others = [...auto, "jpeg"].filter((format) => !made.includes(format));
  const steps = [...new Set(STAND_IN_WIDTHS.map((px) => snapUp(px, list(pages.widths))))];
  return [...new Set(others)].flatMap((format) =>
    (format === "jpeg" ? steps.slice(-1) : steps).map((width) => wholeSpec(width, quality, `f=${format}`)),
  );
}

/** `defineConfig` comes here before `checkConfig` has judged the settings, so a list may be anything. */
function list<T>(given: readonly T[]): readonly T[] {
  return Array.isArray(given) ? given : [];
}
