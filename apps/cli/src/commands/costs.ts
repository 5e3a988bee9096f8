import { CostRow, Costs, DIMENSIONS, type Dimension, SORTS } from "@prewarm/control-schema/costs";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { findConfig, PLANNED_SITE } from "../arguments/load-config.ts";
import { readCount } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { ESTIMATE_FLAGS, estimateMonth } from "../steps/estimate-month.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** The most that one page of the API holds. */
const PAGE_MAX = 200;
const DEFAULT_LIMIT = 50;

// A newer server may tell more apart.
const SeenRow = CostRow.pick({
  name: true,
  label: true,
  jobs: true,
  stored: true,
  bytes: true,
  amount: true,
  views: true,
});
const PAGE = Costs.pick({ from: true, to: true, total: true, note: true, nextCursor: true }).extend({
  rows: z.array(SeenRow),
});

export const costsCommand: Command = {
  name: "costs",
  description: "Say what jobs cost, or estimate a month of a site",
  more: "Of this month, by folder, width, format, run, image or mistake. --estimate asks nobody, and needs no deployment.",
  operands: null,
  flags: {
    by: { type: "string", options: DIMENSIONS, description: "What the costs are told apart by. Default: folder" },
    sort: { type: "string", options: SORTS, description: "The order of the rows. Default: cost" },
    since: { type: "string", valueHint: "day", description: "First day (UTC), 2026-11-01. Default: of this month" },
    until: { type: "string", valueHint: "day", description: "Last day (UTC). Default: today" },
    limit: { type: "string", valueHint: "n", description: `Show at most so many. Default: ${DEFAULT_LIMIT}` },
    estimate: { type: "boolean", description: "What a site of so many images and views would cost a month" },
    ...ESTIMATE_FLAGS,
  },
  examples: [
    "prewarm costs",
    "prewarm costs --by width --sort bytes",
    "prewarm costs --by mistake --json",
    "prewarm costs --estimate --images 400000 --new-images 8000 --views 30000000",
  ],
  async run(args, context) {
    refuseStray(args);
    if (args.flag("estimate")) {
      const config = (await findConfig(args, context)) ?? PLANNED_SITE;
      const { document, lines, notes } = estimateMonth(config, args);
      const report = createReport(args, context);
      if (report.json) report.document("prewarm.costs-estimate/1", document);
      else for (const line of lines) report.data(line);
      for (const note of notes) report.note(note);
      return EXIT.ok;
    }
    const by = DIMENSIONS.find((one) => one === args.text("by")) ?? "folder";
    const sort = SORTS.find((one) => one === args.text("sort")) ?? "cost";
    const [since, until] = [dayOf(args, "since"), dayOf(args, "until")];
    const days = { ...(since === null ? {} : { from: since }), ...(until === null ? {} : { to: until }) };
    const limit = args.text("limit");
    const most = limit === null ? DEFAULT_LIMIT : readCount(limit, "--limit", 1);
    const api = createControlApi(readControlSettings(args, context), context);
    const rows: z.infer<typeof SeenRow>[] = [];
    for (let cursor: string | null = ""; ; ) {
      const paging = { limit: Math.min(most - rows.length, PAGE_MAX), ...(cursor === "" ? {} : { cursor }) };
      const query = { by, sort, ...days, ...paging };
      const page: z.infer<typeof PAGE> = await api.call("GET /api/v1/costs", { query }, PAGE, { what: "the costs" });
      rows.push(...page.rows.slice(0, most - rows.length));
      cursor = page.nextCursor;
      if (cursor !== null && rows.length < most && page.rows.length > 0) continue;
      const report = createReport(args, context);
      const { from, to, total, note } = page;
      if (report.json) report.document("prewarm.costs/1", { by, from, to, total, note, rows });
      else for (const line of formatCosts(by, total, rows)) report.data(line);
      if (note !== null) report.note(note);
      return EXIT.ok;
    }
  },
};

const SPENT_FLAGS = ["by", "sort", "since", "until", "limit"] as const;

/** What was spent and what would be are two questions, and their flags are not mixed. */
function refuseStray(args: Arguments): void {
  const isEstimate = args.flag("estimate");
  const others = isEstimate ? SPENT_FLAGS : Object.keys(ESTIMATE_FLAGS);
  const stray = others.find((flag) => args.text(flag) !== null);
  if (stray !== undefined) throw usageError(`--${stray} ${isEstimate ? "does not belong" : "belongs"} to --estimate.`);
}

/** The start of a day, Unix ms. Null: the flag is not given. */
function dayOf(args: Arguments, flag: "since" | "until"): number | null {
  const text = args.text(flag);
  const at = text === null ? null : /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw usageError(`--${flag} takes a day such as 2026-11-01, not ${text}.`);
  return at;
}

function formatCosts(
  by: Dimension,
  total: z.infer<typeof PAGE>["total"],
  rows: readonly z.infer<typeof SeenRow>[],
): string[] {
  const money = (amount: number | null) => (amount === null ? "-" : amount.toFixed(2));
  const views = (n: number | null) => (by !== "format" ? [] : [n === null ? "-" : formatCount(n)]);
  const cells = rows.map(({ name, label, jobs, stored, bytes, amount, views: n }) => [
    ...[formatCount(jobs), money(amount), formatCount(stored), formatCount(bytes), ...views(n)],
    [name === "" && by === "folder" ? "(no folder)" : name, label === null ? "" : `(${label})`].join(" ").trim(),
  ]);
  const all = `all: ${formatCount(total.mistakes)} of ${formatCount(total.jobs)} jobs stored nothing`;
  const sum = [formatCount(total.jobs), money(total.amount), formatCount(total.stored), formatCount(total.bytes)];
  const head = ["JOBS", "COST", "STORED", "BYTES", ...(by === "format" ? ["VIEWS 30D"] : []), by.toUpperCase()];
  return formatTable([head, ...cells, [...sum, ...(by === "format" ? [""] : []), all]]);
}
