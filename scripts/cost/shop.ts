import { defineConfig, type UserConfig } from "../../packages/shared/src/config.ts";
import { variantsPerImage, warmingJobs } from "../../packages/shared/src/cost/outlook.ts";
import { GATE_AUTO } from "../../packages/shared/src/limits.ts";
import { bills, type Site } from "./services.ts";
import { EXAMPLE } from "./tables.ts";

/** The library of docs/cost.md, one picture a product. */
const SHOP: Site = { ...EXAMPLE, images: 400_000, newImagesPerMonth: 8_000, viewsPerMonth: 30_000_000 };
const DAY_S = 86_400;

const SETTINGS: readonly (readonly [name: string, settings: Partial<UserConfig>])[] = [
  ["the defaults", {}],
  ['`pages: { make: "all" }`', { pages: { make: "all" } }],
  ['`formats: ["webp", "jpeg"]`', { formats: ["webp", "jpeg"] }],
  ["`pages: { widths: [480, 828, 1440] }`", { pages: { widths: [480, 828, 1440] } }],
];

/** What the library takes under some settings: jobs, months of the default budget, days at the gate's first rate, dollars. */
export function shopTable(): string {
  const rows = SETTINGS.map(([name, settings]) => {
    const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], ...settings });
    const variants = variantsPerImage(config, "upload");
    const budget = warmingJobs(config) ?? Number.POSITIVE_INFINITY;
    const jobs = SHOP.images * variants;
    const [bill] = bills(SHOP, [{ name, variants, byViews: 0 }]);
    const cells = [
      ...[variants, jobs, Math.floor(budget / variants), Math.ceil(jobs / budget)],
      ...[
        (jobs / GATE_AUTO.ratePerSecond.start / DAY_S).toFixed(1),
        `$${Math.round(bill?.first ?? 0).toLocaleString("en")}`,
      ],
    ];
    return `| ${name} | ${cells.map((cell) => cell.toLocaleString("en")).join(" | ")} |`;
  });
  return [
    `| setting | variants per picture | jobs | pictures per month in the default budget | months in the default budget | days at the first rate | first month with Ittybit at $${SHOP.ittybitPer1000} per 1,000 jobs |`,
    "|---|--:|--:|--:|--:|--:|--:|",
    ...rows,
  ].join("\n");
}
