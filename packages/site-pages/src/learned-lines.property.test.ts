import { type Config, defineConfig } from "@prewarm/shared/config";
import { expandTransforms, formatTransform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { variantKey, variantName } from "@prewarm/shared/variant-key";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Evidence, learnLines } from "./learned-lines.ts";
import { variantsOf } from "./page-fixes.ts";

/*
 * A drawn log: images by Zipf, three templates with widths of their own, and strangers who ask for any rung of the ladder, of real images and of
 * made-up ones, every day. The oracle knows the templates.
 */

const IMAGES = 300;
const DAYS = 5;
const VIEWS = 12_000;
const RUNGS = [320, 384, 400, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1440, 1600, 1920, 2048];
const FORMATS = ["avif", "webp", "jpeg"] as const;

/** Mulberry32: the same seed is the same log. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function zipf(random: () => number): number {
  const total = Math.log(IMAGES + 1);
  return Math.min(IMAGES - 1, Math.floor(Math.exp(random() * total)) - 1);
}

const configOf = (widths: readonly number[]) =>
  defineConfig({
    sources: [{ prefix: "", url: "https://o.example/{id}" }],
    pages: { widths: widths.toSorted((a, b) => a - b), make: "all" },
  }) as Config;

const made = (config: Config) => variantsOf(recipesOf(config).upload, config);
const transformOf = (width: number, format: string, config: Config) => {
  const [transform] = expandTransforms(`w=${width}&f=${format}`, config);
  if (transform === undefined) throw new Error("no transform");
  return transform;
};

interface Drawn {
  config: Config;
  evidence: Evidence;
  /** Views of the pages' visitors by transform. */
  visitors: Map<string, number>;
  oracle: Config;
}

function draw({
  seed,
  share,
  own,
  templates,
}: {
  seed: number;
  share: number;
  own: number[];
  templates: number[][];
}): Drawn {
  const random = chance(seed);
  const config = configOf(own);
  const stored = made(config);
  const missed = new Map<string, { key: string; day: number; views: number }>();
  const hits = new Map<string, number>();
  const visitors = new Map<string, number>();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  for (let view = 0; view < VIEWS; view += 1) {
    const isStranger = random() < share;
    const image = isStranger ? Math.floor(random() * IMAGES * 2) : zipf(random);
    const widths = isStranger ? RUNGS : (templates[image % templates.length] ?? []);
    const transform = transformOf(pick(widths), pick(FORMATS), config);
    const name = formatTransform(transform);
    if (!isStranger) visitors.set(name, (visitors.get(name) ?? 0) + 1);
    const day = Math.floor((view / VIEWS) * DAYS);
    const key = variantKey(`image-${image}`, transform);
    if (stored.has(name)) hits.set(variantName(transform), (hits.get(variantName(transform)) ?? 0) + 1);
    else missed.set(`${day} ${key}`, { key, day, views: (missed.get(`${day} ${key}`)?.views ?? 0) + 1 });
  }
  const all = [...new Set(templates.flat())];
  const oracle = configOf(all);
  const asked = new Set(
    all.flatMap((width) => FORMATS.map((format) => formatTransform(transformOf(width, format, config)))),
  );
  return {
    config,
    visitors,
    oracle,
    evidence: {
      config,
      asked,
      isWhole: true,
      missed: [...missed.values()],
      hits: [...hits].map(([name, views]) => ({ name, views })),
      isKnown: (id) => Number(id.slice("image-".length)) < IMAGES,
    },
  };
}

const hitsOf = (visitors: ReadonlyMap<string, number>, recipe: ReadonlySet<string>): number =>
  [...visitors].reduce((sum, [name, views]) => sum + (recipe.has(name) ? views : 0), 0);

const widths = fc.uniqueArray(fc.constantFrom(...RUNGS), { minLength: 1, maxLength: 7 });

it("the learned recipe has 99 % of the oracle's hits and no more jobs, and no line of a stranger's", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      widths,
      fc.array(widths, { minLength: 3, maxLength: 3 }),
      (seed, share, own, templates) => {
        const { config, evidence, visitors, oracle } = draw({ seed, share, own, templates });
        const learned = learnLines(evidence);
        const recipe = variantsOf(learned.after, config);
        expect(hitsOf(visitors, recipe)).toBeGreaterThanOrEqual(0.99 * hitsOf(visitors, made(oracle)));
        expect(recipe.size).toBeLessThanOrEqual(made(oracle).size);
        const lines = learned.add.map(({ line }) => Number(/add (\d+)/.exec(line)?.[1]));
        expect(lines.filter((width) => !templates.flat().includes(width))).toEqual([]);
        expect(learned.jobs).toEqual({ before: made(config).size, after: recipe.size });
      },
    ),
    { numRuns: Number(process.env.LEARNED_RUNS ?? 25), seed: 33 },
  );
}, 600_000);
