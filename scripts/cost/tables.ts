import { defineConfig } from "../../packages/shared/src/config.ts";
import { EXAMPLE_LIBRARY, madeBy, unitBills } from "../../packages/shared/src/cost/month.ts";
import { entries, keptShare, listUsd, PATHS } from "../../packages/shared/src/cost/operations.ts";
import { PRICES } from "../../packages/shared/src/cost/prices.ts";
import { bills, firstYear, type Recipe, type Site } from "./services.ts";

/** What is asked for is that of `npm run bench -- replay`. */
export const EXAMPLE: Site = { ...EXAMPLE_LIBRARY, askedVariants: 13.5, askedSizes: 6.8 };

/** The default recipe, and beside it the one that makes every format of `f=auto` at each width. */
export const RECIPES: [own: Recipe, all: Recipe] = [recipeOf({}, ""), recipeOf({ make: "all" }, ' (`make: "all"`)')];

function recipeOf(pages: { make?: "all" }, setting: string): Recipe {
  const made = madeBy(defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], pages }));
  return { name: `Prewarm, ${made.variants} variants an upload${setting}`, ...made };
}

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

/** A site's first year and a month after it, the cheapest way first. */
export function yearTable(site: Site, recipe: Recipe): string {
  const lines = bills(site, [recipe])
    .toSorted((a, b) => firstYear(a) - firstYear(b))
    .map((bill) => {
      const name = bill.name === recipe.name ? `**${bill.name}**` : bill.name;
      return `| ${name} | $${usd(firstYear(bill))} | $${usd(bill.later)} |`;
    });
  return ["| way | first year | then a month |", "|---|--:|--:|", ...lines].join("\n");
}

/** 1,000 uploads, and a site's months and first year, with each recipe and at each other service. */
export function billTable(site: Site, recipes: readonly Recipe[]): string {
  const lines = bills(site, recipes).map((bill) => {
    const { name, uploads, first, later, of } = bill;
    return `| ${name} | ${uploads.toFixed(2)} | ${[first, later, firstYear(bill)].map(usd).join(" | ")} | ${of} |`;
  });
  return [
    "| way | $ for 1,000 uploads | $ first month | $ each later month | $ first year | |",
    "|---|--:|--:|--:|--:|---|",
    ...lines,
  ].join("\n");
}

/** Cloudflare's part of the first month by the units that are billed; the plan's own price, and what it includes whole, are not in it. */
export function monthTable(site: Site, recipe: Recipe): string {
  const number = (count: number): string =>
    (count < 1_000 ? Number(count.toPrecision(3)) : Math.round(count)).toLocaleString("en");
  const lines = unitBills(site, recipe, site.images)
    .filter(({ billed }) => billed > 0)
    .map(
      ({ unit, used, included, billed, usd: dollars }) =>
        `| ${unit} | ${[used, included, billed].map(number).join(" | ")} | ${usd(dollars)} |`,
    );
  return ["| unit | used | included | billed | $ |", "|---|--:|--:|--:|--:|", ...lines].join("\n");
}
