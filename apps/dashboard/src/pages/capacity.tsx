import type { Stats } from "@prewarm/control-schema/stats";
import { count, duration, size } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { Card } from "../ui/card.tsx";
import { Table } from "../ui/table.tsx";

/** How full the ledger is, and the queues' own numbers. */
export function Capacity({ stats: { ledger, metricErrors, queues } }: { stats: Stats }) {
  return (
    <Card title="Ledger and queues">
      <p class="num">
        The ledger has {count(ledger.rows)} rows in {size(ledger.bytes)} of {size(ledger.limitBytes)}.
        {metricErrors > 0 && ` ${count(metricErrors)} metrics were not recorded.`}
      </p>
      <Table
        label="Messages by queue"
        rows={Object.entries(queues)}
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
      <p class="muted small-text">A message only wakes a handler; the lanes count the jobs that wait.</p>
    </Card>
  );
}
