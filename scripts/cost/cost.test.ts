import { describe, expect, it } from "vitest";
import { defineConfig, type UserConfig } from "../../packages/shared/src/config.ts";
import { madeBy, ORDERED_BY_VIEWS } from "../../packages/shared/src/cost/month.ts";
import { billedUsd, bulk, listUsd, MOST_USD, PATHS, sum, times } from "../../packages/shared/src/cost/operations.ts";
import { PRICES } from "../../packages/shared/src/cost/prices.ts";
import { CLOUDINARY, creditsUsd, IMGIX } from "./prices.ts";
import { bills, firstYear, type Recipe, type Site } from "./services.ts";
import { EXAMPLE, pathTable, RECIPES } from "./tables.ts";

const SITE: Site = {
  images: 100_000,
  newImagesPerMonth: 0,
  viewsPerMonth: 50e6,
  variantKb: 30,
  originalKb: 1_000,
  cacheShare: 0.5,
  centres: 20,
  askedVariants: 6,
  askedSizes: 6,
  logs: 0,
  ittybitPer1000: 0,
};
const SIX: Recipe = { name: "Prewarm", variants: 6, byViews: 0 };

function bill(name: string, site: Partial<Site> = {}, recipe = SIX) {
  const found = bills({ ...SITE, ...site }, [recipe]).find((one) => one.name.startsWith(name));
  if (found === undefined) throw new Error(`no bill of ${name}`);
  return found;
}

describe("operations", () => {
  it("are added unit by unit and multiplied", () => {
    expect(times(sum({ r2A: 1, r2B: 2 }, { r2B: 3 }), 10)).toEqual({ r2A: 10, r2B: 50 });
  });

  it("cost their list price each, logs only as far as they are kept", () => {
    expect(listUsd({ r2A: 1e6, rowWritten: 2e6 }, 1)).toBeCloseTo(6.5);
    expect(listUsd({ logBytes: 1e9 }, 0.1)).toBeCloseTo(0.025);
  });

  it("are billed beyond what the plan includes, unit by unit", () => {
    expect(billedUsd({ r2A: 3e6, r2B: 1e6 }, 1)).toBeCloseTo(9);
    expect(billedUsd({ logBytes: 100e9 }, 0.5)).toBe(0);
  });

  it.each([
    ["R2's operations", { r2A: 2_000_001 }, 9],
    ["R2's storage", { r2GbMonth: 11.1 }, 0.03],
    ["Durable Objects' requests", { objectRequest: 1.5e6 }, 0.15],
    ["Durable Objects' time", { objectGbS: 552_960 }, 12.5],
  ])("are rounded up to whole units as the pages of R2 and Durable Objects say: %s", (_what, operations, usd) => {
    expect(billedUsd(operations, 1)).toBeCloseTo(usd);
  });

  it("are billed one by one elsewhere", () => {
    expect(billedUsd({ request: 10.5e6 }, 1)).toBeCloseTo(0.15);
  });

  it("leave logs behind, which are paid for a week of the month", () => {
    expect(PATHS.hit.operations).toMatchObject({ logBytes: 2_000, logGbMonth: (2e-6 * 7) / 30 });
    expect(
      billedUsd(times(PATHS.hit.operations, 50e6), 1) - billedUsd(times(PATHS.hit.operations, 50e6), 0),
    ).toBeCloseTo(50 * 0.25 + (100 * (7 / 30) - 10) * 0.1);
  });
});

