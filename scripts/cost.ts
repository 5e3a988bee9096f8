// `npm run cost [-- flags]`: dollars per million for each path, 1,000 uploads and a month of a site under the configured recipe
// (prewarm.config.ts) beside other services, and Cloudflare's part unit by unit. All at list prices
// (packages/shared/src/cost/prices.ts). Flags: --images --variants (what an upload makes; as configured by default) --new-images --views --variant-kb
// --original-kb --cache (share of views that a cache answers) --centres --asked --sizes (variants and sizes of an image that are
// asked for within a month) --logs (share of events kept) --ittybit ($ per 1,000 jobs; as configured by default, else an example).
import { parseArgs } from "node:util";
import { listUsd, MOST_USD, PATHS } from "../packages/shared/src/cost/operations.ts";
import { PRICES } from "../packages/shared/src/cost/prices.ts";
import config from "../prewarm.config.ts";
import { CLOUDFLARE_IMAGES, CLOUDINARY, IMGIX, VERCEL } from "./cost/prices.ts";
import type { Recipe, Site } from "./cost/services.ts";
import { billTable, changesTable, EXAMPLE, monthTable, pathTable, recipesFor } from "./cost/tables.ts";

const FLAGS = {
  images: "images",
  "new-images": "newImagesPerMonth",
  views: "viewsPerMonth",
  "variant-kb": "variantKb",
  "original-kb": "originalKb",
  cache: "cacheShare",
  centres: "centres",
  asked: "askedVariants",
  sizes: "askedSizes",
  logs: "logs",
  ittybit: "ittybitPer1000",
} as const satisfies Record<string, keyof Site>;
const SHARES: readonly string[] = ["cache", "logs"];

const options = Object.fromEntries(
  [...Object.keys(FLAGS), "variants"].map((name) => [name, { type: "string" as const }]),
);
const { values } = parseArgs({ args: process.argv.slice(2).filter((argument) => argument !== "--"), options });

function given(flag: string): number | null {
  if (values[flag] === undefined) return null;
  const value = Number(values[flag]);
  const most = SHARES.includes(flag) ? 1 : Number.POSITIVE_INFINITY;
  if (!(value >= 0 && value <= most)) throw new Error(`--${flag} is a number from 0${most === 1 ? " to 1" : ""}`);
  return value;
}

function readSite(): Site {
  const fee = config.budget.per1000Jobs ?? EXAMPLE.ittybitPer1000;
  const flags = Object.entries(FLAGS).map(([flag, field]) => [field, given(flag)] as const);
  return { ...EXAMPLE, ittybitPer1000: fee, ...Object.fromEntries(flags.filter(([, value]) => value !== null)) };
}

function readRecipes(): [Recipe, ...Recipe[]] {
  const variants = given("variants");
  return variants === null
    ? recipesFor(config)
    : [{ name: `Prewarm, ${variants} variants an upload`, variants, byViews: 0 }];
}

function sources(): string {
  const cloudflare = Object.values(PRICES).map(({ source, read }) => `- ${source} (${read})`);
  const others = [CLOUDFLARE_IMAGES, VERCEL, CLOUDINARY, IMGIX].map(({ source, read }) => `- ${source} (${read})`);
  return [...new Set([...cloudflare, ...others])].join("\n");
}

const [site, recipes] = [readSite(), readRecipes()];
const count = (n: number): string => n.toLocaleString("en");
const fee =
  config.budget.per1000Jobs === null && values.ittybit === undefined
    ? "an example: set budget.per1000Jobs in prewarm.config.ts"
    : "yours";
console.log(
  `${count(site.images)} images, ${count(site.newImagesPerMonth)} new ones and ${count(site.viewsPerMonth)} views a month of ` +
    `${site.variantKb} kB, at list prices; from the months what plans include is taken off. Ittybit at $${site.ittybitPer1000} per 1,000 jobs (${fee}).\n\n` +
    `${billTable(site, recipes)}\n`,
);
console.log(
  `Cloudflare's part of the first month, ${site.logs * 100} % of events logged:\n\n${monthTable(site, recipes[0])}\n`,
);
console.log(`Each path:\n\n${pathTable(site.logs)}\n\n${changesTable()}\n\nPrices read at:\n${sources()}`);

for (const [name, most] of Object.entries(MOST_USD)) {
  const usd = listUsd(PATHS[name as keyof typeof MOST_USD].operations, EXAMPLE.logs) * 1e6;
  console.log(
    `\n${name}: $${usd.toFixed(2)} a million, of at most $${most.toFixed(2)}${usd <= most ? "" : ": TOO MUCH"}`,
  );
  if (usd > most) process.exitCode = 1;
}
