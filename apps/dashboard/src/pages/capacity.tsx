import type { Stats } from "@prewarm/control-schema/stats";
import { count, duration, percent, rate, rateOf, size } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { Meter } from "../ui/meter.tsx";
import { Table } from "../ui/table.tsx";

/** How much of each limit is used: Ittybit, the month's budget, the ledger, the queues. */
export function Capacity({ stats }: { stats: Stats }) {
  return (
    <div class="columns">
      <section class="card" aria-labelledby="utilisation">
        <h2 id="utilisation">Utilisation</h2>
        <Meters stats={stats} />
      </section>
      <section class="card" aria-labelledby="queues">
        <h2 id="queues" tabIndex={-1}>
          Queues
        </h2>
        <Queues stats={stats} />
        <p class="muted small-text">A message only wakes a handler; the lanes count the jobs that wait.</p>
      </section>
    </div>
  );
}

function Meters({ stats }: { stats: Stats }) {
  const { concurrency, rate: used } = stats.utilisation;
  const { budget, ledger } = stats;
  const of = (value: string, limit: string | null) => (limit === null ? `${value}, unlimited` : `${value} of ${limit}`);
  const { live, upload, bulk } = budget.usedByLane;
  return (
    <div class="meters">
      <Meter
        label="Jobs at Ittybit"
        used={concurrency.used}
        limit={concurrency.limit}
        text={of(count(concurrency.used), limitText(concurrency.limit))}
        warnAt={1}
        badAt={1}
      />
      <Meter
        label="Submissions, last 1–2 min"
        used={used.used}
        limit={used.limit}
        text={used.limit === null ? of(rate(used.used), null) : rateOf(used.used, used.limit)}
        warnAt={1}
        badAt={1}
      />
      <Meter
        label={`Budget ${budget.month}`}
        used={budget.used}
        limit={budget.monthlyJobs}
        text={of(count(budget.used), limitText(budget.monthlyJobs))}
      >
        {stats.spent.month !== null && `${stats.spent.month.toFixed(2)} so far · `}live {count(live)} · upload{" "}
        {count(upload)} · bulk {count(bulk)}; warming may use {percent(budget.warmingShare)}
      </Meter>
      <Meter
        label="Ledger"
        used={ledger.bytes}
        limit={ledger.limitBytes}
        text={`${size(ledger.bytes)} of ${size(ledger.limitBytes)}`}
      >
        {count(ledger.rows)} rows{stats.metricErrors > 0 && ` · ${count(stats.metricErrors)} metrics not recorded`}
      </Meter>
    </div>
  );
}

function limitText(limit: number | null): string | null {
  return limit === null ? null : count(limit);
}

function Queues({ stats }: { stats: Stats }) {
  return (
    <Table
      label="Messages by queue"
      rows={Object.entries(stats.queues)}
      keyOf={([name]) => name}
      columns={[
        ["Queue", ([name]) => <span class="mono nowrap">{name}</span>],
        [
          "Messages",
          ([, metrics]) =>
            metrics ? count(metrics.backlogCount) : <span title="The platform gives no metrics here">–</span>,
        ],
        ["Size", ([, metrics]) => size(metrics?.backlogBytes ?? null)],
        [
          "Oldest",
          ([, metrics]) =>
            metrics?.oldestMessageAt ? duration(Math.max(0, clock.value - metrics.oldestMessageAt)) : "–",
        ],
      ]}
    />
  );
}