describe("a path's price per million", () => {
  it("of a hit is a request and a millisecond; of one in R2 a read more", () => {
    expect(listUsd(PATHS.hit.operations, 0) * 1e6).toBeCloseTo(0.32);
    expect(listUsd(PATHS.storeHit.operations, 0) * 1e6).toBeCloseTo(0.68);
  });

  it("of bulk is that of the default recipe", () => {
    expect(pathTable(0.01).split("\n")[2]).toMatch(/^\| bulk \|.* eleven an image/);
    expect(PATHS.bulk.operations).toEqual(bulk(RECIPES[0]?.variants ?? 0));
  });

  it("of bulk is higher where fewer variants share an image: its note and its staged original", () => {
    expect(bulk(22).r2A).toBeCloseTo(1 + 2 / 22 + 0.005);
    // One job is sent the original's own address.
    expect(bulk(1)).toMatchObject({ r2A: 2.005, request: 0.005 });
  });

  it("has the spans that are kept, and what a variant's month in R2 costs", () => {
    expect(listUsd({ spanBytes: 1e9 }, 1)).toBeCloseTo(0.25 * 0.05);
    expect(listUsd(PATHS.stored.operations, 0) * 1e6).toBeCloseTo(0.45);
  });

  it("of bulk and of a hit is within what it may be, with logs as shipped", () => {
    for (const [name, most] of Object.entries(MOST_USD))
      expect(listUsd(PATHS[name as keyof typeof MOST_USD].operations, EXAMPLE.logs) * 1e6).toBeLessThanOrEqual(most);
  });

  it("of bulk is mostly the put; live alone is dearest", () => {
    const [bulk, upload, live] = [PATHS.bulk, PATHS.upload, PATHS.live].map(
      (path) => listUsd(path.operations, 0) * 1e6,
    );
    expect(bulk).toBeGreaterThan(4.5 + 2.4);
    expect(upload).toBeGreaterThan(bulk ?? 0);
    expect(live).toBeGreaterThan(upload ?? 0);
  });
});

describe("credits", () => {
  it("come with the smallest plan that holds them", () => {
    expect(creditsUsd(CLOUDINARY.plans, 10)).toBe(99);
    expect(creditsUsd(CLOUDINARY.plans, 226)).toBe(249);
    expect(creditsUsd(CLOUDINARY.plans, 2_700)).toBeCloseTo(2 * 549);
  });

  it("are bought one by one where that is cheaper than the next plan", () => {
    expect(creditsUsd(IMGIX.plans, 110)).toBeCloseTo(27.5);
    expect(creditsUsd(IMGIX.plans, 360)).toBe(75);
    expect(creditsUsd(IMGIX.plans, 4_570)).toBeCloseTo(500 + 1_000 * 0.12);
  });
});

