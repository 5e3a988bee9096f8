import type { Config } from "@prewarm/shared/config";
import type { Unused } from "@prewarm/site-pages/page-fixes";
import type { PageFault } from "@prewarm/site-pages/read-page";
import {
  type Counts,
  newCounts,
  PROBLEMS_MAX,
  shareOf,
  type Tally,
  totalOf,
  VERDICTS,
  type Verdict,
} from "@prewarm/site-pages/tally";
import { formatCount } from "../terminal/progress.ts";
import type { Report } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** What was found out about a site. */
export interface Coverage {
  site: string;
  config: Config;
  /** Pages in the order of the tally, with their templates. */
  pages: readonly { page: string; template: string }[];
  faults: readonly { page: string; fault: PageFault }[];
  tally: Tally;
  unused: readonly Unused[];
}

/** Rows of each part of a text; `--json` has them all. */
const ROWS_MAX = 50;
const PAGES_MAX = 10;

const WORDS: Record<Verdict, string> = {
  warm: "warm",
  cold: "cold",
  neverWarmed: "never warmed",
  refused: "refused",
  passedThrough: "passed through",
};

interface Part {
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Rows that are left out. */
  more: number;
}

/** The report as lines of text, or as Markdown for a comment on a pull request. */
export function printCoverage(report: Report, coverage: Coverage, isMarkdown: boolean): void {
  const parts = partsOf(coverage).filter(({ rows }) => rows.length > 0);
  report.data(isMarkdown ? `### Image coverage: ${summaryOf(coverage.tally)}` : summaryOf(coverage.tally));
  for (const part of parts) {
    for (const line of ["", isMarkdown ? `**${part.title}**` : part.title, ...(isMarkdown ? [""] : [])])
      report.data(line);
    const rows = [part.head, ...part.rows];
    for (const line of isMarkdown ? markdownOf(rows) : formatTable(rows)) report.data(line);
    if (part.more > 0) report.data(`${isMarkdown ? "\n" : ""}… and ${formatCount(part.more)} more (--json has them)`);
  }
}

function summaryOf({ counts }: Tally): string {
  const others = VERDICTS.filter((verdict) => verdict !== "warm" && counts[verdict] > 0)
    .map((verdict) => `, ${formatCount(counts[verdict])} ${WORDS[verdict]}`)
    .join("");
  return `${percent(shareOf(counts))} of the site's image URLs are warm: ${formatCount(counts.warm)} of ${formatCount(totalOf(counts) - counts.passedThrough)}${others}`;
}

/** Rounded down: 99.996 % is not 100 %. */
function percent(share: number): string {
  return `${Math.floor(share * 100) / 100} %`;
}

function partsOf(coverage: Coverage): Part[] {
  return [...stateParts(coverage), ...costParts(coverage), notRead(coverage)];
}

/** What stands where: templates, the worst pages, and the URLs. */
function stateParts({ pages, tally }: Coverage): Part[] {
  const sizes = countPages(pages);
  const columns = [...VERDICTS.map((verdict) => WORDS[verdict].toUpperCase()), "SHARE"];
  const cells = (counts: Counts) => [
    ...VERDICTS.map((verdict) => formatCount(counts[verdict])),
    percent(shareOf(counts)),
  ];
  const templates = [...tally.templates].toSorted(([, a], [, b]) => shareOf(a) - shareOf(b));
  const worst = pages
    .map(({ page }, at) => ({ page, counts: tally.pages[at] ?? newCounts() }))
    .filter(({ counts }) => shareOf(counts) < 100)
    .toSorted((a, b) => shareOf(a.counts) - shareOf(b.counts));
  return [
    part(
      "By template",
      ["TEMPLATE", "PAGES", ...columns],
      templates.map(([name, counts]) => [name, formatCount(sizes.get(name) ?? 0), ...cells(counts)]),
    ),
    part(
      "Pages with the least",
      ["PAGE", ...columns],
      worst.map(({ page, counts }) => [page, ...cells(counts)]),
      PAGES_MAX,
    ),
    part(
      "Not warm",
      ["STATE", "URL", "WHERE", "PAGES", "WHY"],
      tally.problems.map((one) => [WORDS[one.verdict], one.path, one.place, formatCount(one.pages), one.reason]),
    ),
  ];
}

