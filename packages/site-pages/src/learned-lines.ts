import type { Config } from "@prewarm/shared/config";
import { expandTransforms, formatTransform } from "@prewarm/shared/transform";
import { recipesOf, uploadRecipe } from "@prewarm/shared/upload-recipe";
import { parseVariantKey, parseVariantName } from "@prewarm/shared/variant-key";
import { createFixer, type Unused, unusedOf, variantsOf, withoutUnused } from "./page-fixes.ts";

/*
 * Which lines of `pages` are worth their jobs. Anybody may ask the edge for any width of the closed set, of any image, on as many days as it
 * pleases. So views alone never name a line: a line to add is one that pages of the site's own ask for, and views say what it gains. A line to
 * drop is one that no page asks for.
 */

/** Images and days on which a page's variant must have been missed: one image may have had an accident, and so may one day. */
const IMAGES_MIN = 3;
const DAYS_MIN = 2;

export interface Evidence {
  config: Config;
  /** Canonical transforms that pages of the site's own ask for, of a reading of all its pages. */
  asked: ReadonlySet<string>;
  /** Whether all pages were read: without all of them no line can be dropped. */
  isWhole: boolean;
  /** Missed variants, by day. */
  missed: readonly { key: string; day: number; views: number }[];
  /** Hits by the end of their key, such as `640-high.webp`. */
  hits: readonly { name: string; views: number }[];
  /** Whether the image exists, as far as is known. */
  isKnown(id: string): boolean;
}

export interface LearnedLine {
  /** Such as `pages.widths: add 960`. */
  line: string;
  /** Views of the window that would have had their variant, and the images and days of them. */
  views: number;
  images: number;
  days: number;
  /** Jobs that each upload would take more. */
  jobsPerUpload: number;
}

export interface DroppedLine extends Unused {
  /** Views of the window that these variants answered, whoever asked. */
  views: number;
}

export interface Learned {
  add: LearnedLine[];
  drop: DroppedLine[];
  /** The recipe `upload` of now, and of the lines' making. */
  before: readonly string[];
  after: readonly string[];
  /** `pages` of the lines' making; null where the recipe is written by hand. */
  pages: Config["pages"] | null;
  /** Jobs of an upload, at most. */
  jobs: { before: number; after: number };
}

export function learnLines(evidence: Evidence): Learned {
  const { config, asked, isWhole } = evidence;
  const before = recipesOf(config).upload;
  const made = variantsOf(before, config);
  const add = linesToAdd(evidence, made);
  const drop = isWhole ? withViews(unusedOf(asked, "upload", config), evidence) : [];
  const grown = add.reduce((pages, { change }) => change(pages), config.pages);
  const isOfPages = before.join() === uploadRecipe(config).join();
  const needed = isWhole ? withoutUnused(asked, { ...config, pages: grown }) : grown;
  const pages = isOfPages ? needed : null;
  const after = pages === null ? before : uploadRecipe({ ...config, pages });
  const jobs = { before: made.size, after: variantsOf(after, config).size };
  return { add: add.map(({ change: _, ...line }) => line), drop, before, after, pages, jobs };
}

type Growing = LearnedLine & { change(pages: Config["pages"]): Config["pages"] };

function linesToAdd({ config, asked, missed, isKnown }: Evidence, made: ReadonlySet<string>): Growing[] {
  const fixOf = createFixer("upload", config);
  const lines = new Map<string, Growing & { seen: { images: Set<string>; days: Set<number> } }>();
  for (const { key, day, views } of missed) {
    const parsed = parseVariantKey(key);
    if (parsed === null || !isKnown(parsed.id)) continue;
    const name = formatTransform(parsed.transform);
    if (made.has(name) || !asked.has(name)) continue;
    const { line, jobsPerUpload, change } = fixOf(parsed.transform, null);
    if (change === null) continue;
    const known = lines.get(line) ?? {
      line,
      jobsPerUpload,
      change,
      views: 0,
      images: 0,
      days: 0,
      seen: { images: new Set(), days: new Set() },
    };
    lines.set(line, known);
    known.views += views;
    known.seen.images.add(parsed.id);
    known.seen.days.add(day);
  }
  return [...lines.values()]
    .map(({ seen, ...line }) => ({ ...line, images: seen.images.size, days: seen.days.size }))
    .filter(({ images, days }) => images >= IMAGES_MIN && days >= DAYS_MIN)
    .toSorted((a, b) => b.views - a.views || (a.line < b.line ? -1 : 1));
}

function withViews(unused: readonly Unused[], { config, hits }: Evidence): DroppedLine[] {
  const byTransform = new Map<string, number>();
  for (const { name, views } of hits) {
    const transform = parseVariantName(name);
    if (transform === null) continue;
    const canonical = formatTransform(transform);
    byTransform.set(canonical, (byTransform.get(canonical) ?? 0) + views);
  }
  return unused.map((line) => {
    const variants = expandTransforms(line.spec, config).filter(({ format }) => line.formats.includes(format));
    return { ...line, views: variants.reduce((sum, one) => sum + (byTransform.get(formatTransform(one)) ?? 0), 0) };
  });
}