describe("a month at each service", () => {
  it("Prewarm: the library is paid for once, allowances are taken off", () => {
    const { first, later } = bill("Prewarm");
    // 40 M requests, 15 M reads of R2 and 8 GB beyond the plan; 1 ms of CPU a view; 20 data centres read the changes twice a minute.
    expect(later).toBeCloseTo(5 + 40 * 0.3 + 20 * 0.02 + Math.ceil(15 + 1.728) * 0.36 + 8 * 0.015);
    expect(first - later).toBeLessThan(600_000 * 11e-6);
    expect(bill("Prewarm", { ittybitPer1000: 0.1 }).first - first).toBeCloseTo(60);
  });

  it("Prewarm: what views order is paid too, and 1,000 uploads cost mostly Ittybit's fee", () => {
    const recipe = { ...SIX, byViews: 0.5 };
    const fee = { ittybitPer1000: 1 };
    expect(bill("Prewarm", fee, recipe).first - bill("Prewarm", {}, recipe).first).toBeCloseTo(650);
    expect(bill("Prewarm", fee).uploads).toBeCloseTo(6 + 6_000 * listUsd(PATHS.upload.operations, 0));
  });

  it("Prewarm: the first month of the example is about half of that with every format at each width", () => {
    const [eleven, all] = bills(EXAMPLE, RECIPES);
    expect([RECIPES[0]?.variants, RECIPES[1]?.variants]).toEqual([11, 22]);
    expect((eleven?.first ?? 0) / (all?.first ?? 0)).toBeLessThan(0.55);
    expect((eleven?.uploads ?? 0) / (all?.uploads ?? 0)).toBeCloseTo(0.5);
  });

  it("Cloudflare Images: unique transforms beyond 5,000, every month", () => {
    expect(bill("Cloudflare").first).toBeCloseTo(297.5);
    expect(bill("Cloudflare").later).toBeCloseTo(297.5);
    expect(bill("Cloudflare", { images: 100 }).first).toBe(0);
  });

  it("Images binding and R2: all formats of a size are one transform, paid once; the results are stored as Prewarm's", () => {
    const { uploads, first, later } = bill("Worker, Images binding", { askedSizes: 2 });
    expect(later).toBeCloseTo(5 + 40 * 0.3 + 20 * 0.02 + 15 * 0.36 + 8 * 0.015);
    expect(first - later).toBeCloseTo(195_000 * 0.5e-3);
    expect(uploads).toBeCloseTo(1 + 6_000 * 4.5e-6);
  });

  it("imgproxy: servers for the busiest second of what the cache lacks, two at least; nothing by the image", () => {
    // 50 M views, half of them missed, five times the average: 48 pictures a second, 17 a server.
    expect(bill("imgproxy")).toMatchObject({ uploads: 0, first: 3 * 24, later: 3 * 24 });
    expect(bill("imgproxy", { cacheShare: 0.99 }).later).toBe(2 * 24);
    expect(bill("imgproxy", { images: 1 }).first).toBe(3 * 24);
  });

  it("the first year is the month in which the library is made, and eleven later ones", () => {
    expect(firstYear(bill("Cloudflare Images by URL"))).toBeCloseTo(12 * 297.5);
    const { first, later } = bill("Prewarm", { ittybitPer1000: 1 });
    expect(first).toBeGreaterThan(2 * later);
    expect(firstYear(bill("Prewarm", { ittybitPer1000: 1 }))).toBeCloseTo(first + 11 * later);
  });

  it("Vercel: transforms, units of 8 kB written and read, traffic beyond a terabyte", () => {
    const parts = 590_000 * 0.05e-3 + 2.2e6 * 4e-6 + (100e6 - 0.6e6) * 0.4e-6 + 500 * 0.15;
    expect(bill("Vercel, cheapest").first).toBeCloseTo(20 + parts);
    expect(bill("Vercel, cheapest").uploads).toBeCloseTo(6_000 * (0.05e-3 + 4 * 4e-6));
    expect(bill("Vercel, dearest").first).toBeGreaterThan(20 + parts);
  });

  it("Cloudinary and imgix: credits of traffic, storage and transforms", () => {
    // 1,500 GB of traffic; 100 GB of originals and 18 of variants; 600 credits of transforms, once.
    expect(bill("Cloudinary").first).toBeCloseTo((549 / 1_350) * (1_500 + 118 + 600));
    expect(bill("Cloudinary").later).toBeCloseTo((549 / 1_350) * (1_500 + 118));
    expect(bill("Cloudinary").uploads).toBeCloseTo(6 * (549 / 1_350));
    expect(bill("imgix").later).toBeCloseTo(creditsUsd(IMGIX.plans, 1_500 + 36));
    expect(bill("imgix").first).toBeCloseTo(creditsUsd(IMGIX.plans, 1_500 + 36 + 1_200));
  });
});

it("views order nothing where uploads make every format", () => {
  const site = { sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] };
  const of = (more: Partial<UserConfig>) => madeBy(defineConfig({ ...site, ...more }));
  const presets = { og: "w=1200&h=628&f=jpeg" };
  expect(of({ presets })).toEqual({ variants: 12, byViews: ORDERED_BY_VIEWS });
  expect(of({ pages: { make: "all" } })).toEqual({ variants: 22, byViews: 0 });
});

it("every price has a source and the month it was read", () => {
  for (const { source, read } of Object.values(PRICES)) {
    expect(source).toMatch(/^developers\.cloudflare\.com\//);
    expect(read).toMatch(/^\d{4}-\d{2}$/);
  }
});
