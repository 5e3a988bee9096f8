import type { Config } from "@prewarm/shared/config";
import {
  EXAMPLE_LIBRARY,
  type Library,
  type Made,
  type MonthBill,
  madeBy,
  monthBill,
  type UnitBill,
  unitBills,
} from "@prewarm/shared/cost/month";
import { PRICES } from "@prewarm/shared/cost/prices";
import type { Arguments, Flag } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { usageError } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { formatTable } from "../terminal/table.ts";

const { images, newImagesPerMonth, viewsPerMonth, variantKb, originalKb } = EXAMPLE_LIBRARY;

function numberFlag(valueHint: string, description: string, byDefault: number | string) {
  const shown = typeof byDefault === "number" ? formatCount(byDefault) : byDefault;
  return { type: "string", valueHint, description: `With --estimate: ${description}. Default: ${shown}` } as const;
}

/** What `prewarm costs --estimate` may be told; the rest is assumed (docs/cost.md). */
export const ESTIMATE_FLAGS = {
  images: numberFlag("n", "images of the library", images),
  "new-images": numberFlag("n", "new images a month", newImagesPerMonth),
  views: numberFlag("n", "views a month", viewsPerMonth),
  variants: numberFlag("n", "variants that an upload makes", "those of the configuration"),
  "variant-kb": numberFlag("kB", "size of a variant", variantKb),
  "original-kb": numberFlag("kB", "size of an original", originalKb),
  ittybit: numberFlag("$", "Ittybit's fee for 1,000 jobs", "budget.per1000Jobs, else 1, an example"),
} as const satisfies Record<string, Flag>;

/** What is said of a month: the JSON document, the same for a person, and remarks. */
interface Estimate {
  document: Record<string, unknown>;
  lines: string[];
  notes: string[];
}

/** What a library and its views cost a month, by the configuration's recipe and list prices. Asks nobody. */
export function estimateMonth(config: Config, args: Arguments): Estimate {
  const library = readLibrary(config, args);
  const made = readMade(config, args);
  const first = monthBill(library, made, library.images);
  const later = monthBill(library, made, library.newImagesPerMonth);
  const units = unitBills(library, made, library.images);
  const laterUnits = unitBills(library, made, library.newImagesPerMonth);
  const pricesRead = Object.values(PRICES)
    .map(({ read }) => read)
    .toSorted()
    .at(-1);
  const isExample = config.budget.per1000Jobs === null && args.text("ittybit") === null;
  return {
    document: { library, made, first, later, units, pricesRead },
    lines: [
      sentenceOf(library, made),
      "",
      ...formatMonths({ first: [first, units], "each later": [later, laterUnits] }),
      "",
      ...formatUnits(units),
    ],
    notes: [
      `Cloudflare's list prices of ${pricesRead}. Nothing here was measured on Cloudflare.`,
      ...(isExample
        ? ["Ittybit's fee is an example: set budget.per1000Jobs in prewarm.config.ts, or give --ittybit."]
        : []),
    ],
  };
}

/** Sums are those of the cents that are printed, so that a reader who adds them up gets the same. */
function formatMonths(months: Record<string, readonly [MonthBill, readonly UnitBill[]]>): string[] {
  const rows = Object.entries(months).map(([month, [{ fee, plan }, units]]) => {
    const parts = [inCents(fee), sumOf(units.map((unit) => inCents(unit.usd))), inCents(plan)];
    return [month, ...[...parts, sumOf(parts)].map(usd)];
  });
  return formatTable([["MONTH", "ITTYBIT $", "CLOUDFLARE $", "PLAN $", "TOTAL $"], ...rows]);
}

function formatUnits(units: readonly UnitBill[]): string[] {
  const rows = units
    .filter(({ used }) => used > 0)
    .map(({ unit, used, included, billed, usd: dollars }) => [
      unit,
      count(used),
      count(included),
      count(billed),
      usd(inCents(dollars)),
    ]);
  return formatTable([["CLOUDFLARE, FIRST MONTH", "USED", "INCLUDED", "BILLED", "$"], ...rows]);
}

function readLibrary({ budget }: Config, args: Arguments): Library {
  const whole = (flag: keyof typeof ESTIMATE_FLAGS, least = 0): number | null => {
    const text = args.text(flag);
    return text === null ? null : readCount(text, `--${flag}`, least);
  };
  return {
    ...EXAMPLE_LIBRARY,
    images: whole("images") ?? images,
    newImagesPerMonth: whole("new-images") ?? newImagesPerMonth,
    viewsPerMonth: whole("views") ?? viewsPerMonth,
    variantKb: whole("variant-kb", 1) ?? variantKb,
    originalKb: whole("original-kb", 1) ?? originalKb,
    ittybitPer1000: readFee(args) ?? budget.per1000Jobs ?? EXAMPLE_LIBRARY.ittybitPer1000,
  };
}

function readFee(args: Arguments): number | null {
  const text = args.text("ittybit");
  if (text !== null && !/^\d{1,9}(\.\d+)?$/.test(text))
    throw usageError(`--ittybit takes dollars such as 0.1, not ${text}.`);
  return text === null ? null : Number(text);
}

function readMade(config: Config, args: Arguments): Made {
  const variants = args.text("variants");
  return variants === null ? madeBy(config) : { variants: readCount(variants, "--variants", 1), byViews: 0 };
}

function sentenceOf(
  { images, newImagesPerMonth, viewsPerMonth, variantKb, ittybitPer1000 }: Library,
  made: Made,
): string {
  const { variants, byViews } = made;
  const more = byViews === 0 ? "" : `, views order ${byViews} more`;
  return (
    `${formatCount(images)} images, ${formatCount(newImagesPerMonth)} new ones and ${formatCount(viewsPerMonth)} views a month of ` +
    `${variantKb} kB; an upload makes ${variants} variants${more}; Ittybit at $${ittybitPer1000} per 1,000 jobs.`
  );
}

function inCents(dollars: number): number {
  return Math.round(dollars * 100);
}

function sumOf(cents: readonly number[]): number {
  return cents.reduce((sum, one) => sum + one, 0);
}

function usd(cents: number): string {
  return (cents / 100).toLocaleString("en", { minimumFractionDigits: 2 });
}

function count(n: number): string {
  return n < 1_000 ? Number(n.toPrecision(3)).toLocaleString("en") : formatCount(Math.round(n));
}
