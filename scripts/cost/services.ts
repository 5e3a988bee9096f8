import { billedUsd, type Operations, PATHS, sum, times } from "../../packages/shared/src/cost/operations.ts";
import { PLAN_USD } from "../../packages/shared/src/cost/prices.ts";
import { CLOUDFLARE_IMAGES, CLOUDINARY, creditsUsd, IMGIX, ITTYBIT_EXAMPLE, VERCEL } from "./prices.ts";

/** A library and its traffic. */
export interface Site {
  images: number;
  variantsPerImage: number;
  /** Sizes among the variants: Cloudflare Images bills all formats of a size as one. */
  sizesPerImage: number;
  newImagesPerMonth: number;
  viewsPerMonth: number;
  /** Of a variant, kB. */
  variantKb: number;
  /** Of an original, kB: services that keep originals bill them. */
  originalKb: number;
  /** Share of views that a data centre's cache answers. */
  cacheShare: number;
  /** Data centres that have views all day. */
  centres: number;
  /** Share of the variants that are requested within a month: services that make a variant at its first view bill no others. */
  askedShare: number;
  /** Share of events kept in the logs. */
  logs: number;
  /** Ittybit's own fee for 1,000 jobs, $. Its list does not say what an image costs. */
  ittybitPer1000: number;
}

/** Dollars in the month in which the library is made, and in each later one. */
export interface Bill {
  name: string;
  first: number;
  later: number;
  of: string;
}

const gb = (kb: number): number => kb / 1e6;

/** What views, and the variants that are kept, cost at Cloudflare. */
function kept(site: Site, share: number): Operations {
  return sum(
    times(PATHS.hit.operations, site.viewsPerMonth * site.cacheShare),
    times(PATHS.storeHit.operations, site.viewsPerMonth * (1 - site.cacheShare)),
    { r2GbMonth: gb(site.images * site.variantsPerImage * share * site.variantKb) },
  );
}

/** A data centre reads the changes object about twice a minute. */
export function changesReads(centres: number): number {
  return centres * 2 * 60 * 24 * 30;
}

function prewarm(site: Site): Bill {
  const month = (images: number): number => {
    const made = images * site.variantsPerImage;
    // Open rows and the ledger's own tables: a year's traffic stays below 1 GB (year.test.ts).
    const own = { objectGbMonth: 1, r2B: changesReads(site.centres) };
    const operations = sum(times(PATHS.bulk.operations, made), kept(site, 1), own);
    return PLAN_USD + billedUsd(operations, site.logs) + (made / 1_000) * site.ittybitPer1000;
  };
  const [first, later] = [month(site.images), month(site.newImagesPerMonth)];
  if (site.ittybitPer1000 === 0)
    return { name: "Prewarm without Ittybit's fee", first, later, of: "--ittybit adds it" };
  return {
    name: `Prewarm, Ittybit at $${site.ittybitPer1000} per 1,000 jobs`,
    first,
    later,
    of: "Ittybit's fee included",
  };
}

/** A Worker of your own, which calls the binding once for each size and keeps the results in R2. */
function imagesBinding(site: Site): Bill {
  const month = (images: number): number => {
    const puts = { r2A: images * site.variantsPerImage * site.askedShare };
    const operations = sum(kept(site, site.askedShare), puts);
    return PLAN_USD + billedUsd(operations, site.logs) + transformsUsd(images * site.sizesPerImage);
  };
  const of = "your own Worker; formats of a size billed as one";
  return { name: "Images binding and R2", first: month(site.images), later: month(site.newImagesPerMonth), of };
}

const transformsUsd = (transforms: number): number =>
  Math.max(0, transforms - CLOUDFLARE_IMAGES.included) * CLOUDFLARE_IMAGES.transformUsd;

/** Unique transforms of 30 days: what is asked for again next month is paid for again. */
function cloudflareImages(site: Site): Bill {
  const usd = transformsUsd(site.images * site.sizesPerImage);
  return { name: "Cloudflare Images", first: usd, later: usd, of: "unique transforms of each month" };
}

/** Made anew when its cache entry ends, at most 31 days on. */
function vercel(site: Site, end: 0 | 1): Bill {
  const units = Math.ceil(site.variantKb / VERCEL.unitKb);
  const transforms = site.images * site.variantsPerImage * site.askedShare;
  const reads = site.viewsPerMonth * (1 - site.cacheShare) * units;
  const usd =
    VERCEL.planUsd +
    Math.max(0, transforms - VERCEL.transformsIncluded) * VERCEL.transformUsd[end] +
    Math.max(0, transforms * units - VERCEL.writeUnitsIncluded) * VERCEL.writeUnitUsd[end] +
    Math.max(0, reads - VERCEL.readUnitsIncluded) * VERCEL.readUnitUsd[end] +
    Math.max(0, gb(site.viewsPerMonth * site.variantKb) - VERCEL.trafficGbIncluded) * VERCEL.trafficGbUsd;
  const of = "transforms, cache and traffic, without edge requests";
  return { name: `Vercel, ${end === 0 ? "cheapest" : "dearest"} region`, first: usd, later: usd, of };
}

function byCredits(site: Site, name: string, service: typeof CLOUDINARY | typeof IMGIX, storedKb: number): Bill {
  const traffic = gb(site.viewsPerMonth * site.variantKb) / service.trafficGbPerCredit;
  const storage = gb(site.images * storedKb) / service.storageGbPerCredit;
  const month = (images: number): number => {
    const transforms = (images * site.variantsPerImage * site.askedShare) / service.transformsPerCredit;
    return creditsUsd(service.plans, traffic + storage + transforms);
  };
  const of = `${Math.round(traffic)} credits of traffic, ${Math.round(storage)} of storage`;
  return { name, first: month(site.images), later: month(site.newImagesPerMonth), of };
}

/** The same site at each service, at list prices. */
export function bills(site: Site): Bill[] {
  const derivedKb = site.variantsPerImage * site.askedShare * site.variantKb;
  return [
    prewarm(site),
    ...(site.ittybitPer1000 === 0 ? [prewarm({ ...site, ittybitPer1000: ITTYBIT_EXAMPLE.usdPer1000Jobs })] : []),
    imagesBinding(site),
    cloudflareImages(site),
    vercel(site, 0),
    vercel(site, 1),
    byCredits(site, "Cloudinary", CLOUDINARY, site.originalKb + derivedKb),
    byCredits(site, "imgix", IMGIX, derivedKb),
  ];
}
