import { useStats } from "../api/stats.tsx";
import { count, percent } from "../lib/format.ts";
import { Card } from "../ui/card.tsx";
import { Table } from "../ui/table.tsx";

/** Jobs and what they cost: today, this month, and those that wait. Prices are the configuration's, in whatever currency it means. */
export function Money() {
  const stats = useStats().data.value;
  if (stats === null) return null;
  const { budget, pace, spent } = stats;
  const { per1000Jobs } = spent;
  const rows: [name: string, jobs: number][] = [
    ["Today (UTC)", budget.usedToday],
    [`This month (${budget.month})`, budget.used],
    ["Waiting, to be paid", pace.all.jobsLeft],
  ];
  return (
    <Card title="Money">
      <Table
        label="Jobs and their cost"
        rows={rows}
        keyOf={([name]) => name}
        columns={[
          ["When", ([name]) => name],
          ["Ittybit jobs", ([, jobs]) => count(jobs)],
          ["Cost", ([, jobs]) => (per1000Jobs === null ? "–" : ((jobs * per1000Jobs) / 1000).toFixed(2))],
          ["Share of the budget", ([, jobs]) => shareOf(jobs, budget.monthlyJobs)],
        ]}
      />
      <p class="muted small-text">
        {per1000Jobs === null
          ? "The price of a job is not configured: set budget.per1000Jobs in prewarm.config.ts."
          : `${per1000Jobs} for 1,000 jobs, by budget.per1000Jobs, without Cloudflare's charges.`}{" "}
        <a href="/steering">Change the budget</a>
      </p>
    </Card>
  );
}

function shareOf(jobs: number, monthlyJobs: number | null): string {
  if (monthlyJobs === null) return "unlimited";
  return monthlyJobs === 0 ? "–" : percent(jobs / monthlyJobs);
}
