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
  /** Units that are billed together, the last lot whole; 0: each by itself. */
  lot: number;
  source: string;
  /** Month it was read. */
  read: string;
}

const CLOUDFLARE = "developers.cloudflare.com";

export const PLAN_USD = 5;

/** Pages of developers.cloudflare.com. R2's and Durable Objects' say that usage is rounded up to the next unit that has a price. */
const WORKERS = "workers/platform/pricing";
const R2 = "r2/pricing";
const OBJECTS = "durable-objects/platform/pricing";
/** From 2026-12-01. As others quote it: the page itself was not read. */
const LOGS = "observability/pricing (as quoted by others, 2026-11)";
// Cloudflare's list has no price of spans.
const SPANS = "workers/observability/traces (assumed as logs)";

const MILLION = 1e6;

/** Cloudflare, Workers Paid. */
export const PRICES = {
  request: price("Worker request", 0.3 / MILLION, 10e6, WORKERS),
  cpuMs: price("ms of CPU", 0.02 / MILLION, 30e6, WORKERS),
  logBytes: price("byte of logs", 0.25 / 1e9, 50e9, LOGS),
  logGbMonth: price("GB-month of logs", 0.1, 10, LOGS),
  spanBytes: price("byte of spans", 0.25 / 1e9, 0, SPANS),
  spanGbMonth: price("GB-month of spans", 0.1, 0, SPANS),
  queueOperation: price("queue operation", 0.4 / MILLION, 1e6, "queues/platform/pricing"),
  r2A: price("R2 write or list", 4.5 / MILLION, 1e6, R2, MILLION),
  r2B: price("R2 read or head", 0.36 / MILLION, 10e6, R2, MILLION),
  r2GbMonth: price("GB-month in R2", 0.015, 10, R2, 1),
  objectRequest: price("Durable Object request", 0.15 / MILLION, 1e6, OBJECTS, MILLION),
  objectGbS: price("GB-s of the object", 12.5 / MILLION, 400_000, OBJECTS, MILLION),
  objectGbMonth: price("GB-month of the ledger", 0.2, 5, OBJECTS, 1),
  rowWritten: price("row written", 1 / MILLION, 50e6, OBJECTS, MILLION),
  rowRead: price("row read", 0.001 / MILLION, 25e9, OBJECTS, MILLION),
  dataPoint: price("point counted", 0.25 / MILLION, 10e6, "analytics/analytics-engine/pricing (not billed yet)"),
} satisfies Record<string, Price>;

function price(per: string, usd: number, included: number, page: string, lot = 0): Price {
  return { usd, per, included, lot, source: `${CLOUDFLARE}/${page}`, read: "2026-11" };
}

export type Unit = keyof typeof PRICES;
