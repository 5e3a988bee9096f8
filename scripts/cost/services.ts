import {
  billedUsd,
  bulk,
  listUsd,
  type Operations,
  PATHS,
  sum,
  times,
} from "../../packages/shared/src/cost/operations.ts";
import { PLAN_USD, PRICES } from "../../packages/shared/src/cost/prices.ts";
import { CLOUDFLARE_IMAGES, CLOUDINARY, creditsUsd, IMGIX, VERCEL } from "./prices.ts";

/** A library and its traffic. */
export interface Site {
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
  /** Variants of an image that are asked for within a month, and their sizes whatever the format: what other services make and bill. */
  askedVariants: number;
  askedSizes: number;
  /** Share of events kept in the logs. */
  logs: number;
  /** Ittybit's fee for 1,000 jobs, $. */
  ittybitPer1000: number;
}

/** What Prewarm makes of an image. */
export interface Recipe {
  name: string;
  /** At its upload. */
  variants: number;
  /** That views order within its first month. */
  byViews: number;
}

/** Dollars for making the variants of 1,000 uploads, in the month in which the library is made, and in each later one. */
export interface Bill {
  name: string;
  uploads: number;
  first: number;
  later: number;
  of: string;
}

const gb = (kb: number): number => kb / 1e6;
const UPLOADS = 1_000;

/** What views, and the variants that are kept, cost at Cloudflare. */
function kept(site: Site, variants: number): Operations {
  return sum(
    times(PATHS.hit.operations, site.viewsPerMonth * site.cacheShare),
    times(PATHS.storeHit.operations, site.viewsPerMonth * (1 - site.cacheShare)),
    { r2GbMonth: gb(site.images * variants * site.variantKb) },
  );
}

/** A data centre reads the changes object about twice a minute. */
export function changesReads(centres: number): number {
  return centres * 2 * 60 * 24 * 30;
}

/** What Prewarm uses of Cloudflare in a month with so many new images. */
export function operationsOf(site: Site, { variants, byViews }: Recipe, images: number): Operations {
  return sum(
    times(bulk(variants), images * variants),
    times(PATHS.live.operations, images * byViews),
    kept(site, variants + byViews),
    // An original is kept for a day for its jobs. Open rows and the ledger's own tables: a year's traffic stays below 1 GB (year.test.ts).
    { r2GbMonth: gb(images * site.originalKb) / 30, objectGbMonth: 1, r2B: changesReads(site.centres) },
  );
}

function prewarm(site: Site, recipe: Recipe): Bill {
  const { logs, ittybitPer1000 } = site;
  const fee = (images: number): number => ((images * (recipe.variants + recipe.byViews)) / 1_000) * ittybitPer1000;
  const month = (images: number): number =>
    PLAN_USD + billedUsd(operationsOf(site, recipe, images), logs) + fee(images);
  return {
    name: recipe.name,
    uploads: UPLOADS * recipe.variants * (listUsd(PATHS.upload.operations, logs) + ittybitPer1000 / 1_000),
    ...{ first: month(site.images), later: month(site.newImagesPerMonth) },
    of: `Ittybit at $${ittybitPer1000} per 1,000 jobs: $${Math.round(fee(site.images)).toLocaleString("en")} of the first month`,
  };
}

/** A Worker of your own, which calls the binding once for each size and keeps the results in R2. */
function imagesBinding(site: Site): Bill {
  const puts = (images: number): Operations => ({ r2A: images * site.askedVariants });
  const month = (images: number): number => {
    const operations = sum(kept(site, site.askedVariants), puts(images));
    return PLAN_USD + billedUsd(operations, site.logs) + transformsUsd(images * site.askedSizes);
  };
  return {
    name: "Worker, Images binding and R2",
    uploads: UPLOADS * (site.askedSizes * CLOUDFLARE_IMAGES.transformUsd + site.askedVariants * PRICES.r2A.usd),
    ...{ first: month(site.images), later: month(site.newImagesPerMonth) },
    of: "your own code; the formats of a size are one transform",
  };
}

const transformsUsd = (transforms: number): number =>
  Math.max(0, transforms - CLOUDFLARE_IMAGES.included) * CLOUDFLARE_IMAGES.transformUsd;

/** Unique transforms of a month: what is asked for again next month is paid for again. */
function cloudflareImages(site: Site): Bill {
  const usd = transformsUsd(site.images * site.askedSizes);
  const uploads = UPLOADS * site.askedSizes * CLOUDFLARE_IMAGES.transformUsd;
  return { name: "Cloudflare Images by URL", uploads, first: usd, later: usd, of: "all of it again each month" };
}

/** Made anew when its cache entry ends, at most 31 days on. */
function vercel(site: Site, end: 0 | 1): Bill {
  const units = Math.ceil(site.variantKb / VERCEL.unitKb);
  const each = VERCEL.transformUsd[end] + units * VERCEL.writeUnitUsd[end];
  const transforms = site.images * site.askedVariants;
  const reads = site.viewsPerMonth * (1 - site.cacheShare) * units;
  const usd =
    VERCEL.planUsd +
    Math.max(0, transforms - VERCEL.transformsIncluded) * VERCEL.transformUsd[end] +
    Math.max(0, transforms * units - VERCEL.writeUnitsIncluded) * VERCEL.writeUnitUsd[end] +
    Math.max(0, reads - VERCEL.readUnitsIncluded) * VERCEL.readUnitUsd[end] +
    Math.max(0, gb(site.viewsPerMonth * site.variantKb) - VERCEL.trafficGbIncluded) * VERCEL.trafficGbUsd;
  return {
    name: `Vercel, ${end === 0 ? "cheapest" : "dearest"} region`,
    ...{ uploads: UPLOADS * site.askedVariants * each, first: usd, later: usd },
    of: "transforms, cache and traffic, without edge requests; again after 31 days",
  };
}

function byCredits(site: Site, name: string, service: typeof CLOUDINARY | typeof IMGIX, storedKb: number): Bill {
  const traffic = gb(site.viewsPerMonth * site.variantKb) / service.trafficGbPerCredit;
  const storage = gb(site.images * storedKb) / service.storageGbPerCredit;
  const transforms = (images: number): number => (images * site.askedVariants) / service.transformsPerCredit;
  const month = (images: number): number => creditsUsd(service.plans, traffic + storage + transforms(images));
  const first = month(site.images);
  // At what a credit comes to in the first month.
  const uploads = (transforms(UPLOADS) * first) / (traffic + storage + transforms(site.images));
  const of = `${Math.round(traffic)} credits of traffic, ${Math.round(storage)} of storage`;
  return { name, uploads, first, later: month(site.newImagesPerMonth), of };
}

/** The same site with each recipe of Prewarm's and at each other service, at list prices. */
export function bills(site: Site, recipes: readonly Recipe[]): Bill[] {
  const derivedKb = site.askedVariants * site.variantKb;
  return [
    ...recipes.map((recipe) => prewarm(site, recipe)),
    imagesBinding(site),
    cloudflareImages(site),
    vercel(site, 0),
    vercel(site, 1),
    byCredits(site, "Cloudinary", CLOUDINARY, site.originalKb + derivedKb),
    byCredits(site, "imgix", IMGIX, derivedKb),
  ];
}
