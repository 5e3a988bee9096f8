import { entries, keptShare, listUsd, PATHS, SHIPPED_LOGS } from "../../packages/shared/src/cost/operations.ts";
import { PRICES } from "../../packages/shared/src/cost/prices.ts";
import { bills, type Site } from "./services.ts";

/** What docs/scale.md reckons with. */
export const EXAMPLE: Site = {
  ...{ images: 100_000, variantsPerImage: 6, newImagesPerMonth: 2_000, viewsPerMonth: 50_000_000, variantKb: 30 },
  ...{ originalKb: 1_500, cacheShare: 0.64, askedShare: 1, logs: SHIPPED_LOGS, ittybitPer1000: 0 },
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

/** A site's month at each service. */
export function billTable(site: Site): string {
  const lines = bills(site).map(({ name, first, later, of }) => `| ${name} | ${usd(first)} | ${usd(later)} | ${of} |`);
  return ["| service | $ first month | $ each later month | |", "|---|--:|--:|---|", ...lines].join("\n");
}