/** What to change in the configuration, and what that costs or saves. */
function costParts({ tally, unused, config }: Coverage): Part[] {
  const price = config.budget.per1000Jobs;
  const jobs = (count: number): string =>
    `${formatCount(count)} jobs${price === null ? "" : ` (${((count * price) / 1000).toFixed(4)})`}`;
  return [
    part(
      "Lines that would warm them",
      ["LINE", "URLS", "AN UPLOAD MORE", "ALL IMAGES NOW, AT MOST", "TEMPLATES"],
      [...tally.fixes.values()].map(({ line, urls, images, jobsPerUpload, templates }) => {
        return [line, formatCount(urls), jobs(jobsPerUpload), jobs(jobsPerUpload * images), [...templates].join(" ")];
      }),
    ),
    part(
      "Made by uploads, and no page asks for it",
      ["LINE", "TRANSFORM", "FORMATS", "AN UPLOAD", "ALL IMAGES, AT MOST"],
      unused.map(({ line, spec, formats, jobsPerUpload }) => {
        return [line, spec, formats.join(" "), jobs(jobsPerUpload), jobs(jobsPerUpload * tally.images)];
      }),
    ),
  ];
}

function notRead({ faults }: Coverage): Part {
  return part(
    "Not read",
    ["STATE", "PAGE", "WHY"],
    faults.map(({ page, fault }) => [fault.kind, page, fault.why]),
  );
}

function part(title: string, head: readonly string[], rows: readonly (readonly string[])[], most = ROWS_MAX): Part {
  return { title, head, rows: rows.slice(0, most), more: Math.max(0, rows.length - most) };
}

function markdownOf(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...rest] = rows.map((row) => `| ${row.map(cell).join(" | ")} |`);
  return [`${head}`, `|${"---|".repeat(rows[0]?.length ?? 0)}`, ...rest];
}

/** Text from a page must not end a cell, and must not become a link, a picture or a mention. */
function cell(text: string): string {
  return text === ""
    ? ""
    : /^[\w ,.%()-]+$/.test(text)
      ? text
      : `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

function countPages(pages: Coverage["pages"]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { template } of pages) sizes.set(template, (sizes.get(template) ?? 0) + 1);
  return sizes;
}

/** The whole of it, for programs. */
export function coverageDocument({ site, config, pages, faults, tally, unused }: Coverage): Record<string, unknown> {
  const price = config.budget.per1000Jobs;
  const money = (jobs: number) => (price === null ? null : (jobs * price) / 1000);
  const cost = (jobsPerUpload: number, images: number) => {
    const jobs = jobsPerUpload * images;
    return { jobsPerUpload, jobs, pricePerUpload: money(jobsPerUpload), price: money(jobs) };
  };
  const sizes = countPages(pages);
  const { counts, problems, images } = tally;
  const total = counts.cold + counts.neverWarmed + counts.refused;
  return {
    site,
    share: shareOf(counts),
    urls: counts,
    images,
    pagesRead: pages.length - faults.length,
    templates: [...tally.templates].map(([template, one]) => ({
      template,
      pages: sizes.get(template) ?? 0,
      ...one,
      share: shareOf(one),
    })),
    pages: pages.flatMap(({ page, template }, at) => {
      const one = tally.pages[at];
      return one === undefined || totalOf(one) === 0 ? [] : [{ page, template, ...one, share: shareOf(one) }];
    }),
    problems: problems.map(({ path, ...problem }) => ({ url: path, ...problem })),
    problemsLeftOut: total > PROBLEMS_MAX ? total - PROBLEMS_MAX : 0,
    lines: [...tally.fixes.values()].map(({ line, urls, images: some, jobsPerUpload, templates }) => ({
      line,
      urls,
      images: some,
      templates: [...templates],
      ...cost(jobsPerUpload, some),
    })),
    unused: unused.map(({ line, spec, formats, jobsPerUpload }) => ({
      line,
      spec,
      formats,
      ...cost(jobsPerUpload, images),
    })),
    notRead: faults.map(({ page, fault }) => ({ page, ...fault })),
  };
}
