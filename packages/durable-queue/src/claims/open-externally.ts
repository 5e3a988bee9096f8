import type { OpenJob } from "../external-jobs.ts";
import { URGENT } from "../tables/row.ts";
import { JOB_DEADLINE_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** Jobs that the service has and that were not seen to end, the oldest admission first. */
export function openExternally({ memory, now }: QueueTx): OpenJob[] {
  const open: OpenJob[] = [];
  for (const { externalId, gen, admittedAt, createdAt, heardAt, lane } of memory.claims.held())
    if (externalId !== null && !memory.isEnded(gen))
      open.push({ job: externalId, gen, admittedAt, createdAt, heardAt, urgent: lane === URGENT });
  for (const { externalId, gen, until, admittedAt } of memory.claims.abandoned()) {
    const since = admittedAt > 0 ? admittedAt : Math.min(now, until - JOB_DEADLINE_MS);
    if (externalId !== null)
      open.push({ job: externalId, gen, admittedAt: since, createdAt: null, heardAt: 0, urgent: false });
  }
  return open.sort((a, b) => a.admittedAt - b.admittedAt);
}
