import type { Pace } from "@prewarm/control-schema/pace";
import type { Config } from "@prewarm/shared/config";
import type { LedgerPace } from "../ledger/contract.ts";

/** A pace with its price. */
export function pricedPace(pace: LedgerPace, prices: Config["prices"]): Pace {
  return { ...pace, amountLeft: priceOf(pace.jobsLeft, prices) };
}

/** What so many jobs cost, in the currency of the configuration. Null: no price is set. */
export function priceOf(jobs: number, { ittybitPer1000Jobs }: Config["prices"]): number | null {
  return ittybitPer1000Jobs === null ? null : (jobs * ittybitPer1000Jobs) / 1000;
}
