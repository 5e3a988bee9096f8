import { autoChoices } from "./accept.ts";
import type { Config, HookConfig } from "./config.ts";
import { deployHosts } from "./deploy.ts";
import { bucketFaults } from "./deploy-schema.ts";
import { AppError } from "./errors.ts";
import type { Fault } from "./schema-parts.ts";
import { ownRouteFaults } from "./source-schema.ts";
import { DEFAULT_FORMAT, DEFAULT_QUALITY, expandTransforms } from "./transform.ts";
import { cropSizes, recipesOf } from "./upload-recipe.ts";

/* What one setting of prewarm.config.ts demands of another. Rules about one setting alone stand beside it in the schemas. */

/** A rule about settings whose shapes are right. */
interface Relation {
  /** It runs only when nothing is wrong within these. */
  needs: readonly (keyof Config)[];
  /** The collection whose entries it judges one by one, so that one broken entry hides nothing of the others. Paths begin at the entry. */
  each?: Collection;
  /** `name` is the entry's key or index. `edgeHosts` are hosts of the edge that the configuration does not name. */
  faults(config: Config, name: string | number, edgeHosts: readonly string[]): Fault[];
}

/** Settings whose entries are judged each by itself. */
export const COLLECTIONS = ["sources", "presets", "recipes", "hooks", "noise"] as const satisfies (keyof Config)[];
export type Collection = (typeof COLLECTIONS)[number];

/** What transforms are read by. */
const GRID = ["pages", "formats", "access"] as const satisfies (keyof Config)[];

export const RELATIONS: readonly Relation[] = [
  { needs: ["deploy"], each: "sources", faults: ownRoute },
  { needs: ["deploy", "sources"], faults: ({ deploy, sources }) => bucketFaults(deploy, sources) },
  { needs: GRID, faults: pageFaults },
  { needs: GRID, each: "presets", faults: presetFaults },
  { needs: [...GRID, "presets"], each: "recipes", faults: recipeFaults },
  { needs: ["recipes", "pages"], each: "hooks", faults: hookFaults },
];

function ownRoute({ sources, deploy }: Config, index: string | number, edgeHosts: readonly string[]): Fault[] {
  const source = sources[Number(index)];
  return source === undefined ? [] : ownRouteFaults(source, [...edgeHosts, ...deployHosts(deploy)]);
}

/** A URL of a page must need no signature, and no browser asks for what `f=auto` does not become. */
function pageFaults(config: Config): Fault[] {
  const { formats, pages, ladder } = config;
  const auto = autoChoices(config);
  const unasked = pages.make === "all" ? [] : pages.make.filter((format) => !auto.includes(format));
  const tall = pages.ratios.filter((ratio) => cropSizes(pages.widths, ratio, ladder).length === 0);
  return [
    ...closedFormats(config).map((format) => ({
      path: ["pages", "formats"],
      mend: `${format} is not in formats: add it there or write another`,
    })),
    ...unasked.map((format) => ({
      path: ["pages", "make"],
      mend: formats.includes(format)
        ? `f=auto never becomes ${format}: write it in pages.formats`
        : `${format} is not in formats: add it there or leave it out here`,
    })),
    ...tall.map((ratio) => ({
      path: ["pages", "ratios", pages.ratios.indexOf(ratio)],
      mend: `its height passes ${ladder.at(-1)} px at every width of pages: leave it out`,
    })),
  ];
}

/** Formats that pages ask for and that no unsigned URL may have. */
function closedFormats({ formats, pages }: Config): string[] {
  return pages.formats.filter((format) => format !== "auto" && !formats.includes(format));
}

function presetFaults(config: Config, name: string | number): Fault[] {
  const spec = config.presets[name] ?? "";
  if (new URLSearchParams(spec).has("p")) return [{ path: [], mend: "a preset is written out: leave p out" }];
  return specMends(spec, config).map((mend) => ({ path: [], mend }));
}

/** `upload` is judged too where the site does not write it. */
function recipeFaults(config: Config, name: string | number): Fault[] {
  const specs = recipesOf(config)[name] ?? [];
  const faults = specs.flatMap((spec, index) =>
    isJudgedElsewhere(spec, config) ? [] : specMends(spec, config).map((mend) => ({ path: [index], mend })),
  );
  if (faults.length > 0 || specs.some((spec) => isJudgedElsewhere(spec, config) || isFoundByDefault(spec, config)))
    return faults;
  const rung = config.ladder.find((width) => width >= 800) ?? config.ladder[0];
  const mend = `no plain image URL finds what it warms: add a default one, such as w=${rung}&f=${DEFAULT_FORMAT}, or a preset`;
  return [{ path: [], mend }];
}

/** Whether the faults of a member are reported at `presets` or `pages`: by default `pages` writes the recipe `upload`. */
function isJudgedElsewhere(spec: string, config: Config): boolean {
  if (Object.keys(config.presets).some((preset) => spec === `p=${preset}`)) return true;
  return closedFormats(config).some((format) => new URLSearchParams(spec).get("f") === format);
}

/** Whether a URL that names nothing but a width, or `f=auto` beside it, or a preset, resolves to a member. */
function isFoundByDefault(spec: string, config: Config): boolean {
  const query = new URLSearchParams(spec);
  if (query.has("p") || query.get("f") === "auto") return true;
  return expandTransforms(spec, config).some(
    ({ height, quality, format }) => height === null && quality === DEFAULT_QUALITY && format === DEFAULT_FORMAT,
  );
}

function specMends(spec: string, config: Config): string[] {
  try {
    expandTransforms(spec, config);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { allowed } = error.details;
    return [`${error.message}${Array.isArray(allowed) ? ` Allowed: ${allowed.join(", ")}.` : ""}`];
  }
}

function hookFaults(config: Config, name: string | number): Fault[] {
  const { recipe = "upload" }: Partial<HookConfig> = config.hooks[name] ?? {};
  const recipes = recipesOf(config);
  if (Object.hasOwn(recipes, recipe)) return [];
  const mend = `there is no recipe "${recipe}"; there are ${Object.keys(recipes).join(", ") || "none"}`;
  return [{ path: ["recipe"], mend }];
}
