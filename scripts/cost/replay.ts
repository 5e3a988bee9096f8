import { madeFormats } from "../../packages/shared/src/accept.ts";
import { type Config, defineConfig, type Format, QUALITIES } from "../../packages/shared/src/config.ts";
import { samePicture } from "../../packages/shared/src/same-picture.ts";
import { expandTransforms, parseTransform, type Transform } from "../../packages/shared/src/transform.ts";
import { recipesOf } from "../../packages/shared/src/upload-recipe.ts";
import { variantName } from "../../packages/shared/src/variant-key.ts";
import { createChance } from "../../test/world/chance.ts";
import { type Ask, asksOf, CRAWLERS_SHARE, ORIGINALS, type Size } from "./asked.ts";

/*
 * A month of views, drawn by a seed, of a library that upload recipes have warmed. The product's own functions say what is made, what is
 * asked for and what is the same picture.
 */

const SITE = { sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] };

/** What pages ask for. */
const PAGES = defineConfig(SITE);

/** The recipes that are replayed. Null is an oracle, which makes what will be asked for. */
export const RECIPES: Readonly<Record<string, Config | null>> = {
  eleven: PAGES,
  all: defineConfig({ ...SITE, pages: { make: "all" } }),
  oracle: null,
};

/** kB of a picture of 640 px in `high`: the mean of dev/samples from the local Ittybit. Bytes grow as width^(5/3), as those of the samples do. */
const KB_AT_640: Record<Format, number> = { avif: 22, webp: 33, jpeg: 47, png: 300 };

/** What a recipe comes to in the month. */
export interface Outcome {
  name: string;
  /** Ittybit jobs an image: of its upload, and of the views that order a variant. */
  uploadJobs: number;
  viewJobs: number;
  /** In R2 at the end of the month. */
  gb: number;
  /** Shares of the views. A cold one is neither a hit nor answered for good by a stand-in. */
  cold: number;
  standIns: number;
  /** Share of the upload's jobs whose variant answers no view. */
  unseen: number;
  /** Sizes an image that were asked for, whatever the format. */
  sizes: number;
}

/** A library, and the views of a month. */
interface Month {
  /** Of the library, in the order of their popularity (Zipf's law, exponent 1). */
  images: number;
  views: number;
  seed: number;
}

/* ── What is stored ── */

/** Every variant that is made or asked for, the narrowest first: an image's mask has a bit for each. */
class Variants {
  readonly #all: readonly Transform[];

