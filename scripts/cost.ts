// `npm run cost [-- flags]`: dollars per million for each path, and a site's monthly bill beside those of other services. All at list
// prices (scripts/cost/prices.ts). Flags: --images --variants --new-images --views --variant-kb --original-kb --cache (share of views
// that a cache answers) --asked (share of variants asked for in a month) --logs (share of events kept) --ittybit ($ per 1,000 jobs).
import { parseArgs } from "node:util";
import { entries, listUsd, PATHS } from "./cost/operations.ts";
import { CLOUDFLARE_IMAGES, CLOUDINARY, IMGIX, PRICES, VERCEL } from "./cost/prices.ts";
import { bills, type Site } from "./cost/services.ts";

const DEFAULTS = {
  ...{ images: "100000", variants: "6", "new-images": "2000", views: "50000000", "variant-kb": "30" },
  ...{ "original-kb": "1500", cache: "0.64", asked: "1", logs: "0.01", ittybit: "0" },
};

type Flag = keyof typeof DEFAULTS;

function readSite(args: string[]): Site {
  const options = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: args.filter((argument) => argument !== "--"), options });
  const number = (flag: Flag, most = Number.POSITIVE_INFINITY): number => {
    const given = Number(values[flag] ?? DEFAULTS[flag]);
    if (!(given >= 0 && given <= most)) throw new Error(`--${flag} is a number from 0${most === 1 ? " to 1" : ""}`);
    return given;
  };
  return {
    ...{ images: number("images"), variantsPerImage: number("variants"), newImagesPerMonth: number("new-images") },
    ...{ viewsPerMonth: number("views"), variantKb: number("variant-kb"), originalKb: number("original-kb") },
    ...{ cacheShare: number("cache", 1), askedShare: number("asked", 1), logs: number("logs", 1) },
    ittybitPer1000: number("ittybit"),
  };
}

const usd = (dollars: number): string => (dollars < 10 ? dollars.toFixed(2) : Math.round(dollars).toLocaleString("en"));

function pathTable(logs: number): string {
  const lines = Object.values(PATHS).map(({ name, one, operations, counted }) => {
    const parts = entries(operations)
      .map(([unit, count]) => ({ unit, cost: count * PRICES[unit].usd * 1e6 * (unit === "logBytes" ? logs : 1) }))
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

function billTable(site: Site): string {
  const lines = bills(site).map(({ name, first, later, of }) => `| ${name} | ${usd(first)} | ${usd(later)} | ${of} |`);
  return ["| service | $ first month | $ each later month | |", "|---|--:|--:|---|", ...lines].join("\n");
}

function sources(): string {
  const cloudflare = Object.values(PRICES).map(({ source, read }) => `- ${source} (${read})`);
  const others = [CLOUDFLARE_IMAGES, VERCEL, CLOUDINARY, IMGIX].map(({ source, read }) => `- ${source} (${read})`);
  return [...new Set([...cloudflare, ...others])].join("\n");
}

const site = readSite(process.argv.slice(2));
const [images, views] = [site.images.toLocaleString("en"), site.viewsPerMonth.toLocaleString("en")];
console.log(
  `List prices, ${site.logs * 100} % of events logged, Ittybit's own fee not in it.\n\n${pathTable(site.logs)}\n`,
);
console.log(
  `${images} images × ${site.variantsPerImage}, ${site.newImagesPerMonth.toLocaleString("en")} new ones and ${views} views a month of ` +
    `${site.variantKb} kB; what plans include is taken off.\n\n${billTable(site)}\n\nPrices read at:\n${sources()}`,
);
