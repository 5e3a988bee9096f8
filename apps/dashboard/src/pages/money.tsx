import type { Stats } from "@prewarm/control-schema/stats";
import { useStats } from "../api/stats.tsx";
import { count, percent } from "../lib/format.ts";
import { ScrollBox } from "../ui/scroll-box.tsx";
import { Time } from "../ui/time.tsx";

/** Jobs and what they cost: today, this month, at its end. Prices are the configuration's, in whatever currency it means. */
export function Money() {
  const stats = useStats().data.value;
  if (stats === null) return null;
  const { budget, forecast } = stats;
  const price = (jobs: number) => (forecast.per1000Jobs === null ? null : (jobs * forecast.per1000Jobs) / 1000);
  const rows: [name: string, jobs: number, amount: number | null][] = [
    ["Today (UTC)", budget.usedToday, forecast.spentToday],
    [`This month (${budget.month})`, budget.used, forecast.spent],
    ["Queued, to be made this month", forecast.queued, price(forecast.queued)],
    ["Usual use until the month ends", forecast.usual, price(forecast.usual)],
    ["At the month's end", forecast.jobs, forecast.amount],
  ];
  return (
    <section class="card" aria-labelledby="money">
      <h2 id="money">Money</h2>
      <ScrollBox label="Jobs and their cost">
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col" class="right">
                Ittybit jobs
              </th>
              <th scope="col" class="right">
                Cost
              </th>
              <th scope="col" class="right">
                Share of the budget
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, jobs, amount]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="right num">{count(jobs)}</td>
                <td class="right num">{amount === null ? "–" : amount.toFixed(2)}</td>
                <td class="right num">{shareOf(jobs, budget.monthlyJobs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      <Pace stats={stats} />
    </section>
  );
}

function shareOf(jobs: number, monthlyJobs: number | null): string {
  if (monthlyJobs === null) return "unlimited";
  return monthlyJobs === 0 ? "–" : percent(jobs / monthlyJobs);
}

function Pace({ stats: { budget, forecast } }: { stats: Stats }) {
  const { monthlyJobs } = budget;
  const { exhaustedAt, per1000Jobs } = forecast;
  return (
    <p class="muted small-text">
      {exhaustedAt !== null && (
        <b>
          The {count(monthlyJobs)} jobs of this month will be used up <Time at={exhaustedAt} />.{" "}
        </b>
      )}
      {per1000Jobs === null
        ? "The price of a job is not configured: set prices.ittybitPer1000Jobs in prewarm.config.ts."
        : `${per1000Jobs} for 1,000 jobs, by prices.ittybitPer1000Jobs, without Cloudflare's charges.`}{" "}
      <a href="/steering">Change the budget</a>
    </p>
  );
}
