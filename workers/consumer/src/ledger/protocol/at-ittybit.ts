import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { LIVE } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { OpenJob } from "./sightings.ts";

/** Jobs that Ittybit has and that were not seen to end, the oldest grant first. */
export function openAtIttybit({ memory, now }: LedgerTx): OpenJob[] {
  const open: OpenJob[] = [];
  for (const { entries } of memory.hands.list())
    for (const { job, gen, grantedAt, lane } of entries.values())
      if (job !== null && !memory.isEnded(gen)) open.push({ job, gen, grantedAt, live: lane === LIVE });
  for (const { job, gen, until, grantedAt } of memory.abandoned.list()) {
    const since = grantedAt ?? Math.min(now, until - JOB_DEADLINE_MS);
    if (job !== null) open.push({ job, gen, grantedAt: since, live: false });
  }
  return open.sort((a, b) => a.grantedAt - b.grantedAt);
}
