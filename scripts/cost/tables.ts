import { defineConfig } from "../../packages/shared/src/config.ts";
import { entries, keptShare, listUsd, PATHS, SHIPPED_LOGS } from "../../packages/shared/src/cost/operations.ts";
import { variantsPerImage } from "../../packages/shared/src/cost/outlook.ts";
import { PRICES } from "../../packages/shared/src/cost/prices.ts";
import { bills, changesReads, type Site } from "./services.ts";

const DEFAULT_SITE = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });

/**
 * What README and docs/scale.md reckon with. `askedShare` and `cacheShare` are a model's: Zipf 1.0, so many views a month of 600,000 variants,
 * equal data centres, copies of 30 days, and nothing leaves a cache before its time.
 */
export const EXAMPLE: Site = {
  ...{ variantsPerImage: variantsPerImage(DEFAULT_SITE, "upload"), sizesPerImage: DEFAULT_SITE.pages.widths.length },
  ...{ images: 100_000, newImagesPerMonth: 2_000, viewsPerMonth: 50_000_000, variantKb: 30 },
  ...{ originalKb: 1_500, cacheShare: 0.87, askedShare: 0.54, centres: 20, logs: SHIPPED_LOGS, ittybitPer1000: 0 },
};

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

/** A site's month at each service. */
export function billTable(site: Site): string {
  const lines = bills(site).map(({ name, first, later, of }) => `| ${name} | ${usd(first)} | ${usd(later)} | ${of} |`);
  return ["| service | $ first month | $ each later month | |", "|---|--:|--:|---|", ...lines].join("\n");
}

/** The same for README: a column for each service, and a row for each kind of month. */
export function priceTable(site: Site): string {
  const services = bills(site);
  const row = (label: string, values: readonly string[]): string => `| ${[label, ...values].join(" | ")} |`;
  const { images, variantsPerImage, viewsPerMonth } = site;
  const library = `${images.toLocaleString("en")} images of ${variantsPerImage} variants`;
  const names = services.map(({ name }) => name);
  const first = services.map((service) => `$${usd(service.first)}`);
  const later = services.map((service) => `$${usd(service.later)}`);
  return [
    row(`${library}, ${viewsPerMonth / 1e6} M views a month`, names),
    `|---|${"--:|".repeat(services.length)}`,
    row("first month", first),
    row("each later month", later),
  ].join("\n");
}
