// `npm run cost [-- flags]`: dollars per million for each path, and a site's monthly bill beside those of other services. All at list
// prices (packages/shared/src/cost/prices.ts). Flags: --images --variants (what an upload makes: 22 by default) --sizes (among them) --new-images
// --views --variant-kb --original-kb --cache (share of views that a cache answers) --asked (share of variants requested within a month)
// --logs (share of events kept) --ittybit ($ per 1,000 jobs).
import { parseArgs } from "node:util";
import { listUsd, MOST_USD, PATHS } from "../packages/shared/src/cost/operations.ts";
import { PRICES } from "../packages/shared/src/cost/prices.ts";
import { CLOUDFLARE_IMAGES, CLOUDINARY, IMGIX, VERCEL } from "./cost/prices.ts";
import type { Site } from "./cost/services.ts";
import { billTable, changesTable, EXAMPLE, pathTable } from "./cost/tables.ts";

const FLAGS = {
  images: "images",
  variants: "variantsPerImage",
  sizes: "sizesPerImage",
  "new-images": "newImagesPerMonth",
  views: "viewsPerMonth",
  "variant-kb": "variantKb",
  "original-kb": "originalKb",
  cache: "cacheShare",
  centres: "centres",
  asked: "askedShare",
  logs: "logs",
  ittybit: "ittybitPer1000",
} as const satisfies Record<string, keyof Site>;
const SHARES: readonly string[] = ["cache", "asked", "logs"];

function readSite(args: string[]): Site {
  const options = Object.fromEntries(Object.keys(FLAGS).map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ args: args.filter((argument) => argument !== "--"), options });
  const site = { ...EXAMPLE };
  for (const [flag, field] of Object.entries(FLAGS)) {
    if (values[flag] === undefined) continue;
    const given = Number(values[flag]);
    const most = SHARES.includes(flag) ? 1 : Number.POSITIVE_INFINITY;
    if (!(given >= 0 && given <= most)) throw new Error(`--${flag} is a number from 0${most === 1 ? " to 1" : ""}`);
    site[field] = given;
  }
  return site;
}

function sources(): string {
  const cloudflare = Object.values(PRICES).map(({ source, read }) => `- ${source} (${read})`);
  const others = [CLOUDFLARE_IMAGES, VERCEL, CLOUDINARY, IMGIX].map(({ source, read }) => `- ${source} (${read})`);
  return [...new Set([...cloudflare, ...others])].join("\n");
}

const site = readSite(process.argv.slice(2));
const [images, views] = [site.images.toLocaleString("en"), site.viewsPerMonth.toLocaleString("en")];
console.log(
  `List prices, ${site.logs * 100} % of events logged, Ittybit's own fee not in it.\n\n${pathTable(site.logs)}\n\n${changesTable()}\n`,
);
console.log(
  `${images} images × ${site.variantsPerImage}, ${site.newImagesPerMonth.toLocaleString("en")} new ones and ${views} views a month of ` +
    `${site.variantKb} kB; what plans include is taken off.\n\n${billTable(site)}\n\nPrices read at:\n${sources()}`,
);

for (const [name, most] of Object.entries(MOST_USD)) {
  const usd = listUsd(PATHS[name as keyof typeof MOST_USD].operations, EXAMPLE.logs) * 1e6;
  console.log(
    `\n${name}: $${usd.toFixed(2)} a million, of at most $${most.toFixed(2)}${usd <= most ? "" : ": TOO MUCH"}`,
  );
  if (usd > most) process.exitCode = 1;
}
