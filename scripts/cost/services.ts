import { keptOperations, type Library, type Made, monthBill } from "../../packages/shared/src/cost/month.ts";
import { billedUsd, listUsd, type Operations, PATHS, sum } from "../../packages/shared/src/cost/operations.ts";
import { PLAN_USD, PRICES } from "../../packages/shared/src/cost/prices.ts";
import { CLOUDFLARE_IMAGES, CLOUDINARY, creditsUsd, IMGIX, IMGPROXY, VERCEL } from "./prices.ts";

/** A library, and what other services make and bill of it. */
export interface Site extends Library {
  /** Variants of an image that are asked for within a month, and their sizes whatever the format. */
  askedVariants: number;
  askedSizes: number;
}

export interface Recipe extends Made {
  name: string;
}

/** Dollars for making the variants of 1,000 uploads, in the month in which the library is made, and in each later one. */
export interface Bill {
  name: string;
  uploads: number;
  first: number;
  later: number;
  of: string;
}

/** The month in which the library is made, and eleven later ones. */
export const firstYear = ({ first, later }: Bill): number => first + 11 * later;

const gb = (kb: number): number => kb / 1e6;
const MONTH_S = 30 * 86_400;
/** The busiest second of a month, beside the average one. Assumed. */
export const PEAK = 5;
const UPLOADS = 1_000;

function prewarm(site: Site, recipe: Recipe): Bill {
  const { logs, ittybitPer1000 } = site;
  const first = monthBill(site, recipe, site.images);
  return {
    name: recipe.name,
    uploads: UPLOADS * recipe.variants * (listUsd(PATHS.upload.operations, logs) + ittybitPer1000 / 1_000),
    first: first.total,
    later: monthBill(site, recipe, site.newImagesPerMonth).total,
    of: `Ittybit at $${ittybitPer1000} per 1,000 jobs: $${Math.round(first.fee).toLocaleString("en")} of the first month`,
  };
}

/** A Worker of your own, which calls the binding once for each size and keeps the results in R2. */
function imagesBinding(site: Site): Bill {
  const puts = (images: number): Operations => ({ r2A: images * site.askedVariants });
  const month = (images: number): number => {
    const operations = sum(keptOperations(site, site.askedVariants), puts(images));
    return PLAN_USD + billedUsd(operations, site.logs) + transformsUsd(images * site.askedSizes);
  };
  return {
    name: "Worker, Images binding and R2",
    uploads: UPLOADS * (site.askedSizes * CLOUDFLARE_IMAGES.transformUsd + site.askedVariants * PRICES.r2A.usd),
    first: month(site.images),
    later: month(site.newImagesPerMonth),
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
    uploads: UPLOADS * site.askedVariants * each,
    first: usd,
    later: usd,
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

/** Views a second, on average, that no data centre's cache answers. */
export const missedPerSecond = (site: Site): number => (site.viewsPerMonth * (1 - site.cacheShare)) / MONTH_S;

/** Behind a CDN's free plan. It keeps no result, so each view that the CDN's cache does not answer is made anew. */
function imgproxy(site: Site): Bill {
  const servers = Math.max(IMGPROXY.leastServers, Math.ceil((PEAK * missedPerSecond(site)) / IMGPROXY.avifPerSecond));
  const usd = servers * IMGPROXY.serverUsd;
  const of = `${servers} servers at $${IMGPROXY.serverUsd}, behind a CDN's free plan; what the CDN lacks is made anew`;
  return { name: "imgproxy on your servers", uploads: 0, first: usd, later: usd, of };
}

/** The same site with each recipe of Prewarm's and at each other service, at list prices. */
export function bills(site: Site, recipes: readonly Recipe[]): Bill[] {
  const derivedKb = site.askedVariants * site.variantKb;
  return [
    ...recipes.map((recipe) => prewarm(site, recipe)),
    imagesBinding(site),
    imgproxy(site),
    cloudflareImages(site),
    vercel(site, 0),
    vercel(site, 1),
    byCredits(site, "Cloudinary", CLOUDINARY, site.originalKb + derivedKb),
    byCredits(site, "imgix", IMGIX, derivedKb),
  ];
}
