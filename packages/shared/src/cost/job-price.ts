import type { Config } from "../config.ts";

/** What so many jobs cost, in the currency of the configuration. Null: no price is set. */
export function priceOf(jobs: number, { per1000Jobs }: Config["budget"]): number | null {
  return per1000Jobs === null ? null : (jobs * per1000Jobs) / 1000;
}
