/*
 * Cloudflare's prices, in US dollars at list, with where each stands and when it was read. Prices move: look before you believe a sum, and
 * change them here only. scripts/cost/prices.ts has those of other services.
 */

/** Dollars for one `per`. */
export interface Price {
  usd: number;
  /** What one unit is. */
  per: string;
  /** Units that the plan includes each month. */
  included: number;
  source: string;
  /** Month it was read. */
  read: string;
}

const CLOUDFLARE = "developers.cloudflare.com";

export const PLAN_USD = 5;

/** Cloudflare, Workers Paid. */
export const PRICES = {
  request: price(0.3 / 1e6, "Worker request", 10e6, `${CLOUDFLARE}/workers/platform/pricing`),
  cpuMs: price(0.02 / 1e6, "ms of CPU", 30e6, `${CLOUDFLARE}/workers/platform/pricing`),
  logBytes: price(0.25 / 1e9, "byte of logs", 50e9, `${CLOUDFLARE}/workers/observability/logs (from 2026-12-01)`),
  // Cloudflare's list has no price of spans: assumed to be that of logs.
  spanBytes: price(0.25 / 1e9, "byte of spans", 0, `${CLOUDFLARE}/workers/observability/traces (assumed as logs)`),
  queueOperation: price(0.4 / 1e6, "queue operation", 1e6, `${CLOUDFLARE}/queues/platform/pricing`),
  r2A: price(4.5 / 1e6, "R2 write or list", 1e6, `${CLOUDFLARE}/r2/pricing`),
  r2B: price(0.36 / 1e6, "R2 read or head", 10e6, `${CLOUDFLARE}/r2/pricing`),
  r2GbMonth: price(0.015, "GB-month in R2", 10, `${CLOUDFLARE}/r2/pricing`),
  objectRequest: price(0.15 / 1e6, "Durable Object request", 1e6, `${CLOUDFLARE}/durable-objects/platform/pricing`),
  objectGbS: price(12.5 / 1e6, "GB-s of the object", 400_000, `${CLOUDFLARE}/durable-objects/platform/pricing`),
  objectGbMonth: price(0.2, "GB-month of the ledger", 5, `${CLOUDFLARE}/durable-objects/platform/pricing`),
  rowWritten: price(1 / 1e6, "row written", 50e6, `${CLOUDFLARE}/durable-objects/platform/pricing`),
  dataPoint: price(
    0.25 / 1e6,
    "point counted",
    10e6,
    `${CLOUDFLARE}/analytics/analytics-engine/pricing (not billed yet)`,
  ),
  rowRead: price(0.001 / 1e6, "row read", 25e9, `${CLOUDFLARE}/durable-objects/platform/pricing`),
} satisfies Record<string, Price>;

function price(usd: number, per: string, included: number, source: string): Price {
  return { usd, per, included, source, read: "2026-11" };
}

export type Unit = keyof typeof PRICES;
