import type { Outlook } from "@prewarm/shared/cost/outlook";
import { formatCount, formatSeconds } from "../terminal/progress.ts";

/** Pairs of a name and a text, for a table. */
export function formatOutlook(outlook: Outlook): [name: string, text: string][] {
  return [
    ["Ittybit", formatFee(outlook)],
    ["Cloudflare", `about $${formatUsd(outlook.cloudflareUsd)} at list prices, storage apart`],
    ["time", formatTime(outlook)],
    ["budget", formatBudget(outlook)],
    ["change it by", "formats and pages (fewer jobs), budget.month (more a month), gate.ratePerSecond (faster)"],
  ];
}

function formatFee({ ittybit, per1000Jobs }: Outlook): string {
  return ittybit === null
    ? "unknown: set budget.per1000Jobs in prewarm.config.ts"
    : `${formatUsd(ittybit)} (${per1000Jobs} per 1,000 jobs)`;
}

function formatTime({ seconds, perSecond, ahead, months }: Outlook): string {
  if (seconds === null) return "unknown";
  const before = ahead === 0 ? "" : `, ${formatCount(ahead)} jobs before it`;
  const bound = months === 1 ? "" : ", if the budget allowed it";
  return `${formatSeconds(seconds)} at ${Number(perSecond?.toFixed(1))}/s${before}${bound}`;
}

function formatBudget({ jobs, left, thisMonth, months }: Outlook): string {
  if (left === null) return "no limit (budget.month): a mistake may cost any amount";
  const has = `${formatCount(left)} jobs of uploads and bulk are left this month`;
  if (months === 1) return `${has}, enough`;
  const when = months === null ? "the rest is never sent" : `the last is sent in month ${formatCount(months)}`;
  return `${has}: ${formatCount(thisMonth)} of ${formatCount(jobs)} jobs, and ${when}`;
}

/** What a hook's pictures take of the budget. `left`: jobs; null: no limit. */
export function formatPerImage(hook: string, jobsPerImage: number, left: number | null): string {
  const each = `The hook ${hook} makes ${formatCount(jobsPerImage)} jobs of a new picture`;
  if (left === null) return `${each}; the budget has no limit.`;
  const pictures = formatCount(Math.floor(left / jobsPerImage));
  return `${each}; the ${formatCount(left)} jobs left this month are ${pictures} pictures.`;
}

/** Two digits that say something: $62, $0.0004. */
export function formatUsd(amount: number): string {
  return amount >= 10 ? formatCount(Math.round(amount)) : String(Number(amount.toPrecision(2)));
}
