import { madeFormats } from "@prewarm/shared/accept";
import type { Config } from "@prewarm/shared/config";
import { readRatio } from "@prewarm/shared/shape";
import { expandTransforms, formatTransform, type Transform } from "@prewarm/shared/transform";
import { LQIP, PLACEHOLDER, pageLines, recipesOf, STAND_INS, uploadRecipe } from "@prewarm/shared/upload-recipe";

/** A line of `pages`, or a recipe, that would have uploads make what pages ask for. */
export interface Fix {
  /** Such as `pages.widths: add 750`. */
  line: string;
  /** Paid jobs that each upload would take more, at most: a width beyond the original's own costs none. */
  jobsPerUpload: number;
  /** Puts the line into `pages`; null for a line of a recipe. */
  change: ((pages: Config["pages"]) => Config["pages"]) | null;
}

/** What a recipe makes that no page asks for. */
export interface Unused {
  /** The line of `pages`, such as `widths high`; or the recipe. */
  line: string;
  /** As it stands in the recipe, such as `w=1920&f=auto`. */
  spec: string;
  /** Those of its formats that no page asks for. */
  formats: readonly string[];
  jobsPerUpload: number;
}

/** The canonical transforms of a list of specs. */
export function variantsOf(specs: readonly string[], config: Config): Set<string> {
  return new Set(specs.flatMap((spec) => expandTransforms(spec, config).map(formatTransform)));
}

/** Whether the recipe is made of `pages`, so that a line of it is what has to change. */
function isOfPages(recipe: string, config: Config): boolean {
  return recipe === "upload" && recipesOf(config).upload.join() === uploadRecipe(config).join();
}

/** Finds the line that would have uploads make a transform which `recipe` does not make. Each line is worked out once. */
export function createFixer(recipe: string, config: Config): (transform: Transform, preset: string | null) => Fix {
  const known = new Map<string, Fix>();
  return (transform, preset) => {
    const name = `${formatTransform(transform)} ${preset ?? ""}`;
    const fix = known.get(name) ?? fixOf(transform, preset, recipe, config);
    known.set(name, fix);
    return fix;
  };
}

function fixOf(transform: Transform, preset: string | null, recipe: string, config: Config): Fix {
  const before = variantsOf(recipesOf(config)[recipe] ?? [], config).size;
  const added = isOfPages(recipe, config) ? linesFor(transform, preset, config) : null;
  if (added !== null) {
    const changed = { ...config, pages: added.pages };
    const made = variantsOf(uploadRecipe(changed), changed);
    // Judged, not believed: what no line can say is left to a recipe.
    if (made.has(formatTransform(transform)))
      return {
        line: added.lines.join(", "),
        jobsPerUpload: made.size - before,
        change: (pages) => linesFor(transform, preset, { ...config, pages })?.pages ?? pages,
      };
  }
  const spec = preset === null ? specOf(transform) : `p=${preset}`;
  const made = variantsOf([...(recipesOf(config)[recipe] ?? []), spec], config);
  return { line: `recipes.${recipe}: add "${spec}"`, jobsPerUpload: made.size - before, change: null };
}

/** Shorter than the canonical form where the usual quality goes without saying. */
function specOf(transform: Transform): string {
  return formatTransform(transform).replace("q=high&", "");
}

function linesFor(transform: Transform, preset: string | null, config: Config) {
  const { width, height, quality, format } = transform;
  const lines: string[] = [];
  const pages = { ...config.pages };
  const ascending = (list: readonly number[], more: number) => [...list, more].toSorted((a, b) => a - b);
  // Uploads make every preset already.
  if (width === null || preset !== null) return null;
  if (!pages.widths.includes(width)) {
    pages.widths = ascending(pages.widths, width);
    lines.push(`pages.widths: add ${width}`);
  }
  if (!pages.qualities.includes(quality)) {
    pages.qualities = [...pages.qualities, quality];
    lines.push(`pages.qualities: add "${quality}"`);
  }
  if (!pages.formats.some((one) => one === format || (one === "auto" && madeFormats(config).includes(format)))) {
    pages.formats = [...pages.formats, format];
    lines.push(`pages.formats: add "${format}"`);
  }
  const ratio = height === null ? null : ratioOf(width, height, config);
  if (ratio !== null && !pages.ratios.includes(ratio)) {
    pages.ratios = [...pages.ratios, ratio];
    lines.push(`pages.ratios: add "${ratio}"`);
  }
  return lines.length === 0 ? null : { lines, pages };
}

function ratioOf(width: number, height: number, { ratios }: Config): string | null {
  return ratios.find((one) => Math.round(width / (readRatio(one) ?? 1)) === height) ?? null;
}

/**
 * What the recipe makes and is not among `asked` (canonical transforms). The placeholder and stand-ins are left out: no page names them, and
 * misses and old browsers get them.
 */
export function unusedOf(asked: ReadonlySet<string>, recipe: string, config: Config): Unused[] {
  const lines = isOfPages(recipe, config)
    ? pageLines(config).filter(({ line }) => line !== PLACEHOLDER && !line.startsWith(STAND_INS))
    : [{ line: `recipes.${recipe}`, specs: recipesOf(config)[recipe] ?? [] }];
  const counted = new Set<string>();
  return lines.flatMap(({ line, specs }) =>
    specs.flatMap((spec) => {
      const variants = [...variantsOf([spec], config)].filter((variant) => !counted.has(variant));
      for (const variant of variants) counted.add(variant);
      const unused = variants.filter((variant) => !asked.has(variant));
      if (unused.length === 0) return [];
      const formats = unused.map((variant) => variant.slice(variant.lastIndexOf("=") + 1));
      return [{ line, spec, formats, jobsPerUpload: unused.length }];
    }),
  );
}

/** `pages` without the widths, qualities and ratios of which no variant is among `asked`. Where no width is used, the smallest stays. */
export function withoutUnused(asked: ReadonlySet<string>, config: Config): Config["pages"] {
  const isUsed = (one: Partial<Config["pages"]>): boolean => {
    const alone = { ...config, presets: {}, pages: { ...config.pages, widths: [], ratios: [], ...one } };
    const specs = uploadRecipe(alone).filter((spec) => spec !== LQIP);
    return [...variantsOf(specs, config)].some((variant) => asked.has(variant));
  };
  const { widths, qualities, ratios } = config.pages;
  const usedWidths = widths.filter(
    (width) => isUsed({ widths: [width] }) || isUsed({ widths: [width], ratios, qualities: [] }),
  );
  const usedQualities = qualities.filter((quality) => isUsed({ widths, qualities: [quality] }));
  return {
    ...config.pages,
    widths: usedWidths.length > 0 ? usedWidths : widths.slice(0, 1),
    qualities: usedQualities.length > 0 ? usedQualities : qualities,
    ratios: ratios.filter((ratio) => isUsed({ widths, qualities: [], ratios: [ratio] })),
  };
}