  constructor(all: readonly Transform[]) {
    const each = new Map(all.map((transform) => [variantName(transform), transform]));
    this.#all = [...each.values()].toSorted((a, b) => (a.width ?? 0) - (b.width ?? 0));
    if (this.#all.length > 31) throw new Error("a mask has no bit for so many variants");
  }

  mask(fits: (transform: Transform) => boolean): number {
    return this.#all.reduce((mask, each, place) => (fits(each) ? mask | (1 << place) : mask), 0);
  }

  maskOf(some: readonly Transform[]): number {
    const names = new Set(some.map(variantName));
    return this.mask((each) => names.has(variantName(each)));
  }

  in(mask: number): Transform[] {
    return this.#all.filter((_, place) => (mask & (1 << place)) !== 0);
  }
}

function uploadOf(config: Config): Transform[] {
  return recipesOf(config).upload.flatMap((spec) => expandTransforms(spec, config));
}

/**
 * Which whole pictures answer an Ask for good where `f=auto` becomes a format that uploads do not make at each width: those that show all of what is
 * asked for, in at least its quality, in a format that the client shows.
 */
export function answersFor({ query, accept }: Ask, original: Size, config: Config): (each: Transform) => boolean {
  const { transform: asked, negotiated, orElse } = parseTransform(query, config, accept);
  if (!negotiated || asked.height !== null || madeFormats(config).includes(asked.format)) return () => false;
  return (each) =>
    each.height === null &&
    [asked.format, ...orElse].includes(each.format) &&
    shownWidth(each, original) >= shownWidth(asked, original) &&
    QUALITIES.indexOf(each.quality) >= QUALITIES.indexOf(asked.quality);
}

function shownWidth({ width }: Transform, original: Size): number {
  return Math.min(width ?? original.width, original.width);
}

function bytesOf(transform: Transform, original: Size): number {
  return 1_000 * KB_AT_640[transform.format] * (shownWidth(transform, original) / 640) ** (5 / 3);
}

/* ── The replay ── */

/** An original's size, and what is asked of it: the variant's bit for each Ask. */
interface Kind {
  original: Size;
  asks: Ask[];
  bits: number[];
  /** Draw indexes of asks. */
  browser: () => number;
  crawler: () => number;
}

/** A recipe's library. */
interface Shelf {
  name: string;
  config: Config | null;
  /** Masks by kind, and by kind and Ask. */
  upload: number[];
  answers: number[][];
  /** Masks by image. */
  stored: Int32Array;
  seen: Int32Array;
  /** Counts of views. */
  ordered: number;
  standIns: number;
}

/** Plays one month against every recipe: each gets the same views. */
export function replay(month: Month): Outcome[] {
  const { images, views, seed } = month;
  const { random } = createChance(seed);
  const { kinds, variants } = kindsOf(random);
  const kindOf = Uint8Array.from({ length: images }, drawer(shares(ORIGINALS), random));
  const shelves = Object.entries(RECIPES).map(([name, config]) => shelfOf(name, config, kinds, kindOf, variants));
  const popular = drawer(
    Array.from(kindOf, (_, image) => 1 / (image + 1)),
    random,
  );
  for (let view = 0; view < views; view += 1) {
    const byCrawler = random() < CRAWLERS_SHARE;
    const image = byCrawler ? Math.floor(random() * images) : popular();
    const at = kindOf[image] ?? 0;
    const kind = kinds[at] as Kind;
    const ask = byCrawler ? kind.crawler() : kind.browser();
    for (const shelf of shelves) answer(shelf, image, kind.bits[ask] ?? 0, shelf.answers[at]?.[ask] ?? 0);
  }
  return shelves.map((shelf) => outcomeOf(shelf, kinds, kindOf, variants, views));
}

function kindsOf(random: () => number): { kinds: Kind[]; variants: Variants } {
  const asked = ORIGINALS.map(([width]) => {
    const original = { width, height: Math.round((width * 2) / 3) };
    const asks = asksOf(original, PAGES);
    const wanted = asks.map(({ query, accept }) => {
      return samePicture(parseTransform(query, PAGES, accept).transform, original, PAGES);
    });
    return { original, asks, wanted };
  });
  const made = Object.values(RECIPES).flatMap((config) => (config === null ? [] : uploadOf(config)));
  const variants = new Variants([...made, ...asked.flatMap(({ wanted }) => wanted)]);
  const kinds = asked.map(({ original, asks, wanted }) => ({
    original,
    asks,
    bits: wanted.map((one) => variants.maskOf([one])),
    browser: drawer(
      asks.map(({ share, byCrawler }) => (byCrawler ? 0 : share)),
      random,
    ),
    crawler: drawer(
      asks.map(({ share, byCrawler }) => (byCrawler ? share : 0)),
      random,
    ),
  }));
  return { kinds, variants };
}

function shelfOf(
  name: string,
  config: Config | null,
  kinds: readonly Kind[],
  kindOf: Uint8Array,
  variants: Variants,
): Shelf {
  const made = config === null ? [] : uploadOf(config);
  // Nothing is enlarged: what has the same picture is a copy in R2, and no job.
  const upload = kinds.map(({ original }) => variants.maskOf(made.map((one) => samePicture(one, original, PAGES))));
  const answers = kinds.map(({ original, asks }) =>
    asks.map((ask) => (config === null ? 0 : variants.mask(answersFor(ask, original, config)))),
  );
  const stored = Int32Array.from(kindOf, (kind) => upload[kind] ?? 0);
  return { name, config, upload, answers, stored, seen: new Int32Array(kindOf.length), ordered: 0, standIns: 0 };
}

/** One view. `bit`: of the asked variant; `answers`: of those that answer in its stead for good. */
function answer(shelf: Shelf, image: number, bit: number, answers: number): void {
  const stored = shelf.stored[image] ?? 0;
  const seen = shelf.seen[image] ?? 0;
  const others = stored & answers;
  if ((stored & bit) !== 0) shelf.seen[image] = seen | bit;
  else if (others !== 0) {
    // The narrowest of them.
    shelf.seen[image] = seen | (others & -others);
    shelf.standIns += 1;
  } else {
    shelf.stored[image] = stored | bit;
    shelf.seen[image] = seen | bit;
    shelf.ordered += 1;
  }
}

function outcomeOf(shelf: Shelf, kinds: Kind[], kindOf: Uint8Array, variants: Variants, views: number): Outcome {
  const { name, config, upload, stored, seen, ordered, standIns } = shelf;
  const images = kindOf.length;
  let [jobs, unseen, bytes, sizes] = [0, 0, 0, 0];
  for (const [image, kind] of kindOf.entries()) {
    const { original } = kinds[kind] as Kind;
    const [made, shown] = [upload[kind] ?? 0, seen[image] ?? 0];
    jobs += variants.in(made).length;
    unseen += variants.in(made & ~shown).length;
    bytes += variants.in(stored[image] ?? 0).reduce((sum, each) => sum + bytesOf(each, original), 0);
    sizes += new Set(variants.in(shown).map(({ width }) => width)).size;
  }
  // What the oracle orders it has made at the upload.
  const byViews = config === null ? 0 : ordered;
  return {
    name,
    uploadJobs: (jobs + ordered - byViews) / images,
    viewJobs: byViews / images,
    gb: bytes / 1e9,
    cold: byViews / views,
    standIns: standIns / views,
    unseen: jobs === 0 ? 0 : unseen / jobs,
    sizes: sizes / images,
  };
}

function shares(list: readonly (readonly [unknown, number])[]): number[] {
  return list.map(([, share]) => share);
}

/** Draws indexes by their weights, each in constant time (Walker's alias method). */
function drawer(weights: readonly number[], random: () => number): () => number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const share = Float64Array.from(weights, (weight) => (weight / sum) * weights.length);
  const other = Int32Array.from(weights.keys());
  const at = (index: number): number => share[index] ?? 0;
  const small = [...share.keys()].filter((index) => at(index) < 1);
  const large = [...share.keys()].filter((index) => at(index) >= 1);
  while (small.length > 0 && large.length > 0) {
    const [low = 0, high = 0] = [small.pop(), large.pop()];
    other[low] = high;
    share[high] = at(high) + at(low) - 1;
    (at(high) < 1 ? small : large).push(high);
  }
  return () => {
    const drawn = random() * weights.length;
    const index = Math.floor(drawn);
    return drawn - index < at(index) ? index : (other[index] ?? index);
  };
}
