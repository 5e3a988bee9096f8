/*
 * The prices of other services that docs/cost.md compares with, in US dollars at list, with where each stands and when it was read.
 * Cloudflare's own are in packages/shared/src/cost/prices.ts.
 */

/** A monthly plan with credits, and what one more costs where that is published. */
interface CreditPlan {
  name: string;
  usd: number;
  credits: number;
  extraUsd: number | null;
}

export const CLOUDFLARE_IMAGES = {
  transformUsd: 0.5 / 1_000,
  included: 5_000,
  /** By URL and, since 2026-07-01, by the binding: the formats of a size are one transform. */
  source: "developers.cloudflare.com/images/pricing; changelog/images/2026-07-01",
  read: "2026-12",
};

type Ends = [lowest: number, highest: number];
const ends = (lowest: number, highest: number): Ends => [lowest, highest];

/** Two prices are the ends of the regional ones. */
export const VERCEL = {
  planUsd: 20,
  transformUsd: ends(0.05 / 1_000, 0.0812 / 1_000),
  transformsIncluded: 10_000,
  readUnitUsd: ends(0.4 / 1e6, 0.64 / 1e6),
  readUnitsIncluded: 600_000,
  writeUnitUsd: ends(4 / 1e6, 6.4 / 1e6),
  writeUnitsIncluded: 200_000,
  /** A unit of the shared cache, in kB. */
  unitKb: 8,
  trafficGbUsd: 0.15,
  trafficGbIncluded: 1_000,
  source: "vercel.com/docs/pricing/image-optimization; traffic: not confirmed, as quoted by others",
  read: "2026-12",
};

export const CLOUDINARY = {
  /** One credit is any one of these. */
  transformsPerCredit: 1_000,
  storageGbPerCredit: 1,
  trafficGbPerCredit: 1,
  plans: [
    { name: "Plus", usd: 99, credits: 225, extraUsd: null },
    { name: "Advanced", usd: 249, credits: 600, extraUsd: null },
    { name: "Advanced Extra", usd: 549, credits: 1_350, extraUsd: null },
  ] satisfies CreditPlan[],
  source: "cloudinary.com/pricing: plans not confirmed, as quoted by others (2026-05)",
  read: "2026-12",
};

export const IMGIX = {
  transformsPerCredit: 500,
  storageGbPerCredit: 0.5,
  trafficGbPerCredit: 1,
  plans: [
    { name: "Starter", usd: 25, credits: 100, extraUsd: 0.25 },
    { name: "Basic", usd: 75, credits: 375, extraUsd: 0.2 },
    { name: "Midrange", usd: 150, credits: 830, extraUsd: 0.18 },
    { name: "Growth", usd: 300, credits: 1_875, extraUsd: 0.16 },
    { name: "Growth Plus", usd: 500, credits: 3_570, extraUsd: 0.12 },
  ] satisfies CreditPlan[],
  source: "imgix.com/pricing-faq; plans not confirmed, as quoted by others (2026-05)",
  read: "2026-12",
};

/** Servers of one's own, with nothing that is paid by the image. */
export const IMGPROXY = {
  /** A server of 2 vCPUs and 4 GB with 4 TB of traffic, a month. */
  serverUsd: 24,
  /** AVIF pictures of 512 pixels that 2 vCPUs make in a second. */
  avifPerSecond: 17,
  /** One may fail. */
  leastServers: 2,
  source:
    "server: DigitalOcean's list, not confirmed, as quoted by others; speed: docs.imagor.net/benchmarks (2026-05)",
  read: "2026-12",
};

/**
 * The cheapest way to so many credits a month: a plan with what it lacks bought one by one; beyond all plans where no such price is
 * published, the largest plan's own price a credit.
 */
export function creditsUsd(plans: readonly CreditPlan[], credits: number): number {
  const ways = plans.map(({ usd, credits: held, extraUsd }) => {
    if (credits <= held) return usd;
    return extraUsd === null ? (usd / held) * credits : usd + (credits - held) * extraUsd;
  });
  const largest = Math.max(...plans.map(({ credits: held }) => held));
  // A plan without a price for more cannot be stretched while a larger one is to be had.
  const open = plans.map(
    ({ credits: held, extraUsd }) => extraUsd !== null || credits <= held || (held === largest && credits > largest),
  );
  return Math.min(...ways.filter((_, at) => open[at]));
}
