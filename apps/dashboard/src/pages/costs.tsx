import type { CostRow, CostSort, Costs, Dimension } from "@prewarm/control-schema/costs";
import { ask } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { count, percent, plural, size } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { imageUrl } from "../lib/paths.ts";
import { navigate, place } from "../lib/router.ts";
import { Card } from "../ui/card.tsx";
import { PartsHead } from "../ui/parts-head.tsx";
import { Segments } from "../ui/segments.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { View } from "../ui/view.tsx";

const BY: readonly [Dimension, string][] = [
  ["folder", "Folder"],
  ["width", "Width"],
  ["format", "Format"],
  ["run", "Run"],
  ["image", "Image"],
  ["mistake", "Mistake"],
];
const MONTHS = [
  ["this", "This month"],
  ["last", "Last month"],
] as const;
const SORTS: readonly CostSort[] = ["cost", "stored", "bytes", "name"];

/** Rows of one page of the API, at most. */
const ROWS_MAX = 200;

/** What jobs cost, told apart by one thing at a time. */
export function CostsPage() {
  const query = place.value.searchParams;
  const [by, words] = BY.find(([name]) => name === query.get("by")) ?? (["folder", "Folder"] as const);
  const [month] = MONTHS.find(([name]) => name === query.get("month")) ?? MONTHS[0];
  const sort = SORTS.find((name) => name === query.get("sort")) ?? "cost";
  const urlOf = (to: Record<string, string>) => `/usage/costs?${new URLSearchParams({ by, month, sort, ...to })}`;
  const resource = useResource(
    `${by}|${month}|${sort}`,
    (signal) => ask("GET /api/v1/costs", { query: { by, sort, limit: ROWS_MAX, ...daysOf(month) }, signal }),
    10_000,
  );
  const turn = (column: string) => navigate(urlOf({ sort: column }), { replace: true });
  return (
    <>
      <PartsHead title="Usage">
        <Segments label="Month" of={MONTHS} chosen={month} choose={(to) => navigate(urlOf({ month: to }))} />
        <Segments label="Costs by" of={BY} chosen={by} choose={(to) => navigate(urlOf({ by: to }))} />
      </PartsHead>
      <View resource={resource} what="the costs">
        {(costs) => (
          <Card title={`By ${words.toLowerCase()}`}>
            <Table
              label={`Costs by ${by}`}
              rows={costs.rows}
              keyOf={({ name, label }) => name + label}
              columns={columnsOf(costs, words)}
              sort={{ order: { column: sort, isDown: sort !== "name" }, turn }}
            />
            <p class="muted small-text">
              {count(costs.total.mistakes)} of {plural(costs.total.jobs, "job")} stored nothing. {costs.note}
              {costs.nextCursor && ` The first ${ROWS_MAX} are shown.`}
            </p>
          </Card>
        )}
      </View>
      <Money />
    </>
  );
}

function columnsOf({ by, total, per1000Jobs, views }: Costs, words: string): Column<CostRow>[] {
  return [
    [words, (row) => <Name by={by} row={row} />, "name"],
    ["Jobs", ({ jobs }) => count(jobs), "cost"],
    ...(per1000Jobs === null ? [] : [["Cost", ({ amount }: CostRow) => amount?.toFixed(2)] as Column<CostRow>]),
    ["Share", ({ jobs }) => percent(jobs / Math.max(1, total.jobs))],
    ["Stored", ({ stored }) => count(stored), "stored"],
    ["Bytes", ({ bytes }) => size(bytes), "bytes"],
    ...(views?.state === "counted"
      ? [["Views, 30 days", ({ views: n }: CostRow) => (n === 0 ? "never requested" : count(n))] as Column<CostRow>]
      : []),
  ];
}

/** The name of a row, and where it leads. */
function Name({ by, row: { name, label } }: { by: Dimension; row: CostRow }) {
  const href = name === "" ? undefined : LINKS[by]?.(name);
  return (
    <>
      {href === undefined ? name : <a href={href}>{name}</a>}{" "}
      <span class="muted small-text">{label ?? (name === "" ? "none" : "")}</span>
    </>
  );
}

const LINKS: Partial<Record<Dimension, (name: string) => string | undefined>> = {
  image: imageUrl,
  folder: (name) => `/images?sort=cost&search=${encodeURIComponent(name)}`,
  // A run that was forgotten has only its number.
  run: (name) => (/^\d+$/.test(name) ? undefined : `/runs/${name}`),
  mistake: (name) => `/jobs?search=error:${name}`,
};

/** The days of a month (UTC) as a part of the query. This month is what the server answers without them. */
function daysOf(month: "this" | "last"): { from?: number; to?: number } {
  if (month === "this") return {};
  const now = new Date(clock.value);
  const start = (back: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back);
  return { from: start(1), to: start(0) - 1 };
}

/** Jobs and money against the budget; prices are the configuration's, in whatever currency it means. */
function Money() {
  const stats = useStats().data.value;
  if (stats === null) return null;
  const { budget, pace, spent } = stats;
  const { per1000Jobs } = spent;
  const cost = (jobs: number) => (per1000Jobs === null ? "" : ` (${((jobs * per1000Jobs) / 1000).toFixed(2)})`);
  const of = budget.monthlyJobs ? `, ${percent(budget.used / budget.monthlyJobs)} of the budget` : "";
  return (
    <Card title="Money">
      <p class="num">
        Today (UTC) {plural(budget.usedToday, "job")}
        {cost(budget.usedToday)}, this month {count(budget.used)}
        {cost(budget.used)}
        {of}. Waiting, to be paid: {count(pace.all.jobsLeft)}
        {cost(pace.all.jobsLeft)}.
      </p>
      <p class="muted small-text">
        {per1000Jobs === null
          ? "The price of a job is not configured: set budget.per1000Jobs in prewarm.config.ts."
          : `${per1000Jobs} for 1,000 jobs, by budget.per1000Jobs, without Cloudflare's charges.`}{" "}
        <a href="/steering">Change the budget</a>
      </p>
    </Card>
  );
}
