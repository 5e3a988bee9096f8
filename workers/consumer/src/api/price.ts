import type { Config } from "@prewarm/shared/config";

/** What so many jobs cost, in the currency of the configuration. Null: no price is set. */
export function priceOf(jobs: number, { ittybitPer1000Jobs }: Config["prices"]): number | null {
  return ittybitPer1000Jobs === null ? null : (jobs * ittybitPer1000Jobs) / 1000;
}
