import type { Config } from "../config.ts";
import { expandTransforms, formatTransform } from "../transform.ts";
import { recipesOf } from "../upload-recipe.ts";
import { listUsd, PATHS, SHIPPED_LOGS } from "./operations.ts";

/** What is known before the work. */
export interface BeforeWork {
  /** Paid jobs of the work. */
  jobs: number;
  /** Jobs that wait already. */
  ahead: number;
  /** Jobs of uploads and bulk that this month's budget still allows; null: no limit. */
  left: number | null;
  /** And that a whole month's budget allows. */
  perMonth: number | null;
  /** Jobs per second now; null: not known. */
  perSecond: number | null;
  /** Ittybit's fee (`budget.per1000Jobs`); null: not configured. */
  per1000Jobs: number | null;
}

/** Money, time and budget of work that has not begun. */
export interface Outlook extends BeforeWork {
  /** Ittybit's fee, in the unit of the configuration; null: no price is set. */
  ittybit: number | null;
  /** Cloudflare's list price, in US dollars, without what the plan includes and without storage. */
  cloudflareUsd: number;
  /** Until the last job has ended at the rate of now, without waiting for a budget; null: no rate is known. */
  seconds: number | null;
  /** Of the jobs, those that this month's budget allows after what waits already. */
  thisMonth: number;
  /** Calendar months until the last job is sent, this one included; null: the budget never allows it. */
  months: number | null;
}

/** The one answer to "what will it cost, and when is it done?". The command line, the pages and the agents' tools all ask here. */
export function outlookOf(before: BeforeWork): Outlook {
  const { jobs, ahead, left, perMonth, perSecond, per1000Jobs } = before;
  const all = ahead + jobs;
  const thisMonth = left === null ? jobs : Math.min(jobs, Math.max(0, left - ahead));
  const later = left === null ? 0 : Math.max(0, all - left);
  return {
    ...before,
    ittybit: per1000Jobs === null ? null : (jobs / 1000) * per1000Jobs,
    cloudflareUsd: warmingUsd(jobs),
    seconds: perSecond === null || perSecond === 0 ? null : all / perSecond,
    thisMonth,
    months: thisMonth === jobs ? 1 : monthsFor(later, perMonth),
  };
}

function monthsFor(later: number, perMonth: number | null): number | null {
  if (perMonth === null) return 1;
  return perMonth === 0 ? null : 1 + Math.ceil(later / perMonth);
}

/** Cloudflare's list price of warming so many variants, in US dollars. */
export function warmingUsd(variants: number): number {
  return variants * listUsd(PATHS.bulk.operations, SHIPPED_LOGS);
}

/** Jobs of a month's budget that uploads and bulk may use; null: no limit. */
export function warmingJobs({ budget: { month, shares } }: Pick<Config, "budget">): number | null {
  return month === null ? null : Math.floor(month * shares.warming);
}

/** Variants that a recipe makes of one picture: each is one job. For a sound configuration. */
export function variantsPerImage(config: Config, recipe: string): number {
  return variantsOf(recipesOf(config)[recipe] ?? [], config).size;
}

export function variantsOf(specs: readonly string[], config: Config): Set<string> {
  return new Set(specs.flatMap((spec) => expandTransforms(spec, config).map(formatTransform)));
}
