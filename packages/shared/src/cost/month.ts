import type { Config } from "../config.ts";
import {
  billedUnits,
  billedUsd,
  bulk,
  entries,
  keptShare,
  type Operations,
  PATHS,
  SHIPPED_LOGS,
  sum,
  times,
} from "./operations.ts";
import { variantsPerImage } from "./outlook.ts";
import { PLAN_USD, PRICES } from "./prices.ts";

/** A library and its traffic. */
export interface Library {
  images: number;
  newImagesPerMonth: number;
  viewsPerMonth: number;
  /** Of a variant, kB. */
  variantKb: number;
  /** Of an original, kB. */
  originalKb: number;
  /** Share of views that a data centre's cache answers. */
  cacheShare: number;
  /** Data centres that have views all day. */
  centres: number;
  /** Share of events kept in the logs. */
  logs: number;
  /** Ittybit's fee for 1,000 jobs, $. */
  ittybitPer1000: number;
}

/** What Prewarm makes of an image. */
export interface Made {
  /** At its upload. */
  variants: number;
  /** That views order within its first month. */
  byViews: number;
}

/**
 * What README, docs/cost.md and `prewarm costs --estimate` reckon with. `cacheShare` is a model's: Zipf 1.0, so many views a month of 600,000
 * variants, equal data centres, copies of 30 days, and nothing leaves a cache before its time. Ittybit's fee is an example, not a price: $1
 * buys 1,000 credits in an older copy of the list, and no page says how many of them an image job takes.
 */
export const EXAMPLE_LIBRARY: Library = {
  images: 100_000,
  newImagesPerMonth: 2_000,
  viewsPerMonth: 50_000_000,
  variantKb: 30,
  originalKb: 1_500,
  cacheShare: 0.87,
  centres: 20,
  logs: SHIPPED_LOGS,
  ittybitPer1000: 1,
};

/** Variants of an image that views order within a month of the example where uploads do not make each format at each width. */
export const ORDERED_BY_VIEWS = 0.8;

/** What a configuration's uploads and views make of an image. For a sound configuration. */
export function madeBy(config: Config): Made {
  const whole = { ...config, pages: { ...config.pages, make: "all" as const } };
  const [own, all] = [variantsPerImage(config, "upload"), variantsPerImage(whole, "upload")];
  return { variants: own, byViews: own === all ? 0 : ORDERED_BY_VIEWS };
}

const gb = (kb: number): number => kb / 1e6;

/** What views, and so many variants of each image that are kept, cost at Cloudflare in a month. */
export function keptOperations(library: Library, variants: number): Operations {
  return sum(
    times(PATHS.hit.operations, library.viewsPerMonth * library.cacheShare),
    times(PATHS.storeHit.operations, library.viewsPerMonth * (1 - library.cacheShare)),
    { r2GbMonth: gb(library.images * variants * library.variantKb) },
  );
}

/** A data centre reads the changes object about twice a minute. Reads a month. */
export function changesReads(centres: number): number {
  return centres * 2 * 60 * 24 * 30;
}

/** What Prewarm uses of Cloudflare in a month with so many new images. */
export function monthOperations(library: Library, { variants, byViews }: Made, images: number): Operations {
  return sum(
    times(bulk(variants), images * variants),
    times(PATHS.live.operations, images * byViews),
    keptOperations(library, variants + byViews),
    // An original is kept for a day for its jobs. Open rows and the ledger's own tables: a year's traffic stays below 1 GB (year.test.ts).
    { r2GbMonth: gb(images * library.originalKb) / 30, objectGbMonth: 1, r2B: changesReads(library.centres) },
  );
}

/** A month's bill in US dollars at list prices; what the plan includes is taken off. */
export interface MonthBill {
  /** Cloudflare's plan, and what is beyond it. */
  plan: number;
  cloudflare: number;
  /** Ittybit's fee. */
  fee: number;
  total: number;
}

/** The bill of a month with so many new images. */
export function monthBill(library: Library, made: Made, images: number): MonthBill {
  const cloudflare = billedUsd(monthOperations(library, made, images), library.logs);
  const fee = ((images * (made.variants + made.byViews)) / 1_000) * library.ittybitPer1000;
  return { plan: PLAN_USD, cloudflare, fee, total: PLAN_USD + cloudflare + fee };
}

/** A unit of Cloudflare's in a month. */
export interface UnitBill {
  /** `R2 write`. */
  unit: string;
  used: number;
  included: number;
  billed: number;
  usd: number;
}

/** Cloudflare's part of that bill unit by unit, the dearest first; the plan's own price is not in it. */
export function unitBills(library: Library, made: Made, images: number): UnitBill[] {
  return entries(monthOperations(library, made, images))
    .map(([unit, count]) => {
      const { per, usd, included } = PRICES[unit];
      const billed = billedUnits(unit, count, library.logs);
      return { unit: per, used: count * keptShare(unit, library.logs), included, billed, usd: billed * usd };
    })
    .toSorted((a, b) => b.usd - a.usd);
}
