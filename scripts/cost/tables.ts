import { type Config, defineConfig } from "../../packages/shared/src/config.ts";
import {
  billedUnits,
  entries,
  keptShare,
  listUsd,
  PATHS,
  SHIPPED_LOGS,
} from "../../packages/shared/src/cost/operations.ts";
import { variantsPerImage } from "../../packages/shared/src/cost/outlook.ts";
import { PRICES } from "../../packages/shared/src/cost/prices.ts";
import { ITTYBIT_EXAMPLE } from "./prices.ts";
import { bills, changesReads, operationsOf, type Recipe, type Site } from "./services.ts";

const DEFAULT_SITE = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });

/**
 * What README and docs/cost.md reckon with. What is asked for is that of `npm run bench -- replay`. `cacheShare` is a model's: Zipf 1.0, so
 * many views a month of 600,000 variants, equal data centres, copies of 30 days, and nothing leaves a cache before its time.
 */
export const EXAMPLE: Site = {
  ...{ images: 100_000, newImagesPerMonth: 2_000, viewsPerMonth: 50_000_000, variantKb: 30, originalKb: 1_500 },
  ...{ cacheShare: 0.87, centres: 20, askedVariants: 13.5, askedSizes: 6.8 },
  ...{ logs: SHIPPED_LOGS, ittybitPer1000: ITTYBIT_EXAMPLE.usdPer1000Jobs },
};

/** Variants of an image that views order within a month of `EXAMPLE` where uploads do not make each format at each width. */
export const ORDERED_BY_VIEWS = 0.8;

/** The configuration's own recipe, and beside it the one that makes every format of `f=auto` at each width. */
export function recipesFor(config: Config): [own: Recipe, ...all: Recipe[]] {
  const whole = { ...config, pages: { ...config.pages, make: "all" as const } };
  const [own, all] = [config, whole].map((each) => variantsPerImage(each, "upload")) as [number, number];
  const prewarm = (variants: number, setting: string): string => `Prewarm, ${variants} variants an upload${setting}`;
  const every = { name: prewarm(all, ' (`make: "all"`)'), variants: all, byViews: 0 };
  return own === all ? [every] : [{ name: prewarm(own, ""), variants: own, byViews: ORDERED_BY_VIEWS }, every];
}

export const RECIPES = recipesFor(DEFAULT_SITE);

const usd = (dollars: number): string => (dollars < 10 ? dollars.toFixed(2) : Math.round(dollars).toLocaleString("en"));

/** Dollars per million for each path, at list prices. */
export function pathTable(logs: number): string {
  const lines = Object.values(PATHS).map(({ name, one, operations, counted }) => {
    const parts = entries(operations)
      .map(([unit, count]) => ({ unit, cost: count * PRICES[unit].usd * 1e6 * keptShare(unit, logs) }))
      .sort((a, b) => b.cost - a.cost)
      .filter(({ cost }) => cost >= 0.005)
      .map(({ unit, cost }) => `${PRICES[unit].per} ${cost.toFixed(2)}`);
    return `| ${name} | ${(listUsd(operations, logs) * 1e6).toFixed(2)} | ${one} | ${parts.join(" · ")} | ${counted} |`;
  });
  return [
    "| path | $ per million | one is a | made of, $ per million | counted |",
    "|---|--:|---|---|---|",
    ...lines,
  ].join("\n");
}

/** What it costs a month that edges know of changes, by the number of data centres that have views all day. */
export function changesTable(): string {
  const lines = [1, EXAMPLE.centres, 100].map((centres) => {
    const reads = changesReads(centres);
    return `| ${centres} | ${reads.toLocaleString("en")} | ${usd(listUsd({ r2B: reads }, 0))} |`;
  });
  return ["| data centres with views all day | reads of R2 a month | $ a month |", "|--:|--:|--:|", ...lines].join(
    "\n",
  );
}

/** 1,000 uploads, and a site's month, with each recipe and at each other service. */
export function billTable(site: Site, recipes: readonly Recipe[]): string {
  const lines = bills(site, recipes).map(
    ({ name, uploads, first, later, of }) =>
      `| ${name} | ${uploads.toFixed(2)} | ${usd(first)} | ${usd(later)} | ${of} |`,
  );
  return [
    "| service | $ for 1,000 uploads | $ first month | $ each later month | |",
    "|---|--:|--:|--:|---|",
    ...lines,
  ].join("\n");
}

/** Cloudflare's part of the first month, unit by unit; the plan's own price is not in it. */
export function monthTable(site: Site, recipe: Recipe): string {
  const { logs, images } = site;
  const number = (count: number): string =>
    (count < 1_000 ? Number(count.toPrecision(3)) : Math.round(count)).toLocaleString("en");
  const lines = entries(operationsOf(site, recipe, images))
    .map(([unit, count]) => ({
      ...PRICES[unit],
      used: count * keptShare(unit, logs),
      billed: billedUnits(unit, count, logs),
    }))
    .toSorted((a, b) => b.billed * b.usd - a.billed * a.usd)
    .map(
      ({ per, used, included, billed, usd: each }) =>
        `| ${per} | ${[used, included, billed].map(number).join(" | ")} | ${usd(billed * each)} |`,
    );
  return ["| unit | used | included | billed | $ |", "|---|--:|--:|--:|--:|", ...lines].join("\n");
}
