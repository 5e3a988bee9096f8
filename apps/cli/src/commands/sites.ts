import { type Site, type SiteResult, Sites, SiteVisit } from "@prewarm/control-schema/sites";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** Rows of each part of one site's text; `--json` has all that the consumer keeps. */
const ROWS_MAX = 10;

export const sitesCommand: Command = {
  name: "sites",
  description: "How much of what the pages of each site ask for is warm; of one site, what is missing",
  operands: { hint: "[site]", description: "A site of the configuration. Default: all", min: 0, max: 1 },
  flags: { visit: { type: "boolean", description: "Have the site's pages read and judged now, as after a deploy" } },
  examples: ["prewarm sites", "prewarm sites shop", "prewarm sites shop --visit"],
  async run(args, context) {
    const [name] = args.operands;
    const api = createControlApi(readControlSettings(args, context), context);
    if (args.flag("visit")) {
      if (name === undefined) throw usageError("--visit needs the name of a site.");
      const given = { params: { site: name } };
      await api.call("POST /api/v1/sites/{site}/visit", given, SiteVisit, { what: `site ${name}` });
    }
    const { sites } = await api.call("GET /api/v1/sites", {}, Sites, { what: "the sites" });
    const shown = name === undefined ? sites : sites.filter((site) => site.name === name);
    if (name !== undefined && shown.length === 0)
      throw usageError(`There is no site ${name}; there are ${sites.map((site) => site.name).join(", ") || "none"}.`);
    const report = createReport(args, context);
    const [one] = shown;
    if (report.json) report.document("prewarm.sites/1", { sites: shown });
    else for (const line of name === undefined || one === undefined ? listOf(shown) : linesOf(one)) report.data(line);
    return EXIT.ok;
  },
};

function listOf(sites: readonly Site[]): string[] {
  if (sites.length === 0) return ["The configuration names no sites."];
  const rows = sites.map((site) => {
    const { name, last } = site;
    if (last === null) return [name, "", "", "", "", nowOf(site)];
    const { share, pages, failed, endedAt, fault, counts } = last;
    const missing = counts.cold + counts.neverWarmed + counts.refused;
    const when = new Date(endedAt).toISOString().slice(0, 19);
    const read = failed > 0 ? `${formatCount(pages)}, ${failed} failed` : formatCount(pages);
    return [name, fault === null ? percent(share) : "–", formatCount(missing), read, when, fault ?? nowOf(site)];
  });
  return formatTable([["SITE", "WARM", "MISSING", "PAGES", "VISITED", "NOW"], ...rows]);
}

function nowOf({ visit, wanted }: Site): string {
  if (visit === null) return wanted === null ? "" : "to be visited";
  if (visit.step === "wait") return "waits for what is being warmed";
  return visit.step === "read" ? `reads pages: ${visit.read} of ${visit.pages}` : "visited now";
}

/** Rounded down: 99.996 % is not 100 %. */
function percent(share: number): string {
  return `${Math.floor(share * 100) / 100} %`;
}

function linesOf(site: Site): string[] {
  const { last, history } = site;
  const past = history
    .slice(0, ROWS_MAX)
    .map(({ endedAt, reason, share, pages, failed }) => [
      new Date(endedAt).toISOString().slice(0, 19),
      reason,
      percent(share),
      `${formatCount(pages)} pages`,
      failed > 0 ? `${failed} failed` : "",
    ]);
  return [...listOf([site]), ...(last === null ? [] : missingOf(last)), ...part("Visits", past)];
}

function missingOf({ lines, worst, problems, failures }: SiteResult): string[] {
  return [
    ...part(
      "Lines that would warm them",
      lines.map(({ line, urls, jobsPerUpload }) => [line, `${urls} URLs`, `+${jobsPerUpload} jobs an upload`]),
    ),
    ...part(
      "Pages with the most URLs that are not warm",
      worst.map(({ page, counts }) => [page, `${counts.cold + counts.neverWarmed + counts.refused} of them`]),
    ),
    ...part(
      "URLs",
      problems.map(({ path, verdict, reason, place }) => [path, verdict, reason, place]),
    ),
    ...part(
      "Not read",
      failures.map(({ page, why }) => [page, why]),
    ),
  ];
}

function part(title: string, rows: string[][]): string[] {
  return rows.length === 0 ? [] : ["", title, ...formatTable(rows.slice(0, ROWS_MAX))];
}
