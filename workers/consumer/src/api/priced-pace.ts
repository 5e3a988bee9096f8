import type { Pace } from "@prewarm/control-schema/pace";
import type { Config } from "@prewarm/shared/config";
import type { LedgerPace } from "../ledger/calls.ts";

/** A pace with its price. */
export function pricedPace(pace: LedgerPace, budget: Config["budget"]): Pace {
  return { ...pace, amountLeft: priceOf(pace.jobsLeft, budget) };
}

/** What so many jobs cost, in the currency of the configuration. Null: no price is set. */
export function priceOf(jobs: number, { per1000Jobs }: Config["budget"]): number | null {
  return per1000Jobs === null ? null : (jobs * per1000Jobs) / 1000;
}
