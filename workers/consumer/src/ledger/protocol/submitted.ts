import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import type { Submitted } from "../contract.ts";
import { noteAbandonedJob } from "../tables/abandoned.ts";
import { CANCEL, NOT_GRANTED, PURGE, type Row } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { recordGood } from "./gate.ts";

/**
 * Stores Ittybit's job ids, whoever owns the rows by now: a job that exists must be known. Renews the owner's lease.
 * `stop` to one who no longer owns the row under a live lease, or whose row is to be cancelled or purged.
 */
export function submitted(tx: Tx, owner: string, jobs: Submitted[]): Record<string, "go" | "stop"> {
  tx.rows.loadKeys(jobs.map(({ key }) => key));
  const live = tx.leases.renew(owner, tx.now);
  const answers: Record<string, "go" | "stop"> = {};
  for (const job of jobs) {
    const row = tx.rows.get(job.key);
    noteJob(tx, row, job);
    const mine = live && row !== null && row.owner === owner && row.gen === job.gen;
    answers[job.key] = mine && row.intent !== CANCEL && row.intent !== PURGE ? "go" : "stop";
  }
  return answers;
}

function noteJob(tx: Tx, row: Row | null, job: Submitted): void {
  if (row !== null && row.gen === job.gen && row.granted !== NOT_GRANTED) {
    if (row.ittybitJob !== null) return;
    recordGood(tx.gate, row.gen, tx.now);
    row.ittybitJob = job.ittybitJob;
    row.submittedAt = tx.now;
    row.input ??= job.input;
    return;
  }
  noteAbandonedJob(tx.sql, job.gen, job.ittybitJob, tx.now + JOB_DEADLINE_MS);
}
